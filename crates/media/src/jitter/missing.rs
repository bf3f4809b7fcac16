//! What is played instead of packets that are not there.

use super::play::{Cursor, Gap, Stage};
use super::ring::Place;
use super::{JitterBuffer, Playout};
use crate::codec::Decode;

/// Whether waiting for the packet after a lost one pays: Opus sends a coarse copy of each packet in the next.
#[derive(Debug)]
pub(super) struct Redundancy {
    /// The codec conceals by itself, as the one with redundancy does.
    of_codec: bool,
    /// How often it helped when it was asked for, lately.
    worth: f32,
    /// The part of the packets that is lost, lately.
    losses: f32,
    awaited: bool,
}

impl Default for Redundancy {
    fn default() -> Self {
        Self { of_codec: false, worth: 1.0, losses: 0.0, awaited: false }
    }
}

/// What one packet weighs in the part that is lost.
const WEIGHT: f32 = 0.004;

impl Redundancy {
    /// Whether to wait for it.
    pub(super) fn is_awaited(&self) -> bool {
        self.awaited
    }

    pub(super) fn received(&mut self) {
        self.losses *= 1.0 - WEIGHT;
        self.decide();
    }

    pub(super) fn lost(&mut self, packets: u32) {
        for _ in 0..packets.min(10) {
            self.losses += (1.0 - self.losses) * WEIGHT;
        }
        self.decide();
    }

    fn tried(&mut self, helped: bool) {
        self.worth += (f32::from(u8::from(helped)) - self.worth) * 0.1;
        self.decide();
    }

    /// A packet's time more of delay for one lost packet in a hundred; given back at a third of that.
    fn decide(&mut self) {
        let enough = if self.awaited { 0.003 } else { 0.01 };
        self.awaited = self.of_codec && self.worth > 0.3 && self.losses > enough;
    }
}

/// After so much of made-up sound a new beginning is made.
const WAIT_AFTER_MS: usize = 100;

impl JitterBuffer {
    /// Makes up a part of the `missing` samples before `next`.
    pub(super) fn conceal(
        &mut self,
        now: i64,
        decoder: &mut dyn Decode,
        mut cursor: Cursor,
        next: Place,
        missing: usize,
    ) -> Playout {
        if self.is_enough(&cursor) {
            return self.give_up(now, cursor);
        }
        let frame = self.frame.max(1);
        let lost = cursor.gap == Gap::Loss;
        let before = self.samples.ahead();
        let part = if lost && missing <= frame && self.recover(decoder, next, missing) {
            let part = self.samples.ahead().saturating_sub(before);
            self.counts.recovered += part as u64;
            part
        } else {
            // The last lost packet is left whole: it may come from the redundancy of the next.
            let wanted = if missing > frame { (missing - frame).min(frame) } else { missing };
            let part = self.make_up(decoder, wanted);
            self.counts.concealed += if lost { part as u64 } else { 0 };
            part
        };
        cursor.made += part;
        cursor.timestamp = next.timestamp - self.samples_clock(missing.saturating_sub(part));
        self.stage = Stage::Playing(cursor);
        if lost { Playout::Concealed } else { Playout::Dtx }
    }

    /// Nothing is there, and why will be seen: makes up what is needed now.
    pub(super) fn bridge(
        &mut self,
        now: i64,
        decoder: &mut dyn Decode,
        mut cursor: Cursor,
        count: usize,
    ) -> Playout {
        if self.is_enough(&cursor) {
            return self.give_up(now, cursor);
        }
        let made = self.make_up(decoder, count.saturating_sub(self.samples.ahead()));
        cursor.ahead += made;
        cursor.made += made;
        self.stage = Stage::Playing(cursor);
        if cursor.gap == Gap::Pause { Playout::Dtx } else { Playout::Concealed }
    }

    /// The codec's own noise while the sender pauses; false where it has none.
    pub(super) fn comfort(&mut self, decoder: &mut dyn Decode) -> bool {
        let before = self.samples.ahead();
        decoder.conceal(self.rate / 100, self.samples.tail()) && self.samples.ahead() > before
    }

    fn is_enough(&self, cursor: &Cursor) -> bool {
        cursor.made > self.rate * WAIT_AFTER_MS / 1000
    }

    fn give_up(&mut self, now: i64, cursor: Cursor) -> Playout {
        self.stage = Stage::Waiting(cursor, now);
        self.silence(now)
    }

    fn recover(&mut self, decoder: &mut dyn Decode, next: Place, missing: usize) -> bool {
        if self.concealment.is_active() {
            return false;
        }
        let before = self.samples.ahead();
        let payload = self.ring.payload(next.sequence);
        let helped = decoder.recover(payload, missing, self.samples.tail()) && self.samples.ahead() > before;
        self.redundancy.tried(helped);
        helped
    }

    /// Makes up `count` samples or a little more, by the codec or else by ours; how many came.
    fn make_up(&mut self, decoder: &mut dyn Decode, count: usize) -> usize {
        let before = self.samples.ahead();
        if !self.concealment.is_active() {
            // Opus makes whole frames, the shortest of 2.5 ms.
            let shortest = (self.rate / 400).max(1);
            let whole = count.div_ceil(shortest).max(1) * shortest;
            if decoder.conceal(whole, self.samples.tail()) && self.samples.ahead() > before {
                self.redundancy.of_codec = true;
                return self.samples.ahead() - before;
            }
        }
        self.concealment.extend(self.samples.tail(), count.max(1), self.rate);
        self.samples.ahead().saturating_sub(before)
    }
}
