//! A new offer in an answered call: hold, resume, another address or codec. It goes end to end, with our own addresses
//! in place of theirs; both sides offering at once is glare, and both are told to try again (RFC 3261 section 14).

use kiestoon_media::{Sdp, local_answer, local_offer, relay_answer, relay_offer};
use kiestoon_sip::dialog::{AckWait, Dialog};
use kiestoon_sip::transaction::{ClientId, FailReason, ServerId};
use kiestoon_sip::{HeaderName, Method, Request, Response};

use crate::call::{Call, Stage};
use crate::cdr::{End, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::identity;
use crate::leg::{Leg, LegMedia, OurAck, Unacked};
use crate::reason::EndReason;
use crate::routes::ClientOwner;
use crate::settings::Settings;
use crate::wire;

/// What is being negotiated between the two sides. One thing at a time.
#[derive(Debug)]
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

/// A re-INVITE of one side that was passed on to the other, or one of ours that tells what the one side has changed.
#[derive(Debug)]
pub(crate) struct Passed {
    from: Side,
    /// The re-INVITE that is to be answered; None for one of ours.
    asked: Option<Asked>,
    client: ClientId,
    /// The offer, unless it is left to the other side.
    offer: Option<Sdp>,
}

/// A re-INVITE that waits for its answer.
#[derive(Debug)]
struct Asked {
    server: ServerId,
    request: Request,
}

impl Passed {
    /// The call ends before the other side has answered; `other` is the dialog with it, unless it has hung up itself.
    pub(crate) fn give_up(self, x: &mut Exchange, other: Option<Dialog>) {
        x.routes.remove_client(self.client);
        if let Some(dialog) = other {
            x.leave_reinvite(self.client, dialog, self.offer.is_some());
        }
        self.refuse(x, 487);
    }

    /// Refuses what was asked, if it was asked.
    fn refuse(&self, x: &mut Exchange, status: u16) {
        if let Some(asked) = &self.asked {
            x.routes.remove_invite(asked.server);
            x.answer(asked.server, &asked.request, status);
        }
    }

    /// Who is asked.
    pub(crate) fn to(&self) -> Side {
        self.from.other()
    }
}

impl Call {
    /// A re-INVITE of one side.
    pub(crate) fn reinvite(&mut self, x: &mut Exchange, from: Side, server: ServerId, request: Request) {
        let offer = match read_offer(&x.settings, &request) {
            Ok(offer) => offer,
            Err(status) => return x.answer(server, &request, status),
        };
        match &self.stage {
            Stage::Talking(talk) => {
                let refusal = match &talk.negotiation {
                    // RFC 3261 section 14.2: of the same side before its first is answered; otherwise glare.
                    Negotiation::Passed(passed) if passed.from == from => Some(500),
                    Negotiation::Passed(_) | Negotiation::AnswerInAck { .. } => Some(491),
                    Negotiation::Settled => {
                        self.leg(from.other()).is_some_and(Leg::is_unacked).then_some(491)
                    }
                };
                match refusal {
                    Some(status) => refuse_reinvite(x, server, &request, status),
                    None => {
                        if let Err(status) = self.pass_reinvite(x, from, Some((server, &request)), offer) {
                            x.answer(server, &request, status);
                        }
                    }
                }
            }
            _ => self.reinvite_locally(x, server, &request, offer),
        }
    }

    /// Offers a side what the other one said of its session, though that asks for nothing: it was changed while phones rang, or
    /// another phone has taken that side.
    pub(crate) fn tell_side(&mut self, x: &mut Exchange, to: Side, offer: Sdp) {
        // A session that cannot be told stays as it is.
        let _ = self.pass_reinvite(x, to.other(), None, Some(offer));
    }

    /// Passes it on, in the dialog with the other side. An error is the status that refuses it.
    fn pass_reinvite(
        &mut self,
        x: &mut Exchange,
        from: Side,
        asked: Option<(ServerId, &Request)>,
        offer: Option<Sdp>,
    ) -> Result<(), u16> {
        let owner = ClientOwner::Call(self.key);
        let shown =
            self.leg(from.other()).map(|leg| leg.flow).zip(self.leg(from).map(|leg| leg.number.clone()));
        let shown = shown.and_then(|(flow, number)| self.shown_as(x, &number, &flow));
        let other = self.leg_mut(from.other()).ok_or(480u16)?;
        let body = match (&offer, &mut other.media) {
            (Some(offer), LegMedia::Open(media)) => {
                Some(relay_offer(offer, &media.local, &mut media.origin).map_err(|error| error.status())?)
            }
            _ => None,
        };
        let dialog = other.dialog_mut().ok_or(480u16)?;
        let (mut passed, flow) = (dialog.request(Method::Invite), dialog.flow());
        passed.headers.set(HeaderName::Allow, wire::ALLOW);
        passed.headers.set(HeaderName::Supported, wire::SUPPORTED);
        if let Some(shown) = shown {
            identity::assert(&mut passed.headers, &x.settings, &shown);
        }
        if let Some(body) = body {
            passed.set_body(wire::SDP, body.to_bytes());
        }
        if let Some((server, request)) = asked {
            let trying = x.response(request, 100, None);
            x.respond(server, trying);
            x.routes.add_invite(server, self.key);
        }
        let client = x.request(passed, flow, Some(owner));
        if let Stage::Talking(talk) = &mut self.stage {
            let asked = asked.map(|(server, request)| Asked { server, request: request.clone() });
            talk.negotiation = Negotiation::Passed(Box::new(Passed { from, asked, client, offer }));
        }
        Ok(())
    }

    /// The client transaction of the re-INVITE that was passed on.
    pub(crate) fn reinvite_client(&self) -> Option<ClientId> {
        match &self.stage {
            Stage::Talking(talk) => match &talk.negotiation {
                Negotiation::Passed(passed) => Some(passed.client),
                _ => None,
            },
            _ => None,
        }
    }

    /// The side that sent it took it back: so do we, and its final response follows that of the other side.
    pub(crate) fn reinvite_cancelled(&self, x: &mut Exchange, server: ServerId) {
        if let Stage::Talking(talk) = &self.stage
            && let Negotiation::Passed(passed) = &talk.negotiation
            && passed.asked.as_ref().is_some_and(|asked| asked.server == server)
        {
            x.transactions.cancel(x.now, passed.client);
        }
    }

    /// The other side answered it.
    pub(crate) fn reinvite_answered(&mut self, x: &mut Exchange, response: &Response) {
        let status = response.status;
        if status.is_provisional() {
            return;
        }
        let Some(passed) = self.take_passed() else { return };
        if status.is_success() {
            return self.reinvite_accepted(x, *passed, response);
        }
        x.routes.remove_client(passed.client);
        let gone = matches!(status.code(), 408 | 481);
        // What concerns only our own hop is no business of the other side's; it keeps the session as it was.
        let shown = match status.code() {
            300..=399 | 401 | 407 | 408 => 488,
            code => code,
        };
        passed.refuse(x, shown);
        if gone {
            self.end(x, gone_end(passed.from.other()));
        }
    }

    /// The other side never answered it.
    pub(crate) fn reinvite_failed(&mut self, x: &mut Exchange, reason: FailReason) {
        let Some(passed) = self.take_passed() else { return };
        x.routes.remove_client(passed.client);
        if reason == FailReason::Overload {
            return passed.refuse(x, 500);
        }
        passed.refuse(x, 481);
        self.end(x, gone_end(passed.from.other()));
    }

    fn take_passed(&mut self) -> Option<Box<Passed>> {
        let Stage::Talking(talk) = &mut self.stage else { return None };
        match std::mem::replace(&mut talk.negotiation, Negotiation::Settled) {
            Negotiation::Passed(passed) => Some(passed),
            other => {
                talk.negotiation = other;
                None
            }
        }
    }

    fn reinvite_accepted(&mut self, x: &mut Exchange, passed: Passed, response: &Response) {
        let to = passed.from.other();
        let cseq = response.cseq.number;
        if let Some(established) = self.leg_mut(to).and_then(Leg::established_mut) {
            let before =
                std::mem::replace(&mut established.acked, OurAck::Owed { client: passed.client, cseq });
            forget_ack(x, &before);
            // A Contact that cannot be read leaves the target as it was.
            let _ = established.dialog.refresh_target(&response.headers);
        }
        let theirs = wire::sdp_of(&x.settings, &response.headers, &response.body);
        let body = theirs.as_ref().and_then(|theirs| {
            let LegMedia::Open(media) = &mut self.leg_mut(passed.from)?.media else { return None };
            match &passed.offer {
                Some(offer) => relay_answer(offer, theirs, &media.local, &mut media.origin).ok(),
                None => relay_offer(theirs, &media.local, &mut media.origin).ok(),
            }
        });
        let (theirs, body) = match (theirs, body) {
            (Some(theirs), Some(body)) => (theirs, body),
            (theirs, _) => {
                // The other side has changed its session already, so the old one cannot be kept.
                self.acknowledge(x, to, theirs.filter(|_| passed.offer.is_none()).as_ref());
                passed.refuse(x, 488);
                return self.end(x, EndReason::MediaFailed.into());
            }
        };
        match passed.offer {
            Some(offer) => {
                self.acknowledge(x, to, None);
                // One of ours tells what was agreed with the PBX itself: the asker's own session is known.
                if passed.asked.is_some() {
                    self.take_session(x, passed.from, &offer);
                }
                self.take_session(x, to, &theirs);
            }
            None => {
                if let Stage::Talking(talk) = &mut self.stage {
                    talk.negotiation =
                        Negotiation::AnswerInAck { from: passed.from, offer: Box::new(theirs) };
                }
            }
        }
        if let Some(Asked { server, request }) = &passed.asked {
            x.routes.remove_invite(*server);
            self.accept_reinvite(x, passed.from, *server, request, &body);
        }
    }

    /// Gives the ACK that a side is owed, refusing what it offered in its 2xx.
    pub(crate) fn acknowledge(&mut self, x: &mut Exchange, side: Side, refused: Option<&Sdp>) {
        let Some(leg) = self.leg_mut(side) else { return };
        let local = leg.flow.local.ip();
        let body = refused.map(|offer| x.refusal(offer, local));
        leg.give_ack(x, body);
    }

    fn take_session(&mut self, x: &mut Exchange, side: Side, sdp: &Sdp) {
        let changed = self.leg_mut(side).is_some_and(|leg| leg.set_remote(x, sdp));
        self.note_held(x, side, changed);
    }

    /// Says that a side holds or resumes, if it does.
    pub(crate) fn note_held(&self, x: &mut Exchange, by: Side, changed: bool) {
        if changed {
            let held = self.leg(by).is_some_and(Leg::holds);
            x.event(Event::CallHeld { call: self.id(), by, held });
        }
    }

    /// The 200 to a re-INVITE.
    fn accept_reinvite(
        &mut self,
        x: &mut Exchange,
        side: Side,
        server: ServerId,
        request: &Request,
        body: &Sdp,
    ) {
        let mut response = x.response(request, 200, None);
        let Some(leg) = self.leg_mut(side) else { return };
        let Some(established) = leg.established_mut() else { return };
        wire::dialog_headers(&mut response.headers, &established.dialog);
        response.set_body(wire::SDP, body.to_bytes());
        x.respond(server, response);
        let _ = established.dialog.refresh_target(&request.headers);
        let wait = AckWait::new(x.now, &x.settings.timers);
        established.unacked = Some(Unacked { wait, server, cseq: request.cseq.number });
    }

    /// A re-INVITE of a caller who talks to the PBX itself.
    fn reinvite_locally(
        &mut self,
        x: &mut Exchange,
        server: ServerId,
        request: &Request,
        offer: Option<Sdp>,
    ) {
        if self.caller.is_unacked() {
            return refuse_reinvite(x, server, request, 491);
        }
        let LegMedia::Open(media) = &mut self.caller.media else { return x.answer(server, request, 488) };
        let body = match &offer {
            Some(offer) => local_answer(offer, &media.local, &mut media.origin).map(|(body, _)| body),
            None => Ok(local_offer(&media.local, &mut media.origin)),
        };
        let body = match body {
            Ok(body) => body,
            Err(error) => return x.answer(server, request, error.status()),
        };
        let agreed = wire::as_theirs(&body, &media.origin);
        if let Some(offer) = offer {
            self.take_session(x, Side::Caller, &offer);
            self.offer_again(agreed);
        }
        self.accept_reinvite(x, Side::Caller, server, request, &body);
    }

    /// The answer to an offer that we made to a re-INVITE came in its ACK. Without one the session stays as it was.
    pub(crate) fn reinvite_answered_in_ack(&mut self, x: &mut Exchange, ack: &Request) {
        let answer =
            wire::sdp_of(&x.settings, &ack.headers, &ack.body).filter(|answer| answer.audio().is_some());
        if let Some(answer) = answer {
            self.take_session(x, Side::Caller, &answer);
            self.offer_again(answer);
        }
    }

    /// What phones are offered from now on; those that ring were offered something else.
    fn offer_again(&mut self, offer: Sdp) {
        self.offer = Some(Box::new(offer));
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.offer_changed = true;
        }
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
pub(crate) fn read_offer(settings: &Settings, request: &Request) -> Result<Option<Sdp>, u16> {
    if request.body.is_empty() {
        return Ok(None);
    }
    let sdp = Sdp::parse(&request.body).map_err(|error| error.status())?.under(settings.srtp);
    if sdp.audio().is_some() { Ok(Some(sdp)) } else { Err(488) }
}

/// RFC 3261 section 14.2 asks for a random wait of up to ten seconds; the other INVITE is over sooner.
const RETRY_SECS: &str = "2";
