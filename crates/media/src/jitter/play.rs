//! What is played next: a packet whose turn has come, something instead of it, or nothing.

use super::pace::{Change, Wait};
use super::ring::{self, Place};
use super::stretch::Stretch;
use super::{JitterBuffer, LONGEST_PACKET_MS, Playout};
use crate::codec::Decode;

/// Whether sound goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// Nothing has been played yet, or another stream begins.
    Idle,
    /// Sound goes on.
    Playing(Cursor),
    /// Nothing came for so long that it is silent. Microseconds since when.
    Waiting(Cursor, i64),
}

/// What is to be played next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) sequence: i64,
    pub(super) timestamp: i64,
    /// Samples that were made up while nothing was there, for a gap of unknown length.
    pub(super) ahead: usize,
    pub(super) gap: Gap,
    /// Samples made up since the latest packet.
    pub(super) made: usize,
}

/// Why there is nothing at the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// That is not known yet.
    Unknown,
    /// Packets are lost.
    Loss,
    /// The sender pauses.
    Pause,
}

/// After so long a stream has ended.
const ENDED_MICROS: i64 = 1_000_000;
/// Packets that have waited so much too long are left out.
const STALE_MICROS: i64 = 200_000;

impl JitterBuffer {
    /// Makes at least `count` samples ready, where there are any.
    pub(super) fn fill(&mut self, now: i64, decoder: &mut dyn Decode, count: usize) -> Playout {
        let mut what = if self.samples.ahead() > 0 { Playout::Speech } else { Playout::Silence };
        // Each round makes sound or takes a packet from the ring, so the bound is never met; it bounds surprises.
        for _ in 0..4 * ring::SLOTS {
            if self.samples.ahead() >= count {
                break;
            }
            let Some(done) = self.step(now, decoder, count) else { break };
            what = what.max(done);
        }
        if self.samples.ahead() < count { what.max(self.silence(now)) } else { what }
    }

    /// Why nothing is played.
    pub(super) fn silence(&self, now: i64) -> Playout {
        match self.stage {
            Stage::Waiting(Cursor { gap: Gap::Pause, .. }, _) => Playout::Dtx,
            Stage::Waiting(_, since) if now - since < ENDED_MICROS => Playout::Concealed,
            _ => Playout::Silence,
        }
    }

    /// One step towards `count` samples; None where there shall be silence.
    fn step(&mut self, now: i64, decoder: &mut dyn Decode, count: usize) -> Option<Playout> {
        match self.stage {
            Stage::Idle => {
                let first = self.ring.first()?;
                if !first.audio {
                    self.ring.remove(first.sequence);
                    return Some(Playout::Silence);
                }
                self.is_due(now, first).then(|| self.resume(first, None))
            }
            Stage::Waiting(cursor, since) => match self.ring.first_from(cursor.sequence) {
                Some(next) if !next.audio => {
                    self.ring.remove(next.sequence);
                    let cursor = Cursor { sequence: next.sequence + 1, gap: Gap::Pause, ..cursor };
                    self.stage = Stage::Waiting(cursor, since);
                    Some(Playout::Dtx)
                }
                Some(next) if self.is_due(now, next) => Some(self.resume(next, Some(cursor))),
                _ => (cursor.gap == Gap::Pause && self.comfort(decoder)).then_some(Playout::Dtx),
            },
            Stage::Playing(cursor) => match self.ring.first_from(cursor.sequence) {
                Some(next) => Some(self.towards(now, decoder, cursor, next, count)),
                None => Some(self.bridge(now, decoder, cursor, count)),
            },
        }
    }

    fn is_due(&self, now: i64, next: Place) -> bool {
        now - self.clock_micros(next.timestamp) >= self.target()
    }

    /// Begins to play at `next`.
    fn resume(&mut self, next: Place, before: Option<Cursor>) -> Playout {
        if let Some(before) = before
            && next.sequence > before.sequence
        {
            self.count_gap(&before, next);
            self.counts.concealed += before.ahead as u64;
        }
        let (sequence, timestamp) = (next.sequence, next.timestamp);
        self.stage = Stage::Playing(Cursor { sequence, timestamp, ahead: 0, gap: Gap::Unknown, made: 0 });
        Playout::Silence
    }

    /// Plays `next`, or makes up what is missing before it.
    fn towards(
        &mut self,
        now: i64,
        decoder: &mut dyn Decode,
        mut cursor: Cursor,
        next: Place,
        count: usize,
    ) -> Playout {
        if !next.audio {
            self.ring.remove(next.sequence);
            self.stage = Stage::Playing(Cursor { sequence: next.sequence + 1, gap: Gap::Pause, ..cursor });
            return Playout::Silence;
        }
        let missing = self.clock_samples(next.timestamp - cursor.timestamp);
        if next.sequence > cursor.sequence {
            if self.may_still_come(now, &cursor) {
                return self.bridge(now, decoder, cursor, count);
            }
            self.count_gap(&cursor, next);
            cursor.sequence = next.sequence;
            cursor.gap = if cursor.gap == Gap::Unknown { Gap::Loss } else { cursor.gap };
        } else if cursor.gap == Gap::Unknown && missing * 2 >= self.frame {
            // The next in number and later in time: the sender was silent. A few samples are a rounding.
            cursor.gap = Gap::Pause;
        }
        if cursor.gap == Gap::Unknown {
            return self.decode(now, decoder, cursor, next, count);
        }
        let done = cursor.ahead.min(missing);
        cursor.ahead -= done;
        self.counts.concealed += if cursor.gap == Gap::Loss { done as u64 } else { 0 };
        if missing == done {
            return self.decode(now, decoder, cursor, next, count);
        }
        self.conceal(now, decoder, cursor, next, missing - done)
    }

    /// Whether the delay is about to grow anyway, so that one may as well wait for a packet that others have overtaken.
    fn may_still_come(&self, now: i64, cursor: &Cursor) -> bool {
        let surplus = now - self.clock_micros(cursor.timestamp) - self.target();
        cursor.gap == Gap::Unknown
            && cursor.ahead == 0
            && !self.redundancy.is_awaited()
            && surplus < -self.sample_micros(self.frame)
    }

    fn count_gap(&mut self, before: &Cursor, next: Place) {
        let packets = u32::try_from(next.sequence - before.sequence).unwrap_or(0);
        self.counts.lost += u64::from(packets);
        self.redundancy.lost(packets);
    }

    fn decode(
        &mut self,
        now: i64,
        decoder: &mut dyn Decode,
        cursor: Cursor,
        next: Place,
        tick: usize,
    ) -> Playout {
        let left_over = self.sample_micros(self.samples.ahead());
        let payload = self.ring.payload(next.sequence);
        // RFC 7587 section 3.1.3: so short a packet of Opus begins a pause.
        let pauses = payload.len() <= 2;
        let at = self.samples.known().len();
        let tail = self.samples.tail();
        let decoded = decoder.decode(payload, tail).is_ok();
        tail.truncate(at + self.rate * LONGEST_PACKET_MS / 1000);
        let count = tail.len().saturating_sub(at);
        self.ring.remove(next.sequence);
        let cursor = Cursor { sequence: next.sequence + 1, ..cursor };
        if !decoded || count == 0 {
            self.counts.discarded += 1;
            self.stage = Stage::Playing(Cursor { timestamp: next.timestamp, gap: Gap::Loss, ..cursor });
            return Playout::Silence;
        }
        self.concealment.merge(self.samples.tail(), at);
        self.redundancy.received();
        self.counts.concealed += if cursor.gap == Gap::Pause { 0 } else { cursor.ahead as u64 };
        self.frame = count;
        self.stage = Stage::Playing(Cursor {
            timestamp: next.timestamp + self.samples_clock(count),
            ahead: 0,
            gap: if pauses { Gap::Pause } else { Gap::Unknown },
            made: 0,
            ..cursor
        });
        let surplus = now - self.clock_micros(next.timestamp) - self.target();
        if surplus > STALE_MICROS {
            self.leave_out(surplus);
        } else {
            self.stretch(now, Wait { surplus, left_over }, tick);
        }
        Playout::Speech
    }

    /// Leaves out waiting packets: stretching would take seconds to catch up.
    fn leave_out(&mut self, mut surplus: i64) {
        while surplus > 0
            && let Stage::Playing(cursor) = self.stage
            && let Some(next) = self.ring.at(cursor.sequence)
            && self.ring.at(cursor.sequence + 1).is_some()
        {
            self.ring.remove(next.sequence);
            self.counts.discarded += 1;
            surplus -= self.sample_micros(self.frame);
            let timestamp = next.timestamp + self.samples_clock(self.frame);
            self.stage = Stage::Playing(Cursor { sequence: next.sequence + 1, timestamp, ..cursor });
            self.concealment.extend(self.samples.tail(), 0, self.rate);
        }
    }

    /// Moves the wait towards the target.
    fn stretch(&mut self, now: i64, wait: Wait, tick: usize) {
        if self.is_rigid {
            return;
        }
        let Some(change) = self.pace.change(now, wait, self.sample_micros(tick)) else { return };
        let rate = self.rate;
        let done = match change {
            Change::Shorten(micros, alike) => {
                let most = usize::try_from(micros).unwrap_or(0) * rate / 1_000_000;
                let done = Stretch { rate, most, alike }.shorten(&mut self.samples);
                self.counts.shortened += done as u64;
                done
            }
            Change::Lengthen(alike) => {
                let done = Stretch { rate, most: rate, alike }.lengthen(&mut self.samples);
                self.counts.lengthened += done as u64;
                done
            }
        };
        self.pace.changed(self.sample_micros(done));
    }
}
