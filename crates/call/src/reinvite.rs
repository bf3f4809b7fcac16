//! A new offer in an answered call: hold, resume, another address or codec. It goes end to end, with our own addresses
//! in place of theirs; both sides offering at once is glare, and both are told to try again (RFC 3261 section 14).

use kiestoon_media::Sdp;
use kiestoon_sip::dialog::AckWait;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, HeaderName, Request};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::{End, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::leg::{Leg, OurAck, Unacked};
use crate::passed::{Passed, Why};
use crate::reason::EndReason;
use crate::session_timer;
use crate::wire::{self, Terms};

/// What is being negotiated between the two sides. One thing at a time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Negotiation {
    /// Nothing.
    Settled,
    /// A re-INVITE was passed on and is unanswered.
    Passed(Box<Passed>),
    /// A 2xx with an offer went to `from`, whose ACK will hold the answer to it.
    AnswerInAck {
        /// Who answers.
        from: Side,
        /// What the other side offered.
        offer: Box<Sdp>,
    },
}

impl Call {
    /// A re-INVITE of one side.
    pub(crate) fn reinvite(&mut self, x: &mut Exchange, from: Side, server: ServerId, request: Request) {
        if let Some(refusal) = session_timer::too_short(x, &request) {
            return x.respond(server, refusal);
        }
        let offer = match read_offer(&self.terms(x, from), &request) {
            Ok(offer) => offer,
            Err(status) => return x.answer(server, &request, status),
        };
        let refusal = self.leg(from).and_then(|leg| leg.open.refusal());
        match &self.stage {
            Stage::Talking(_) => {
                let is_answered = offer
                    .as_ref()
                    .filter(|_| refusal.is_none())
                    .is_some_and(|offer| self.answer_ice_restart(x, from, (server, &request), offer));
                if is_answered {
                    return;
                }
                let busy = || self.leg(from.other()).is_some_and(Leg::is_negotiating).then_some(491);
                match refusal.or_else(busy) {
                    Some(status) => refuse_reinvite(x, server, &request, status),
                    None => self.pass_reinvite(x, from, Why::asked(server, &request), offer),
                }
            }
            _ if refusal.is_some() || self.caller.is_unacked() => {
                refuse_reinvite(x, server, &request, refusal.unwrap_or(491));
            }
            _ => self.reinvite_locally(x, server, &request, offer),
        }
    }

    /// The side that sent it took it back: so do we, and its final response follows that of the other side.
    pub(crate) fn reinvite_cancelled(&self, x: &mut Exchange, server: ServerId) {
        if let Stage::Talking(talk) = &self.stage
            && let Negotiation::Passed(passed) = &talk.negotiation
            && let Some(client) = passed.asked_by(server)
        {
            x.cancel(client);
        }
    }

    /// Gives the ACK that a side is owed, refusing what it offered in its 2xx.
    pub(crate) fn acknowledge(&mut self, x: &mut Exchange, side: Side, refused: Option<&Sdp>) {
        let Some(leg) = self.leg_mut(side) else { return };
        let local = leg.flow.local.ip();
        let body = refused.map(|offer| x.refusal(offer, local));
        leg.give_ack(x, body);
    }

    pub(crate) fn take_session(&mut self, x: &mut Exchange, side: Side, sdp: &Sdp) {
        let showed = self.leg(side).is_some_and(Leg::shows_its_key);
        let changed = self.leg_mut(side).is_some_and(|leg| leg.set_remote(x, sdp));
        if self.cdr.is_answered() && !showed && self.leg(side).is_some_and(Leg::shows_its_key) {
            x.event(Event::CallKeyInClear { call: self.id(), side });
        }
        self.note_fax(side, sdp);
        self.note_held(x, side, changed);
    }

    /// The 200 to a re-INVITE.
    pub(crate) fn accept_reinvite(
        &mut self,
        x: &mut Exchange,
        side: Side,
        server: ServerId,
        request: &Request,
        body: &Sdp,
    ) {
        let mut response = x.response(request, 200, None);
        let Some(leg) = self.leg_mut(side) else { return };
        let said = leg.say(body);
        leg.can.learn(&request.headers);
        leg.forget_refresh(x);
        let Some(established) = leg.established() else { return };
        wire::dialog_headers(&mut response.headers, &established.dialog);
        leg.timer = leg.grant_timer(x, &request.headers, &mut response.headers);
        let Some(established) = leg.established_mut() else { return };
        response.set_body(wire::SDP, said);
        x.respond(server, response);
        let _ = established.dialog.refresh_target(&request.headers);
        let wait = AckWait::new(x.now, &x.settings.timers);
        established.unacked = Some(Unacked { wait, server, cseq: request.cseq.number });
    }
}

/// The end of a call whose one side does not answer any more.
pub(crate) fn gone_end(side: Side) -> End {
    match side {
        Side::Caller => EndReason::CallerGone.into(),
        Side::Callee => EndReason::CalleeGone.into(),
    }
}

/// The 2xx of an INVITE before cannot come again.
pub(crate) fn forget_ack(x: &mut Exchange, before: &OurAck) {
    if let OurAck::Owed { client, .. } | OurAck::Sent { client, .. } = before {
        x.routes.remove_client(*client);
    }
}

/// Refuses a re-INVITE; with 500 it may come again soon.
pub(crate) fn refuse_reinvite(x: &mut Exchange, server: ServerId, request: &Request, status: u16) {
    let mut response = x.response(request, status, None);
    if status == 500 {
        response.headers.set(HeaderName::RetryAfter, RETRY_SECS);
    }
    x.respond(server, response);
}

/// The offer of a re-INVITE; None where it is left to the other side. An error is the status that refuses it.
pub(crate) fn read_offer(terms: &Terms, request: &Request) -> Result<Option<Sdp>, u16> {
    if request.body.is_empty() {
        return Ok(None);
    }
    let sdp = wire::read_sdp(terms, &request.body).map_err(|error| error.status())?;
    if sdp.is_relayable() { Ok(Some(sdp)) } else { Err(488) }
}

/// The offer of an INVITE that begins a call, of which there is no leg yet: what the leg of this flow has a way for.
pub(crate) fn read_first_offer(terms: &Terms, flow: &Flow, request: &Request) -> Result<Option<Sdp>, u16> {
    let Some(sdp) = read_offer(terms, request)? else { return Ok(None) };
    let sdp = sdp.written_by_browser(flow.transport.is_websocket());
    if sdp.is_relayable() { Ok(Some(sdp)) } else { Err(488) }
}

/// RFC 3261 section 14.2 asks for a random wait of up to ten seconds; the other INVITE is over sooner.
const RETRY_SECS: &str = "2";
