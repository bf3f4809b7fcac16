//! A phone that waits for its place in this call, or was turned out since there is none: its requests, and the ACK of the 200 that it
//! may have got with its own INVITE.

use std::time::Instant;

use kiestoon_media::LegId;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, Method, Request};

use super::Source;
use crate::call::Call;
use crate::exchange::Exchange;
use crate::leg::{Leg, Signal};
use crate::reason::EndReason;
use crate::reinvite::refuse_reinvite;

impl Call {
    /// The leg of such a phone.
    pub(crate) fn waiting_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        let transfers = &mut self.walk.transfers;
        let waits = transfers.arrival.as_mut().and_then(|arrival| match &mut arrival.source {
            Source::Waits { leg, .. } => Some(leg),
            Source::Moves { .. } | Source::Invites { .. } => None,
        });
        waits.into_iter().chain(&mut transfers.turned_out).map(Box::as_mut).find(|found| found.id == leg)
    }

    /// A request of it: it has just come, and asks for little but to go. False if it is another's.
    pub(super) fn waiting_request(
        &mut self,
        x: &mut Exchange,
        leg: LegId,
        server: ServerId,
        request: &Request,
        flow: Flow,
    ) -> bool {
        let Some(waiting) = self.waiting_mut(leg) else { return false };
        if let Err(status) = waiting.receive(request, flow) {
            x.answer(server, request, status);
            return true;
        }
        match request.method {
            Method::Bye => {
                x.answer(server, request, 200);
                self.waiting_left(x, leg);
            }
            Method::Options => self.answer_options(x, server, request),
            Method::Info | Method::Message => x.answer(server, request, 200),
            _ => refuse_reinvite(x, server, request, 491),
        }
        true
    }

    /// It has hung up: nothing more is to be said to it.
    fn waiting_left(&mut self, x: &mut Exchange, leg: LegId) {
        let transfers = &mut self.walk.transfers;
        let arrival = transfers.arrival.take_if(|arrival| arrival.id == leg).map(|arrival| arrival.source);
        let turned_out = transfers.turned_out.take_if(|found| found.id == leg);
        let Some(Source::Waits { mut leg, .. }) = arrival else { return forget(x, turned_out) };
        leg.close(x);
        forget(x, Some(leg));
    }

    /// Hangs up a phone for which there is no place; where its 200 is without an ACK, not before that has come (RFC 3261 section
    /// 15).
    pub(super) fn turn_out(&mut self, x: &mut Exchange, mut leg: Box<Leg>) {
        leg.close(x);
        if let Some(mut before) = self.walk.transfers.turned_out.replace(leg) {
            // One at a time: it has had its chance.
            before.unacked_no_more();
            before.hang_up(x, &EndReason::Transferred.into());
        }
        self.hang_up_turned_out(x);
    }

    /// Does so, if its ACK has come, or never will.
    pub(crate) fn hang_up_turned_out(&mut self, x: &mut Exchange) {
        if let Some(mut leg) = self.walk.transfers.turned_out.take_if(|leg| !leg.is_unacked()) {
            leg.hang_up(x, &EndReason::Transferred.into());
        }
    }

    /// When [`Call::tick_waiting`] is wanted.
    pub(super) fn waiting_deadline(&self) -> Option<Instant> {
        let transfers = &self.walk.transfers;
        let waits = transfers.arrival.as_ref().and_then(|arrival| match &arrival.source {
            Source::Waits { leg, .. } => leg.ack_deadline(),
            Source::Moves { .. } | Source::Invites { .. } => None,
        });
        let turned_out = transfers.turned_out.as_ref().and_then(|leg| leg.ack_deadline());
        [waits, turned_out].into_iter().flatten().min()
    }

    /// Repeats its 200. One that never acknowledges it is hung up.
    pub(super) fn tick_waiting(&mut self, x: &mut Exchange) {
        let transfers = &mut self.walk.transfers;
        if let Some(leg) = &mut transfers.turned_out
            && leg.tick_ack(x)
        {
            self.hang_up_turned_out(x);
        }
        if let Some(arrival) = &mut self.walk.transfers.arrival
            && let Source::Waits { leg, .. } = &mut arrival.source
            && leg.tick_ack(x)
        {
            self.drop_arrival(x, 408);
        }
    }
}

impl Leg {
    fn unacked_no_more(&mut self) {
        if let Some(established) = self.established_mut() {
            established.unacked = None;
        }
    }
}

fn forget(x: &mut Exchange, leg: Option<Box<Leg>>) {
    if let Some(mut leg) = leg {
        leg.forget(x);
        leg.signal = Signal::Over;
    }
}
