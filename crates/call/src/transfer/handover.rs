//! An attended transfer: a phone goes over from one call to another, in place of who transferred it and is a party of both. It
//! is asked in its own dialog; until it has accepted, nothing has changed. Its ports go with it: a browser has shaken hands there.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kiestoon_media::{CallKey, LegId, Origin, Sdp, local_offer};
use kiestoon_sip::transaction::{ClientId, FailReason, ServerId};
use kiestoon_sip::{ReferTo, Replaces, Request, Response};
use serde::{Deserialize, Serialize};

use super::Subscription;
use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::id::CallId;
use crate::identity::anonymous;
use crate::leg::{Leg, LegMedia, OpenMedia};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::reinvite::gone_end;
use crate::routes::ClientOwner;
use crate::tell::MOST_TRIES;

/// What one call has to say to another; the switch carries it over.
#[derive(Debug)]
pub(crate) enum Crossing {
    /// The phone of `leg` wants the other side of its call to take its own place in the call that it names.
    Consulted { leg: LegId, server: ServerId, request: Box<Request>, replaces: Replaces },
    /// The other call does not take it.
    Refused { call: CallKey, status: u16 },
    /// The phone has accepted, with this answer.
    Arrived { call: CallKey, leg: Box<Leg>, answer: Box<Sdp> },
    /// The phone stays where it is.
    Stays { call: CallKey },
}

/// A phone that is about to leave this call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Leaving {
    who: Side,
    to: CallKey,
    subscription: Option<Subscription>,
    /// The call that goes on.
    linked: CallId,
    /// The number that it will talk to.
    meets: Box<str>,
    /// Whether that one wants to be unknown.
    is_withheld: bool,
    offered: Option<Offered>,
    /// How often it has refused that, for the moment.
    tries: u8,
    /// When it is offered that again.
    again: Option<Again>,
    /// The other call does not take it any more: the outcome of the offer alone is waited for.
    called_off: bool,
}

/// An offer that came at the wrong time, and is made again.
#[derive(Debug, Serialize, Deserialize)]
struct Again {
    #[serde(with = "kiestoon_sip::plain")]
    at: Instant,
}

impl Leaving {
    /// Whether an offer is open with the phone, or about to be made.
    pub(super) fn negotiates(&self) -> bool {
        self.again.is_none()
    }

    /// When [`Call::tick_leaving`] is wanted.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.again.as_ref().map(|again| again.at)
    }
}

/// The offer that it was made.
#[derive(Debug, Serialize, Deserialize)]
struct Offered {
    client: ClientId,
    origin: Origin,
    #[serde(with = "kiestoon_sip::plain")]
    said: Bytes,
}

impl Call {
    /// A REFER that names a dialog: the switch knows in which call that is.
    pub(super) fn refer_with_replaces(
        &self,
        x: &mut Exchange,
        from: Side,
        server: ServerId,
        request: Request,
        refer_to: ReferTo,
    ) {
        let (Some(leg), Some(replaces)) = (self.leg(from).map(|leg| leg.id), refer_to.replaces) else {
            return x.answer(server, &request, 481);
        };
        x.crossings.push_back(Crossing::Consulted { leg, server, request: Box::new(request), replaces });
    }

    /// The other call expects the other side of `leg`, which is offered to go there.
    pub(crate) fn leaves(
        &mut self,
        x: &mut Exchange,
        leg: LegId,
        refer: (ServerId, &Request),
        to: (CallKey, CallId, Box<str>, bool),
    ) {
        let Some(from) = self.side_of(leg) else {
            x.crossings.push_back(Crossing::Stays { call: to.0 });
            return x.answer(refer.0, refer.1, 481);
        };
        let mut subscription = Subscription::accept(x, refer.0, refer.1);
        if let (Some(subscription), Some(leg)) = (&mut subscription, self.leg_mut(from)) {
            subscription.tell(x, leg, 100);
        }
        let by = self.leg(from).map(|leg| leg.number.clone()).unwrap_or_default();
        let (to, linked, meets, is_withheld) = to;
        x.event(Event::CallTransfer { call: self.id(), by, target: meets.clone(), status: 100 });
        let who = from.other();
        self.walk.transfers.leaving = Some(Box::new(Leaving {
            who,
            to,
            subscription,
            linked,
            meets,
            is_withheld,
            offered: None,
            tries: 0,
            again: None,
            called_off: false,
        }));
        self.offer_departure(x);
    }

    /// Whether the other side of `leg` is a phone that can be offered to leave.
    pub(crate) fn can_leave(&self, leg: LegId) -> bool {
        let other = self.side_of(leg).and_then(|from| self.leg(from.other()));
        other.is_some_and(|other| other.established().is_some())
    }

    fn offer_departure(&mut self, x: &mut Exchange) {
        let Some(leaving) = &self.walk.transfers.leaving else { return };
        let (who, meets, is_withheld) = (leaving.who, leaving.meets.clone(), leaving.is_withheld);
        let owner = ClientOwner::Call(self.key);
        let offered = self.leg_mut(who).and_then(|leg| {
            let media = leg.media_mut()?;
            let mut origin = media.origin.clone();
            let body = local_offer(&media.local, &mut origin);
            Some((leg.flow, body, origin))
        });
        let Some((flow, body, origin)) = offered else { return self.departure_failed(x, 500) };
        let shown = self.shown_as(x, &meets, &flow).filter(|_| !is_withheld);
        let from_change = self.leg(who).is_some_and(|leg| leg.can.from_change);
        let Some(leg) = self.leg_mut(who) else { return self.departure_failed(x, 500) };
        if let (Some(dialog), true) = (leg.dialog_mut(), from_change) {
            dialog.set_local_identity(shown.clone().unwrap_or_else(anonymous));
        }
        let said = body.to_bytes();
        let Some(client) = leg.offer_again(x, said.clone(), owner, shown.as_ref()) else {
            return self.departure_failed(x, 500);
        };
        if let Some(leaving) = &mut self.walk.transfers.leaving {
            leaving.offered = Some(Offered { client, origin, said });
        }
    }

    /// A response to that offer. False if it is the answer to something else.
    pub(super) fn leaving_responded(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        response: &Response,
    ) -> bool {
        let Some(leaving) = &self.walk.transfers.leaving else { return false };
        let who = leaving.who;
        if leaving.offered.as_ref().is_none_or(|offered| offered.client != client) {
            return false;
        }
        let status = response.status;
        if status.is_provisional() {
            return true;
        }
        if !status.is_success() {
            x.routes.remove_client(client);
            if self.departs_later(x, response) {
                return true;
            }
            self.departure_refused_by_phone(x, status.code());
            if matches!(status.code(), 408 | 481) {
                self.end(x, gone_end(who));
            }
            return true;
        }
        let answer = self.leg_mut(who).and_then(|leg| leg.accept_answer(x, client, response));
        let is_off = self.walk.transfers.leaving.as_ref().is_some_and(|leaving| leaving.called_off);
        match answer {
            Some(_) if is_off => self.come_back(x, who),
            Some(answer) => self.depart(x, answer),
            None => {
                // The phone has changed its session already, so the old one cannot be kept.
                self.departure_failed(x, 488);
                self.end(x, EndReason::MediaFailed.into());
            }
        }
        true
    }

    /// An offer that the phone refused for the moment is made again. False where that is no use.
    fn departs_later(&mut self, x: &mut Exchange, response: &Response) -> bool {
        let Some(who) = self.walk.transfers.leaving.as_ref().map(|leaving| leaving.who) else { return false };
        let Some(wait) = self.wait_for(x, who, response) else { return false };
        let Some(leaving) = &mut self.walk.transfers.leaving else { return false };
        leaving.tries = leaving.tries.saturating_add(1);
        if leaving.called_off || leaving.tries >= MOST_TRIES {
            return false;
        }
        let Some(Offered { origin, .. }) = leaving.offered.take() else { return false };
        leaving.again = Some(Again { at: x.now + wait });
        self.describe_on(who, Some(origin));
        self.rename(x, who);
        true
    }

    /// Makes it again, once nothing else is under way.
    pub(super) fn tick_leaving(&mut self, x: &mut Exchange) {
        let is_settled = self.is_settled();
        let Some(leaving) = &mut self.walk.transfers.leaving else { return };
        let Some(mut again) = leaving.again.take_if(|again| again.at <= x.now) else { return };
        if is_settled {
            return self.offer_departure(x);
        }
        again.at = x.now + BUSY;
        leaving.again = Some(again);
    }

    /// The phone has not taken what it was offered.
    fn departure_refused_by_phone(&mut self, x: &mut Exchange, status: u16) {
        let Some(leaving) = &mut self.walk.transfers.leaving else { return };
        let (who, is_off) = (leaving.who, leaving.called_off);
        let origin = leaving.offered.take().map(|offered| offered.origin);
        self.describe_on(who, origin);
        self.rename(x, who);
        match is_off {
            true => self.walk.transfers.leaving = None,
            false => self.departure_failed(x, status),
        }
    }

    /// The phone has agreed to go where it is not taken any more: it is offered what it had.
    fn come_back(&mut self, x: &Exchange, who: Side) {
        let Some(mut leaving) = self.walk.transfers.leaving.take() else { return };
        let origin = leaving.offered.take().map(|offered| offered.origin);
        self.describe_on(who, origin);
        self.rename(x, who);
        self.tell_what_we_can(who);
    }

    /// Later descriptions to the phone count on from the last that it saw.
    fn describe_on(&mut self, who: Side, origin: Option<Origin>) {
        let Some(leg) = self.leg_mut(who) else { return };
        leg.open = OpenOffer::None;
        if let (Some(media), Some(origin)) = (leg.media_mut(), origin) {
            media.origin = origin;
        }
    }

    /// That offer will not be answered. False if it was another request.
    pub(super) fn leaving_failed(&mut self, x: &mut Exchange, client: ClientId, reason: FailReason) -> bool {
        let Some(leaving) = &self.walk.transfers.leaving else { return false };
        let who = leaving.who;
        if leaving.offered.as_ref().is_none_or(|offered| offered.client != client) {
            return false;
        }
        x.routes.remove_client(client);
        if reason == FailReason::Overload {
            self.departure_refused_by_phone(x, 503);
            return true;
        }
        self.departure_failed(x, 408);
        self.end(x, gone_end(who));
        true
    }

    /// The phone goes, and this call is over.
    fn depart(&mut self, x: &mut Exchange, answer: Sdp) {
        let Some(mut leaving) = self.walk.transfers.leaving.take() else { return };
        let Some(offered) = leaving.offered else { return };
        let Stage::Talking(talk) = std::mem::replace(&mut self.stage, Stage::Between) else { return };
        let callee = talk.abandon(x);
        let mut gone = match leaving.who {
            Side::Caller => std::mem::replace(&mut self.caller, callee),
            Side::Callee => callee,
        };
        self.caller.side = Side::Caller;
        gone.withheld = self.withholds(&gone);
        let (gone_id, kept_id) = (gone.id, self.caller.id);
        self.note_leg_end(gone_id, EndReason::Transferred);
        self.note_leg_end(kept_id, EndReason::Transferred);
        gone.forget_left_offer(x);
        if let Some(probe) = gone.probe.take() {
            x.routes.remove_client(probe);
        }
        gone.postpone_refresh(x);
        let Offered { origin, said, .. } = offered;
        if let LegMedia::Open(media) = &mut gone.media {
            **media = OpenMedia::new(media.local.clone(), origin, said);
        }
        if let Some(subscription) = &mut leaving.subscription {
            subscription.tell(x, &mut self.caller, 200);
        }
        let by = self.caller.number.clone();
        x.event(Event::CallTransfer { call: self.id(), by, target: leaving.meets, status: 200 });
        self.cdr.record.linked = Some(leaving.linked);
        x.crossings.push_back(Crossing::Arrived {
            call: leaving.to,
            leg: Box::new(gone),
            answer: Box::new(answer),
        });
        self.end(x, EndReason::Transferred.into());
    }

    /// The phone stays: who transferred is told why, and the other call too.
    pub(crate) fn departure_failed(&mut self, x: &mut Exchange, status: u16) {
        let Some(leaving) = self.walk.transfers.leaving.take() else { return };
        self.tell_of_departure(x, *leaving, status);
    }

    fn tell_of_departure(&mut self, x: &mut Exchange, mut leaving: Leaving, status: u16) {
        if leaving.called_off {
            return;
        }
        let from = leaving.who.other();
        let by = self.leg(from).map(|leg| leg.number.clone()).unwrap_or_default();
        if let (Some(subscription), Some(leg)) = (&mut leaving.subscription, self.leg_mut(from)) {
            subscription.tell(x, leg, status);
        }
        x.event(Event::CallTransfer { call: self.id(), by, target: leaving.meets, status });
        x.crossings.push_back(Crossing::Stays { call: leaving.to });
    }

    /// The call ends before the phone has gone, perhaps because a side has hung up, which is not told anything any more.
    pub(super) fn drop_leaving(&mut self, x: &mut Exchange, hung_up: Option<Side>) {
        let Some(leaving) = &mut self.walk.transfers.leaving else { return };
        let who = leaving.who;
        if hung_up == Some(who.other()) {
            leaving.subscription = None;
        }
        self.leave_departure(x);
        self.departure_failed(x, 487);
    }

    /// The other call will not take the phone in any more. Where it was offered to go already, that is taken back, and this call
    /// goes on once the outcome is known.
    pub(crate) fn departure_refused(&mut self, x: &mut Exchange, status: u16) {
        let Some(mut leaving) = self.walk.transfers.leaving.take() else { return };
        let offered = leaving.offered.take();
        let (who, to, linked, meets) = (leaving.who, leaving.to, leaving.linked, leaving.meets.clone());
        let is_withheld = leaving.is_withheld;
        self.tell_of_departure(x, *leaving, status);
        if let Some(offered) = offered {
            x.cancel(offered.client);
            self.walk.transfers.leaving = Some(Box::new(Leaving {
                who,
                to,
                subscription: None,
                linked,
                meets,
                is_withheld,
                offered: Some(offered),
                tries: 0,
                again: None,
                called_off: true,
            }));
        }
    }

    /// What the phone was offered is left behind: its answer is acknowledged all the same.
    fn leave_departure(&self, x: &mut Exchange) {
        let Some(leaving) = &self.walk.transfers.leaving else { return };
        let Some(offered) = &leaving.offered else { return };
        if let Some(established) = self.leg(leaving.who).and_then(Leg::established) {
            x.leave_reinvite(offered.client, established.dialog.clone(), true);
        }
    }
}

/// How long it waits for what is under way when its time has come.
const BUSY: Duration = Duration::from_millis(500);
