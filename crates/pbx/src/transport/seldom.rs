//! What strangers can cause is logged seldom, with a count: a flood must not fill the disk.
use std::time::{Duration, Instant};

/// Counts what happens, and says once a second how often it did.
#[derive(Debug, Default)]
pub(super) struct Seldom {
    count: u64,
    said: Option<Instant>,
}

impl Seldom {
    /// It happened `times` more; Some with the count since the last line, where a line is due.
    pub(super) fn happened(&mut self, now: Instant, times: u64) -> Option<u64> {
        self.count = self.count.saturating_add(times);
        if self.count == 0 || self.said.is_some_and(|said| now < said + EVERY) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

const EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_says_it_all() {
        let start = Instant::now();
        let mut seldom = Seldom::default();
        assert_eq!(seldom.happened(start, 0), None);
        assert_eq!(seldom.happened(start, 2), Some(2));
        for _ in 0..10 {
            assert_eq!(seldom.happened(start, 1), None);
        }
        assert_eq!(seldom.happened(start + EVERY, 5), Some(15));
    }
}
