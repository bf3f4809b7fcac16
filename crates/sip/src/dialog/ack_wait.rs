//! The wait of a UAS for the ACK of its 2xx (RFC 3261 section 13.3.1.4) or the PRACK of a reliable provisional response (RFC
//! 3262 section 3). Either is repeated over every transport, since a proxy further on may use UDP.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::transaction::Timers;

/// When the response is to be sent again, and when to give up. Drop it when the ACK or PRACK has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckWait {
    #[serde(with = "crate::plain")]
    resend_at: Instant,
    #[serde(with = "crate::plain")]
    interval: Duration,
    #[serde(with = "crate::plain")]
    longest: Duration,
    #[serde(with = "crate::plain")]
    give_up_at: Instant,
}

/// What a deadline of [`AckWait`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckStep {
    /// Nothing is due yet.
    Wait,
    /// Send the response again: a 2xx with [`TransactionLayer::retransmit`](crate::transaction::TransactionLayer::retransmit).
    Resend,
    /// Nothing within 64*T1: the session of a 2xx is confirmed but should be ended with BYE, an INVITE whose provisional
    /// response was lost is refused.
    GiveUp,
}

impl AckWait {
    /// Begins when the 2xx has been sent.
    #[must_use]
    pub fn new(now: Instant, timers: &Timers) -> Self {
        Self {
            resend_at: now + timers.t1,
            interval: timers.t1,
            longest: timers.t2,
            give_up_at: now + timers.transaction(),
        }
    }

    /// Begins when a reliable provisional response has been sent, whose interval doubles without a bound.
    #[must_use]
    pub fn for_prack(now: Instant, timers: &Timers) -> Self {
        Self { longest: timers.transaction(), ..Self::new(now, timers) }
    }

    /// When [`tick`](Self::tick) has to be called next.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.resend_at.min(self.give_up_at)
    }

    /// What is due at `now`.
    pub fn tick(&mut self, now: Instant) -> AckStep {
        if self.give_up_at <= now {
            return AckStep::GiveUp;
        }
        if self.resend_at > now {
            return AckStep::Wait;
        }
        self.interval = self.interval.saturating_mul(2).min(self.longest);
        self.resend_at = now + self.interval;
        AckStep::Resend
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test has to count from some instant")]
    fn the_2xx_is_repeated_ever_slower_and_then_given_up() {
        let start = Instant::now();
        let mut wait = AckWait::new(start, &Timers::default());
        let mut sent = Vec::new();
        loop {
            let now = wait.deadline();
            assert_eq!(wait.tick(now - Duration::from_millis(1)), AckStep::Wait);
            match wait.tick(now) {
                AckStep::Wait => panic!("a deadline without a step"),
                AckStep::Resend => sent.push((now - start).as_millis()),
                AckStep::GiveUp => {
                    assert_eq!(now - start, Duration::from_secs(32));
                    break;
                }
            }
        }
        assert_eq!(sent, [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    }
}
