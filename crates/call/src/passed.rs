//! A request with a new session on its way across: what one side asked for, or an offer of our own (`tell`), as the other side
//! got it, and what that answers.

use std::time::Instant;

use bytes::Bytes;
use kiestoon_media::{Sdp, relay_answer, relay_offer};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::transaction::{ClientId, FailReason, ServerId};
use kiestoon_sip::{Method, Request, Response};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::fax;
use crate::identity;
use crate::leg::{Leg, LegMedia, OurAck};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::reinvite::{Negotiation, forget_ack, gone_end, refuse_reinvite};
use crate::routes::ClientOwner;
use crate::wire;

/// A re-INVITE of one side that was passed on to the other, or one of ours that tells what the one side has changed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Passed {
    pub(crate) from: Side,
    /// The re-INVITE that is to be answered; None for one of ours.
    pub(crate) asked: Option<Asked>,
    client: ClientId,
    /// Whether it went on as a re-INVITE, which is acknowledged; else as UPDATE.
    is_invite: bool,
    /// The offer, unless it is left to the other side.
    pub(crate) offer: Option<Sdp>,
    /// How often an offer of ours was refused before, for the moment.
    pub(crate) tries: u8,
    /// Whether it tells of somebody else on the other side.
    pub(crate) tells_other: bool,
    /// What the other side was told.
    #[serde(with = "kiestoon_sip::plain")]
    said: Bytes,
    /// When it is cancelled: a phone that died after its 100 would keep both sides waiting for as long as Timer C.
    #[serde(with = "kiestoon_sip::plain")]
    until: Option<Instant>,
}

/// A re-INVITE or UPDATE that waits for its answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
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

    /// The request that was passed on, if it is the one that was asked for like this.
    pub(crate) fn asked_by(&self, server: ServerId) -> Option<ClientId> {
        self.asked.as_ref().is_some_and(|asked| asked.server == server).then_some(self.client)
    }

    fn is_fax(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.fax().is_some())
    }

    /// Who is asked.
    pub(crate) fn to(&self) -> Side {
        self.from.other()
    }
}

impl Call {
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
        let flow = self.leg(from.other()).map(|leg| leg.flow);
        let shown = flow.and_then(|flow| self.side_shown_as(x, from, &flow));
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
            let (tries, tells_other) = (0, false);
            let passed = Passed { from, asked, client, is_invite, offer, tries, tells_other, said, until };
            talk.negotiation = Negotiation::Passed(Box::new(passed));
        }
        Ok(())
    }

    /// Notes how often the offer of ours that has just gone out was refused before, and whether it tells of somebody else.
    pub(crate) fn note_news(&mut self, tries: u8, tells_other: bool) {
        if let Stage::Talking(talk) = &mut self.stage
            && let Negotiation::Passed(passed) = &mut talk.negotiation
        {
            (passed.tries, passed.tells_other) = (tries, tells_other);
        }
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

    /// What was offered is answered; with a side that has asked for nothing, something else may be open.
    fn close_offers(&mut self, passed: &Passed) {
        let asker = passed.asked.is_some().then_some(passed.from);
        for side in [Some(passed.to()), asker].into_iter().flatten() {
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
        self.close_offers(&passed);
        let gone = matches!(status.code(), 408 | 481);
        if matches!(status.code(), 405 | 501) && !passed.is_invite {
            return self.pass_as_invite(x, *passed);
        }
        // What concerns only our own hop is no business of the other side's; it keeps the session as it was.
        let shown = match status.code() {
            code if passed.is_fax() => fax::refusal(code),
            300..=399 | 401 | 407 | 408 | 422 => 488,
            code => code,
        };
        passed.refuse(x, shown);
        if gone {
            return self.end(x, gone_end(passed.to()));
        }
        self.tell_again(x, *passed, response);
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
        self.note_news(passed.tries, passed.tells_other);
    }

    /// The other side never answered it.
    pub(crate) fn reinvite_failed(&mut self, x: &mut Exchange, reason: FailReason) {
        let Some(passed) = self.take_passed() else { return };
        x.routes.remove_client(passed.client);
        self.close_offers(&passed);
        if reason == FailReason::Overload {
            return passed.refuse(x, 500);
        }
        passed.refuse(x, 481);
        self.end(x, gone_end(passed.to()));
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
        let to = passed.to();
        self.close_offers(&passed);
        let before = self.leg_mut(to).and_then(Leg::media_mut).map(|media| media.said.clone());
        self.note_accepted(x, &passed, response);
        let theirs = wire::sdp_of(&x.settings, &response.headers, &response.body);
        let body = theirs.as_ref().and_then(|theirs| self.body_for_asker(&passed, theirs));
        let (theirs, body) = match (theirs, body) {
            (Some(theirs), Some(body)) => (theirs, body),
            _ if passed.is_fax() && passed.asked.is_some() => {
                self.acknowledge(x, to, None);
                passed.refuse(x, 488);
                self.take_fax_back(x, to, before);
                return;
            }
            (theirs, _) => {
                // The other side has changed its session already, so the old one cannot be kept.
                self.acknowledge(x, to, theirs.filter(|_| passed.offer.is_none()).as_ref());
                passed.refuse(x, 488);
                return self.end(x, EndReason::MediaFailed.into());
            }
        };
        match (&passed.offer, &passed.asked) {
            (Some(offer), Some(_)) => {
                self.acknowledge(x, to, None);
                self.take_session(x, passed.from, offer);
                self.take_session(x, to, &theirs);
                self.both_know(x);
            }
            (Some(offer), None) => {
                self.acknowledge(x, to, None);
                self.take_session(x, to, &theirs);
                self.told(&passed, offer, theirs);
            }
            (None, _) => self.await_answer(passed.from, theirs),
        }
        if let Some(Asked { server, request }) = &passed.asked {
            x.routes.remove_invite(*server);
            match request.method {
                Method::Invite => self.accept_reinvite(x, passed.from, *server, request, &body),
                _ => self.accept_update(x, passed.from, *server, request, Some(&body)),
            }
        }
    }

    /// The 2xx of the other side, apart from what it says of its session.
    fn note_accepted(&mut self, x: &mut Exchange, passed: &Passed, response: &Response) {
        let cseq = response.cseq.number;
        let Some(leg) = self.leg_mut(passed.to()) else { return };
        leg.refreshed(x, response);
        if let (Some(media), false) = (leg.media_mut(), passed.said.is_empty()) {
            media.said = passed.said.clone();
        }
        // A Contact that cannot be read leaves the target as it was.
        let _ = leg.dialog_mut().map(|dialog| dialog.refresh_target(&response.headers));
        if !passed.is_invite {
            return x.routes.remove_client(passed.client);
        }
        if let Some(established) = leg.established_mut() {
            let owed = OurAck::Owed { client: passed.client, cseq };
            forget_ack(x, &std::mem::replace(&mut established.acked, owed));
        }
    }

    /// What the side that asked is to get for the session of the other one: an answer, or the offer that it left to us. None
    /// where there can be none.
    fn body_for_asker(&mut self, passed: &Passed, theirs: &Sdp) -> Option<Sdp> {
        let LegMedia::Open(media) = &mut self.leg_mut(passed.from)?.media else { return None };
        match &passed.offer {
            // Nobody asked, so nobody is answered.
            Some(offer) if passed.asked.is_none() => {
                relay_answer(offer, theirs, &media.local, &mut media.origin.clone()).ok()
            }
            Some(offer) => relay_answer(offer, theirs, &media.local, &mut media.origin).ok(),
            None => relay_offer(theirs, &media.local, &mut media.origin).ok(),
        }
    }

    /// The side that asked gets the offer of the other one in our 2xx, and answers it in its ACK.
    fn await_answer(&mut self, from: Side, offer: Sdp) {
        for (side, open) in [(from, OpenOffer::Ours), (from.other(), OpenOffer::Theirs)] {
            if let Some(leg) = self.leg_mut(side) {
                leg.open = open;
            }
        }
        if let Stage::Talking(talk) = &mut self.stage {
            talk.negotiation = Negotiation::AnswerInAck { from, offer: Box::new(offer) };
        }
    }
}
