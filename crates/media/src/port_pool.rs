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
