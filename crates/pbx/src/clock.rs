//! The clocks of this machine, handed to the cores.
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kiestoon_call::WallClock;

/// What the wall clock shows now.
pub(crate) fn wall_clock() -> WallClock {
    WallClock { at: Instant::now(), unix_micros: unix_micros() }
}

/// Microseconds since 1970, UTC. A clock before 1970 reads as 1970.
pub(crate) fn unix_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
