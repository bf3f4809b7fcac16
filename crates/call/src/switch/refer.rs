//! What passes between two calls: a transfer joins them, and a phone that takes a call over finds it by its dialog (RFC 3891).

use kiestoon_media::{CallKey, LegId};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, Replaces, Request};

use super::Switch;
use super::authenticate::Principal;
use crate::abilities::Abilities;
use crate::agent;
use crate::call::Call;
use crate::cdr::Side;
use crate::id;
use crate::leg::{Leg, LegMedia, Signal};
use crate::reinvite::read_first_offer;
use crate::session_timer;
use crate::transfer::Crossing;
use crate::wire::{self, Terms};

impl Switch {
    /// Carries over what one call has to say to another.
    pub(super) fn cross(&mut self, crossing: Crossing) {
        match crossing {
            Crossing::Consulted { leg, server, request, replaces } => {
                self.consulted(leg, server, &request, &replaces);
            }
            Crossing::Refused { call, status } => {
                self.with_call(call, |call, x| call.departure_refused(x, status));
            }
            Crossing::Arrived { call, leg, answer } => {
                if self.calls.contains_key(&call) {
                    return self.with_call(call, |call, x| call.arrived(x, *leg, answer));
                }
                leg.found_nobody(&mut self.x);
            }
            Crossing::Stays { call } => self.with_call(call, |call, x| call.drop_arrival(x, 487)),
        }
    }

    /// A REFER with Replaces: the other side of this leg takes the place of its phone in the call that it consulted.
    fn consulted(&mut self, leg: LegId, server: ServerId, request: &Request, replaces: &Replaces) {
        match self.consultation(leg, replaces) {
            Ok((target, place)) => {
                let from = id::call_of(leg);
                if !self.calls.get(&from).is_some_and(|call| call.can_leave(leg)) {
                    return self.x.answer(server, request, 491);
                }
                let Some(to) = self.calls.get(&target).map(|call| {
                    let (meets, is_withheld) = call.meets(place);
                    (target, call.id(), meets, is_withheld)
                }) else {
                    return self.x.answer(server, request, 603);
                };
                self.with_call(target, |call, x| call.expect_from(x, place, from));
                self.with_call(from, |call, x| call.leaves(x, leg, (server, request), to));
            }
            // 481 would end the call that the REFER came in (RFC 5057).
            Err(481) => self.x.answer(server, request, 603),
            Err(status) => self.x.answer(server, request, status),
        }
    }

    fn consultation(
        &self,
        leg: LegId,
        replaces: &Replaces,
    ) -> Result<(CallKey, crate::transfer::Place), u16> {
        let from = self.calls.get(&id::call_of(leg)).ok_or(481u16)?;
        let side = from.side_of(leg).ok_or(481u16)?;
        let number = from.leg(side).map(|leg| leg.number.clone()).ok_or(481u16)?;
        let (key, replaced) = self.find_replaced(replaces)?;
        if key == from.key {
            return Err(603);
        }
        let call = self.calls.get(&key).ok_or(481u16)?;
        let place = call.place_of(replaced, replaces, (from.organisation, &number), false)?;
        Ok((key, place))
    }

    fn find_replaced(&self, replaces: &Replaces) -> Result<(CallKey, LegId), u16> {
        let leg = self.x.routes.dialog(&replaces.to_tag).ok_or(481u16)?;
        Ok((id::call_of(leg), leg))
    }

    /// An INVITE with Replaces, of an extension that has proved who it is.
    pub(super) fn take_over(
        &mut self,
        server: ServerId,
        request: Request,
        flow: Flow,
        principal: &Principal,
        replaces: &Replaces,
    ) {
        let by = (principal.organisation, &*principal.number);
        let found = self.find_replaced(replaces).and_then(|(key, leg)| {
            let call = self.calls.get(&key).ok_or(481u16)?;
            if !call.transfers_are_idle() {
                return Err(491);
            }
            Ok((key, call.place_of(leg, replaces, by, true)?))
        });
        if let (Ok(_), Some(refusal)) = (&found, session_timer::too_short(&self.x, &request)) {
            return self.x.respond(server, refusal);
        }
        let terms = Terms::of_phones(&self.x.settings);
        let offer = read_first_offer(&terms, &flow, &request).and_then(|offer| offer.ok_or(488));
        let (key, place, offer) = match (found, offer) {
            (Ok((key, place)), Ok(offer)) => (key, place, offer),
            (Err(status), _) | (_, Err(status)) => return self.x.answer(server, &request, status),
        };
        let tag = self.x.token();
        let contact = wire::contact(&self.x.settings, &flow, request.uri.is_secure());
        let Ok(dialog) = Dialog::uas(&request, &tag, contact, flow) else {
            return self.x.answer(server, &request, 400);
        };
        let trying = self.x.response(&request, 100, None);
        self.x.respond(server, trying);
        self.x.routes.add_invite(server, key);
        let (can, agent) = (Abilities::of(&request.headers), agent::of(&request.headers));
        let (invite, dialog) = (Box::new(request), Box::new(dialog));
        // It is answered at once, without a provisional response.
        let signal = Signal::Inviting { server, invite, dialog, reliable: None };
        let leg = Leg::new(LegId(0), Side::Callee, principal.number.clone(), flow, signal);
        let leg = Leg { media: LegMedia::Opening, can, agent, ..leg };
        self.with_call(key, |call: &mut Call, x| {
            let id = call.expect_inviting(x, place, leg, offer);
            x.routes.add_dialog(&tag, id);
        });
    }
}
