//! A request with a new session on its way across: what one side asked for, or an offer of our own (`tell`), as the other side
//! got it, and what that answers.

use std::time::{Duration, Instant};

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
    pub(crate) why: Why,
    client: ClientId,
    /// Whether it went on as a re-INVITE, which is acknowledged; else as UPDATE.
    is_invite: bool,
    /// The offer, unless it is left to the other side.
    pub(crate) offer: Option<Sdp>,
    /// What the other side was told.
    #[serde(with = "kiestoon_sip::plain")]
    said: Bytes,
    /// When it is cancelled: a phone that died after its 100 would keep both sides waiting for as long as Timer C.
    #[serde(with = "kiestoon_sip::plain")]
    until: Option<Instant>,
}

/// Whose request it is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Why {
    /// The side that it comes from asked, and waits for the answer.
    Asked(Box<Asked>),
    /// The same, but it was told meanwhile that this takes too long, and keeps the session of before.
    Withdrawn,
    /// It is an offer of our own.
    Ours {
        /// How often it was refused before, for the moment.
        tries: u8,
        /// Whether it tells of somebody else on the other side.
        tells_other: bool,
    },
}

/// A re-INVITE or UPDATE that waits for its answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    server: ServerId,
    request: Request,
}

impl Why {
    /// For this re-INVITE or UPDATE.
    pub(crate) fn asked(server: ServerId, request: &Request) -> Self {
        Self::Asked(Box::new(Asked { server, request: request.clone() }))
    }

    fn as_asked(&self) -> Option<&Asked> {
        match self {
            Self::Asked(asked) => Some(asked),
            Self::Withdrawn | Self::Ours { .. } => None,
        }
    }

    /// Refuses what was asked, if it was asked.
    fn refuse(&self, x: &mut Exchange, status: u16) {
        if let Some(asked) = self.as_asked() {
            x.routes.remove_invite(asked.server);
            refuse_reinvite(x, asked.server, &asked.request, status);
        }
    }
}

/// What was sent to the other side.
struct Sent {
    client: ClientId,
    is_invite: bool,
    said: Bytes,
}

impl Passed {
    /// The call ends before the other side has answered; `other` is the dialog with it, unless it has hung up itself.
    pub(crate) fn give_up(self, x: &mut Exchange, other: Option<Dialog>) {
        x.routes.remove_client(self.client);
        if let Some(dialog) = other.filter(|_| self.is_invite) {
            x.leave_reinvite(self.client, dialog, self.offer.is_some());
        }
        self.why.refuse(x, 487);
    }

    /// When [`Call::tick_passed`] is wanted.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// The request that was passed on, if it is the one that was asked for like this.
    pub(crate) fn asked_by(&self, server: ServerId) -> Option<ClientId> {
        self.why.as_asked().is_some_and(|asked| asked.server == server).then_some(self.client)
    }

    /// The same, refused once more.
    fn refused(mut self) -> Self {
        if let Why::Ours { tries, .. } = &mut self.why {
            *tries = tries.saturating_add(1);
        }
        self
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
    /// Passes it on, in the dialog with the other side: an offer of an UPDATE, or of our own, as UPDATE where that is taken. Where
    /// it cannot be, who asked is told so.
    pub(crate) fn pass_reinvite(&mut self, x: &mut Exchange, from: Side, why: Why, offer: Option<Sdp>) {
        let Sent { client, is_invite, said } = match self.send_across(x, from, &why, offer.as_ref()) {
            Ok(sent) => sent,
            Err(status) => return why.refuse(x, status),
        };
        let until = is_invite.then(|| x.now + x.settings.timers.transaction() * 3 / 4);
        if let (Some(asker), Why::Asked(_)) = (self.leg_mut(from), &why) {
            asker.open = if offer.is_some() { OpenOffer::Theirs } else { OpenOffer::OursDue };
        }
        if let Stage::Talking(talk) = &mut self.stage {
            let passed = Passed { from, why, client, is_invite, offer, said, until };
            talk.negotiation = Negotiation::Passed(Box::new(passed));
        }
    }

    fn send_across(
        &mut self,
        x: &mut Exchange,
        from: Side,
        why: &Why,
        offer: Option<&Sdp>,
    ) -> Result<Sent, u16> {
        let owner = ClientOwner::Call(self.key);
        let flow = self.leg(from.other()).map(|leg| leg.flow);
        let shown = flow.and_then(|flow| self.side_shown_as(x, from, &flow));
        let told = offer.map(|offer| self.with_room_for_music(x, offer));
        let other = self.leg_mut(from.other()).ok_or(480u16)?;
        let body = match (&told, &mut other.media) {
            (Some(offer), LegMedia::Open(media)) => {
                Some(relay_offer(offer, &media.local, &mut media.origin).map_err(|error| error.status())?)
            }
            _ => None,
        };
        let invited = why.as_asked().filter(|asked| asked.request.method == Method::Invite);
        let is_invite = offer.is_none() || invited.is_some() || !other.can.update;
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
        if let Some(Asked { server, request }) = invited {
            let trying = x.response(request, 100, None);
            x.respond(*server, trying);
            x.routes.add_invite(*server, self.key);
        }
        Ok(Sent { client: x.request(passed, flow, Some(owner)), is_invite, said })
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
        x.cancel(passed.client);
        if passed.why.as_asked().is_some_and(|asked| asked.request.method != Method::Invite)
            && let Why::Asked(asked) = std::mem::replace(&mut passed.why, Why::Withdrawn)
        {
            let from = passed.from;
            x.answer(asked.server, &asked.request, 504);
            if let Some(asker) = self.leg_mut(from) {
                asker.open = OpenOffer::None;
            }
        }
    }

    /// What was offered is answered; with a side that has asked for nothing, something else may be open.
    fn close_offers(&mut self, passed: &Passed) {
        let asker = passed.why.as_asked().map(|_| passed.from);
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
        passed.why.refuse(x, shown);
        if gone {
            return self.end(x, gone_end(passed.to()));
        }
        if let Some(wait) = self.wait_for(x, passed.to(), response) {
            self.tell_again(x.now + wait, passed.refused());
        }
    }

    /// The other side does not take UPDATE after all.
    fn pass_as_invite(&mut self, x: &mut Exchange, passed: Passed) {
        if let Some(other) = self.leg_mut(passed.to()) {
            other.can.update = false;
        }
        self.pass_reinvite(x, passed.from, passed.why, passed.offer);
    }

    /// The other side never answered it.
    pub(crate) fn reinvite_failed(&mut self, x: &mut Exchange, reason: FailReason) {
        let Some(passed) = self.take_passed() else { return };
        x.routes.remove_client(passed.client);
        self.close_offers(&passed);
        if reason == FailReason::Overload {
            passed.why.refuse(x, 500);
            return self.tell_again(x.now + ROOM, *passed);
        }
        passed.why.refuse(x, 481);
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
        let theirs = wire::sdp_of(&self.terms(x, to), &response.headers, &response.body);
        if let Why::Withdrawn = passed.why {
            self.acknowledge(x, to, None);
            if let Some(theirs) = &theirs {
                self.take_session(x, to, theirs);
            }
            return self.take_offer_back(x, to, before);
        }
        let body = theirs.as_ref().and_then(|theirs| self.body_for_asker(&passed, theirs));
        let (theirs, body) = match (theirs, body) {
            (Some(theirs), Some(body)) => (theirs, body),
            _ if passed.is_fax() && passed.why.as_asked().is_some() => {
                self.acknowledge(x, to, None);
                passed.why.refuse(x, 488);
                return self.take_offer_back(x, to, before);
            }
            (theirs, _) => {
                // The other side has changed its session already, so the old one cannot be kept.
                self.acknowledge(x, to, theirs.filter(|_| passed.offer.is_none()).as_ref());
                passed.why.refuse(x, 488);
                return self.end(x, EndReason::MediaFailed.into());
            }
        };
        match (&passed.offer, &passed.why) {
            (Some(offer), Why::Asked(_)) => {
                self.acknowledge(x, to, None);
                self.take_session(x, passed.from, offer);
                self.take_session(x, to, &theirs);
                self.both_know(x);
            }
            (Some(offer), Why::Ours { tries, .. }) => {
                self.acknowledge(x, to, None);
                self.take_session(x, to, &theirs);
                self.told(passed.from, *tries, offer, theirs);
            }
            (_, Why::Withdrawn) => {}
            (None, _) => self.await_answer(passed.from, theirs),
        }
        if let Some(Asked { server, request }) = passed.why.as_asked() {
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
            Some(offer) if passed.why.as_asked().is_none() => {
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

/// How long an offer of our own waits that we had no room to send.
const ROOM: Duration = Duration::from_secs(2);
