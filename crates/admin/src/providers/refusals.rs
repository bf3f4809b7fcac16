//! What one source may get wrong, and how much of it the log tells: whoever sends unsigned requests all day costs neither.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The refused requests of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    // A message would make each request wait for a task; the lock is held for some look-ups.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sources: HashMap<IpAddr, Window>,
    /// When those of before were left out last.
    swept: Option<Instant>,
    told: Option<Window>,
    /// Refusals that the log has not told of.
    untold: u64,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: Instant,
    count: u32,
}

impl Window {
    /// Counts one more in the window of now; how many there are with it.
    fn count(&mut self, now: Instant) -> u32 {
        if now.saturating_duration_since(self.began) >= WINDOW {
            *self = Self { began: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }
}

impl Refusals {
    /// How long a source has to wait that has got too much wrong; None: it may ask.
    pub(crate) fn wait(&self, now: Instant, source: IpAddr) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let window = state.sources.get(&source).filter(|window| window.count >= PER_SOURCE)?;
        let left = WINDOW.checked_sub(now.saturating_duration_since(window.began))?;
        (!left.is_zero()).then_some(left)
    }

    /// Counts a refusal. Whether the log should tell of it, and of how many before that it did not.
    pub(crate) fn count(&self, now: Instant, source: IpAddr) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let new = Window { began: now, count: 0 };
        let may_sweep = state.swept.is_none_or(|at| now.saturating_duration_since(at) >= SWEEP);
        if state.sources.len() >= SOURCES && may_sweep {
            state.sources.retain(|_, window| now.saturating_duration_since(window.began) < WINDOW);
            state.swept = Some(now);
        }
        // So many sources are no mistake of a provider; who is not counted then is checked all the same.
        if state.sources.len() < SOURCES || state.sources.contains_key(&source) {
            state.sources.entry(source).or_insert(new).count(now);
        }
        if state.told.get_or_insert(new).count(now) > LINES {
            state.untold = state.untold.saturating_add(1);
            return None;
        }
        Some(std::mem::take(&mut state.untold))
    }
}

const WINDOW: Duration = Duration::from_secs(60);
/// Refused requests of one source in a minute; a provider with a wrong secret sends a few for each call.
pub(crate) const PER_SOURCE: u32 = 60;
/// Sources that are counted.
const SOURCES: usize = 30_000;
/// A full table is gone through no more often: each request would pay for all of it.
const SWEEP: Duration = Duration::from_secs(10);
/// Lines of the log in a minute.
const LINES: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_waits_after_too_much_and_others_do_not() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let [one, two] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        for _ in 0..PER_SOURCE {
            assert_eq!(refusals.wait(now, one), None);
            refusals.count(now, one);
        }
        assert_eq!(refusals.wait(now, one), Some(WINDOW));
        assert_eq!(refusals.wait(now, two), None);
        assert_eq!(refusals.wait(now + WINDOW, one), None);
        refusals.count(now + WINDOW, one);
        assert_eq!(refusals.wait(now + WINDOW, one), None, "a new minute");
    }

    #[test]
    fn a_full_table_is_gone_through_every_ten_seconds() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let of = |number: u32| IpAddr::from(number.to_be_bytes());
        let begins = |at: Instant, number: u32| {
            (0..PER_SOURCE).for_each(|_| _ = refusals.count(at, of(number)));
            refusals.wait(at, of(number)).is_some()
        };
        (0..30_000).for_each(|number| _ = refusals.count(now, of(number)));
        assert!(
            !begins(now + SWEEP.mul_f32(5.5), 40_000),
            "none is too old, and none is looked at for ten seconds"
        );
        assert!(!begins(now + WINDOW, 40_001));
        assert!(begins(now + SWEEP.mul_f32(6.5), 40_002), "all are too old");
    }

    #[test]
    fn the_log_tells_so_much_in_a_minute_and_then_how_much_it_did_not() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let of = |number: u32| IpAddr::from(number.to_be_bytes());
        let told = (0..LINES + 7).filter(|number| refusals.count(now, of(*number)).is_some()).count();
        assert_eq!(told, LINES as usize);
        assert_eq!(refusals.count(now + WINDOW, of(1)), Some(7));
        assert_eq!(refusals.count(now + WINDOW, of(1)), Some(0));
    }
}
