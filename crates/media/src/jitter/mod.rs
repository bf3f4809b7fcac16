//! The jitter buffer: packets come in whenever the network brings them, sound goes out evenly. It waits as long as the network
//! needs and no longer, stretches the sound to get there, and makes up what is missing.

mod conceal;
mod delay;
mod figures;
mod floor;
mod histogram;
mod missing;
mod pace;
mod peaks;
mod pitch;
mod play;
mod ring;
mod samples;
mod stretch;
mod timeline;

use std::time::{Duration, Instant};

pub use figures::JitterFigures;

use crate::codec::Decode;
use crate::rtp::Header;
use conceal::{Concealment, HISTORY_MS};
use delay::Delay;
use figures::Counts;
use missing::Redundancy;
use pace::Pace;
use play::Stage;
use ring::{Place, Ring};
use samples::Samples;
use timeline::{Timeline, Verdict};

/// How long packets may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JitterSettings {
    /// The wait that a new stream starts with.
    pub start: Duration,
    /// The shortest wait: what the receiving machine itself is late by.
    pub least: Duration,
    /// The longest wait; packets that need more are lost.
    pub most: Duration,
}

impl JitterSettings {
    /// For the sound of a modem: one wait from beginning to end, and nothing is stretched. Fax machines have patience.
    pub const VOICEBAND: Self = Self {
        start: Duration::from_millis(100),
        least: Duration::from_millis(100),
        most: Duration::from_millis(100),
    };
}

impl Default for JitterSettings {
    fn default() -> Self {
        Self {
            start: Duration::from_millis(20),
            least: Duration::from_millis(8),
            most: Duration::from_millis(300),
        }
    }
}

/// What a piece of sound was made of; the most remarkable part counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Playout {
    /// There is no stream, or not yet, or no longer: silence.
    Silence,
    /// The sender pauses: the codec's own comfort noise, or silence for the caller to fill.
    Dtx,
    /// What was received.
    Speech,
    /// Something was missing and was made up.
    Concealed,
}

/// One direction of one leg.
#[derive(Debug)]
pub struct JitterBuffer {
    clock_rate: i64,
    epoch: Option<Instant>,
    timeline: Timeline,
    ring: Ring,
    delay: Delay,
    stage: Stage,
    samples: Samples,
    /// Samples a second of the decoder in use.
    rate: usize,
    /// Samples of the latest packet.
    frame: usize,
    concealment: Concealment,
    pace: Pace,
    redundancy: Redundancy,
    counts: Counts,
    /// The wait is always the same: nothing is stretched.
    is_rigid: bool,
    /// Now less the timestamp of what is played, when speech of this stream was heard last.
    delay_now: Option<i64>,
}

/// No packet holds more (RFC 6716 section 2.1.4).
const LONGEST_PACKET_MS: usize = 120;

impl JitterBuffer {
    /// An empty buffer for a stream whose RTP clock runs at `clock_rate` Hz.
    pub fn new(settings: JitterSettings, clock_rate: u32) -> Self {
        Self {
            clock_rate: i64::from(clock_rate.max(1)),
            epoch: None,
            timeline: Timeline::new(clock_rate),
            ring: Ring::new(),
            delay: Delay::new(&settings),
            stage: Stage::Idle,
            samples: Samples::default(),
            rate: 0,
            frame: 0,
            concealment: Concealment::default(),
            pace: Pace::default(),
            redundancy: Redundancy::default(),
            counts: Counts::default(),
            is_rigid: settings.least == settings.most,
            delay_now: None,
        }
    }

    /// Takes a packet of the stream's codec, in whatever order the network brings them. One that is late, known or nobody's is
    /// counted and dropped.
    pub fn insert(&mut self, now: Instant, header: &Header, payload: &[u8]) {
        let arrival = self.micros(now);
        let Some(place) = self.place(arrival, header, true) else { return };
        self.counts.received += 1;
        self.delay.add(arrival, arrival - self.clock_micros(place.timestamp));
        if self.is_past(place.sequence) {
            self.counts.late += 1;
            self.counts.lost = self.counts.lost.saturating_sub(1);
        } else {
            self.ring.put(place, payload);
        }
    }

    /// Takes note of a packet of the same stream that holds no audio of its codec, a telephone event or comfort noise: it is
    /// not lost, and what follows it is a pause.
    pub fn insert_silent(&mut self, now: Instant, header: &Header) {
        let arrival = self.micros(now);
        if let Some(place) = self.place(arrival, header, false)
            && !self.is_past(place.sequence)
        {
            self.ring.put(place, &[]);
        }
    }

    /// Whether the packet that is to be played next is here; no packet that comes later can be played before it.
    pub fn has_next(&self) -> bool {
        matches!(self.stage, Stage::Playing(cursor) if self.ring.at(cursor.sequence).is_some())
    }

    /// Exactly `out.len()` samples at the decoder's rate for the time that begins now: meant for 10 or 20 ms at a time. Nothing is
    /// decoded before it is needed.
    pub fn playout(&mut self, now: Instant, decoder: &mut dyn Decode, out: &mut [i16]) -> Playout {
        self.prepare(decoder.sample_rate());
        let mut at = self.micros(now);
        let mut what = Playout::Silence;
        for piece in out.chunks_mut(self.rate / 50) {
            let made_of = self.fill(at, decoder, piece.len());
            if made_of == Playout::Speech
                && let Stage::Playing(cursor) = self.stage
            {
                let ahead = self.sample_micros(self.samples.ahead());
                self.delay_now = Some(at - (self.clock_micros(cursor.timestamp) - ahead));
            }
            self.samples.play(piece);
            at += self.sample_micros(piece.len());
            what = what.max(made_of);
        }
        what
    }

    /// Packets so far that came after their turn.
    pub fn late(&self) -> u64 {
        self.counts.late
    }

    /// How it goes.
    pub fn figures(&self) -> JitterFigures {
        let ms = |micros: i64| u32::try_from(micros / 1000).unwrap_or(0);
        let floor = self.delay.floor().unwrap_or(0);
        JitterFigures {
            delay_ms: self.delay_now.map_or(0, |now| ms(now - floor)),
            target_ms: ms(self.target() - floor),
            drift_ppm: self.delay.drift_ppm().map(|ppm| ppm.round() as i32),
            ..self.counts.figures(self.rate)
        }
    }

    fn place(&mut self, arrival: i64, header: &Header, audio: bool) -> Option<Place> {
        let at = match self.timeline.place(arrival, header, audio) {
            Verdict::Fits(at) => at,
            Verdict::Restarts(at) => {
                self.counts.restarts += 1;
                self.ring.clear();
                self.delay.restart();
                self.stage = Stage::Idle;
                self.delay_now = None;
                at
            }
            Verdict::Duplicate => {
                self.counts.duplicated += 1;
                return None;
            }
            Verdict::Suspect => {
                self.counts.discarded += 1;
                return None;
            }
        };
        Some(Place { sequence: at.sequence, timestamp: at.timestamp, audio })
    }

    fn is_past(&self, sequence: i64) -> bool {
        match self.stage {
            Stage::Idle => false,
            Stage::Playing(cursor) | Stage::Waiting(cursor, _) => sequence < cursor.sequence,
        }
    }

    fn prepare(&mut self, rate: u32) {
        let rate = usize::try_from(rate).unwrap_or(0).max(8000);
        if self.rate != rate {
            self.rate = rate;
            self.frame = rate / 50;
            self.samples.reset(rate * HISTORY_MS / 1000, rate * 2 * LONGEST_PACKET_MS / 1000);
            self.concealment.end();
        }
    }

    /// The transit time at which packets are to be played: a packet longer where the next one can make up for a lost one.
    fn target(&self) -> i64 {
        let packet = if self.redundancy.is_awaited() { self.sample_micros(self.frame) } else { 0 };
        self.delay.target() + packet
    }

    fn micros(&mut self, now: Instant) -> i64 {
        let epoch = *self.epoch.get_or_insert(now);
        i64::try_from(now.saturating_duration_since(epoch).as_micros()).unwrap_or(i64::MAX)
    }

    fn clock_micros(&self, timestamp: i64) -> i64 {
        timestamp.saturating_mul(1_000_000) / self.clock_rate
    }

    fn sample_micros(&self, samples: usize) -> i64 {
        i64::try_from(samples * 1_000_000 / self.rate.max(1)).unwrap_or(i64::MAX)
    }

    /// So much of the RTP clock in samples; 0 for what lies behind.
    fn clock_samples(&self, timestamp: i64) -> usize {
        usize::try_from(timestamp).unwrap_or(0).saturating_mul(self.rate)
            / usize::try_from(self.clock_rate).unwrap_or(1)
    }

    fn samples_clock(&self, samples: usize) -> i64 {
        i64::try_from(samples).unwrap_or(0).saturating_mul(self.clock_rate)
            / i64::try_from(self.rate.max(1)).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests;
