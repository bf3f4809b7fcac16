//! The sound of a test call: a tone goes out, and what comes back is measured.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use kiestoon_media::codec::{self, Decode, Encode};
use kiestoon_media::rtp::latch::Verdict;
use kiestoon_media::rtp::{Header, Latch, LatchSettings};
use kiestoon_media::srtp::Protection;
use kiestoon_media::tone::{TestEar, TestTone};
use kiestoon_media::{Codec, LocalMedia, RemoteAudio};
use rand_chacha::ChaCha12Rng;
use rand_core::Rng as _;
use tokio::net::UdpSocket;
use tokio::time::{Instant, interval};

use crate::media::Sockets;

/// Both directions.
pub(super) struct Sound {
    rtp: UdpSocket,
    /// The ports go back when it is dropped.
    _ports: Sockets,
    /// Where the other side sends from, and hears: as in calls.
    latch: Latch,
    /// Whether it wants to hear anything.
    hears: bool,
    codecs: Vec<Codec>,
    protection: Option<Protection>,
    mouth: Mouth,
    voices: Vec<Voice>,
    measured: Measured,
}

/// The tone as packets.
struct Mouth {
    encoder: Box<dyn Encode>,
    tone: TestTone,
    header: Header,
    /// Of a packet, in units of the codec's clock.
    step: u32,
}

/// One format of what comes.
struct Voice {
    payload_type: u8,
    decoder: Box<dyn Decode>,
    ear: TestEar,
}

/// What has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Measured {
    pub(super) packets: u32,
    /// Before the answer.
    pub(super) early: u32,
    pub(super) from: Option<SocketAddr>,
    /// Who sends from where calls take nothing.
    pub(super) stranger: Option<SocketAddr>,
    /// A format that was not agreed on.
    pub(super) odd: Option<u8>,
    /// Packets that the agreed key does not open.
    pub(super) sealed: u32,
    pub(super) heard: Duration,
    /// In dB of the loudest there is.
    pub(super) level: Option<f64>,
    /// Whether our own tone came back.
    pub(super) tone: bool,
}

/// Throws away what has come before the answer: that is ring-back, or an announcement. Returns how much it was.
fn drained(rtp: &std::net::UdpSocket) -> u32 {
    let (mut buffer, mut early) = (vec![0; MAX_DATAGRAM_BYTES], 0);
    while early < MOST_EARLY && rtp.recv_from(&mut buffer).is_ok() {
        early += 1;
    }
    early
}

impl Sound {
    /// Both directions by what was agreed on; `peer` is who signals. None where no codec of it is ours.
    pub(super) fn new(
        mut ports: Sockets,
        peer: IpAddr,
        us: &LocalMedia,
        them: &RemoteAudio,
        random: &mut ChaCha12Rng,
    ) -> Option<Self> {
        let rtp = ports.rtp.take()?;
        let early = drained(&rtp);
        let rtp = UdpSocket::from_std(rtp).ok()?;
        let codec = them.codecs.iter().find(|codec| codec.is_audio())?;
        let encoder = codec::encoder_at(codec, PTIME_MS, RATE)?;
        let (tone, step) = (TestTone::new(encoder.sample_rate()), codec.clock_rate / 1000 * PTIME_MS);
        let [sequence, ..] = random.next_u64().to_be_bytes();
        let header = Header {
            marker: true,
            payload_type: codec.payload_type,
            sequence: u16::from(sequence),
            timestamp: random.next_u32(),
            ssrc: random.next_u32(),
            ..Header::default()
        };
        let protection = match &them.key {
            Some(theirs) => Some(Protection::new(us.keys.as_ref()?.of(theirs.key.suite())?, theirs)?),
            None => None,
        };
        let mut latch = Latch::new(peer, LatchSettings::default());
        latch.signal(them.rtp);
        Some(Self {
            rtp,
            _ports: ports,
            latch,
            hears: them.direction.receives(),
            codecs: them.codecs.clone(),
            protection,
            mouth: Mouth { encoder, tone, header, step },
            voices: Vec::new(),
            measured: Measured { early, ..Measured::default() },
        })
    }

    /// Sends the tone for so long, and listens.
    pub(super) async fn exchange(&mut self, lasts: Duration) {
        let mut buffer = vec![0; MAX_DATAGRAM_BYTES];
        let (end, mut ticks) = (Instant::now() + lasts, interval(Duration::from_millis(u64::from(PTIME_MS))));
        while Instant::now() < end {
            tokio::select! {
                _ = ticks.tick() => self.speak().await,
                received = self.rtp.recv_from(&mut buffer) => {
                    if let Ok((length, from)) = received
                        && let Some(packet) = buffer.get_mut(..length)
                    {
                        self.hear(packet, from);
                    }
                }
            }
        }
    }

    async fn speak(&mut self) {
        let Some(towards) = self.latch.destination().filter(|_| self.hears) else { return };
        let Some(packet) = self.mouth.next() else { return };
        let sealed = match &mut self.protection {
            None => packet,
            Some(protection) => {
                let Ok(header) = Header::parse(&packet) else { return };
                let mut sealed = vec![0; packet.len().saturating_add(kiestoon_media::srtp::OVERHEAD)];
                let Some(length) = protection.seal_rtp(&header, &packet, &mut sealed) else { return };
                sealed.truncate(length);
                sealed
            }
        };
        // Nobody there, or no way: that nothing comes back says it too.
        let _ = self.rtp.send_to(&sealed, towards).await;
    }

    fn hear(&mut self, packet: &mut [u8], from: SocketAddr) {
        let Ok(sealed) = Header::parse_protected(packet) else { return };
        let length = match &mut self.protection {
            None => packet.len(),
            Some(protection) => match protection.open_rtp(&sealed, packet) {
                Ok(length) => length,
                Err(_) => {
                    self.measured.sealed = self.measured.sealed.saturating_add(1);
                    return;
                }
            },
        };
        let packet = packet.get(..length).unwrap_or_default();
        let Ok(header) = Header::parse(packet) else { return };
        let payload_type = header.payload_type;
        let codec = self.codecs.iter().find(|codec| codec.payload_type == payload_type);
        // Behind a router the description may name another address: what calls take from elsewhere is taken here.
        let now = Instant::now().into_std();
        if self.latch.judge(now, from, &header, codec.is_some()) == Verdict::Stranger {
            self.measured.stranger = Some(from);
            return;
        }
        self.measured.packets = self.measured.packets.saturating_add(1);
        self.measured.from = self.latch.locked().or(self.measured.from).or(Some(from));
        let Some(codec) = codec else {
            self.measured.odd = Some(payload_type);
            return;
        };
        if !self.voices.iter().any(|voice| voice.payload_type == payload_type) {
            let Some(decoder) = codec::decoder_at(codec, RATE) else { return };
            let ear = TestEar::new(decoder.sample_rate());
            self.voices.push(Voice { payload_type, decoder, ear });
        }
        if let Some(voice) = self.voices.iter_mut().find(|voice| voice.payload_type == payload_type) {
            let mut sound = Vec::new();
            if voice.decoder.decode(header.payload(packet), &mut sound).is_ok() {
                voice.ear.listen(&sound);
            }
        }
    }

    /// What has come so far; of several formats the one that was heard most.
    pub(super) fn measured(&self) -> Measured {
        let most = self.voices.iter().max_by_key(|voice| voice.ear.heard());
        Measured {
            heard: most.map(|voice| voice.ear.heard()).unwrap_or_default(),
            level: most.and_then(|voice| voice.ear.level()),
            tone: self.voices.iter().any(|voice| voice.ear.knows_tone()),
            ..self.measured.clone()
        }
    }
}

impl Mouth {
    fn next(&mut self) -> Option<Vec<u8>> {
        let samples = usize::try_from(self.encoder.sample_rate() / 1000 * PTIME_MS).ok()?;
        let mut frame = vec![0; samples];
        self.tone.fill(&mut frame);
        let mut header = [0; HEADER_BYTES];
        self.header.write(&mut header);
        let mut packet = header.to_vec();
        self.encoder.encode(&frame, &mut packet).ok()?;
        self.header.marker = false;
        self.header.sequence = self.header.sequence.wrapping_add(1);
        self.header.timestamp = self.header.timestamp.wrapping_add(self.step);
        Some(packet)
    }
}

const PTIME_MS: u32 = 20;
/// Of what is listened to, where the codec leaves the choice.
const RATE: u32 = 8_000;
const HEADER_BYTES: usize = 12;
/// Packets that are counted before the answer: more than the socket holds.
const MOST_EARLY: u32 = 1_000;
const MAX_DATAGRAM_BYTES: usize = 2_048;
