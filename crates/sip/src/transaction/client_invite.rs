//! The INVITE client transaction: RFC 3261 section 17.1.1 with the Accepted state of RFC 6026 section 7.2, and
//! section 9.1 for the CANCEL that must wait for a provisional response.

use std::time::Instant;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::header::HeaderName;
use crate::message::{Method, Request, Response};

use super::FailReason;
use super::clients::Effects;
use super::step::Context;
use super::timers::{Retransmit, due, earliest};

/// The states of figure 5 in RFC 6026, and the time after our CANCEL.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ClientInvite {
    /// The INVITE is out and nothing has come back. Timer A retransmits, Timer B gives up.
    Calling {
        invite: Box<Skeleton>,
        #[serde(with = "crate::plain")]
        bytes: Bytes,
        retransmit: Option<Retransmit>,
        #[serde(with = "crate::plain")]
        until: Instant,
        fails_with: FailReason,
        cancel: CancelWish,
    },
    /// A provisional response came: Timer C bounds the wait for the final one.
    Proceeding {
        invite: Box<Skeleton>,
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// A CANCEL is out; a peer that answers neither it nor the INVITE is given up after 64*T1.
    Cancelling {
        invite: Box<Skeleton>,
        #[serde(with = "crate::plain")]
        until: Instant,
        fails_with: FailReason,
    },
    /// A non-2xx came and was acknowledged; its retransmissions are too, until Timer D.
    Completed {
        #[serde(with = "crate::plain")]
        ack: Bytes,
        #[serde(with = "crate::plain")]
        until: Instant,
    },
    /// A 2xx came: further ones go to the user, until Timer M.
    Accepted {
        #[serde(with = "crate::plain")]
        until: Instant,
    },
}

/// Whether a CANCEL goes out with the first provisional response.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum CancelWish {
    None,
    Wanted(Option<Box<str>>),
}

/// What ACK and CANCEL repeat of an INVITE: everything but its body and most header fields.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Skeleton(Request);

impl ClientInvite {
    pub(super) fn start(now: Instant, context: Context<'_>, invite: Request, bytes: Bytes) -> Self {
        let timers = context.timers;
        let (timer_b, timer_c) = (timers.transaction(), timers.timer_c);
        let fails_with = if timer_c < timer_b { FailReason::TimerC } else { FailReason::Timeout };
        Self::Calling {
            invite: Box::new(Skeleton::of(invite)),
            bytes,
            retransmit: Retransmit::first(now, timers, context.reliable),
            until: now + timer_b.min(timer_c),
            fails_with,
            cancel: CancelWish::None,
        }
    }

    pub(super) fn receive(
        self,
        now: Instant,
        context: Context<'_>,
        response: &Response,
    ) -> (Option<Self>, Effects) {
        if response.status.is_provisional() {
            self.provisional(now, context, response)
        } else if response.status.is_success() {
            self.success(now, context)
        } else {
            self.failure(now, context, response)
        }
    }

    fn provisional(self, now: Instant, context: Context<'_>, response: &Response) -> (Option<Self>, Effects) {
        let deliver = Effects { deliver: true, ..Effects::default() };
        match self {
            Self::Calling { invite, cancel: CancelWish::Wanted(reason), .. } => {
                let (state, effects) = cancelling(now, context, invite, reason, FailReason::Timeout);
                (Some(state), Effects { deliver: true, ..effects })
            }
            Self::Calling { invite, .. } => {
                (Some(Self::Proceeding { invite, until: now + context.timers.timer_c }), deliver)
            }
            Self::Proceeding { invite, until } => {
                // RFC 3261 section 16.7 step 2: all but 100 restart Timer C.
                let restarted = response.status.code() > 100;
                let until = if restarted { now + context.timers.timer_c } else { until };
                (Some(Self::Proceeding { invite, until }), deliver)
            }
            cancelling @ Self::Cancelling { .. } => (Some(cancelling), deliver),
            done @ (Self::Completed { .. } | Self::Accepted { .. }) => (Some(done), Effects::default()),
        }
    }

    fn success(self, now: Instant, context: Context<'_>) -> (Option<Self>, Effects) {
        let deliver = Effects { deliver: true, ..Effects::default() };
        match self {
            Self::Calling { .. } | Self::Proceeding { .. } | Self::Cancelling { .. } => {
                // Timer M is the same for reliable transports: other forks may still answer.
                (Some(Self::Accepted { until: now + context.timers.transaction() }), deliver)
            }
            accepted @ Self::Accepted { .. } => (Some(accepted), deliver),
            completed @ Self::Completed { .. } => (Some(completed), Effects::default()),
        }
    }

    fn failure(self, now: Instant, context: Context<'_>, response: &Response) -> (Option<Self>, Effects) {
        match self {
            Self::Calling { invite, .. }
            | Self::Proceeding { invite, .. }
            | Self::Cancelling { invite, .. } => {
                let ack = invite.ack(response).to_bytes();
                let effects = Effects { send: Some(ack.clone()), deliver: true, ..Effects::default() };
                let timer_d = context.timers.d(context.reliable);
                let state = (!timer_d.is_zero()).then(|| Self::Completed { ack, until: now + timer_d });
                (state, effects)
            }
            Self::Completed { ack, until } => {
                let effects = Effects { send: Some(ack.clone()), ..Effects::default() };
                (Some(Self::Completed { ack, until }), effects)
            }
            accepted @ Self::Accepted { .. } => (Some(accepted), Effects::default()),
        }
    }

    /// Asks for a CANCEL: now where a provisional response has come, otherwise with the first one.
    pub(super) fn cancel(
        self,
        now: Instant,
        context: Context<'_>,
        reason: Option<Box<str>>,
    ) -> (Option<Self>, Effects) {
        match self {
            Self::Calling { invite, bytes, retransmit, until, fails_with, .. } => {
                let cancel = CancelWish::Wanted(reason);
                let calling = Self::Calling { invite, bytes, retransmit, until, fails_with, cancel };
                (Some(calling), Effects::default())
            }
            Self::Proceeding { invite, .. } => {
                let (state, effects) = cancelling(now, context, invite, reason, FailReason::Timeout);
                (Some(state), effects)
            }
            other => (Some(other), Effects::default()),
        }
    }

    pub(super) fn elapse(self, now: Instant, context: Context<'_>) -> (Option<Self>, Effects) {
        match self {
            Self::Calling { until, fails_with, .. } if until <= now => (None, Effects::failed(fails_with)),
            Self::Calling { invite, bytes, retransmit, until, fails_with, cancel } => {
                let send = due(retransmit, now).then(|| bytes.clone());
                let retransmit =
                    if send.is_some() { retransmit.map(|last| last.doubled(now)) } else { retransmit };
                let calling = Self::Calling { invite, bytes, retransmit, until, fails_with, cancel };
                (Some(calling), Effects { send, ..Effects::default() })
            }
            Self::Proceeding { invite, until } if until <= now => {
                let (state, effects) = cancelling(now, context, invite, None, FailReason::TimerC);
                (Some(state), effects)
            }
            Self::Cancelling { until, fails_with, .. } if until <= now => (None, Effects::failed(fails_with)),
            Self::Completed { until, .. } | Self::Accepted { until } if until <= now => {
                (None, Effects::default())
            }
            waiting => (Some(waiting), Effects::default()),
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        match self {
            Self::Calling { retransmit, until, .. } => earliest(*retransmit, *until),
            Self::Proceeding { until, .. }
            | Self::Cancelling { until, .. }
            | Self::Completed { until, .. }
            | Self::Accepted { until } => *until,
        }
    }

    /// Whether nothing has come back and no CANCEL waits for it.
    pub(super) fn has_heard_nothing(&self) -> bool {
        matches!(self, Self::Calling { cancel: CancelWish::None, .. })
    }

    /// Whether a final response is still awaited.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self, Self::Calling { .. } | Self::Proceeding { .. } | Self::Cancelling { .. })
    }
}

fn cancelling(
    now: Instant,
    context: Context<'_>,
    invite: Box<Skeleton>,
    reason: Option<Box<str>>,
    fails_with: FailReason,
) -> (ClientInvite, Effects) {
    let cancel = invite.cancel(reason);
    let until = now + context.timers.transaction();
    let effects = Effects { cancel: Some(Box::new(cancel)), ..Effects::default() };
    (ClientInvite::Cancelling { invite, until, fails_with }, effects)
}

impl Skeleton {
    fn of(mut invite: Request) -> Self {
        let mut bare = bare(&invite, Method::Invite);
        bare.via = std::mem::take(&mut invite.via);
        Self(bare)
    }

    /// RFC 3261 section 17.1.1.3: the To of the response, so that its tag is acknowledged; the rest of the INVITE.
    fn ack(&self, response: &Response) -> Request {
        let mut ack = self.repeated(Method::Ack);
        ack.to = response.to.clone();
        ack
    }

    /// RFC 3261 section 9.1.
    fn cancel(&self, reason: Option<Box<str>>) -> Request {
        let mut cancel = self.repeated(Method::Cancel);
        if let Some(reason) = reason {
            cancel.headers.push(HeaderName::Reason, reason);
        }
        cancel
    }

    fn repeated(&self, method: Method) -> Request {
        let mut request = bare(&self.0, method);
        request.via = self.0.via.clone();
        request
    }
}

/// A request with the same Request-URI, From, To, Call-ID, CSeq number and Route.
fn bare(request: &Request, method: Method) -> Request {
    let (from, to) = (request.from.clone(), request.to.clone());
    let mut bare =
        Request::new(method, request.uri.clone(), from, to, request.call_id.clone(), request.cseq.number);
    for route in request.headers.get_all(&HeaderName::Route) {
        bare.headers.push(HeaderName::Route, route);
    }
    bare
}
