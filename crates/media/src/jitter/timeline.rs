//! Sequence numbers and timestamps that do not wrap, and the question whether a packet belongs to the stream at all.

use crate::rtp::Header;

/// The stream that is being received.
#[derive(Debug)]
pub(super) struct Timeline {
    clock_rate: i64,
    stream: Option<Stream>,
    /// A packet that does not fit; a second one after it begins a new stream (RFC 3550 appendix A.1).
    suspect: Option<Header>,
}

#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    /// The highest extended sequence number, and the packets received up to it, one bit each.
    highest: i64,
    received: u64,
    timestamp: i64,
    /// Arrival less timestamp of the latest audio packet, in units of the clock.
    transit: i64,
}

/// What a packet is to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It belongs here.
    Fits(At),
    /// It begins a new stream: what is held belongs to the former one.
    Restarts(At),
    /// It has been here.
    Duplicate,
    /// It fits nowhere; the next may explain it.
    Suspect,
}

/// Extended sequence number and timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub(super) sequence: i64,
    pub(super) timestamp: i64,
}

/// A sequence number further away than this is another stream's.
const FARTHEST_STEP: i64 = 1000;
/// A packet that comes later than this, or a quarter of it too early, is another stream's.
const FARTHEST_SECONDS: i64 = 2;

impl Timeline {
    pub(super) fn new(clock_rate: u32) -> Self {
        Self { clock_rate: i64::from(clock_rate.max(1)), stream: None, suspect: None }
    }

    /// Places a packet that arrived `micros` after some fixed moment. `audio`: whether its timestamp is that of its arrival's
    /// moment; a telephone event's stays at its beginning.
    pub(super) fn place(&mut self, micros: i64, header: &Header, audio: bool) -> Verdict {
        let arrival = micros.saturating_mul(self.clock_rate) / 1_000_000;
        let Some(stream) = &mut self.stream else {
            return self.restart(arrival, header);
        };
        let at = stream.extend(header);
        let transit = arrival - at.timestamp;
        let jump = self.clock_rate * FARTHEST_SECONDS;
        let strange = header.ssrc != stream.ssrc
            || (at.sequence - stream.highest).abs() > FARTHEST_STEP
            || (audio && !(-jump / 4..=jump).contains(&(transit - stream.transit)));
        if strange {
            if self.suspect.is_some_and(|it| follows(&it, header, jump)) {
                return self.restart(arrival, header);
            }
            self.suspect = Some(*header);
            return Verdict::Suspect;
        }
        self.suspect = None;
        if !stream.mark(at.sequence) {
            return Verdict::Duplicate;
        }
        stream.timestamp = at.timestamp;
        if audio {
            stream.transit = transit;
        }
        Verdict::Fits(at)
    }

    fn restart(&mut self, arrival: i64, header: &Header) -> Verdict {
        let at = At { sequence: i64::from(header.sequence), timestamp: i64::from(header.timestamp) };
        let first = self.stream.is_none();
        self.suspect = None;
        self.stream = Some(Stream {
            ssrc: header.ssrc,
            highest: at.sequence,
            received: 1,
            timestamp: at.timestamp,
            transit: arrival - at.timestamp,
        });
        if first { Verdict::Fits(at) } else { Verdict::Restarts(at) }
    }
}

impl Stream {
    /// The nearest extended numbers.
    fn extend(&self, header: &Header) -> At {
        let step = header.sequence.wrapping_sub(low_16(self.highest)).cast_signed();
        let leap = header.timestamp.wrapping_sub(low_32(self.timestamp)).cast_signed();
        At { sequence: self.highest + i64::from(step), timestamp: self.timestamp + i64::from(leap) }
    }

    /// Notes a packet; false where it was noted before. One too old for the note counts as new.
    fn mark(&mut self, sequence: i64) -> bool {
        if sequence > self.highest {
            let step = u32::try_from(sequence - self.highest).unwrap_or(u32::MAX);
            self.received = self.received.checked_shl(step).unwrap_or(0) | 1;
            self.highest = sequence;
            return true;
        }
        let back = u32::try_from(self.highest - sequence).unwrap_or(u32::MAX);
        let bit = 1_u64.checked_shl(back).unwrap_or(0);
        let fresh = self.received & bit == 0;
        self.received |= bit;
        fresh
    }
}

/// Whether `next` is what would come after `suspect`.
fn follows(suspect: &Header, next: &Header, jump: i64) -> bool {
    let step = next.sequence.wrapping_sub(suspect.sequence);
    let leap = next.timestamp.wrapping_sub(suspect.timestamp).cast_signed();
    suspect.ssrc == next.ssrc && (1..=3).contains(&step) && i64::from(leap).abs() <= jump
}

fn low_16(number: i64) -> u16 {
    u16::try_from(number & 0xffff).unwrap_or(0)
}

fn low_32(number: i64) -> u32 {
    u32::try_from(number & 0xffff_ffff).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(sequence: u16, timestamp: u32, ssrc: u32) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp, ssrc, payload_at: 12, payload_end: 172 }
    }

    fn fits(sequence: i64, timestamp: i64) -> Verdict {
        Verdict::Fits(At { sequence, timestamp })
    }

    #[test]
    fn numbers_go_on_where_they_wrap() {
        let mut timeline = Timeline::new(8000);
        assert_eq!(timeline.place(0, &header(0xffff, 0xffff_ff60, 1), true), fits(0xffff, 0xffff_ff60));
        assert_eq!(timeline.place(20_000, &header(0, 0, 1), true), fits(0x1_0000, 0x1_0000_0000));
        assert_eq!(timeline.place(20_000, &header(0xfffe, 0xffff_fec0, 1), true), fits(0xfffe, 0xffff_fec0));
        assert_eq!(timeline.place(20_000, &header(0xfffe, 0xffff_fec0, 1), true), Verdict::Duplicate);
    }

    #[test]
    fn a_new_stream_begins_with_its_second_packet() {
        let mut timeline = Timeline::new(8000);
        timeline.place(0, &header(1, 160, 1), true);
        assert_eq!(timeline.place(20_000, &header(700, 0, 2), true), Verdict::Suspect);
        assert_eq!(timeline.place(20_000, &header(2, 320, 1), true), fits(2, 320));
        assert_eq!(timeline.place(40_000, &header(701, 160, 2), true), Verdict::Suspect);
        let at = At { sequence: 702, timestamp: 320 };
        assert_eq!(timeline.place(60_000, &header(702, 320, 2), true), Verdict::Restarts(at));
    }

    #[test]
    fn a_leap_of_the_clock_is_a_new_stream_and_a_pause_is_not() {
        let mut timeline = Timeline::new(8000);
        timeline.place(0, &header(1, 0, 1), true);
        assert_eq!(timeline.place(9_000_000, &header(2, 72_000, 1), true), fits(2, 72_000));
        assert_eq!(timeline.place(9_020_000, &header(3, 1_000_000, 1), true), Verdict::Suspect);
        let at = At { sequence: 4, timestamp: 1_000_160 };
        assert_eq!(timeline.place(9_040_000, &header(4, 1_000_160, 1), true), Verdict::Restarts(at));
    }
}
