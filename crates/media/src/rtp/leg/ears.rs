//! Whether the phone hears us, by its own word: a report names each source that was heard since the one before (RFC 3550
//! section 6.4). The only sign of a firewall that lets speech through one way.

/// What the phone's reports said of the stream that we send it.
#[derive(Debug, Default)]
pub(super) struct Ears {
    ssrc: u32,
    /// Packets of that source that had gone to the phone at its last report.
    sent: u64,
    /// The extended highest sequence number of its last report; None where it named our source not at all.
    highest: Option<u32>,
    /// How sure it is: reports in a row in which nothing new had arrived, a long one for two.
    empty: u8,
}

/// A second of speech: what a report may not have missed wholly by chance.
const ENOUGH: u64 = 50;
/// Three seconds of speech: more than can be on the way, whatever the network.
const PLENTY: u64 = 150;
/// A report after little speech may have crossed it; a second one has not.
const SURE: u8 = 2;

impl Ears {
    /// Takes a report: its highest sequence number of our source, of which `sent` packets have gone out.
    pub(super) fn report(&mut self, ssrc: u32, sent: u64, highest: Option<u32>) {
        if self.ssrc != ssrc {
            *self = Self { ssrc, ..Self::default() };
        }
        if highest.is_some() && highest != self.highest {
            self.empty = 0;
        } else {
            match sent.saturating_sub(self.sent) {
                0..ENOUGH => return,
                ENOUGH..PLENTY => self.empty = self.empty.saturating_add(1),
                PLENTY.. => self.empty = SURE,
            }
        }
        self.sent = sent;
        self.highest = highest;
    }

    /// Whether nothing of what we send arrives.
    pub(super) fn are_deaf(&self) -> bool {
        self.empty >= SURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_reports_in_a_row_without_anything_new() {
        let mut ears = Ears::default();
        ears.report(7, 100, None);
        assert!(!ears.are_deaf());
        ears.report(7, 200, None);
        assert!(ears.are_deaf());
        ears.report(7, 750, Some(600));
        assert!(!ears.are_deaf(), "it hears again");
        ears.report(7, 850, Some(600));
        assert!(!ears.are_deaf());
        ears.report(7, 950, Some(600));
        assert!(ears.are_deaf(), "it has stopped hearing");
        ears.report(8, 100, None);
        assert!(!ears.are_deaf(), "another stream");
    }

    #[test]
    fn one_report_is_enough_after_seconds_of_speech() {
        let mut ears = Ears::default();
        ears.report(7, 149, None);
        assert!(!ears.are_deaf());
        let mut ears = Ears::default();
        ears.report(7, 150, None);
        assert!(ears.are_deaf());
    }

    #[test]
    fn a_report_that_names_us_is_believed_beside_one_that_names_nobody() {
        let mut ears = Ears::default();
        for interval in 1..20 {
            ears.report(7, interval * 250, Some(u32::try_from(interval).unwrap()));
            ears.report(7, interval * 250 + 2, None);
            assert!(!ears.are_deaf(), "a phone may send two packets instead of one compound one");
        }
    }

    #[test]
    fn a_report_says_nothing_where_little_was_sent() {
        let mut ears = Ears::default();
        for _ in 0..9 {
            ears.report(7, 40, None);
        }
        assert!(!ears.are_deaf());
    }
}
