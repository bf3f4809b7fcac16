//! The non-INVITE server transaction: RFC 3261 section 17.2.2, with RFC 4320: no late answers.

use std::time::Instant;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::EndedReason;
use super::servers::Effects;
use super::step::Context;

/// The states of figure 8 in RFC 3261.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ServerNonInvite {
    /// No response yet. After 64*T1 the client has given up, and RFC 4320 section 4.2 wants no 408 then.
    Trying {
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// A provisional response is out, to be repeated; the client still gives up 64*T1 after its request.
    Proceeding {
        #[serde(with = "crate::plain")]
        last: Bytes,
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// The final response is out, and repeated to retransmitted requests until Timer J.
    Completed {
        #[serde(with = "crate::plain")]
        response: Bytes,
    },
}

impl ServerNonInvite {
    pub(super) fn start(now: Instant, context: Context<'_>) -> Self {
        Self::Trying { until: now + context.timers.transaction() }
    }

    /// What a retransmitted request is answered with.
    pub(super) fn repeated(&self) -> Option<Bytes> {
        match self {
            Self::Trying { .. } => None,
            Self::Proceeding { last, .. } => Some(last.clone()),
            Self::Completed { response } => Some(response.clone()),
        }
    }

    /// The user's response; nothing is sent once a final one has gone out.
    pub(super) fn respond(self, context: Context<'_>, status: u16, bytes: Bytes) -> (Option<Self>, Effects) {
        let sent = Effects { send: Some(bytes.clone()), ..Effects::default() };
        match self {
            Self::Trying { until } | Self::Proceeding { until, .. } if status < 200 => {
                (Some(Self::Proceeding { last: bytes, until }), sent)
            }
            Self::Trying { .. } | Self::Proceeding { .. } => {
                let kept = !context.timers.j(context.reliable).is_zero();
                (kept.then_some(Self::Completed { response: bytes }), sent)
            }
            completed @ Self::Completed { .. } => (Some(completed), Effects::default()),
        }
    }

    pub(super) fn elapse(self, now: Instant) -> (Option<Self>, Effects) {
        match self {
            Self::Trying { until } | Self::Proceeding { until, .. } if until <= now => {
                (None, Effects::ended(EndedReason::Unanswered))
            }
            waiting => (Some(waiting), Effects::default()),
        }
    }

    /// `None` once completed: Timer J is the same for all and kept as one queue by their owner.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Trying { until } | Self::Proceeding { until, .. } => Some(*until),
            Self::Completed { .. } => None,
        }
    }

    /// What is held for retransmission, once completed.
    pub(super) fn retained(&mut self) -> Option<&mut Bytes> {
        match self {
            Self::Completed { response } => Some(response),
            _ => None,
        }
    }
}
