//! How many calls a second a trunk takes. A provider counts what comes within any second, so that a bucket which is full after a
//! pause would let twice as many through: here the beginnings of the last second are remembered instead.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// When the last calls over a trunk began, or are to begin.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pace {
    #[serde(with = "kiestoon_sip::plain")]
    begun: VecDeque<Instant>,
}

impl Pace {
    /// When one more call may begin, where `rate` a second may; it has that turn. None where that is later than `patience` from
    /// now: then it has none.
    pub(crate) fn turn(&mut self, now: Instant, rate: u32, patience: Duration) -> Option<Instant> {
        let rate = usize::try_from(rate).unwrap_or(MOST).clamp(1, MOST);
        while self.begun.front().is_some_and(|at| now.saturating_duration_since(*at) >= SECOND) {
            self.begun.pop_front();
        }
        let before = self.begun.len().checked_sub(rate).and_then(|place| self.begun.get(place));
        let turn = before.map_or(now, |before| (*before + SECOND).max(now));
        if turn.saturating_duration_since(now) > patience {
            return None;
        }
        self.begun.push_back(turn);
        Some(turn)
    }
}

const SECOND: Duration = Duration::from_secs(1);
/// Calls a second: no more is counted.
const MOST: usize = 10_000;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any instant serves")]
mod tests {
    use super::*;

    #[test]
    fn no_second_has_more_than_the_rate() {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut turns = Vec::new();
        for millis in (0..5_000).step_by(70) {
            turns.extend(pace.turn(start + Duration::from_millis(millis), 5, SECOND));
        }
        assert!(turns.is_sorted());
        for (first, sixth) in turns.iter().zip(turns.iter().skip(5)) {
            assert!(sixth.duration_since(*first) >= SECOND);
        }
        assert!(turns.len() >= 25, "{}", turns.len());
    }

    #[test]
    fn a_turn_that_is_too_far_away_is_not_taken() {
        let now = Instant::now();
        let mut pace = Pace::default();
        let turns: Vec<_> = (0..6).map(|_| pace.turn(now, 2, SECOND)).collect();
        let (first, second) = (Some(now), Some(now + SECOND));
        assert_eq!(turns, [first, first, second, second, None, None]);
        assert_eq!(pace.turn(now + SECOND, 2, Duration::ZERO), None);
        assert_eq!(pace.turn(now + 2 * SECOND, 2, Duration::ZERO), Some(now + 2 * SECOND));
    }
}
