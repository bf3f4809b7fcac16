//! What those who were rung and did not answer make of a dial step (RFC 3261 section 16.7 step 6, seen from a PBX), and
//! for which of it the next trunk is tried.

use super::{Dial, StepResult};
use crate::step::Failover;

/// How somebody who was rung did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// With this final SIP status.
    Status(u16),
    /// It rang until its time was over.
    NoAnswer,
}

impl Unanswered {
    /// Of several the one with the lowest rank is the result of the step. A 6xx speaks for the person; somebody who did not
    /// come to a ringing phone counts above a busy one, so that "busy" means that everyone is.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Status(600..=699) => 0,
            Self::NoAnswer => 1,
            Self::Status(486) => 2,
            Self::Status(401 | 407 | 408 | 410 | 430 | 480 | 481 | 487 | 491) => 4,
            Self::Status(400..=499) => 3,
            Self::Status(300..=399) => 5,
            Self::Status(_) => 6,
        }
    }

    /// What it means for the step, with the status that came.
    #[must_use]
    pub fn result(self) -> StepResult {
        match self {
            Self::NoAnswer => StepResult::NoAnswer,
            Self::Status(486 | 600) => StepResult::Busy,
            Self::Status(408 | 410 | 430 | 480) => StepResult::Unavailable,
            Self::Status(status) => StepResult::Rejected { status },
        }
    }

    /// What others are told of a status that came. Those that speak of the hop between us and the phone (authentication,
    /// redirection, its overload) are not the caller's to act on, and are told as others.
    #[must_use]
    pub fn told(status: u16) -> u16 {
        match status {
            300..=399 | 401 | 407 | 481 | 487 | 491 => 480,
            503 => 500,
            400..=699 => status,
            _ => 500,
        }
    }
}

impl Dial {
    /// Whether the next trunk is tried after one ended with this status: for those that the step lists, else for those that
    /// say that the trunk is at fault and not the person who was called.
    #[must_use]
    pub fn fails_over(&self, status: u16) -> bool {
        Failover::any(&self.failover, status)
    }

    /// Whether the next trunk is tried after one that answered and let nothing be heard.
    #[must_use]
    pub fn fails_over_without_media(&self) -> bool {
        self.failover.contains(&Failover::NoMedia)
    }
}

impl Failover {
    /// Whether one of a list wants the next trunk to be tried after this status; where nothing is listed, those do that say
    /// that the trunk is at fault.
    #[must_use]
    pub fn any(listed: &[Self], status: u16) -> bool {
        if listed.is_empty() {
            return matches!(status, 408 | 410 | 430 | 480 | 500..=599);
        }
        listed.iter().any(|failover| match failover {
            Self::Status(listed) => *listed == status,
            Self::Class(class) => status / 100 == u16::from(*class),
            Self::NoMedia => false,
        })
    }
}
