//! The non-INVITE client transaction: RFC 3261 section 17.1.2.

use std::time::Instant;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::message::Response;

use super::FailReason;
use super::clients::Effects;
use super::step::Context;
use super::timers::{Retransmit, due, earliest};

/// The states of figure 6 in RFC 3261.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ClientNonInvite {
    /// Nothing has come back. Timer E retransmits ever slower, Timer F gives up.
    Trying {
        #[serde(with = "crate::plain")]
        bytes: Bytes,
        retransmit: Option<Retransmit>,
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// A provisional response came: Timer E runs at T2, Timer F goes on.
    Proceeding {
        #[serde(with = "crate::plain")]
        bytes: Bytes,
        retransmit: Option<Retransmit>,
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// The final response came; its retransmissions are absorbed until Timer K.
    Completed {
        #[serde(with = "crate::plain")]
        until: Instant,
    },
}

impl ClientNonInvite {
    pub(super) fn start(now: Instant, context: Context<'_>, bytes: Bytes) -> Self {
        let retransmit = Retransmit::first(now, context.timers, context.reliable);
        Self::Trying { bytes, retransmit, until: now + context.timers.transaction() }
    }

    pub(super) fn receive(
        self,
        now: Instant,
        context: Context<'_>,
        response: &Response,
    ) -> (Option<Self>, Effects) {
        let deliver = Effects { deliver: true, ..Effects::default() };
        match self {
            done @ Self::Completed { .. } => (Some(done), Effects::default()),
            Self::Trying { bytes, until, .. } if response.status.is_provisional() => {
                let retransmit = Retransmit::steady(now, context.timers, context.reliable);
                (Some(Self::Proceeding { bytes, retransmit, until }), deliver)
            }
            proceeding @ Self::Proceeding { .. } if response.status.is_provisional() => {
                (Some(proceeding), deliver)
            }
            Self::Trying { .. } | Self::Proceeding { .. } => {
                let timer_k = context.timers.i_or_k(context.reliable);
                ((!timer_k.is_zero()).then(|| Self::Completed { until: now + timer_k }), deliver)
            }
        }
    }

    pub(super) fn elapse(self, now: Instant, context: Context<'_>) -> (Option<Self>, Effects) {
        match self {
            Self::Trying { until, .. } | Self::Proceeding { until, .. } if until <= now => {
                (None, Effects::failed(FailReason::Timeout))
            }
            Self::Trying { bytes, retransmit, until } => {
                let send = due(retransmit, now).then(|| bytes.clone());
                let next = |last: Retransmit| last.doubled_to_t2(now, context.timers);
                let retransmit = if send.is_some() { retransmit.map(next) } else { retransmit };
                (Some(Self::Trying { bytes, retransmit, until }), Effects { send, ..Effects::default() })
            }
            Self::Proceeding { bytes, retransmit, until } => {
                let send = due(retransmit, now).then(|| bytes.clone());
                let next = |_| Retransmit::steady(now, context.timers, context.reliable);
                let retransmit = if send.is_some() { retransmit.and_then(next) } else { retransmit };
                (Some(Self::Proceeding { bytes, retransmit, until }), Effects { send, ..Effects::default() })
            }
            Self::Completed { until } if until <= now => (None, Effects::default()),
            waiting => (Some(waiting), Effects::default()),
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        match self {
            Self::Trying { retransmit, until, .. } | Self::Proceeding { retransmit, until, .. } => {
                earliest(*retransmit, *until)
            }
            Self::Completed { until } => *until,
        }
    }

    /// Whether nothing has come back.
    pub(super) fn has_heard_nothing(&self) -> bool {
        matches!(self, Self::Trying { .. })
    }

    /// Whether a final response is still awaited.
    pub(super) fn is_waiting(&self) -> bool {
        !matches!(self, Self::Completed { .. })
    }
}
