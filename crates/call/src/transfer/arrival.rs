//! A phone that takes a place in a call: from another call, with its ports, or by an INVITE of its own, for which it gets some. It comes,
//! waits until nothing is being negotiated, and then talks or waits in place of who was there.

use std::time::Instant;

use bytes::Bytes;
use kiestoon_media::{CallKey, LegId, LocalMedia, MediaCommand, Sdp};
use serde::{Deserialize, Serialize};

use super::{Crossing, Phase, Place, Search};
use crate::call::{Call, Stage};
use crate::cdr::{CdrLeg, Side};
use crate::exchange::Exchange;
use crate::leg::{Leg, LegMedia, Signal, open_command};
use crate::reason::EndReason;
use crate::rights::Charged;
use crate::ring::Branch;
use crate::routes::ClientOwner;

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

impl Arrival {
    /// Its leg, once it is here.
    pub(crate) fn leg(&self) -> Option<&Leg> {
        match &self.source {
            Source::Moves { .. } => None,
            Source::Invites { leg, .. } | Source::Waits { leg, .. } => Some(leg),
        }
    }
}

impl Call {
    /// A phone of that call will take a place in this one.
    pub(crate) fn expect_from(&mut self, x: &Exchange, place: Place, from: CallKey) {
        let id = self.next_leg();
        self.expect(x, id, place, Source::Moves { from });
    }

    /// A phone that sends an INVITE will take a place in this call: it gets ports.
    pub(crate) fn expect_inviting(
        &mut self,
        x: &mut Exchange,
        place: Place,
        mut leg: Leg,
        offer: Sdp,
    ) -> LegId {
        let id = self.next_leg();
        x.media(open_command(self.key, id, &leg.flow));
        leg.id = id;
        // Another phone of whoever is rung for an emergency.
        let before = match place {
            Place::Side(side) => self.leg(side),
            Place::Branch(rung) => self.branch(rung).map(|branch| &branch.leg),
        };
        leg.is_help = before.is_some_and(|before| before.is_help && before.number == leg.number);
        self.expect(x, id, place, Source::Invites { leg: Box::new(leg), offer: Box::new(offer) });
        id
    }

    fn expect(&mut self, x: &Exchange, id: LegId, place: Place, source: Source) {
        let until = x.now + x.settings.timers.transaction();
        self.walk.transfers.arrival = Some(Box::new(Arrival { id, place, source, until }));
    }

    /// Whether that leg is the one that is about to arrive.
    pub(crate) fn is_arriving(&self, leg: LegId) -> bool {
        self.walk.transfers.arrival.as_ref().is_some_and(|arrival| arrival.id == leg)
    }

    /// The ports for it are open.
    pub(crate) fn arrival_opened(&mut self, x: &mut Exchange, local: LocalMedia) {
        let arrival = self.walk.transfers.arrival.as_ref();
        if arrival.is_some_and(|arrival| matches!(arrival.source, Source::Invites { .. })) {
            self.answer_arrival(x, local);
        }
    }

    /// No ports, or the wait is over, or the call is: the phone is not taken in.
    pub(crate) fn drop_arrival(&mut self, x: &mut Exchange, status: u16) {
        let Some(arrival) = self.walk.transfers.arrival.take() else { return };
        if matches!(arrival.source, Source::Invites { .. }) {
            x.media(MediaCommand::Close { leg: arrival.id });
        }
        self.turn_arrival_away(x, arrival.source, status);
    }

    fn turn_arrival_away(&mut self, x: &mut Exchange, source: Source, status: u16) {
        match source {
            Source::Moves { from } => x.crossings.push_back(Crossing::Refused { call: from, status }),
            Source::Invites { leg, .. } => self.refuse_inviting(x, *leg, status),
            Source::Waits { leg, .. } => self.turn_out(x, leg),
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

    /// The phone of another call is here, in its dialog of before and with its ports.
    pub(crate) fn arrived(&mut self, x: &mut Exchange, mut leg: Leg, answer: Box<Sdp>) {
        let Some(arrival) = &mut self.walk.transfers.arrival else { return leg.found_nobody(x) };
        x.media(MediaCommand::Move { leg: leg.id, to: arrival.id, call: self.key });
        x.leg_moved(leg.id, arrival.id);
        self.figures_due = self.figures_due.saturating_add(1);
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
        self.tell_of_other(side.other(), answer.clone());
    }

    /// It waits for the phones that ring, in place of who has called them.
    pub(super) fn waits_instead(&mut self, x: &mut Exchange, mut leg: Leg, answer: &Sdp) {
        leg.side = Side::Caller;
        self.drop_any_early_update(x);
        let mut replaced = std::mem::replace(&mut self.caller, leg);
        self.note_leg_end(replaced.id, EndReason::Transferred);
        replaced.close(x);
        let (by, target) = (replaced.number.clone(), self.cdr.record.dialled.clone());
        let charged = Charged::of_leg(&replaced);
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
            charged,
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
        x.forget_dialog(&dialog.id().local_tag);
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
            user_agent: leg.agent.clone(),
            ..CdrLeg::new(leg.id, side, &leg.number, &flow)
        });
    }
}

impl Leg {
    /// The call that it was to go over to is there no more, and that which it has left is over.
    pub(crate) fn found_nobody(mut self, x: &mut Exchange) {
        self.close(x);
        self.hang_up(x, &EndReason::Transferred.into());
    }
}
