//! One server transaction of either kind, as the layer's table holds it.

use std::time::Instant;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::flow::Flow;
use crate::message::Method;

use super::agenda::Armed;
use super::key::ServerKey;
use super::server_invite::{AckFor, ServerInvite};
use super::server_non_invite::ServerNonInvite;
use super::step::{self, Context, wrap};
use super::{EndedReason, Timers};

/// What a step of a server machine asks for.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) send: Option<Bytes>,
    pub(super) ended: Option<EndedReason>,
}

impl Effects {
    pub(super) fn ended(reason: EndedReason) -> Self {
        Self { ended: Some(reason), ..Self::default() }
    }
}

/// A server transaction; without a machine it has ended and leaves the table.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Server {
    pub(super) key: ServerKey,
    /// Where the same request that came another way would be recognised.
    pub(super) merge: Option<ServerKey>,
    /// Where responses go.
    pub(super) reply: Flow,
    #[serde(skip)]
    pub(super) armed: Armed,
    /// The To tag of the INVITE's responses, which the answer to a CANCEL shares (RFC 3261 section 9.2).
    pub(super) tag: Option<Box<str>>,
    machine: Option<Machine>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Machine {
    Invite(ServerInvite),
    NonInvite(ServerNonInvite),
}

impl Server {
    pub(super) fn start(
        now: Instant,
        timers: &Timers,
        method: &Method,
        key: ServerKey,
        merge: Option<ServerKey>,
        reply: Flow,
    ) -> Self {
        let context = Context { timers, reliable: reply.transport.is_reliable() };
        let machine = if *method == Method::Invite {
            Machine::Invite(ServerInvite::start(now, context))
        } else {
            Machine::NonInvite(ServerNonInvite::start(now, context))
        };
        Self { key, merge, reply, armed: Armed::default(), tag: None, machine: Some(machine) }
    }

    /// When it has to be woken; `None` once it has ended or only waits for Timer J.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.machine.as_ref()? {
            Machine::Invite(state) => Some(state.deadline()),
            Machine::NonInvite(state) => state.deadline(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.machine.is_none()
    }

    /// Whether the user still owes a final response.
    pub(super) fn is_unanswered(&self) -> bool {
        match &self.machine {
            None => false,
            Some(Machine::Invite(state)) => matches!(state, ServerInvite::Proceeding { .. }),
            Some(Machine::NonInvite(state)) => state.deadline().is_some(),
        }
    }

    pub(super) fn is_invite(&self) -> bool {
        matches!(self.machine, Some(Machine::Invite(_)))
    }

    /// A final response that is only kept until Timer J.
    pub(super) fn retained(&mut self) -> Option<&mut Bytes> {
        match self.machine.as_mut()? {
            Machine::Invite(_) => None,
            Machine::NonInvite(state) => state.retained(),
        }
    }

    /// What a retransmitted request is answered with.
    pub(super) fn repeated(&self) -> Option<Bytes> {
        match self.machine.as_ref()? {
            Machine::Invite(state) => state.repeated(),
            Machine::NonInvite(state) => state.repeated(),
        }
    }

    /// The 2xx of an INVITE, for its user to repeat.
    pub(super) fn accepted_response(&self) -> Option<Bytes> {
        match self.machine.as_ref()? {
            Machine::Invite(state) => state.accepted_response(),
            Machine::NonInvite(_) => None,
        }
    }

    pub(super) fn respond(&mut self, now: Instant, timers: &Timers, status: u16, bytes: Bytes) -> Effects {
        self.step(timers, |machine, context| match machine {
            Machine::Invite(state) => wrap(state.respond(now, context, status, bytes), Machine::Invite),
            Machine::NonInvite(state) => wrap(state.respond(context, status, bytes), Machine::NonInvite),
        })
    }

    pub(super) fn elapse(&mut self, now: Instant, timers: &Timers) -> Effects {
        self.step(timers, |machine, context| match machine {
            Machine::Invite(state) => wrap(state.elapse(now, context), Machine::Invite),
            Machine::NonInvite(state) => wrap(state.elapse(now), Machine::NonInvite),
        })
    }

    /// Takes an ACK in, and says whose it is.
    pub(super) fn ack(&mut self, now: Instant, timers: &Timers) -> AckFor {
        let mut ack_for = AckFor::Transaction;
        self.step(timers, |machine, context| match machine {
            Machine::Invite(state) => {
                let (state, whose) = state.ack(now, context);
                ack_for = whose;
                (state.map(Machine::Invite), Effects::default())
            }
            other @ Machine::NonInvite(_) => (Some(other), Effects::default()),
        });
        ack_for
    }

    /// Notes a CANCEL; true where the user has to be told.
    pub(super) fn cancel(&mut self) -> bool {
        match self.machine.as_mut() {
            Some(Machine::Invite(state)) => state.cancel(),
            _ => false,
        }
    }

    fn step(
        &mut self,
        timers: &Timers,
        step: impl FnOnce(Machine, Context<'_>) -> (Option<Machine>, Effects),
    ) -> Effects {
        let context = Context { timers, reliable: self.reply.transport.is_reliable() };
        step::step(&mut self.machine, |machine| step(machine, context))
    }
}
