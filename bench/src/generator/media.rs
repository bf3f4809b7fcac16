//! RTP of many legs from one thread: each sends a 20 ms packet every 20 ms, the legs spread evenly over that time. Each packet
//! carries a stamp that the other end reads, unless the server has to understand what is said: then the legs speak.

use std::borrow::Cow;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use kiestoon_testkit::webrtc::Certificate;

use super::page::Page;
use super::socket::{Batch, Endpoint};
use super::tally::Tally;
use crate::clock;
use crate::codec_cost::APART;
use crate::report::{Latency, MediaReport};
use crate::voice::Sound;

/// Both ends of all calls; legs 2n and 2n+1 talk to each other.
pub(crate) struct Legs {
    legs: Vec<Leg>,
    batch: Batch<8, 2048>,
    packet: [u8; PACKET],
    /// What stamped packets say that they are.
    sounds: [Sound; 2],
    spoken: Vec<u8>,
    pub(crate) report: MediaReport,
    /// What even and odd legs say, where stamps would not come through.
    speech: Option<[Speech; 2]>,
    /// Whether what comes now counts, where packets cannot say it themselves.
    measuring: bool,
}

/// One side's codec, and its payloads.
struct Speech {
    sound: Sound,
    payloads: Vec<Vec<u8>>,
}

struct Leg {
    endpoint: Endpoint,
    /// Where the leg is a browser's.
    page: Option<Page>,
    destination: Option<SocketAddrV4>,
    sequence: u32,
    heard: Option<Heard>,
    received: u64,
    /// Nanoseconds, smoothed as in RFC 3550 section 6.4.1.
    jitter: f64,
}

#[derive(Clone, Copy)]
struct Heard {
    sequence: u32,
    latency: u64,
}

const BUFFER: usize = 1 << 20;
const INTERVAL: u64 = 20 * clock::MILLISECOND;
const PACKET: usize = 172;
/// Between looks at the clock: well below the spacing that matters, well above the cost of waking up.
const NAP: Duration = Duration::from_micros(150);

impl Legs {
    /// So many legs, at even ports from `port` on.
    pub(crate) fn bind(ip: Ipv4Addr, mut port: u16, count: usize) -> io::Result<Self> {
        let mut legs = Vec::with_capacity(count);
        for _ in 0..count {
            let endpoint = Endpoint::bind(ip, port, BUFFER)?;
            port = endpoint.address.port().saturating_add(2);
            legs.push(Leg {
                endpoint,
                page: None,
                destination: None,
                sequence: 0,
                heard: None,
                received: 0,
                jitter: 0.0,
            });
        }
        let report =
            MediaReport { calls: u32::try_from(count / 2).unwrap_or_default(), ..MediaReport::default() };
        let packet = [0xd5; PACKET];
        Ok(Self {
            legs,
            batch: Batch::new(),
            packet,
            sounds: [Sound::Pcmu; 2],
            spoken: Vec::new(),
            report,
            speech: None,
            measuring: false,
        })
    }

    /// What the legs' packets say that they are, the even ones and the odd ones.
    pub(crate) fn pretend(&mut self, sounds: [Sound; 2]) {
        self.sounds = sounds;
    }

    /// Has the even legs be browsers'; the page of each user.
    pub(crate) fn browse(&mut self, certificate: &Certificate) -> Vec<(u32, Page)> {
        let even = (0u32..).zip(&mut self.legs).step_by(2);
        let pages = even.map(|(user, leg)| {
            let page = Page::new(certificate, leg.endpoint.address, user);
            (user, leg.page.insert(page).clone())
        });
        pages.collect()
    }

    /// Has the browsers shake hands, at most that long; how many have not got through.
    pub(crate) fn shake_hands(&mut self, limit: Duration, mut meanwhile: impl FnMut()) -> usize {
        let (end, mut tally) = (clock::now() + clock::nanos(limit), Tally::default());
        loop {
            (0..self.legs.len()).for_each(|index| self.receive(&mut tally, index));
            let pages = self.legs.iter().filter_map(|leg| leg.page.as_ref());
            let waiting = pages.filter(|page| !page.is_through()).count();
            if waiting == 0 || clock::now() > end {
                return waiting;
            }
            meanwhile();
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Lets the legs speak: the even ones in the first codec, the odd ones in the second.
    pub(crate) fn speak(&mut self, sounds: [Sound; 2]) -> anyhow::Result<()> {
        let [even, odd] =
            sounds.map(|sound| Ok::<_, anyhow::Error>(Speech { sound, payloads: sound.payloads()? }));
        self.speech = Some([even?, odd?]);
        Ok(())
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddrV4> {
        self.legs.iter().map(|leg| leg.endpoint.address).collect()
    }

    pub(crate) fn set_destinations(&mut self, destinations: &[Option<SocketAddrV4>]) {
        for (leg, destination) in self.legs.iter_mut().zip(destinations) {
            leg.destination = *destination;
        }
        self.report.legs_ready = self.legs.iter().filter(|leg| leg.destination.is_some()).count() as u64;
    }

    /// Streams for that long; `meanwhile` is called about every 5 ms. Only measured packets count.
    pub(crate) fn stream(
        &mut self,
        tally: &mut Tally,
        length: Duration,
        measured: bool,
        mut meanwhile: impl FnMut(),
    ) {
        let count = self.legs.len() as u64;
        let total = clock::nanos(length) * count / INTERVAL;
        let begun = clock::now();
        let (mut sent, mut looked) = (0, begun);
        self.measuring = measured;
        while sent < total {
            let now = clock::now();
            let due = (now.saturating_sub(begun) * count / INTERVAL).min(total);
            for _ in 0..256 {
                if sent >= due {
                    break;
                }
                let ideal = begun + sent * INTERVAL / count;
                let index = usize::try_from(sent % count).unwrap_or_default();
                self.send(tally, index, measured.then_some(ideal), sent % 16 == 0);
                self.receive(tally, index);
                sent += 1;
            }
            if now.saturating_sub(looked) > 5 * clock::MILLISECOND {
                looked = now;
                meanwhile();
            }
            if sent >= due {
                std::thread::sleep(NAP);
            }
        }
    }

    /// Takes in what is still on its way.
    pub(crate) fn drain(&mut self, tally: &mut Tally, length: Duration) {
        let end = clock::now() + clock::nanos(length);
        while clock::now() < end {
            (0..self.legs.len()).for_each(|index| self.receive(tally, index));
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Closes the account: loss, silent legs, and each leg's jitter as one sample.
    pub(crate) fn finish(&mut self, tally: &mut Tally) -> MediaReport {
        for leg in &self.legs {
            if leg.received > 0 {
                tally.sample(Latency::Jitter, leg.jitter as u64);
            } else if leg.destination.is_some() {
                self.report.silent_legs += 1;
            }
        }
        let MediaReport { sent, received, .. } = self.report;
        self.report.loss_pct = if sent == 0 { 100.0 } else { 100.0 * (1.0 - received as f64 / sent as f64) };
        self.report
    }

    /// `ideal` is when a measured packet should leave, None when it is not measured.
    fn send(&mut self, tally: &mut Tally, index: usize, ideal: Option<u64>, sampled: bool) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        let Some(destination) = leg.destination else { return };
        leg.sequence = leg.sequence.wrapping_add(1);
        let stamp =
            Stamp { leg: index as u32, sequence: leg.sequence, measured: ideal.is_some(), at: clock::now() };
        if let Some(ideal) = ideal.filter(|_| sampled) {
            tally.sample(Latency::GeneratorLate, stamp.at.saturating_sub(ideal));
        }
        let taken = match &self.speech {
            Some(speech) => {
                let Some(speech) = speech.get(index & 1) else { return };
                speech.write(stamp, index, &mut self.spoken);
                leg.send(&self.spoken, destination)
            }
            None => {
                let Some(sound) = self.sounds.get(index & 1) else { return };
                stamp.write(*sound, &mut self.packet);
                leg.send(&self.packet, destination)
            }
        };
        if !taken {
            self.report.send_errors += 1;
        } else if ideal.is_some() {
            self.report.sent += 1;
        }
    }

    fn receive(&mut self, tally: &mut Tally, index: usize) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        if let Some(page) = &leg.page {
            page.tick(&leg.endpoint);
        }
        let report = &mut self.report;
        let other = (index ^ 1) as u32;
        if let Some(speech) = self.speech.as_ref().and_then(|speech| speech.get(index & 1)) {
            let measuring = self.measuring;
            let Leg { endpoint, page, received, .. } = leg;
            self.batch.drain(endpoint.fd(), |packet, _| {
                match opened(page.as_ref(), endpoint, packet).and_then(|packet| speech.is_sound(&packet)) {
                    Some(true) if measuring => {
                        report.received += 1;
                        *received += 1;
                    }
                    // Sound in a codec that was not agreed.
                    Some(false) => report.crossed += 1,
                    _ => {}
                }
            });
            return;
        }
        let Leg { endpoint, page, heard, received, jitter, .. } = leg;
        self.batch.drain(endpoint.fd(), |packet, at| {
            let packet = opened(page.as_ref(), endpoint, packet);
            let Some(stamp) = packet.as_deref().and_then(Stamp::read) else { return };
            if stamp.leg != other {
                report.crossed += 1;
                return;
            }
            let latency = at.saturating_sub(stamp.at);
            let before = heard.replace(Heard { sequence: stamp.sequence, latency });
            if before.is_some_and(|before| before.sequence == stamp.sequence) {
                report.duplicates += 1;
                return;
            }
            if !stamp.measured {
                return;
            }
            report.received += 1;
            *received += 1;
            tally.sample(Latency::Rtp, latency);
            if let Some(before) = before {
                let difference = latency.abs_diff(before.latency) as f64;
                *jitter += (difference - *jitter) / 16.0;
            }
        });
    }
}

impl Leg {
    /// True when the kernel took it.
    fn send(&self, packet: &[u8], destination: SocketAddrV4) -> bool {
        match &self.page {
            Some(page) => page.send(&self.endpoint, packet),
            None => self.endpoint.send(packet, destination),
        }
    }
}

/// What a leg has received, in the clear.
fn opened<'a>(page: Option<&Page>, endpoint: &Endpoint, packet: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    match page {
        Some(page) => page.receive(endpoint, packet).map(Cow::Owned),
        None => Some(Cow::Borrowed(packet)),
    }
}

impl Speech {
    /// The packet of this sequence number; each leg is at another place of the speech.
    fn write(&self, stamp: Stamp, index: usize, packet: &mut Vec<u8>) {
        let mut header = [0; PACKET];
        stamp.write(self.sound, &mut header);
        packet.clear();
        packet.extend_from_slice(header.first_chunk::<12>().unwrap_or(&[0; 12]));
        let place = (stamp.sequence as usize).wrapping_add(index * APART) % self.payloads.len().max(1);
        packet.extend_from_slice(self.payloads.get(place).map(Vec::as_slice).unwrap_or_default());
    }

    /// Whether a packet is in this codec; None for what is no sound, such as RTCP.
    fn is_sound(&self, packet: &[u8]) -> Option<bool> {
        let number = *packet.get(1)?;
        // RTCP's packet types lie at 200 and above (RFC 5761 section 4).
        (packet.len() > 12 && !(192..=223).contains(&number))
            .then(|| number & 0x7f == self.sound.payload_type())
    }
}

/// What a packet tells about itself, in its payload, which a relay must not touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    leg: u32,
    sequence: u32,
    measured: bool,
    at: u64,
}

const MAGIC: [u8; 4] = *b"KTBN";

impl Stamp {
    /// A packet that only has to come through.
    pub(super) fn unmeasured(leg: u32, sequence: u32) -> [u8; PACKET] {
        let mut packet = [0xd5; PACKET];
        Self { leg, sequence, measured: false, at: clock::now() }.write(Sound::Pcmu, &mut packet);
        packet
    }

    /// The RTP header (RFC 3550 section 5.1) and the stamp behind it.
    fn write(self, sound: Sound, packet: &mut [u8; PACKET]) {
        let [_, _, high, low] = self.sequence.to_be_bytes();
        packet[..4].copy_from_slice(&[0x80, sound.payload_type(), high, low]);
        packet[4..8].copy_from_slice(&self.sequence.wrapping_mul(sound.step()).to_be_bytes());
        packet[8..12].copy_from_slice(&(0x1000_0000 + self.leg.wrapping_mul(7919)).to_be_bytes());
        packet[12..16].copy_from_slice(&MAGIC);
        packet[16..20].copy_from_slice(&self.leg.to_be_bytes());
        packet[20..24].copy_from_slice(&self.sequence.to_be_bytes());
        packet[24] = u8::from(self.measured);
        packet[25..33].copy_from_slice(&self.at.to_be_bytes());
    }

    /// None for what is not one of our packets, such as RTCP.
    fn read(packet: &[u8]) -> Option<Self> {
        let payload = packet.get(12..)?.strip_prefix(&MAGIC)?;
        let (leg, rest) = payload.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (measured, rest) = rest.split_first()?;
        let (at, _) = rest.split_first_chunk()?;
        Some(Self {
            leg: u32::from_be_bytes(*leg),
            sequence: u32::from_be_bytes(*sequence),
            measured: *measured == 1,
            at: u64::from_be_bytes(*at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_survives_its_packet() {
        let stamp = Stamp { leg: 799, sequence: 70_000, measured: true, at: 1_234_567_890_123 };
        let mut packet = [0xd5; PACKET];
        stamp.write(Sound::Pcmu, &mut packet);
        assert_eq!(Stamp::read(&packet), Some(stamp));
        assert_eq!(&packet[2..4], &[0x11, 0x70]);
        assert_eq!(Stamp::read(&packet[..30]), None);
        assert_eq!(Stamp::read(&[0x80; 40]), None);
    }

    #[test]
    fn legs_that_speak_know_their_codec() {
        let speech = Speech { sound: Sound::G722, payloads: vec![vec![1; 160], vec![2; 160]] };
        let mut packet = Vec::new();
        speech.write(Stamp { leg: 3, sequence: 5, measured: true, at: 0 }, 0, &mut packet);
        assert_eq!((packet.len(), packet[1], packet[12]), (172, 9, 2));
        assert_eq!(&packet[4..8], &800u32.to_be_bytes());
        assert_eq!(speech.is_sound(&packet), Some(true));
        packet[1] = 0x80 | 8;
        assert_eq!(speech.is_sound(&packet), Some(false));
        packet[1] = 200;
        assert_eq!(speech.is_sound(&packet), None);
    }

    #[test]
    fn two_legs_hear_each_other_and_a_third_does_not_count() {
        let mut legs = Legs::bind(Ipv4Addr::LOCALHOST, 42_000, 4).unwrap();
        let at = legs.addresses();
        legs.set_destinations(&[Some(at[1]), Some(at[0]), Some(at[1]), None]);
        let mut tally = Tally::default();
        legs.stream(&mut tally, Duration::from_millis(100), true, || {});
        legs.drain(&mut tally, Duration::from_millis(10));
        let report = legs.finish(&mut tally);
        assert_eq!((report.sent, report.received, report.crossed), (15, 10, 5));
        assert_eq!((report.legs_ready, report.silent_legs, report.duplicates), (3, 1, 0));
        assert!((report.loss_pct - 100.0 / 3.0).abs() < 0.01);
    }
}
