//! The ear of one leg: puts its packets in order, decodes them on the tick, and fills the sender's pauses.

use std::time::Instant;

use super::TICK_MS;
use super::noise::{ComfortNoise, QUIET};
use crate::codec::{Decode, decoder_at};
use crate::jitter::{JitterBuffer, JitterSettings, Playout};
use crate::rtp::Header;
use crate::sdp::Codec;

/// The inbound half of a transcoded leg.
pub struct Listener {
    payload_type: u8,
    buffer: JitterBuffer,
    decoder: Box<dyn Decode>,
    noise: Option<ComfortNoise>,
    frame: Vec<i16>,
    /// Ticks without sound.
    idle: u32,
    /// Late packets that have been told.
    late_told: u64,
    /// What has come late and been made up since that was asked for.
    lacks: Lacks,
}

/// What was not there in its turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Packets that came after their turn.
    pub late: u64,
    /// Ticks in which something was made up.
    pub concealed: u64,
}

/// What a tick brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Sound, of which this leg's phone is the source.
    Speech,
    /// The phone pauses; what the frame holds is noise of this level in dB below overload.
    Pause(u8),
    /// There is no stream.
    Nothing,
}

/// Ticks after which a stream that has ended is forgotten: two seconds.
const FORGOTTEN: u32 = 100;

impl Listener {
    /// For packets of this format, heard at `rate` where the codec can choose. None where it cannot be decoded.
    pub fn new(codec: &Codec, rate: u32, settings: JitterSettings) -> Option<Self> {
        let decoder = decoder_at(codec, rate)?;
        let samples = usize::try_from(decoder.sample_rate() / 1000 * TICK_MS).ok()?;
        Some(Self {
            payload_type: codec.payload_type,
            buffer: JitterBuffer::new(settings, codec.clock_rate),
            decoder,
            noise: None,
            frame: vec![0; samples],
            idle: 0,
            late_told: 0,
            lacks: Lacks::default(),
        })
    }

    /// The payload type that is listened to.
    pub fn payload_type(&self) -> u8 {
        self.payload_type
    }

    /// Samples a second of the frames.
    pub fn sample_rate(&self) -> u32 {
        self.decoder.sample_rate()
    }

    /// Takes a packet of that payload type.
    pub fn insert(&mut self, now: Instant, header: &Header, payload: &[u8]) {
        self.noise = None;
        self.idle = 0;
        self.buffer.insert(now, header, payload);
    }

    /// Takes a packet of comfort noise (RFC 3389): the phone is silent from now on, and this is how its room sounds.
    pub fn insert_noise(&mut self, now: Instant, header: &Header, payload: &[u8]) {
        let level = payload.first().map_or(QUIET, |level| level & 0x7f);
        self.idle = 0;
        self.buffer.insert_silent(now, header);
        match &mut self.noise {
            Some(noise) => noise.set(level),
            None => self.noise = Some(ComfortNoise::new(level)),
        }
    }

    /// Takes note of a packet without sound in the same stream.
    pub fn insert_event(&mut self, now: Instant, header: &Header) {
        self.idle = 0;
        self.buffer.insert_silent(now, header);
    }

    /// Whether the packet whose turn is next is here.
    pub fn has_next(&self) -> bool {
        self.buffer.has_next()
    }

    /// The 20 ms that begin now.
    pub fn frame(&mut self, now: Instant) -> (Heard, &[i16]) {
        let playout = self.buffer.playout(now, &mut *self.decoder, &mut self.frame);
        self.lacks.concealed += u64::from(playout == Playout::Concealed);
        let heard = match (playout, &mut self.noise) {
            (Playout::Speech | Playout::Concealed, _) => Heard::Speech,
            (Playout::Silence | Playout::Dtx, Some(noise)) => {
                noise.fill(&mut self.frame);
                Heard::Pause(super::noise::level(&self.frame))
            }
            (Playout::Dtx, None) => Heard::Pause(super::noise::level(&self.frame)),
            (Playout::Silence, None) => Heard::Nothing,
        };
        self.idle = if heard == Heard::Speech { 0 } else { self.idle.saturating_add(1) };
        (heard, &self.frame)
    }

    /// What was not there in its turn since this was asked last.
    pub fn take_lacks(&mut self) -> Lacks {
        let late = self.buffer.late();
        let late_told = std::mem::replace(&mut self.late_told, late);
        Lacks { late: late.saturating_sub(late_told), ..std::mem::take(&mut self.lacks) }
    }

    /// Whether the stream ended long ago, and nobody need listen any more.
    pub fn is_forgotten(&self) -> bool {
        self.noise.is_none() && self.idle > FORGOTTEN
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("payload_type", &self.payload_type).finish_non_exhaustive()
    }
}
