//! The timer values of RFC 3261 section 17 (table 4) and the doubling that its retransmissions follow.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The base values from which every timer of a transaction follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// T1, the estimate of the round trip time: 500 ms.
    pub t1: Duration,
    /// T2, the longest interval between retransmissions: 4 s.
    pub t2: Duration,
    /// T4, the longest time a message stays in the network: 5 s.
    pub t4: Duration,
    /// Timer C: how long an INVITE may stay without a final response, counted from its last 101-199
    /// response. RFC 3261 section 16.6 asks a proxy for more than 3 minutes; for us it is a bound.
    pub timer_c: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            timer_c: Duration::from_secs(180),
        }
    }
}

impl Timers {
    /// 64*T1, the length of Timers B, F, H, L and M, and of J over UDP: 32 s.
    #[must_use]
    pub fn transaction(&self) -> Duration {
        self.t1.saturating_mul(64)
    }

    /// Timer D: how long a client absorbs retransmitted non-2xx responses to an INVITE.
    pub(super) fn d(&self, reliable: bool) -> Duration {
        if reliable { Duration::ZERO } else { self.transaction().max(Duration::from_secs(32)) }
    }

    /// Timers I and K: how long retransmissions may still arrive.
    pub(super) fn i_or_k(&self, reliable: bool) -> Duration {
        if reliable { Duration::ZERO } else { self.t4 }
    }

    /// Timer J: how long a server repeats its final response to a retransmitted request.
    pub(super) fn j(&self, reliable: bool) -> Duration {
        if reliable { Duration::ZERO } else { self.transaction() }
    }
}

/// A retransmission in the making: when, and how long after it the next one follows.
/// Only for unreliable transports; a reliable one has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Retransmit {
    #[serde(with = "crate::plain")]
    pub(super) at: Instant,
    #[serde(with = "crate::plain")]
    interval: Duration,
}

impl Retransmit {
    /// The first one, T1 after `now`.
    pub(super) fn first(now: Instant, timers: &Timers, reliable: bool) -> Option<Self> {
        (!reliable).then(|| Self { at: now + timers.t1, interval: timers.t1 })
    }

    /// At a fixed interval of T2 (Timer E in Proceeding).
    pub(super) fn steady(now: Instant, timers: &Timers, reliable: bool) -> Option<Self> {
        (!reliable).then(|| Self { at: now + timers.t2, interval: timers.t2 })
    }

    /// Timer A: the interval doubles without a ceiling.
    pub(super) fn doubled(self, now: Instant) -> Self {
        let interval = self.interval.saturating_mul(2);
        Self { at: now + interval, interval }
    }

    /// Timers E and G: the interval doubles up to T2.
    pub(super) fn doubled_to_t2(self, now: Instant, timers: &Timers) -> Self {
        let interval = self.interval.saturating_mul(2).min(timers.t2);
        Self { at: now + interval, interval }
    }
}

/// Whether a retransmission is due at `now`.
pub(super) fn due(retransmit: Option<Retransmit>, now: Instant) -> bool {
    retransmit.is_some_and(|next| next.at <= now)
}

/// The earlier of a retransmission and the end of a state.
pub(super) fn earliest(retransmit: Option<Retransmit>, until: Instant) -> Instant {
    retransmit.map_or(until, |next| next.at.min(until))
}
