//! The mouth of one leg: takes sound at any of our rates, and makes the packets that the phone asked for. It is one RTP
//! stream, whatever is said in it.

use std::time::Instant;

use super::TICK_MS;
use super::noise::level;
use crate::codec::{Encode, Encoding, LONGEST_MS, Resampler, encoder_at};
use crate::dtmf::{Digit, EventSender, ToneGenerator};
use crate::rtp::Header;
use crate::sdp::Codec;

/// The outbound half of a leg that hears us.
pub struct Speaker {
    encoder: Box<dyn Encode>,
    resampler: Resampler,
    rates: (u32, u32),
    /// What is said, not yet a packet.
    pending: Vec<i16>,
    packet_samples: usize,
    /// RTP clock ticks of a packet.
    step: u32,
    /// The next packet.
    stream: Header,
    packet: Vec<u8>,
    encoding: Encoding,
    /// What the phone was made out to want.
    wanted: Wanted,
    /// The phone was told how silent it is.
    paused: Option<u8>,
    /// A packet of Opus that says nothing has been sent: those that follow need not be.
    is_silent: bool,
    digit: Option<Saying>,
}

/// How far an RTP stream of ours has come: all that is said to one phone is one stream (RFC 3550 section 5.1), whoever speaks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    clock_rate: u32,
    at: Instant,
}

/// A digit that is being sent.
enum Saying {
    Event(EventSender),
    Tone(ToneGenerator),
}

/// What a phone wants to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The format to speak.
    pub codec: Codec,
    /// Milliseconds of a packet.
    pub ptime_ms: u32,
    /// The payload type of comfort noise.
    pub noise: Option<u8>,
    /// The payload type and the clock of telephone events.
    pub events: Option<(u8, u32)>,
}

/// Bytes of the fixed header.
const HEADER: usize = 12;
/// A change of the room that is worth a packet, in dB.
const AUDIBLE: u8 = 3;

impl Speaker {
    /// For sound that comes at `rate` (8 or 16 kHz, or 48 where the codec is Opus). `ssrc` and `sequence` should be random
    /// (RFC 3550 section 5.1). None where the format cannot be encoded.
    pub fn new(wanted: &Wanted, rate: u32, ssrc: u32, sequence: u16) -> Option<Self> {
        let encoding = Encoding::of(&wanted.codec)?;
        let ptime = encoding.packet_time(wanted.ptime_ms);
        let encoder = encoder_at(&wanted.codec, ptime, rate)?;
        let encoder_rate = encoder.sample_rate();
        let stream = Header {
            marker: true,
            payload_type: wanted.codec.payload_type,
            sequence,
            timestamp: ssrc.rotate_left(16),
            ssrc,
            payload_at: HEADER,
            payload_end: HEADER,
        };
        Some(Self {
            resampler: Resampler::new(rate, encoder_rate)?,
            encoder,
            rates: (rate, encoder_rate),
            pending: Vec::new(),
            packet_samples: usize::try_from(encoder_rate / 1000 * ptime).ok()?,
            step: encoding.clock_rate() / 1000 * ptime,
            stream,
            packet: Vec::new(),
            encoding,
            wanted: wanted.clone(),
            paused: None,
            is_silent: false,
            digit: None,
        })
    }

    /// How far its stream has come by now, for one who goes on with it.
    pub fn stream(&self, now: Instant) -> Stream {
        let Header { ssrc, sequence, timestamp, .. } = self.stream;
        Stream { ssrc, sequence, timestamp, clock_rate: self.encoding.clock_rate(), at: now }
    }

    /// Goes on with a stream: the time since then has passed in it too. One of another clock is left alone (RFC 7160 section 3).
    pub fn go_on(&mut self, stream: &Stream, now: Instant) {
        if stream.clock_rate != self.encoding.clock_rate() {
            return;
        }
        let ticks_per_ms = u128::from(stream.clock_rate / 1000);
        let passed = now.saturating_duration_since(stream.at).as_millis().wrapping_mul(ticks_per_ms);
        // The clock of a stream wraps (RFC 3550 section 5.1).
        let passed = u32::try_from(passed & u128::from(u32::MAX)).unwrap_or_default();
        self.stream.ssrc = stream.ssrc;
        self.stream.sequence = stream.sequence;
        self.stream.timestamp = stream.timestamp.wrapping_add(passed);
        self.stream.marker = true;
    }

    /// Whether this is what speaks so.
    pub fn is_for(&self, wanted: &Wanted) -> bool {
        self.wanted == *wanted
    }

    /// The phone loses so many packets in a hundred, by its own reports.
    pub fn expect_loss(&mut self, percent: u8) {
        self.encoder.expect_loss(percent);
    }

    /// Samples a second of the sound that it takes.
    pub fn sample_rate(&self) -> u32 {
        self.rates.0
    }

    /// Takes 20 ms of sound.
    pub fn speak(&mut self, samples: &[i16]) {
        if let Some(Saying::Tone(tone)) = &mut self.digit {
            let mut made = samples.to_vec();
            if !tone.fill(&mut made, self.rates.0) {
                self.digit = None;
            }
            self.resampler.convert(&made, &mut self.pending);
        } else {
            self.resampler.convert(samples, &mut self.pending);
        }
        // An event takes the place of sound; nothing may heap up behind it.
        let most = self.packet_samples.saturating_mul(4);
        if self.pending.len() > most {
            let excess = self.pending.len().saturating_sub(most);
            self.pending.drain(..excess);
        }
    }

    /// Takes 20 ms of a pause that sounds like `samples`: where the phone takes comfort noise it is told once, else the
    /// noise itself is sent.
    pub fn pause(&mut self, samples: &[i16]) -> Option<(Header, &[u8])> {
        let takes_noise = self.encoding.clock_rate() == 8000 && self.digit.is_none();
        let Some(payload_type) = self.wanted.noise.filter(|_| takes_noise) else {
            self.speak(samples);
            return None;
        };
        self.pending.clear();
        let now = level(samples);
        let known = self.paused.is_some_and(|before| before.abs_diff(now) < AUDIBLE);
        let timestamp = self.stream.timestamp;
        self.stream.timestamp = timestamp.wrapping_add(8 * TICK_MS);
        if known {
            return None;
        }
        self.paused = Some(now);
        self.packet.clear();
        self.packet.resize(HEADER, 0);
        self.packet.push(now);
        let header = Header { payload_type, timestamp, marker: false, ..self.stream };
        self.stream.marker = true;
        Some(self.finish(header))
    }

    /// Nothing is said for 20 ms: time passes in the stream.
    pub fn rest(&mut self) {
        self.pending.clear();
        self.stream.marker = true;
        self.stream.timestamp =
            self.stream.timestamp.wrapping_add(self.encoding.clock_rate() / 1000 * TICK_MS);
    }

    /// Says a digit, in the place of sound: as an event where the phone takes those, else as its two tones. A digit that is
    /// still being said is cut short.
    pub fn say(&mut self, digit: Digit, duration_ms: u32) {
        self.digit = Some(match self.wanted.events {
            Some((payload_type, clock_rate)) => {
                Saying::Event(EventSender::new(payload_type, digit, duration_ms, clock_rate))
            }
            None => Saying::Tone(ToneGenerator::new(digit, duration_ms)),
        });
    }

    /// Whether a digit is being said.
    pub fn is_saying(&self) -> bool {
        self.digit.is_some()
    }

    /// The next packet that is whole. To be asked until there is none.
    pub fn packet(&mut self) -> Option<(Header, &[u8])> {
        if let Some(Saying::Event(_)) = self.digit {
            return self.event();
        }
        while self.pending.len() >= self.packet_samples {
            self.packet.clear();
            self.packet.resize(HEADER, 0);
            let samples = self.pending.get(..self.packet_samples).unwrap_or_default();
            let encoded = self.encoder.encode(samples, &mut self.packet);
            self.pending.drain(..self.packet_samples.min(self.pending.len()));
            let header = self.stream;
            self.stream.timestamp = header.timestamp.wrapping_add(self.step);
            // RFC 7587 section 3.1.3: so short a packet says only that nothing is said. The first of them is sent all the same: a browser
            // takes its place for lost otherwise, and makes up speech.
            let says_nothing = self.encoding == Encoding::Opus && self.packet.len() <= HEADER + 2;
            if encoded.is_err() || (says_nothing && self.is_silent) {
                self.stream.marker = true;
                continue;
            }
            self.is_silent = says_nothing;
            self.paused = None;
            self.stream.marker = false;
            return Some(self.finish(header));
        }
        None
    }

    /// The next packet of an event; each takes the place of 20 ms of sound.
    fn event(&mut self) -> Option<(Header, &[u8])> {
        let Some(Saying::Event(sender)) = &mut self.digit else { return None };
        let tick = usize::try_from(self.rates.1 / 1000 * TICK_MS).unwrap_or_default();
        if !sender.is_ending() && self.pending.len() < tick {
            return None;
        }
        let taken = if sender.is_ending() { 0 } else { tick };
        let Some(event) = sender.next() else {
            let ticks = self.encoding.clock_rate() / 1000 * sender.said_ms();
            self.stream.timestamp = self.stream.timestamp.wrapping_add(ticks);
            self.stream.marker = true;
            self.digit = None;
            return None;
        };
        self.pending.drain(..taken.min(self.pending.len()));
        let header = Header { payload_type: sender.payload_type(), marker: event.first, ..self.stream };
        self.packet.clear();
        self.packet.resize(HEADER, 0);
        self.packet.extend_from_slice(&event.payload);
        Some(self.finish(header))
    }

    fn finish(&mut self, header: Header) -> (Header, &[u8]) {
        self.stream.sequence = header.sequence.wrapping_add(1);
        let header = Header { payload_end: self.packet.len(), ..header };
        if let Some(fixed) = self.packet.first_chunk_mut::<HEADER>() {
            header.write(fixed);
        }
        (header, &self.packet)
    }
}

impl std::fmt::Debug for Speaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Speaker").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// The packet time for a phone that wishes `ptime` and takes at most `maxptime`; 20 ms where nothing is said.
pub fn packet_time(ptime: Option<u32>, maxptime: Option<u32>) -> u32 {
    ptime.unwrap_or(TICK_MS).min(maxptime.unwrap_or(LONGEST_MS)).clamp(10, LONGEST_MS)
}
