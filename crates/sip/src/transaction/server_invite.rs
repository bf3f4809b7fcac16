//! The INVITE server transaction: RFC 3261 section 17.2.1 with the Accepted state of RFC 6026 section 7.1.

use std::time::Instant;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::EndedReason;
use super::servers::Effects;
use super::step::Context;
use super::timers::{Retransmit, due, earliest};

/// The states of figure 4 in RFC 6026.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ServerInvite {
    /// No final response yet. A user that gives no response at all for longer than any caller waits is an
    /// error, bounded here. (A user that queues calls answers a 1xx every minute, RFC 3261 section 13.3.1.1.)
    Proceeding {
        #[serde(with = "crate::plain")]
        last: Option<Bytes>,
        cancelled: bool,
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// A non-2xx is out: Timer G repeats it, Timer H gives the ACK up.
    Completed {
        #[serde(with = "crate::plain")]
        response: Bytes,
        retransmit: Option<Retransmit>,
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// The ACK came; Timer I absorbs its retransmissions.
    Confirmed {
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// A 2xx is out, which the user repeats; Timer L absorbs retransmitted INVITEs.
    Accepted {
        #[serde(with = "crate::plain")]
        response: Bytes,
        #[serde(with = "crate::plain")]
        until: Instant,
    },
}

/// What a received ACK means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AckFor {
    /// The non-2xx of this transaction, or nothing.
    Transaction,
    /// The 2xx: it belongs to the dialog.
    Dialog,
}

impl ServerInvite {
    pub(super) fn start(now: Instant, context: Context<'_>) -> Self {
        Self::Proceeding { last: None, cancelled: false, until: unanswered(now, context) }
    }

    /// What a retransmitted INVITE is answered with.
    pub(super) fn repeated(&self) -> Option<Bytes> {
        match self {
            Self::Proceeding { last, .. } => last.clone(),
            Self::Completed { response, .. } => Some(response.clone()),
            Self::Confirmed { .. } | Self::Accepted { .. } => None,
        }
    }

    /// The user's response; what does not fit the state any more is not sent.
    pub(super) fn respond(
        self,
        now: Instant,
        context: Context<'_>,
        status: u16,
        bytes: Bytes,
    ) -> (Option<Self>, Effects) {
        let sent = Effects { send: Some(bytes.clone()), ..Effects::default() };
        let lasts = now + context.timers.transaction();
        match self {
            Self::Proceeding { cancelled, .. } if status < 200 => {
                let until = unanswered(now, context);
                (Some(Self::Proceeding { last: Some(bytes), cancelled, until }), sent)
            }
            Self::Proceeding { .. } if status < 300 => {
                (Some(Self::Accepted { response: bytes, until: lasts }), sent)
            }
            Self::Proceeding { .. } => {
                let retransmit = Retransmit::first(now, context.timers, context.reliable);
                (Some(Self::Completed { response: bytes, retransmit, until: lasts }), sent)
            }
            Self::Accepted { until, .. } if (200..300).contains(&status) => {
                (Some(Self::Accepted { response: bytes, until }), sent)
            }
            other => (Some(other), Effects::default()),
        }
    }

    /// The 2xx once more.
    pub(super) fn accepted_response(&self) -> Option<Bytes> {
        match self {
            Self::Accepted { response, .. } => Some(response.clone()),
            _ => None,
        }
    }

    pub(super) fn ack(self, now: Instant, context: Context<'_>) -> (Option<Self>, AckFor) {
        match self {
            Self::Completed { .. } => {
                let timer_i = context.timers.i_or_k(context.reliable);
                let state = (!timer_i.is_zero()).then(|| Self::Confirmed { until: now + timer_i });
                (state, AckFor::Transaction)
            }
            accepted @ Self::Accepted { .. } => (Some(accepted), AckFor::Dialog),
            other => (Some(other), AckFor::Transaction),
        }
    }

    /// Notes a CANCEL. True where the user has to be told: the first one before any final response.
    pub(super) fn cancel(&mut self) -> bool {
        match self {
            Self::Proceeding { cancelled, .. } => !std::mem::replace(cancelled, true),
            _ => false,
        }
    }

    pub(super) fn elapse(self, now: Instant, context: Context<'_>) -> (Option<Self>, Effects) {
        match self {
            Self::Proceeding { until, .. } if until <= now => (None, Effects::ended(EndedReason::Unanswered)),
            Self::Completed { until, .. } if until <= now => (None, Effects::ended(EndedReason::NoAck)),
            Self::Completed { response, retransmit, until } => {
                let send = due(retransmit, now).then(|| response.clone());
                let next = |last: Retransmit| last.doubled_to_t2(now, context.timers);
                let retransmit = if send.is_some() { retransmit.map(next) } else { retransmit };
                (
                    Some(Self::Completed { response, retransmit, until }),
                    Effects { send, ..Effects::default() },
                )
            }
            Self::Confirmed { until } | Self::Accepted { until, .. } if until <= now => {
                (None, Effects::default())
            }
            waiting => (Some(waiting), Effects::default()),
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        match self {
            Self::Completed { retransmit, until, .. } => earliest(*retransmit, *until),
            Self::Proceeding { until, .. } | Self::Confirmed { until } | Self::Accepted { until, .. } => {
                *until
            }
        }
    }
}

/// Longer than a client with our own timers would wait.
fn unanswered(now: Instant, context: Context<'_>) -> Instant {
    now + context.timers.timer_c + context.timers.transaction()
}
