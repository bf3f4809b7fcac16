//! The hand-moved clock: time passes only when a story says so.

use std::time::{Duration, Instant};

/// A clock that stands still until it is moved. Only differences between its instants mean anything.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    now: Instant,
}

impl Clock {
    /// A clock at its zero.
    pub fn new() -> Self {
        let start = Instant::now();
        Self { start, now: start }
    }

    /// The present of the story.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How long the story has lasted.
    pub fn elapsed(&self) -> Duration {
        self.since_start(self.now)
    }

    /// How far into the story an instant lies; zero for one before it.
    pub fn since_start(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.start)
    }

    /// Moves the clock forward by a duration.
    pub fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    /// Moves the clock forward to an instant; an instant in the past leaves it where it is.
    pub fn run_until(&mut self, at: Instant) {
        self.now = self.now.max(at);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// So many seconds.
pub fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// So many milliseconds.
pub fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_only_forward_and_only_by_hand() {
        let mut clock = Clock::new();
        let zero = clock.now();
        clock.advance(Duration::from_secs(32));
        assert_eq!(clock.elapsed(), Duration::from_secs(32));
        clock.run_until(zero);
        assert_eq!(clock.elapsed(), Duration::from_secs(32));
        clock.run_until(zero + Duration::from_secs(60));
        assert_eq!(clock.now() - zero, Duration::from_secs(60));
    }
}
