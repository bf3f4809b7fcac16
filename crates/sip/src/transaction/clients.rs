//! One client transaction of either kind, as the layer's table holds it.

use std::time::Instant;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::flow::Flow;
use crate::message::{Method, Request, Response};

use super::agenda::Armed;
use super::client_invite::ClientInvite;
use super::client_non_invite::ClientNonInvite;
use super::key::OwnBranch;
use super::step::{self, Context, wrap};
use super::{FailReason, Timers};

/// What a step of a client machine asks for.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) send: Option<Bytes>,
    /// The response goes to the user.
    pub(super) deliver: bool,
    /// A CANCEL to be sent in a transaction of its own.
    pub(super) cancel: Option<Box<Request>>,
    pub(super) failed: Option<FailReason>,
}

impl Effects {
    pub(super) fn failed(reason: FailReason) -> Self {
        Self { failed: Some(reason), ..Self::default() }
    }
}

/// A client transaction; without a machine it has ended and leaves the table.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Client {
    branch: OwnBranch,
    pub(super) flow: Flow,
    #[serde(skip)]
    pub(super) armed: Armed,
    machine: Option<Machine>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Machine {
    Invite(ClientInvite),
    NonInvite(Method, ClientNonInvite),
}

impl Client {
    pub(super) fn start(
        now: Instant,
        timers: &Timers,
        request: Request,
        bytes: Bytes,
        flow: Flow,
        branch: OwnBranch,
    ) -> Self {
        let context = Context { timers, reliable: flow.transport.is_reliable() };
        let machine = if request.method == Method::Invite {
            Machine::Invite(ClientInvite::start(now, context, request, bytes))
        } else {
            Machine::NonInvite(request.method, ClientNonInvite::start(now, context, bytes))
        };
        Self { branch, flow, armed: Armed::default(), machine: Some(machine) }
    }

    pub(super) fn branch(&self) -> OwnBranch {
        self.branch
    }

    /// When it has to be woken; `None` once it has ended.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.machine.as_ref().map(|machine| match machine {
            Machine::Invite(state) => state.deadline(),
            Machine::NonInvite(_, state) => state.deadline(),
        })
    }

    /// Whether the user still waits for a final response.
    pub(super) fn is_waiting(&self) -> bool {
        match &self.machine {
            None => false,
            Some(Machine::Invite(state)) => state.is_waiting(),
            Some(Machine::NonInvite(_, state)) => state.is_waiting(),
        }
    }

    /// Whether nothing has come back and nobody has given up: it may begin anew another way.
    pub(super) fn has_heard_nothing(&self) -> bool {
        match &self.machine {
            None => false,
            Some(Machine::Invite(state)) => state.has_heard_nothing(),
            Some(Machine::NonInvite(_, state)) => state.has_heard_nothing(),
        }
    }

    /// Whether a response's branch and CSeq method are those of this transaction (RFC 3261 section 17.1.3).
    pub(super) fn matches(&self, branch: OwnBranch, method: &Method) -> bool {
        let own = match &self.machine {
            None => return false,
            Some(Machine::Invite(_)) => &Method::Invite,
            Some(Machine::NonInvite(own, _)) => own,
        };
        self.branch == branch && own == method
    }

    pub(super) fn receive(&mut self, now: Instant, timers: &Timers, response: &Response) -> Effects {
        self.step(timers, |machine, context| match machine {
            Machine::Invite(state) => wrap(state.receive(now, context, response), Machine::Invite),
            Machine::NonInvite(method, state) => {
                wrap(state.receive(now, context, response), |state| Machine::NonInvite(method, state))
            }
        })
    }

    pub(super) fn elapse(&mut self, now: Instant, timers: &Timers) -> Effects {
        self.step(timers, |machine, context| match machine {
            Machine::Invite(state) => wrap(state.elapse(now, context), Machine::Invite),
            Machine::NonInvite(method, state) => {
                wrap(state.elapse(now, context), |state| Machine::NonInvite(method, state))
            }
        })
    }

    /// Only an INVITE can be cancelled; for others this does nothing (RFC 3261 section 9.1).
    pub(super) fn cancel(&mut self, now: Instant, timers: &Timers, reason: Option<Box<str>>) -> Effects {
        self.step(timers, |machine, context| match machine {
            Machine::Invite(state) => wrap(state.cancel(now, context, reason), Machine::Invite),
            other @ Machine::NonInvite(..) => (Some(other), Effects::default()),
        })
    }

    fn step(
        &mut self,
        timers: &Timers,
        step: impl FnOnce(Machine, Context<'_>) -> (Option<Machine>, Effects),
    ) -> Effects {
        let context = Context { timers, reliable: self.flow.transport.is_reliable() };
        step::step(&mut self.machine, |machine| step(machine, context))
    }
}
