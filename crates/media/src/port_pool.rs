//! The pool of RTP/RTCP port pairs: even port for RTP, the next for RTCP (RFC 3550 section 11). A pair that was
//! given back drains before it is given out again, so that a late packet of a finished call never lands in the next.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// An even port for RTP and the odd one above it for RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PortPair {
    rtp: u16,
}

impl PortPair {
    /// The even port, for RTP.
    pub fn rtp(self) -> u16 {
        self.rtp
    }

    /// The odd port, for RTCP.
    pub fn rtcp(self) -> u16 {
        self.rtp | 1
    }
}

/// Every pair is in use or draining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all {pairs} RTP port pairs are in use or draining")]
pub struct PortsExhausted {
    /// How many pairs the range holds.
    pub pairs: usize,
}

/// Gives out the pairs of a range in turn, the one that rested longest first.
#[derive(Debug)]
pub struct PortPool {
    free: VecDeque<PortPair>,
    draining: VecDeque<(Instant, PortPair)>,
    drain: Duration,
    pairs: usize,
}

impl PortPool {
    /// A pool over the whole pairs inside `ports`. A range without any is an always exhausted pool.
    pub fn new(ports: RangeInclusive<u16>, drain: Duration) -> Self {
        let (first, last) = (u32::from(*ports.start()), u32::from(*ports.end()));
        let free: VecDeque<PortPair> = (first..=last)
            .filter(|port| port % 2 == 0 && *port < last && *port > 0)
            .filter_map(|port| u16::try_from(port).ok())
            .map(|rtp| PortPair { rtp })
            .collect();
        let pairs = free.len();
        Self { free, draining: VecDeque::new(), drain, pairs }
    }

    /// Takes the next pair. Pairs whose drain time has passed return to the pool first.
    pub fn take(&mut self, now: Instant) -> Result<PortPair, PortsExhausted> {
        while let Some((until, pair)) = self.draining.front().copied() {
            if until > now {
                break;
            }
            self.draining.pop_front();
            self.free.push_back(pair);
        }
        self.free.pop_front().ok_or(PortsExhausted { pairs: self.pairs })
    }

    /// Gives a pair back; it rests for the drain time.
    pub fn give_back(&mut self, now: Instant, pair: PortPair) {
        self.draining.push_back((now + self.drain, pair));
    }

    /// How many pairs the range holds.
    pub fn pairs(&self) -> usize {
        self.pairs
    }

    /// How many pairs are given out.
    pub fn in_use(&self) -> usize {
        self.pairs.saturating_sub(self.free.len()).saturating_sub(self.draining.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REST: Duration = Duration::from_secs(5);

    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn pairs_are_even_and_odd_and_whole() {
        let mut pool = PortPool::new(10_001..=10_006, REST);
        let now = start();
        let pairs: Vec<_> =
            std::iter::from_fn(|| pool.take(now).ok()).map(|pair| (pair.rtp(), pair.rtcp())).collect();
        assert_eq!(pairs, [(10_002, 10_003), (10_004, 10_005)]);
        assert_eq!(pool.take(now), Err(PortsExhausted { pairs: 2 }));
        assert_eq!(pool.in_use(), 2);
    }

    #[test]
    fn a_pair_rests_before_it_is_used_again() {
        let mut pool = PortPool::new(10_000..=10_001, REST);
        let now = start();
        let pair = pool.take(now).unwrap();
        pool.give_back(now, pair);
        assert!(pool.take(now + REST - Duration::from_millis(1)).is_err());
        assert_eq!(pool.take(now + REST), Ok(pair));
    }

    #[test]
    fn the_pair_that_rested_longest_comes_first() {
        let mut pool = PortPool::new(10_000..=10_007, Duration::ZERO);
        let now = start();
        let mut taken = Vec::new();
        for _ in 0..8 {
            let pair = pool.take(now).unwrap();
            pool.give_back(now, pair);
            taken.push(pair.rtp());
        }
        assert_eq!(taken, [10_000, 10_002, 10_004, 10_006, 10_000, 10_002, 10_004, 10_006]);
    }

    #[test]
    fn a_range_at_the_edge_holds_what_it_can() {
        assert_eq!(PortPool::new(65_534..=65_535, REST).pairs(), 1);
        assert_eq!(PortPool::new(0..=1, REST).pairs(), 0, "port 0 means any port");
        #[expect(clippy::reversed_empty_ranges, reason = "what an operator may write")]
        let reversed = PortPool::new(20..=10, REST);
        assert_eq!(reversed.pairs(), 0);
    }

    proptest! {
        #[test]
        fn no_pair_is_out_twice(steps in proptest::collection::vec((any::<bool>(), 0..3_u64), 1..200)) {
            let mut pool = PortPool::new(10_000..=10_009, Duration::from_secs(2));
            let (mut now, mut out) = (start(), Vec::new());
            for (take, seconds) in steps {
                now += Duration::from_secs(seconds);
                if take {
                    if let Ok(pair) = pool.take(now) {
                        prop_assert!(!out.contains(&pair));
                        out.push(pair);
                    }
                } else if !out.is_empty() {
                    pool.give_back(now, out.remove(0));
                }
                prop_assert_eq!(pool.in_use(), out.len());
            }
        }
    }
}
