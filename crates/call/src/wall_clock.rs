//! The wall clock, for records and dialplan hours only. Every timer runs on monotonic time; a step of the wall clock
//! comes in as a new [`WallClock`] and cannot make a call longer or shorter.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// What the wall clock showed at one monotonic instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WallClock {
    /// The monotonic instant.
    #[serde(with = "kiestoon_sip::plain")]
    pub at: Instant,
    /// Microseconds since 1970, UTC, at that instant.
    pub unix_micros: i64,
}

impl WallClock {
    /// Microseconds since 1970, UTC, at `now`.
    pub fn micros(&self, now: Instant) -> i64 {
        match now.checked_duration_since(self.at) {
            Some(since) => self.unix_micros.saturating_add(whole_micros(since)),
            None => self.unix_micros.saturating_sub(whole_micros(self.at.duration_since(now))),
        }
    }

    /// Whole seconds since 1970, UTC, at `now`.
    pub fn unix_secs(&self, now: Instant) -> u64 {
        u64::try_from(self.micros(now) / 1_000_000).unwrap_or(0)
    }
}

fn whole_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
