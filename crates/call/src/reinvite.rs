//! A new offer in an answered call: hold, resume, another address or codec. It goes end to end, with our own addresses
//! in place of theirs; both sides offering at once is glare, and both are told to try again (RFC 3261 section 14).

use std::time::Instant;

use bytes::Bytes;
use kiestoon_media::{Sdp, relay_answer, relay_offer};
use kiestoon_sip::dialog::{AckWait, Dialog};
use kiestoon_sip::transaction::{ClientId, FailReason, ServerId};
use kiestoon_sip::{HeaderName, Method, Request, Response};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::{End, Side};
use crate::exchange::Exchange;
use crate::identity;
use crate::leg::{Leg, LegMedia, OurAck, Unacked};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::routes::ClientOwner;
use crate::session_timer;
use crate::settings::Settings;
use crate::wire;

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

/// A re-INVITE of one side that was passed on to the other, or one of ours that tells what the one side has changed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Passed {
    from: Side,
    /// The re-INVITE that is to be answered; None for one of ours.
    asked: Option<Asked>,
    client: ClientId,
    /// Whether it went on as a re-INVITE, which is acknowledged; else as UPDATE.
    is_invite: bool,
    /// The offer, unless it is left to the other side.
    offer: Option<Sdp>,
    /// What the other side was told.
    #[serde(with = "kiestoon_sip::plain")]
    said: Bytes,
    /// When it is cancelled: a phone that died after its 100 would keep both sides waiting for as long as Timer C.
    #[serde(with = "kiestoon_sip::plain")]
    until: Option<Instant>,
}

/// A re-INVITE or UPDATE that waits for its answer.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    server: ServerId,
    request: Request,
}

impl Passed {
    /// The call ends before the other side has answered; `other` is the dialog with it, unless it has hung up itself.
    pub(crate) fn give_up(self, x: &mut Exchange, other: Option<Dialog>) {
        x.routes.remove_client(self.client);
        if let Some(dialog) = other.filter(|_| self.is_invite) {
            x.leave_reinvite(self.client, dialog, self.offer.is_some());
        }
        self.refuse(x, 487);
    }

    /// Refuses what was asked, if it was asked.
    fn refuse(&self, x: &mut Exchange, status: u16) {
        if let Some(asked) = &self.asked {
            x.routes.remove_invite(asked.server);
            refuse_reinvite(x, asked.server, &asked.request, status);
        }
    }

    /// When [`Call::tick_passed`] is wanted.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Who is asked.
    pub(crate) fn to(&self) -> Side {
        self.from.other()
    }
}

impl Call {
    /// A re-INVITE of one side.
    pub(crate) fn reinvite(&mut self, x: &mut Exchange, from: Side, server: ServerId, request: Request) {
        if let Some(refusal) = session_timer::too_short(x, &request) {
            return x.respond(server, refusal);
        }
        let offer = match read_offer(&x.settings, &request) {
            Ok(offer) => offer,
            Err(status) => return x.answer(server, &request, status),
        };
        let refusal = self.leg(from).and_then(|leg| leg.open.refusal());
        match &self.stage {
            Stage::Talking(_) => {
                let busy = || self.leg(from.other()).is_some_and(Leg::is_negotiating).then_some(491);
                match refusal.or_else(busy) {
                    Some(status) => refuse_reinvite(x, server, &request, status),
                    None => {
                        if let Err(status) = self.pass_reinvite(x, from, Some((server, &request)), offer) {
                            x.answer(server, &request, status);
                        }
                    }
                }
            }
            _ if refusal.is_some() || self.caller.is_unacked() => {
                refuse_reinvite(x, server, &request, refusal.unwrap_or(491));
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

    /// What the callee said is offered to the caller, who was answered otherwise before, once nothing else is under way.
    pub(crate) fn tell_late(&mut self, x: &mut Exchange) {
        let is_busy = self.caller.is_negotiating() || self.caller.established().is_none();
        let Stage::Talking(talk) = &mut self.stage else { return };
        if !is_busy
            && matches!(talk.negotiation, Negotiation::Settled)
            && let Some(offer) = talk.retell.take()
        {
            let _ = self.pass_reinvite(x, Side::Callee, None, Some(*offer));
        }
    }

    /// Passes it on, in the dialog with the other side: an offer of an UPDATE, or of our own, as UPDATE where that is taken. An
    /// error is the status that refuses it.
    pub(crate) fn pass_reinvite(
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
        let told = offer.as_ref().map(|offer| self.with_room_for_music(x, offer));
        let other = self.leg_mut(from.other()).ok_or(480u16)?;
        let body = match (&told, &mut other.media) {
            (Some(offer), LegMedia::Open(media)) => {
                Some(relay_offer(offer, &media.local, &mut media.origin).map_err(|error| error.status())?)
            }
            _ => None,
        };
        let asks_invite = asked.is_some_and(|(_, request)| request.method == Method::Invite);
        let is_invite = offer.is_none() || asks_invite || !other.can.update;
        if (is_invite && other.established().is_none()) || other.awaits_prack() {
            return Err(491);
        }
        let dialog = other.dialog_mut().ok_or(480u16)?;
        let method = if is_invite { Method::Invite } else { Method::Update };
        let (mut passed, flow) = (dialog.request(method), dialog.flow());
        other.introduce(&mut passed.headers);
        if let Some(shown) = shown {
            identity::assert(&mut passed.headers, &x.settings, &shown);
        }
        other.open = if offer.is_some() { OpenOffer::Ours } else { OpenOffer::TheirsDue };
        let said = body.map(|body| body.to_bytes()).unwrap_or_default();
        if !said.is_empty() {
            passed.set_body(wire::SDP, said.clone());
        }
        if let Some((server, request)) = asked.filter(|_| asks_invite) {
            let trying = x.response(request, 100, None);
            x.respond(server, trying);
            x.routes.add_invite(server, self.key);
        }
        let client = x.request(passed, flow, Some(owner));
        let until = is_invite.then(|| x.now + x.settings.timers.transaction() * 3 / 4);
        if let (Some(asker), true) = (self.leg_mut(from), asked.is_some()) {
            asker.open = if offer.is_some() { OpenOffer::Theirs } else { OpenOffer::OursDue };
        }
        if let Stage::Talking(talk) = &mut self.stage {
            let asked = asked.map(|(server, request)| Asked { server, request: request.clone() });
            let passed = Passed { from, asked, client, is_invite, offer, said, until };
            talk.negotiation = Negotiation::Passed(Box::new(passed));
        }
        Ok(())
    }

    /// When the re-INVITE that was passed on is cancelled.
    pub(crate) fn passed_deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Talking(talk) => match &talk.negotiation {
                Negotiation::Passed(passed) => passed.deadline(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Gives up a re-INVITE that takes too long. Who asked by UPDATE is told at once, since that may not wait for people
    /// (RFC 3311 section 5.2); who asked by INVITE once the other side is done.
    pub(crate) fn tick_passed(&mut self, x: &mut Exchange) {
        let Stage::Talking(talk) = &mut self.stage else { return };
        let Negotiation::Passed(passed) = &mut talk.negotiation else { return };
        if passed.until.take_if(|until| *until <= x.now).is_none() {
            return;
        }
        x.transactions.cancel(x.now, passed.client);
        if let Some(asked) = passed.asked.take_if(|asked| asked.request.method != Method::Invite) {
            let from = passed.from;
            x.answer(asked.server, &asked.request, 504);
            if let Some(asker) = self.leg_mut(from) {
                asker.open = OpenOffer::None;
            }
        }
    }

    fn close_offers(&mut self) {
        for side in [Side::Caller, Side::Callee] {
            if let Some(leg) = self.leg_mut(side) {
                leg.open = OpenOffer::None;
            }
        }
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
        self.close_offers();
        let gone = matches!(status.code(), 408 | 481);
        if matches!(status.code(), 405 | 501) && !passed.is_invite {
            return self.pass_as_invite(x, *passed);
        }
        // What concerns only our own hop is no business of the other side's; it keeps the session as it was.
        let shown = match status.code() {
            300..=399 | 401 | 407 | 408 | 422 => 488,
            code => code,
        };
        passed.refuse(x, shown);
        if gone {
            return self.end(x, gone_end(passed.from.other()));
        }
        self.tell_late(x);
    }

    /// The other side does not take UPDATE after all.
    fn pass_as_invite(&mut self, x: &mut Exchange, passed: Passed) {
        if let Some(other) = self.leg_mut(passed.to()) {
            other.can.update = false;
        }
        let asked = passed.asked.as_ref().map(|asked| (asked.server, &asked.request));
        if let Err(status) = self.pass_reinvite(x, passed.from, asked, passed.offer.clone()) {
            passed.refuse(x, status);
        }
    }

    /// The other side never answered it.
    pub(crate) fn reinvite_failed(&mut self, x: &mut Exchange, reason: FailReason) {
        let Some(passed) = self.take_passed() else { return };
        x.routes.remove_client(passed.client);
        self.close_offers();
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
        self.close_offers();
        if let Some(leg) = self.leg_mut(to) {
            leg.refreshed(x, response);
            if let (Some(media), false) = (leg.media_mut(), passed.said.is_empty()) {
                media.said = passed.said.clone();
            }
            // A Contact that cannot be read leaves the target as it was.
            let _ = leg.dialog_mut().map(|dialog| dialog.refresh_target(&response.headers));
            if !passed.is_invite {
                x.routes.remove_client(passed.client);
            }
        }
        if let Some(established) =
            self.leg_mut(to).filter(|_| passed.is_invite).and_then(Leg::established_mut)
        {
            let owed = OurAck::Owed { client: passed.client, cseq };
            forget_ack(x, &std::mem::replace(&mut established.acked, owed));
        }
        let theirs = wire::sdp_of(&x.settings, &response.headers, &response.body);
        let body = theirs.as_ref().and_then(|theirs| {
            let LegMedia::Open(media) = &mut self.leg_mut(passed.from)?.media else { return None };
            let mut spare = media.origin.clone();
            match &passed.offer {
                // Nobody asked, so nobody is answered.
                Some(offer) if passed.asked.is_none() => {
                    relay_answer(offer, theirs, &media.local, &mut spare).ok()
                }
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
                if let Stage::Talking(talk) = &mut self.stage
                    && let (None, Some(retell)) = (&passed.asked, &mut talk.retell)
                {
                    **retell = theirs.clone();
                }
                self.take_session(x, to, &theirs);
            }
            None => {
                for (side, open) in [(passed.from, OpenOffer::Ours), (to, OpenOffer::Theirs)] {
                    if let Some(leg) = self.leg_mut(side) {
                        leg.open = open;
                    }
                }
                if let Stage::Talking(talk) = &mut self.stage {
                    talk.negotiation =
                        Negotiation::AnswerInAck { from: passed.from, offer: Box::new(theirs) };
                }
            }
        }
        if let Some(Asked { server, request }) = &passed.asked {
            x.routes.remove_invite(*server);
            match request.method {
                Method::Invite => self.accept_reinvite(x, passed.from, *server, request, &body),
                _ => self.accept_update(x, passed.from, *server, request, Some(&body)),
            }
        }
        self.tell_late(x);
    }

    /// Gives the ACK that a side is owed, refusing what it offered in its 2xx.
    pub(crate) fn acknowledge(&mut self, x: &mut Exchange, side: Side, refused: Option<&Sdp>) {
        let Some(leg) = self.leg_mut(side) else { return };
        let local = leg.flow.local.ip();
        let body = refused.map(|offer| x.refusal(offer, local));
        leg.give_ack(x, body);
    }

    pub(crate) fn take_session(&mut self, x: &mut Exchange, side: Side, sdp: &Sdp) {
        let changed = self.leg_mut(side).is_some_and(|leg| leg.set_remote(x, sdp));
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
        leg.timer = session_timer::grant(x, &request.headers, &mut response.headers);
        let Some(established) = leg.established_mut() else { return };
        wire::dialog_headers(&mut response.headers, &established.dialog);
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
pub(crate) fn read_offer(settings: &Settings, request: &Request) -> Result<Option<Sdp>, u16> {
    if request.body.is_empty() {
        return Ok(None);
    }
    let sdp = Sdp::parse(&request.body).map_err(|error| error.status())?.under(settings.srtp);
    if sdp.audio().is_some() { Ok(Some(sdp)) } else { Err(488) }
}

/// RFC 3261 section 14.2 asks for a random wait of up to ten seconds; the other INVITE is over sooner.
const RETRY_SECS: &str = "2";
