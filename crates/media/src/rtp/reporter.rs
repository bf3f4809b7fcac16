//! RTCP of our own towards one phone (RFC 3550 section 6): sender and receiver reports with a source description, and a
//! BYE at the end. Built whole; when it is due, and whether at all, is asked here too.

use std::time::{Duration, Instant};

/// Who we are in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Identity {
    /// Our source where we have sent nothing: random.
    pub ssrc: u32,
    /// What the canonical name is made of: random for each session (RFC 7022 section 4.2).
    pub cname: u64,
}

/// When reports are due, and what the last one said.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    pub(super) identity: Identity,
    due: Option<Instant>,
    /// Reports that were due, for the spread of the next.
    turns: u32,
    /// Packets expected and received when the last report was made.
    before: (u64, u64),
    /// Packets that we had sent when the last report was made.
    sent_before: u64,
    /// The middle of the NTP time of the phone's last sender report, and when it came.
    heard: Option<(u32, Instant)>,
    /// Whether any was made: only then is there something to leave.
    pub(super) has_reported: bool,
}

/// What we receive of the phone's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reception {
    /// The phone's source.
    pub(super) ssrc: u32,
    /// Packets expected, of this source.
    pub(super) expected: u64,
    /// Received, duplicates included.
    pub(super) received: u64,
    /// Extended highest sequence number.
    pub(super) highest: u32,
    /// Jitter in units of the codec's clock.
    pub(super) jitter: u32,
}

/// What we send to the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sending {
    pub(super) ssrc: u32,
    pub(super) timestamp: u32,
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

/// RFC 3550 section 6.2: five seconds, half as much before the first; spread by half each way so that the reports of many
/// calls do not come together.
const INTERVAL_MS: u32 = 5000;
const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const BYE: u8 = 203;

impl Reporter {
    /// Whether a report is due now; the next one is then set.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_first = self.due.is_none();
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_first || is_due {
            self.turns = self.turns.wrapping_add(13);
            let [a, b, ..] = self.identity.cname.rotate_left(self.turns).to_be_bytes();
            let spread = u32::from(u16::from_be_bytes([a, b])) % INTERVAL_MS;
            let wait = INTERVAL_MS / 2 + spread;
            let wait = if is_first { wait / 2 } else { wait };
            self.due = now.checked_add(Duration::from_millis(wait.into()));
        }
        is_due
    }

    /// The phone's sender report came.
    pub(super) fn hear(&mut self, now: Instant, ntp: u64) {
        self.heard = Some((middle(ntp), now));
    }

    /// A compound packet: a sender report where packets were sent since the last one, else a receiver report; the source
    /// description; and a BYE where we leave. `ntp` is the wall clock as 64 bits of NTP time.
    pub(super) fn write(
        &mut self,
        now: Instant,
        ntp: u64,
        sending: Option<Sending>,
        reception: Option<Reception>,
        leaves: bool,
    ) -> Vec<u8> {
        let sends = sending.filter(|sending| sending.packets > self.sent_before);
        let ssrc = sending.map_or(self.identity.ssrc, |sending| sending.ssrc);
        let mut out = Vec::with_capacity(96);
        let blocks = u8::from(reception.is_some());
        let words = if sends.is_some() { 6 } else { 1 } + 6 * u16::from(blocks);
        let kind = if sends.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
        head(&mut out, blocks, kind, words);
        out.extend_from_slice(&ssrc.to_be_bytes());
        if let Some(sends) = sends {
            out.extend_from_slice(&ntp.to_be_bytes());
            for word in [sends.timestamp, low(sends.packets), low(sends.bytes)] {
                out.extend_from_slice(&word.to_be_bytes());
            }
            self.sent_before = sends.packets;
        }
        if let Some(reception) = reception {
            self.block(&mut out, now, reception);
        }
        self.describe(&mut out, ssrc);
        if leaves {
            head(&mut out, 1, BYE, 1);
            out.extend_from_slice(&ssrc.to_be_bytes());
        }
        self.has_reported = true;
        out
    }

    /// A report block (section 6.4.1).
    fn block(&mut self, out: &mut Vec<u8>, now: Instant, of: Reception) {
        let (expected_before, received_before) = self.before;
        self.before = (of.expected, of.received);
        // A new source counts from zero again.
        let expected = of.expected.checked_sub(expected_before).unwrap_or(of.expected);
        let received = of.received.checked_sub(received_before).unwrap_or(of.received);
        let lost = expected.saturating_sub(received);
        let fraction = lost.saturating_mul(256).checked_div(expected).unwrap_or(0).min(255);
        let total =
            i64::try_from(of.expected).unwrap_or(i64::MAX) - i64::try_from(of.received).unwrap_or(i64::MAX);
        let total = i32::try_from(total.clamp(-0x80_0000, 0x7f_ffff)).unwrap_or(0);
        let [_, t0, t1, t2] = total.to_be_bytes();
        let (last, since) =
            self.heard.map_or((0, 0), |(last, at)| (last, units(now.saturating_duration_since(at))));
        out.extend_from_slice(&of.ssrc.to_be_bytes());
        out.extend_from_slice(&[u8::try_from(fraction).unwrap_or(u8::MAX), t0, t1, t2]);
        for word in [of.highest, of.jitter, last, since] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }

    /// The source description with nothing but the name that section 6.5.1 demands.
    fn describe(&self, out: &mut Vec<u8>, ssrc: u32) {
        let name = format!("{:016x}", self.identity.cname);
        head(out, 1, SOURCE_DESCRIPTION, 6);
        out.extend_from_slice(&ssrc.to_be_bytes());
        out.extend_from_slice(&[1, 16]);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&[0, 0]);
    }
}

fn head(out: &mut Vec<u8>, count: u8, kind: u8, words: u16) {
    let [w0, w1] = words.to_be_bytes();
    out.extend_from_slice(&[0x80 | count, kind, w0, w1]);
}

/// Sender reports are named by the middle 32 bits of their time.
pub(super) fn middle(ntp: u64) -> u32 {
    let [_, _, b2, b3, b4, b5, _, _] = ntp.to_be_bytes();
    u32::from_be_bytes([b2, b3, b4, b5])
}

/// In 1/65536 s.
fn units(time: Duration) -> u32 {
    u32::try_from(time.as_micros().saturating_mul(65_536) / 1_000_000).unwrap_or(u32::MAX)
}

/// Counters of RTCP turn over at 32 bits.
fn low(count: u64) -> u32 {
    let [.., b0, b1, b2, b3] = count.to_be_bytes();
    u32::from_be_bytes([b0, b1, b2, b3])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::rtcp::{Report, Rtcp, parse};

    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn start() -> Instant {
        Instant::now()
    }

    fn reporter() -> Reporter {
        Reporter { identity: Identity { ssrc: 77, cname: 0x0123_4567_89ab_cdef }, ..Reporter::default() }
    }

    const RECEPTION: Reception =
        Reception { ssrc: 9, expected: 100, received: 90, highest: 70_000, jitter: 160 };

    fn only_report(packet: &[u8]) -> Report {
        let reports = match parse(packet).unwrap().next() {
            Some(Rtcp::SenderReport { reports, .. } | Rtcp::ReceiverReport { reports, .. }) => reports,
            other => panic!("{other:?}"),
        };
        reports.last().unwrap()
    }

    #[test]
    fn a_sender_says_what_it_sent_and_a_listener_what_it_heard() {
        let now = start();
        let mut reporter = reporter();
        let sending = Some(Sending { ssrc: 5, timestamp: 1600, packets: 10, bytes: 1600 });
        let packet = reporter.write(now, 0x1111_2222_3333_4444, sending, Some(RECEPTION), false);
        let kinds: Vec<_> = parse(&packet).unwrap().collect();
        assert!(matches!(
            kinds[0],
            Rtcp::SenderReport { ssrc: 5, ntp: 0x1111_2222_3333_4444, packets: 10, .. }
        ));
        assert!(matches!(kinds[1], Rtcp::Other { kind: 202 }));
        let again = reporter.write(now, 0, sending, None, true);
        let kinds: Vec<_> = parse(&again).unwrap().collect();
        assert!(matches!(kinds[0], Rtcp::ReceiverReport { ssrc: 5, .. }), "nothing sent since");
        assert_eq!(kinds[2], Rtcp::Bye { ssrc: Some(5) });
        let silent = reporter.write(now, 0, None, None, false);
        assert!(matches!(parse(&silent).unwrap().next(), Some(Rtcp::ReceiverReport { ssrc: 77, .. })));
    }

    #[test]
    fn loss_is_told_in_all_and_since_the_last_report() {
        let now = start();
        let mut reporter = reporter();
        let first = only_report(&reporter.write(now, 0, None, Some(RECEPTION), false));
        assert_eq!((first.ssrc, first.fraction_lost, first.lost), (9, 25, 10));
        assert_eq!((first.highest_sequence, first.jitter, first.last_sr), (70_000, 160, 0));
        let later = Reception { expected: 200, received: 190, ..RECEPTION };
        let second = only_report(&reporter.write(now, 0, None, Some(later), false));
        assert_eq!((second.fraction_lost, second.lost), (0, 10));
        let duplicates = Reception { expected: 200, received: 205, ..RECEPTION };
        assert_eq!(only_report(&reporter.write(now, 0, None, Some(duplicates), false)).lost, -5);
    }

    #[test]
    fn the_phones_own_report_is_named_with_its_age() {
        let now = start();
        let mut reporter = reporter();
        reporter.hear(now, 0xaaaa_bbbb_cccc_dddd);
        let later = now + Duration::from_millis(1500);
        let report = only_report(&reporter.write(later, 0, None, Some(RECEPTION), false));
        assert_eq!((report.last_sr, report.delay_since_last_sr), (0xbbbb_cccc, 98_304));
    }

    #[test]
    fn reports_come_every_five_seconds_or_so() {
        let mut now = start();
        let mut reporter = reporter();
        let mut times = Vec::new();
        for _ in 0..1000 {
            if reporter.is_due(now) {
                times.push(now);
            }
            now += Duration::from_millis(100);
        }
        assert!((14..=28).contains(&times.len()), "{} in 100 s", times.len());
        let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            gaps.iter().all(|gap| *gap >= Duration::from_millis(2400) && *gap <= Duration::from_millis(7700))
        );
    }
}
