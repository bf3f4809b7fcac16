//! Theft, by what it looks like: many calls to numbers that pay somebody, many such numbers, or such calls while the office is
//! closed. Whoever is charged with them makes no more until an operator approves.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::profile::Watch;

/// A hold: national calls go on, international and premium ones do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Since when, in microseconds since 1970, UTC.
    pub since: i64,
    /// Why.
    pub reason: HoldReason,
    /// The operator who did it; None where the calls did.
    pub by: Option<Box<str>>,
}

/// Why somebody is on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldReason {
    /// Too many such calls.
    Velocity,
    /// To too many numbers.
    Spread,
    /// Too many outside the hours.
    Closed,
    /// An operator said so.
    Operator,
}

/// The last calls that a thief would make.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Recent(VecDeque<Seen>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    #[serde(with = "kiestoon_sip::plain")]
    at: Instant,
    number: Box<str>,
    closed: bool,
}

impl HoldReason {
    /// The word of the log, the CDR and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Velocity => "velocity",
            Self::Spread => "spread",
            Self::Closed => "closed",
            Self::Operator => "operator",
        }
    }

    /// By its word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Velocity, Self::Spread, Self::Closed, Self::Operator]
            .into_iter()
            .find(|reason| reason.as_str() == word)
    }
}

impl Recent {
    /// One more such call. Some where it is one too many, so that it is not made.
    pub(super) fn see(
        &mut self,
        now: Instant,
        watch: &Watch,
        number: &str,
        closed: bool,
    ) -> Option<HoldReason> {
        while self.0.front().is_some_and(|seen| now.saturating_duration_since(seen.at) > watch.within) {
            self.0.pop_front();
        }
        if self.0.len() >= MOST_SEEN {
            self.0.pop_front();
        }
        self.0.push_back(Seen { at: now, number: number.into(), closed });
        let numbers: HashSet<&str> = self.0.iter().map(|seen| &*seen.number).collect();
        let outside_hours = self.0.iter().filter(|seen| seen.closed).count();
        let exceeds = |count: usize, most: Option<u32>| {
            most.is_some_and(|most| count > usize::try_from(most).unwrap_or(usize::MAX))
        };
        let reasons = [
            (exceeds(self.0.len(), watch.calls), HoldReason::Velocity),
            (exceeds(numbers.len(), watch.destinations), HoldReason::Spread),
            (closed && exceeds(outside_hours, watch.closed), HoldReason::Closed),
        ];
        reasons.into_iter().find_map(|(is_so, reason)| is_so.then_some(reason))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Calls that are looked back on; limits above that have no effect.
pub const MOST_SEEN: usize = 1000;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn after(start: Instant, minutes: u64) -> Instant {
        start + Duration::from_secs(60 * minutes)
    }

    #[test]
    fn one_call_too_many_within_the_time_is_seen() {
        let (mut recent, start, watch) = (Recent::default(), Instant::now(), Watch::default());
        for minute in 0..20 {
            assert_eq!(recent.see(after(start, minute), &watch, "+3222", false), None);
        }
        assert_eq!(recent.see(after(start, 59), &watch, "+3222", false), Some(HoldReason::Velocity));
        assert_eq!(recent.see(after(start, 180), &watch, "+3222", false), None, "that was long ago");
    }

    #[test]
    fn so_is_one_number_too_many_and_one_call_too_many_at_night() {
        let (mut recent, start, watch) = (Recent::default(), Instant::now(), Watch::default());
        let mut see = |number: usize, closed| recent.see(start, &watch, &format!("+32{number}"), closed);
        assert!((0..10).all(|number| see(number, false).is_none()));
        assert_eq!(see(10, false), Some(HoldReason::Spread));
        let mut recent = Recent::default();
        let mut see = |closed| recent.see(start, &watch, "+32", closed);
        assert_eq!([true, true, false, true, false, true].map(&mut see)[..5], [None; 5]);
        assert_eq!(see(true), Some(HoldReason::Closed));
    }
}
