//! Reception and sending figures of one direction: loss by extended sequence numbers (RFC 3550 appendix A.1 and A.3)
//! and interarrival jitter (appendix A.8).

use std::time::Instant;

use super::Header;
use super::reporter::Reception;
use crate::quality::DirectionQuality;
use crate::quality::mos::Counted;

/// What was received of the stream that is on now, and of those before it.
#[derive(Debug, Clone, Default)]
pub struct Received {
    packets: u64,
    bytes: u64,
    gaps: u64,
    duplicates: u64,
    reordered: u64,
    /// Packets expected and lost in streams that have ended: a new source starts counting anew.
    expected_before: u64,
    lost_before: i64,
    source: Option<Source>,
}

/// One synchronisation source.
#[derive(Debug, Clone)]
struct Source {
    ssrc: u32,
    /// Sequence number of the first packet, and the highest one, extended by the cycles.
    base: u64,
    highest: u64,
    received: u64,
    /// Bit n: the packet `highest - n` came.
    window: u64,
    /// A sequence number far away came once: a second one in its line means that the sender started anew.
    jump: Option<u16>,
    clock_rate: u32,
    /// Jitter in 1/16 units of the codec's clock, as in appendix A.8.
    jitter: u32,
    transit: Option<Transit>,
}

#[derive(Debug, Clone, Copy)]
struct Transit {
    at: Instant,
    timestamp: u32,
}

/// How far the sequence may leap ahead or fall behind (RFC 3550 appendix A.1) before it counts as a new start.
const MAX_DROPOUT: u16 = 3000;
const MAX_MISORDER: u16 = 100;

impl Received {
    /// Counts one packet. `clock_rate` is that of its payload type, in Hz; 0 if not known, which leaves jitter out.
    pub fn packet(&mut self, now: Instant, header: &Header, clock_rate: u32) {
        self.packets = self.packets.saturating_add(1);
        self.bytes = self.bytes.saturating_add(u64::try_from(header.payload_bytes()).unwrap_or(0));
        match &mut self.source {
            Some(source) if source.ssrc == header.ssrc => {
                let step = source.sequence(header.sequence);
                match step {
                    Step::Next => {}
                    Step::Gap => self.gaps = self.gaps.saturating_add(1),
                    Step::Duplicate => self.duplicates = self.duplicates.saturating_add(1),
                    Step::Late => self.reordered = self.reordered.saturating_add(1),
                    Step::Jump => {}
                    Step::Restart => {
                        self.close_source();
                        self.source = Some(Source::restarted(header, clock_rate));
                    }
                }
                if let (Step::Next | Step::Gap, Some(source)) = (step, &mut self.source) {
                    source.arrival(now, header, clock_rate);
                }
            }
            _ => {
                self.close_source();
                let mut source = Source::new(header, clock_rate);
                source.arrival(now, header, clock_rate);
                self.source = Some(source);
            }
        }
    }

    /// The figures so far.
    pub fn quality(&self) -> DirectionQuality {
        let (expected, lost, jitter_ms) = match &self.source {
            Some(source) => (source.expected(), source.lost(), source.jitter_ms()),
            None => (0, 0, 0.0),
        };
        let expected = self.expected_before.saturating_add(expected);
        let lost = self.lost_before.saturating_add(lost);
        DirectionQuality {
            packets: self.packets,
            bytes: self.bytes,
            lost,
            loss: share(lost, expected),
            jitter_ms,
            gaps: self.gaps,
            duplicates: self.duplicates,
            reordered: self.reordered,
            mos: None,
        }
    }

    /// What a reception report says of the source that is on now (RFC 3550 section 6.4.1).
    pub(super) fn reception(&self) -> Option<Reception> {
        let source = self.source.as_ref()?;
        // Counted from one cycle up, so that late packets have room below the first.
        let [.., h0, h1, h2, h3] = source.highest.saturating_sub(1 << 16).to_be_bytes();
        Some(Reception {
            ssrc: source.ssrc,
            expected: source.expected(),
            received: source.received,
            highest: u32::from_be_bytes([h0, h1, h2, h3]),
            jitter: source.jitter >> 4,
        })
    }

    fn close_source(&mut self) {
        if let Some(source) = self.source.take() {
            self.expected_before = self.expected_before.saturating_add(source.expected());
            self.lost_before = self.lost_before.saturating_add(source.lost());
        }
    }
}

/// What a sequence number meant.
#[derive(Clone, Copy)]
enum Step {
    Next,
    Gap,
    Duplicate,
    Late,
    /// Far away, once: not counted as received until the next one shows that the sender started anew.
    Jump,
    Restart,
}

impl Source {
    fn new(header: &Header, clock_rate: u32) -> Self {
        // One cycle of room below the first packet, for those that come late.
        let base = u64::from(header.sequence) + (1 << 16);
        Self {
            ssrc: header.ssrc,
            base,
            highest: base,
            received: 1,
            window: 1,
            jump: None,
            clock_rate,
            jitter: 0,
            transit: None,
        }
    }

    /// The source after its second packet in a new line of sequence numbers.
    fn restarted(header: &Header, clock_rate: u32) -> Self {
        let source = Self::new(header, clock_rate);
        Self { base: source.base.saturating_sub(1), received: 2, window: 0b11, ..source }
    }

    fn sequence(&mut self, sequence: u16) -> Step {
        let [.., h0, h1] = self.highest.to_be_bytes();
        let ahead = sequence.wrapping_sub(u16::from_be_bytes([h0, h1]));
        let behind = ahead.wrapping_neg();
        if ahead != 0 && ahead < MAX_DROPOUT {
            self.jump = None;
            self.received = self.received.saturating_add(1);
            self.highest = self.highest.saturating_add(u64::from(ahead));
            self.window = self.window.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            return if ahead == 1 { Step::Next } else { Step::Gap };
        }
        if behind <= MAX_MISORDER {
            return self.late(behind);
        }
        if self.jump == Some(sequence) {
            return Step::Restart;
        }
        self.jump = Some(sequence.wrapping_add(1));
        Step::Jump
    }

    fn late(&mut self, behind: u16) -> Step {
        self.received = self.received.saturating_add(1);
        let bit = 1_u64.checked_shl(u32::from(behind)).unwrap_or(0);
        if self.window & bit != 0 {
            return Step::Duplicate;
        }
        self.window |= bit;
        // One from before the first packet counts as expected too.
        self.base = self.base.min(self.highest.saturating_sub(u64::from(behind)));
        Step::Late
    }

    /// Appendix A.8, on the arrival clock in units of the codec's clock.
    fn arrival(&mut self, now: Instant, header: &Header, clock_rate: u32) {
        let before = self.transit.replace(Transit { at: now, timestamp: header.timestamp });
        if clock_rate != self.clock_rate || clock_rate == 0 {
            self.clock_rate = clock_rate;
            return;
        }
        // An event repeats its timestamp for as long as it lasts (RFC 4733 section 2.5.1.2): no arrival to measure.
        let Some(before) = before.filter(|before| before.timestamp != header.timestamp) else { return };
        let micros = u64::try_from(now.saturating_duration_since(before.at).as_micros()).unwrap_or(u64::MAX);
        let elapsed = micros.saturating_mul(u64::from(clock_rate)) / 1_000_000;
        let played = i64::from(header.timestamp.wrapping_sub(before.timestamp).cast_signed());
        let deviation = i64::try_from(elapsed).unwrap_or(i64::MAX).saturating_sub(played).unsigned_abs();
        // A pause of the sender that moved the timestamp on its own is no jitter: beyond 10 s it is not counted.
        if deviation > u64::from(clock_rate).saturating_mul(10) {
            return;
        }
        let deviation = u32::try_from(deviation).unwrap_or(u32::MAX);
        self.jitter =
            self.jitter.saturating_add(deviation).saturating_sub(self.jitter.saturating_add(8) >> 4);
    }

    fn expected(&self) -> u64 {
        self.highest.saturating_sub(self.base).saturating_add(1)
    }

    fn lost(&self) -> i64 {
        let expected = i64::try_from(self.expected()).unwrap_or(i64::MAX);
        expected.saturating_sub(i64::try_from(self.received).unwrap_or(i64::MAX))
    }

    fn jitter_ms(&self) -> f32 {
        if self.clock_rate == 0 {
            return 0.0;
        }
        let milliseconds = f64::from(self.jitter) / 16.0 * 1000.0 / f64::from(self.clock_rate);
        narrow(milliseconds)
    }
}

/// What was sent, and what the receiver says of it.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    packets: u64,
    bytes: u64,
    lost: i64,
    jitter_ms: f32,
    /// Packets that had been sent when the receiver reported last.
    reported_of: u64,
}

impl Sent {
    /// Counts one packet with this many payload bytes.
    pub fn packet(&mut self, payload_bytes: usize) {
        self.packets = self.packets.saturating_add(1);
        self.bytes = self.bytes.saturating_add(u64::try_from(payload_bytes).unwrap_or(0));
    }

    /// Packets and payload bytes so far.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.packets, self.bytes)
    }

    /// Takes over what the receiver reports: packets lost in all and jitter in milliseconds.
    pub fn reported(&mut self, lost: i32, jitter_ms: f32) {
        self.lost = i64::from(lost);
        self.jitter_ms = jitter_ms;
        self.reported_of = self.packets;
    }

    /// What the receiver has counted: nothing as long as it does not report.
    pub(super) fn counted(&self) -> Counted {
        Counted { expected: i64::try_from(self.reported_of).unwrap_or(i64::MAX), lost: self.lost }
    }

    /// The figures so far.
    pub fn quality(&self) -> DirectionQuality {
        DirectionQuality {
            packets: self.packets,
            bytes: self.bytes,
            lost: self.lost,
            loss: share(self.lost, self.packets),
            jitter_ms: self.jitter_ms,
            ..DirectionQuality::default()
        }
    }
}

/// Lost packets as a share of those expected; more received than expected is no loss.
fn share(lost: i64, expected: u64) -> f32 {
    let lost = u64::try_from(lost).unwrap_or(0).min(expected);
    if expected == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a ratio of counters needs no more than 52 bits")]
    narrow(lost as f64 / expected as f64)
}

#[expect(clippy::cast_possible_truncation, reason = "figures for people: seven digits are enough")]
pub(crate) fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Line {
        start: Instant,
        received: Received,
    }

    impl Line {
        #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
        fn new() -> Self {
            Self { start: Instant::now(), received: Received::default() }
        }

        fn packet(&mut self, ms: u64, ssrc: u32, sequence: u16, timestamp: u32) {
            let header = Header {
                marker: false,
                payload_type: 0,
                sequence,
                timestamp,
                ssrc,
                payload_at: 12,
                payload_end: 172,
            };
            self.received.packet(self.start + Duration::from_millis(ms), &header, 8000);
        }

        fn sequences(&mut self, sequences: &[u16]) -> DirectionQuality {
            for (n, sequence) in (0..).zip(sequences) {
                self.packet(n * 20, 1, *sequence, u32::from(*sequence).wrapping_mul(160));
            }
            self.received.quality()
        }
    }

    #[test]
    fn loss_is_expected_less_received() {
        let quality = Line::new().sequences(&[10, 11, 14, 15, 17]);
        assert_eq!((quality.packets, quality.lost, quality.gaps), (5, 3, 2));
        assert!((quality.loss - 3.0 / 8.0).abs() < 1e-6);
        assert_eq!(quality.bytes, 800);
    }

    #[test]
    fn loss_survives_the_turn_of_the_sequence_number() {
        let quality = Line::new().sequences(&[65_533, 65_534, 1, 2]);
        assert_eq!((quality.lost, quality.gaps), (2, 1));
    }

    #[test]
    fn a_late_packet_is_no_loss() {
        let quality = Line::new().sequences(&[1, 2, 4, 3, 5]);
        assert_eq!((quality.lost, quality.gaps, quality.reordered, quality.duplicates), (0, 1, 1, 0));
    }

    #[test]
    fn a_late_packet_from_before_the_first_counts_as_expected() {
        let quality = Line::new().sequences(&[5, 4, 6]);
        assert_eq!((quality.lost, quality.reordered), (0, 1));
    }

    #[test]
    fn a_duplicate_makes_the_loss_negative_as_the_rfc_says() {
        let quality = Line::new().sequences(&[1, 2, 2, 3]);
        assert_eq!((quality.lost, quality.duplicates), (-1, 1));
        assert!(quality.loss.abs() < 1e-6);
    }

    #[test]
    fn a_sender_that_starts_anew_is_not_loss() {
        let quality = Line::new().sequences(&[1, 2, 30_000, 30_001, 30_003]);
        assert_eq!((quality.packets, quality.lost), (5, 1));
    }

    #[test]
    fn one_wild_sequence_number_changes_nothing() {
        let quality = Line::new().sequences(&[1, 2, 30_000, 3, 4]);
        assert_eq!((quality.lost, quality.gaps), (0, 0));
    }

    #[test]
    fn a_new_source_keeps_the_loss_of_the_old_one() {
        let mut line = Line::new();
        line.packet(0, 1, 1, 0);
        line.packet(40, 1, 3, 320);
        line.packet(60, 2, 500, 0);
        line.packet(80, 2, 501, 160);
        assert_eq!(line.received.quality().lost, 1);
    }

    /// Transit differences of 10, 10 and 0 ms at 8 kHz are 80, 80 and 0 units; appendix A.8 gives 80, 155 and 145
    /// sixteenths.
    #[test]
    fn jitter_is_that_of_appendix_a8() {
        let mut line = Line::new();
        line.packet(0, 1, 1, 0);
        line.packet(30, 1, 2, 160);
        line.packet(40, 1, 3, 320);
        line.packet(60, 1, 4, 480);
        let expected = 145.0 / 16.0 / 8.0;
        assert!((line.received.quality().jitter_ms - expected).abs() < 1e-4, "{:?}", line.received.quality());
    }

    #[test]
    fn an_event_that_repeats_its_timestamp_is_no_jitter() {
        let mut line = Line::new();
        line.packet(0, 1, 1, 0);
        line.packet(20, 1, 2, 160);
        for n in 3..20 {
            line.packet(u64::from(n - 1) * 20, 1, n, 160);
        }
        assert!(line.received.quality().jitter_ms < 1e-6);
    }
}
