//! Two phones without a common codec, and digits in all their forms, through a real engine.

use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kiestoon_media::codec::{Decode, Encode, decoder_at, encoder_at};
use kiestoon_media::dtmf::{Detector, Digit, EventReceiver, EventSender};
use kiestoon_media::rtp::Header;
use kiestoon_media::{Codec, DigitSource, Direction, LegId, MediaCommand, MediaEvent, RemoteAudio};

use super::{Bench, Phone, receive};

pub(super) const EVENTS: u8 = 101;

fn format(payload_type: u8, name: &str, clock_rate: u32, channels: u8) -> Codec {
    Codec { payload_type, name: name.into(), clock_rate, channels, fmtp: None }
}

pub(super) fn pcma() -> Codec {
    format(8, "PCMA", 8000, 1)
}

pub(super) fn g722() -> Codec {
    format(9, "G722", 8000, 1)
}

pub(super) fn opus() -> Codec {
    format(111, "opus", 48_000, 2)
}

pub(super) fn events() -> Codec {
    format(EVENTS, "telephone-event", 8000, 1)
}

/// A phone that speaks one codec in packets of its own length, and listens.
pub(super) struct Talker {
    phone: Phone,
    codec: Codec,
    encoder: Box<dyn Encode>,
    decoder: Box<dyn Decode>,
    sequence: u16,
    timestamp: u32,
    packet_ms: u32,
    at: u32,
    heard: Vec<i16>,
    pub(super) packets: Vec<(Header, Vec<u8>)>,
}

impl Talker {
    pub(super) const SSRC: u32 = 0x1234_5678;

    pub(super) fn new(
        bench: &mut Bench,
        leg: u64,
        codecs: &[Codec],
        packet_ms: u32,
        most_ms: Option<u32>,
    ) -> Self {
        let phone = Phone::new(bench.open(super::CALL, leg).unwrap());
        let remote = RemoteAudio {
            codecs: codecs.to_vec(),
            ptime: Some(packet_ms),
            maxptime: most_ms,
            ..phone.described(Direction::SendRecv)
        };
        bench.perform(MediaCommand::SetRemote { leg: LegId(leg), remote });
        let codec = codecs[0].clone();
        let rate = if &*codec.name == "opus" { 16_000 } else { 48_000 };
        Self {
            phone,
            encoder: encoder_at(&codec, packet_ms, rate).unwrap(),
            decoder: decoder_at(&codec, rate).unwrap(),
            codec,
            sequence: 7,
            timestamp: 1000,
            packet_ms,
            at: 0,
            heard: Vec::new(),
            packets: Vec::new(),
        }
    }

    /// Where the PBX hears it.
    pub(super) fn leg(&self) -> SocketAddr {
        self.phone.local.rtp
    }

    /// Speaks another codec from now on.
    pub(super) fn speaks(&mut self, codec: &Codec) {
        self.encoder = encoder_at(codec, self.packet_ms, 48_000).unwrap();
        self.codec = codec.clone();
    }

    /// Sends one packet of a tone; 0 Hz is silence.
    pub(super) fn say(&mut self, hertz: f64) {
        self.say_sound(|seconds| (seconds * hertz * TAU).sin() * 8000.0);
    }

    /// Sends one packet of a voice: pulses that ring, in syllables.
    pub(super) fn say_voice(&mut self) {
        self.say_sound(|seconds| {
            let since = seconds * 110.0 % 1.0 / 110.0;
            (-since * 300.0).exp()
                * (since * 700.0 * TAU).sin()
                * 14_000.0
                * (seconds * 5.0 * TAU).sin().abs()
        });
    }

    pub(super) fn say_sound(&mut self, sound: impl Fn(f64) -> f64) {
        let rate = self.encoder.sample_rate();
        let samples: Vec<i16> = (0..rate / 1000 * self.packet_ms)
            .map(|n| sound(f64::from(self.at + n) / f64::from(rate)) as i16)
            .collect();
        self.at += rate / 1000 * self.packet_ms;
        let mut payload = Vec::new();
        self.encoder.encode(&samples, &mut payload).unwrap();
        self.send(self.codec.payload_type, &payload, false);
        self.timestamp += self.codec.clock_rate / 1000 * self.packet_ms;
    }

    /// Sends the packet of this number.
    pub(super) fn say_number(&mut self, number: u16) {
        self.sequence = number;
        self.timestamp = u32::from(number) * self.codec.clock_rate / 1000 * self.packet_ms;
        self.say(440.0);
    }

    /// Waits for one packet.
    pub(super) fn hear_one(&self) {
        self.phone.rtp.set_nonblocking(false).unwrap();
        self.phone.hear();
    }

    pub(super) fn send(&mut self, payload_type: u8, payload: &[u8], marker: bool) {
        let header = Header {
            marker,
            payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: Self::SSRC,
            payload_at: 12,
            payload_end: 12 + payload.len(),
        };
        let mut packet = vec![0; 12];
        header.write(packet.first_chunk_mut().unwrap());
        packet.extend_from_slice(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.phone.rtp.send_to(&packet, self.phone.local.rtp).unwrap();
    }

    /// Sends this RTCP.
    pub(super) fn reports(&self, report: &[u8]) {
        self.phone.rtcp.send_to(report, self.phone.local.rtcp).unwrap();
    }

    /// Whether a packet that it heard holds a copy of the one before.
    pub(super) fn has_redundancy(&self, payload: &[u8]) -> bool {
        let mut decoder = decoder_at(&self.codec, 8000).unwrap();
        decoder.recover(payload, 160, &mut Vec::new())
    }

    /// Takes what comes until then.
    pub(super) fn listen(&mut self, until: Instant) {
        loop {
            // A time limit that has nearly passed would be rounded up to a turn of the kernel's clock.
            let left = until.saturating_duration_since(Instant::now());
            self.phone.rtp.set_nonblocking(left.is_zero()).unwrap();
            if !left.is_zero() {
                self.phone.rtp.set_read_timeout(Some(left)).unwrap();
            }
            let Some((packet, _)) = receive(&self.phone.rtp) else { return };
            let header = Header::parse(&packet).unwrap();
            if header.payload_type == self.codec.payload_type {
                self.decoder.decode(header.payload(&packet), &mut self.heard).unwrap();
            }
            self.packets.push((header, header.payload(&packet).to_vec()));
        }
    }

    /// The middle level against what was said, in dB, and the largest click as a share of the tone: for a pure tone each sample
    /// follows from the two before it.
    pub(super) fn judge(&self, hertz: f64) -> (f64, f64) {
        let rate = self.decoder.sample_rate();
        // What comes before is the codecs' own beginning.
        let samples = &self.heard[usize::try_from(rate).unwrap() / 2..];
        let step = hertz / f64::from(rate) * TAU;
        // In pieces: the jitter buffer moves the phase when it lengthens or shortens the sound.
        let piece = usize::try_from(rate / 20).unwrap();
        let mut amplitudes: Vec<f64> = samples
            .chunks_exact(piece)
            .map(|piece| {
                let (mut real, mut imaginary) = (0.0, 0.0);
                for (n, sample) in (0_u32..).zip(piece) {
                    real += f64::from(*sample) * (f64::from(n) * step).cos();
                    imaginary += f64::from(*sample) * (f64::from(n) * step).sin();
                }
                2.0 * real.hypot(imaginary) / piece.len() as f64
            })
            .collect();
        amplitudes.sort_by(f64::total_cmp);
        let amplitude = amplitudes[amplitudes.len() / 2];
        let click = samples.windows(3).map(|three| {
            let [a, b, c] = [three[0], three[1], three[2]].map(f64::from);
            (a - 2.0 * step.cos() * b + c).abs()
        });
        (20.0 * (amplitude / 8000.0).log10(), click.fold(0.0, f64::max) / 8000.0)
    }
}

/// Both talk for two seconds, one at 440 and one at 1,004 Hz.
fn converse(a: &mut Talker, b: &mut Talker) {
    let begun = Instant::now();
    let (mut next_a, mut next_b) = (0, 0);
    for ms in (0..2000_u32).step_by(10) {
        if ms >= next_a {
            a.say(440.0);
            next_a += a.packet_ms;
        }
        if ms >= next_b {
            b.say(1004.0);
            next_b += b.packet_ms;
        }
        let due = begun + Duration::from_millis(u64::from(ms) + 10);
        a.listen(due);
        b.listen(due);
    }
}

fn joined(bench: &mut Bench) {
    bench.perform(MediaCommand::Connect { a: LegId(1), b: LegId(2) });
}

#[test]
fn every_pair_hears_each_other_at_its_level_and_without_clicks() {
    for (one, other) in [(pcma(), g722()), (opus(), pcma()), (g722(), opus())] {
        let mut bench = Bench::new();
        let mut a = Talker::new(&mut bench, 1, std::slice::from_ref(&one), 20, None);
        let mut b = Talker::new(&mut bench, 2, std::slice::from_ref(&other), 20, None);
        joined(&mut bench);
        converse(&mut a, &mut b);
        for (hears, hertz, name) in [(&b, 440.0, &other.name), (&a, 1004.0, &one.name)] {
            let (level, click) = hears.judge(hertz);
            assert!(level.abs() < 1.0, "{} to {}, heard in {name}: {level:.2} dB", one.name, other.name);
            assert!(click < 0.25, "{} to {}, heard in {name}: click {click:.3}", one.name, other.name);
            assert!(
                hears.packets.windows(2).all(|two| two[1].0.sequence == two[0].0.sequence.wrapping_add(1))
            );
        }
    }
}

#[test]
fn packets_are_cut_to_what_the_other_phone_takes() {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[pcma()], 60, None);
    let mut b = Talker::new(&mut bench, 2, &[pcma()], 20, Some(20));
    joined(&mut bench);
    converse(&mut a, &mut b);
    let lengths: Vec<usize> = b.packets.iter().map(|(header, _)| header.payload_bytes()).collect();
    assert!(lengths.len() > 80 && lengths.iter().all(|bytes| *bytes == 160), "{lengths:?}");
    let (level, click) = b.judge(440.0);
    assert!(level.abs() < 0.2 && click < 0.2, "{level} dB, click {click}");
    // The other way nothing stands in between.
    assert!(a.packets.iter().all(|(header, _)| header.ssrc == 0x1234_5678));
}

#[test]
fn relayed_packets_get_the_other_phones_numbers() {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[format(96, "opus", 48_000, 2), pcma()], 20, None);
    let mut b = Talker::new(&mut bench, 2, &[opus()], 20, None);
    joined(&mut bench);
    a.say(440.0);
    b.listen(Instant::now() + Duration::from_millis(100));
    let (header, _) = &b.packets[0];
    assert_eq!((header.payload_type, header.ssrc, header.sequence), (111, 0x1234_5678, 7));
}

/// A presses 5: as events, while it goes on sending speech.
fn press(a: &mut Talker, b: &mut Talker) {
    let begun = Instant::now();
    let mut due = begun;
    let mut step = |b: &mut Talker| {
        due += Duration::from_millis(20);
        b.listen(due);
    };
    for _ in 0..15 {
        a.say(0.0);
        step(b);
    }
    for packet in EventSender::new(EVENTS, Digit::of_char('5').unwrap(), 100, 8000) {
        a.send(EVENTS, &packet.payload, packet.first);
        step(b);
    }
    a.timestamp += 800;
    for _ in 0..25 {
        a.say(0.0);
        step(b);
    }
}

/// A goes on sending silence.
fn speak_on(a: &mut Talker, b: &mut Talker, packets: u32) {
    let begun = Instant::now();
    for packet in 1..=packets {
        a.say(0.0);
        b.listen(begun + Duration::from_millis(20) * packet);
    }
}

fn digit_of_one(passed: bool) -> MediaEvent {
    let source = DigitSource::Event4733;
    MediaEvent::Digit { leg: LegId(1), digit: '5', duration_ms: 100, source, passed }
}

/// The digits in the events that a phone got.
fn events_of(talker: &Talker) -> String {
    let mut receiver = EventReceiver::new(8000);
    let events = talker.packets.iter().filter(|(header, _)| header.payload_type == EVENTS);
    events
        .filter_map(|(header, payload)| receiver.packet(Instant::now(), header, payload))
        .map(|pressed| pressed.digit.as_char())
        .collect()
}

#[test]
fn a_digit_is_passed_as_it_is_where_both_take_events_and_told_once() {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[pcma(), events()], 20, None);
    let mut b = Talker::new(&mut bench, 2, &[pcma(), events()], 20, None);
    joined(&mut bench);
    press(&mut a, &mut b);
    assert_eq!(bench.event(), digit_of_one(true));
    assert_eq!(events_of(&b), "5");
    assert_eq!(b.packets.len(), 15 + 7 + 25, "nothing added, nothing lost");
    assert!(b.packets.iter().all(|(header, _)| header.ssrc == 0x1234_5678));
    bench.perform(MediaCommand::Close { leg: LegId(1) });
    assert!(matches!(bench.event(), MediaEvent::Closed { .. }), "told once");
}

#[test]
fn a_digit_is_made_anew_in_a_transcoded_stream() {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[pcma(), events()], 20, None);
    let mut b = Talker::new(&mut bench, 2, &[g722(), events()], 20, None);
    joined(&mut bench);
    press(&mut a, &mut b);
    assert_eq!(bench.event(), digit_of_one(true));
    assert_eq!(events_of(&b), "5");
    let sources: std::collections::HashSet<u32> = b.packets.iter().map(|(header, _)| header.ssrc).collect();
    assert_eq!(sources.len(), 1, "one stream: {sources:?}");
    let events: Vec<&(Header, Vec<u8>)> =
        b.packets.iter().filter(|(header, _)| header.payload_type == EVENTS).collect();
    assert_eq!(events.len(), 7);
    assert!(events.iter().all(|(header, _)| header.timestamp == events[0].0.timestamp));
    assert!(b.packets.windows(2).all(|two| two[1].0.sequence == two[0].0.sequence.wrapping_add(1)));
}

#[test]
fn a_phone_without_events_hears_the_tones() {
    for other in [pcma(), g722()] {
        let mut bench = Bench::new();
        let mut a = Talker::new(&mut bench, 1, &[pcma(), events()], 20, None);
        let mut b = Talker::new(&mut bench, 2, std::slice::from_ref(&other), 20, None);
        joined(&mut bench);
        press(&mut a, &mut b);
        assert_eq!(bench.event(), digit_of_one(false));
        bench.perform(MediaCommand::SendDigit { leg: LegId(2), digit: '5', duration_ms: 100 });
        speak_on(&mut a, &mut b, 25);
        let mut detector = Detector::new(b.decoder.sample_rate());
        b.heard.extend([0; 1600]);
        let heard: String = b
            .heard
            .chunks(160)
            .filter_map(|frame| detector.listen(frame))
            .map(|pressed| pressed.digit.as_char())
            .collect();
        assert_eq!(heard, "5", "in {}", other.name);
    }
}

#[test]
fn tones_of_a_phone_without_events_are_digits_where_we_hear_them() {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[pcma()], 20, None);
    let mut b = Talker::new(&mut bench, 2, &[g722(), events()], 20, None);
    joined(&mut bench);
    let mut tone = kiestoon_media::dtmf::ToneGenerator::new(Digit::of_char('8').unwrap(), 120);
    let mut due = Instant::now();
    for number in 0..40 {
        let mut samples = vec![0; 160];
        if number >= 10 {
            tone.fill(&mut samples, 8000);
        }
        let mut payload = Vec::new();
        a.encoder.encode(&samples, &mut payload).unwrap();
        a.send(8, &payload, false);
        a.timestamp += 160;
        due += Duration::from_millis(20);
        b.listen(due);
    }
    let MediaEvent::Digit { leg, digit, source, .. } = bench.event() else { panic!("no digit") };
    assert_eq!((leg, digit, source), (LegId(1), '8', DigitSource::Inband));
}

#[test]
fn a_digit_of_ours_reaches_the_phone_as_it_wants_it() {
    let mut bench = Bench::new();
    let mut a = Talker::new(&mut bench, 1, &[pcma(), events()], 20, None);
    bench.perform(MediaCommand::SendDigit { leg: LegId(1), digit: '#', duration_ms: 80 });
    a.listen(Instant::now() + Duration::from_millis(400));
    assert_eq!(events_of(&a), "#");
    assert_eq!(a.packets.len(), 6, "four packets of 20 ms, the last three times, and nothing else");
}
