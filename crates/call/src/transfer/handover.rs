//! An attended transfer: a phone goes over from one call to another, in place of who transferred it and is a party of both. It
//! gets ports in the other call first, and is offered them in its own dialog; until it has accepted, nothing has changed.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use kiestoon_media::{CallKey, LegId, LocalMedia, MediaCommand, Origin, Sdp, local_offer};
use kiestoon_sip::transaction::{ClientId, ServerId};
use kiestoon_sip::{ReferTo, Replaces, Request, Response};
use serde::{Deserialize, Serialize};

use super::place::turn_out;
use super::{Phase, Place, Search, Subscription};
use crate::call::{Call, Stage};
use crate::cdr::{CdrLeg, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::id::CallId;
use crate::leg::{Leg, LegMedia, OpenMedia, Signal};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::ring::Branch;
use crate::routes::ClientOwner;

/// What one call has to say to another; the switch carries it over.
#[derive(Debug)]
pub(crate) enum Crossing {
    /// The phone of `leg` wants the other side of its call to take its own place in the call that it names.
    Consulted { leg: LegId, server: ServerId, request: Box<Request>, replaces: Replaces },
    /// The other call has ports for the phone that is to leave this one.
    Expected { call: CallKey, local: LocalMedia },
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
    offered: Option<Offered>,
    /// The other call does not take it any more: the outcome of the offer alone is waited for.
    called_off: bool,
}

/// The offer that it was made.
#[derive(Debug, Serialize, Deserialize)]
struct Offered {
    client: ClientId,
    local: LocalMedia,
    origin: Origin,
    #[serde(with = "kiestoon_sip::plain")]
    said: Bytes,
}

/// A phone that is about to take a place in this call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// Its leg here.
    pub(super) id: LegId,
    pub(super) place: Place,
    pub(super) source: Source,
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) until: Instant,
}

/// Where a phone comes from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Source {
    /// Another call.
    Moves { from: CallKey },
    /// Its own INVITE, with this offer.
    Invites { leg: Box<Leg>, offer: Box<Sdp> },
    /// It is here, in a session with us that it has answered with this, and waits until nothing is being negotiated.
    Waits { leg: Box<Leg>, answer: Box<Sdp> },
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

    /// The other call is ready to take the other side of `leg` in.
    pub(crate) fn leaves(
        &mut self,
        x: &mut Exchange,
        leg: LegId,
        refer: (ServerId, &Request),
        to: (CallKey, CallId, Box<str>),
    ) {
        let Some(from) = self.side_of(leg) else { return x.answer(refer.0, refer.1, 481) };
        let mut subscription = Subscription::accept(x, refer.0, refer.1);
        if let (Some(subscription), Some(leg)) = (&mut subscription, self.leg_mut(from)) {
            subscription.tell(x, leg, 100);
        }
        let by = self.leg(from).map(|leg| leg.number.clone()).unwrap_or_default();
        let (to, linked, meets) = to;
        x.event(Event::CallTransfer { call: self.id(), by, target: meets.clone(), status: 100 });
        let who = from.other();
        self.walk.transfers.leaving = Some(Box::new(Leaving {
            who,
            to,
            subscription,
            linked,
            meets,
            offered: None,
            called_off: false,
        }));
    }

    /// The address that the phone which is to leave is at.
    pub(crate) fn leaver_address(&self, leg: LegId) -> Option<IpAddr> {
        let from = self.side_of(leg)?;
        Some(self.leg(from.other())?.established()?.dialog.flow().remote.ip())
    }

    /// The ports in the other call are open: the phone is offered them.
    pub(crate) fn offer_departure(&mut self, x: &mut Exchange, mut local: LocalMedia) {
        let Some(leaving) = &self.walk.transfers.leaving else { return };
        let (who, meets) = (leaving.who, leaving.meets.clone());
        let owner = ClientOwner::Call(self.key);
        let offered = self.leg_mut(who).and_then(|leg| {
            let media = leg.media_mut()?;
            let mut origin = media.origin.clone();
            // What was agreed with this phone stays so.
            (local.secure_offers, local.mux) = (media.local.secure_offers, media.local.mux);
            let body = local_offer(&local, &mut origin);
            Some((leg.flow, body, origin))
        });
        let Some((flow, body, origin)) = offered else { return self.departure_failed(x, 500) };
        let shown = self.shown_as(x, &meets, &flow);
        let Some(leg) = self.leg_mut(who) else { return self.departure_failed(x, 500) };
        let said = body.to_bytes();
        let Some(client) = leg.offer_again(x, said.clone(), owner, shown.as_ref()) else {
            return self.departure_failed(x, 500);
        };
        if let Some(leaving) = &mut self.walk.transfers.leaving {
            leaving.offered = Some(Offered { client, local, origin, said });
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
            self.departure_refused_by_phone(x, status.code());
            if matches!(status.code(), 408 | 481) {
                self.end(x, crate::reinvite::gone_end(who));
            }
            return true;
        }
        let answer = self.leg_mut(who).and_then(|leg| leg.accept_answer(x, client, response));
        let is_off = self.walk.transfers.leaving.as_ref().is_some_and(|leaving| leaving.called_off);
        match answer {
            Some(_) if is_off => self.come_back(who),
            Some(answer) => self.depart(x, answer),
            None => {
                // The phone has changed its session already, so the old one cannot be kept.
                self.departure_failed(x, 488);
                self.end(x, EndReason::MediaFailed.into());
            }
        }
        true
    }

    /// The phone has not taken what it was offered.
    fn departure_refused_by_phone(&mut self, x: &mut Exchange, status: u16) {
        let Some(leaving) = &mut self.walk.transfers.leaving else { return };
        let (who, is_off) = (leaving.who, leaving.called_off);
        let origin = leaving.offered.take().map(|offered| offered.origin);
        self.describe_on(who, origin);
        match is_off {
            true => self.walk.transfers.leaving = None,
            false => self.departure_failed(x, status),
        }
    }

    /// The phone has taken ports that are there no more: it is offered its old ones again.
    fn come_back(&mut self, who: Side) {
        let Some(mut leaving) = self.walk.transfers.leaving.take() else { return };
        let origin = leaving.offered.take().map(|offered| offered.origin);
        self.describe_on(who, origin);
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

    pub(super) fn leaving_failed(&mut self, x: &mut Exchange, client: ClientId) -> bool {
        let Some(leaving) = &self.walk.transfers.leaving else { return false };
        let who = leaving.who;
        if leaving.offered.as_ref().is_none_or(|offered| offered.client != client) {
            return false;
        }
        x.routes.remove_client(client);
        self.departure_failed(x, 408);
        self.end(x, crate::reinvite::gone_end(who));
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
        let (gone_id, kept_id) = (gone.id, self.caller.id);
        self.note_leg_end(gone_id, EndReason::Transferred);
        self.note_leg_end(kept_id, EndReason::Transferred);
        gone.close(x);
        if let Some(probe) = gone.probe.take() {
            x.routes.remove_client(probe);
        }
        gone.postpone_refresh(x);
        let Offered { local, origin, said, .. } = offered;
        let media = OpenMedia { local, origin, codec: None, holds: false, takes_events: false, said };
        gone.media = LegMedia::Open(Box::new(media));
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
        self.tell_of_departure(x, *leaving, status);
        if let Some(offered) = offered {
            x.transactions.cancel(x.now, offered.client);
            let (subscription, offered, called_off) = (None, Some(offered), true);
            let rest = Leaving { who, to, subscription, linked, meets, offered, called_off };
            self.walk.transfers.leaving = Some(Box::new(rest));
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

    /// A phone will take a place in this call: it gets ports.
    pub(crate) fn expect_phone(
        &mut self,
        x: &mut Exchange,
        place: Place,
        source: Source,
        peer: IpAddr,
    ) -> LegId {
        let id = self.next_leg();
        let mut source = source;
        if let Source::Invites { leg, .. } = &mut source {
            leg.id = id;
        }
        let until = x.now + x.settings.timers.transaction();
        self.walk.transfers.arrival = Some(Box::new(Arrival { id, place, source, until }));
        x.media(MediaCommand::Open { call: self.key, leg: id, peer });
        id
    }

    /// Whether that leg is the one that is about to arrive.
    pub(crate) fn is_arriving(&self, leg: LegId) -> bool {
        self.walk.transfers.arrival.as_ref().is_some_and(|arrival| arrival.id == leg)
    }

    /// The ports for it are open.
    pub(crate) fn arrival_opened(&mut self, x: &mut Exchange, local: LocalMedia) {
        let Some(arrival) = &self.walk.transfers.arrival else { return };
        match arrival.source {
            Source::Moves { from } => x.crossings.push_back(Crossing::Expected { call: from, local }),
            Source::Invites { .. } => self.answer_arrival(x, local),
            Source::Waits { .. } => {}
        }
    }

    /// No ports, or the wait is over, or the call is: the phone is not taken in.
    pub(crate) fn drop_arrival(&mut self, x: &mut Exchange, status: u16) {
        let Some(arrival) = self.walk.transfers.arrival.take() else { return };
        x.media(MediaCommand::Close { leg: arrival.id });
        self.turn_arrival_away(x, arrival.source, status);
    }

    fn turn_arrival_away(&mut self, x: &mut Exchange, source: Source, status: u16) {
        match source {
            Source::Moves { from } => x.crossings.push_back(Crossing::Refused { call: from, status }),
            Source::Invites { leg, .. } => self.refuse_inviting(x, *leg, status),
            Source::Waits { leg, .. } => turn_out(x, *leg),
        }
    }

    /// There are no ports for it. False if there are none for another leg.
    pub(crate) fn arrival_has_no_ports(&mut self, x: &mut Exchange, leg: LegId) -> bool {
        let Some(arrival) = self.walk.transfers.arrival.take_if(|arrival| arrival.id == leg) else {
            return false;
        };
        self.turn_arrival_away(x, arrival.source, 503);
        true
    }

    /// The phone of another call is here, in its dialog of before.
    pub(crate) fn arrived(&mut self, x: &mut Exchange, mut leg: Leg, answer: Box<Sdp>) {
        let Some(arrival) = &mut self.walk.transfers.arrival else {
            leg.hang_up(x, &EndReason::Transferred.into());
            return;
        };
        leg.id = arrival.id;
        if let Some(established) = leg.established() {
            x.routes.add_dialog(&established.dialog.id().local_tag, leg.id);
        }
        if let Some(client) = leg.acked_client() {
            x.routes.add_client(client, ClientOwner::Call(self.key));
        }
        leg.set_remote(x, &answer);
        arrival.source = Source::Waits { leg: Box::new(leg), answer };
    }

    /// The two of them talk.
    pub(super) fn join(&mut self, x: &mut Exchange, side: Side, mut leg: Leg, answer: &Sdp) {
        leg.side = side;
        if side == Side::Callee {
            self.cdr.record.to_number = Some(leg.number.clone());
        }
        if let Some(slot) = self.leg_mut(side) {
            let mut replaced = std::mem::replace(slot, leg);
            self.note_leg_end(replaced.id, EndReason::Transferred);
            replaced.close(x);
            match replaced.signal {
                // Its 2xx waited for a PRACK.
                Signal::Inviting { .. } => {
                    self.refuse_inviting(x, replaced, 487);
                    let number = self.leg(side.other()).map(|leg| leg.number.clone());
                    self.answered(x, number);
                }
                _ => replaced.hang_up(x, &EndReason::Transferred.into()),
            }
        }
        self.join_sound(x);
        self.tell_side(side.other(), answer.clone());
    }

    /// It waits for the phones that ring, in place of who has called them.
    pub(super) fn waits_instead(&mut self, x: &mut Exchange, mut leg: Leg, answer: &Sdp) {
        leg.side = Side::Caller;
        self.drop_any_early_update(x);
        let mut replaced = std::mem::replace(&mut self.caller, leg);
        self.note_leg_end(replaced.id, EndReason::Transferred);
        replaced.close(x);
        let (by, target) = (replaced.number.clone(), self.cdr.record.dialled.clone());
        match replaced.signal {
            Signal::Inviting { .. } => self.refuse_inviting(x, replaced, 487),
            _ => replaced.hang_up(x, &EndReason::Transferred.into()),
        }
        self.offer = Some(Box::new(answer.clone()));
        let (mut early, mut rings) = (None, false);
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.branches.iter_mut().for_each(Branch::fall_behind);
            (early, rings) = (ring.early.as_ref().map(|(leg, _)| *leg), ring.told.is_some());
        }
        let until = x.now + x.settings.ring_limit;
        let (was_caller, phase) = (true, Phase::Seeking);
        self.walk.transfers.search = Some(Box::new(Search {
            by,
            target,
            parked: None,
            was_caller,
            offered: Bytes::new(),
            phase,
            until,
        }));
        match early {
            Some(heard) => x.media(MediaCommand::Connect { a: self.caller.id, b: heard }),
            None if rings => self.play_ringback(x),
            None => {}
        }
    }

    /// Refuses an INVITE that is unanswered, and forgets its dialog.
    pub(super) fn refuse_inviting(&mut self, x: &mut Exchange, leg: Leg, status: u16) {
        let Signal::Inviting { server, invite, dialog, .. } = leg.signal else { return };
        let response = x.response(&invite, status, Some(&dialog.id().local_tag));
        x.respond(server, response);
        x.routes.remove_invite(server);
        x.routes.remove_dialog(&dialog.id().local_tag);
        self.note_status(leg.id, status);
    }

    pub(super) fn note_arrival(&mut self, leg: &Leg, place: Place) {
        let side = match place {
            Place::Side(side) => side,
            Place::Branch(_) => Side::Callee,
        };
        let flow = leg.established().map_or(leg.flow, |established| established.dialog.flow());
        let codec = match &leg.media {
            LegMedia::Open(media) => media.codec.clone(),
            LegMedia::Closed | LegMedia::Opening => None,
        };
        self.cdr.record.legs.push(CdrLeg {
            status: Some(200),
            codec,
            ..CdrLeg::new(leg.id, side, &leg.number, &flow)
        });
    }
}
