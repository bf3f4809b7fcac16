//! Transfers that the PBX carries out itself (RFC 3515, RFC 5589): the one who is transferred keeps its dialog with us, and the
//! call looks for the target on behalf of who transferred. `handover` joins the two calls of an attended transfer, `replaces`
//! lets a phone take over a call of its own extension, `parked` minds the dialog of who transferred, `waiting` that of who has no place yet.

mod arrival;
mod handover;
mod notify;
mod outcome;
mod parked;
mod place;
mod replaces;
mod waiting;

use std::time::Instant;

use bytes::Bytes;
use kiestoon_dialplan::{CallFacts, INBOUND};
use kiestoon_media::{Direction, MediaCommand, Sdp, local_offer, with_direction};
use kiestoon_sip::transaction::{ClientId, FailReason, ServerId};
use kiestoon_sip::{Method, NameAddr, ReferTo, Request, Response};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::{End, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::gruu::{self, OnePhone};
use crate::identity;
use crate::leg::{Leg, LegMedia, OurAck};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::reinvite::{Negotiation, forget_ack, gone_end};
use crate::rights::Charged;
use crate::routes::ClientOwner;
use crate::talk::Talk;
use crate::way::AskedFor;
use crate::wire;
pub(crate) use arrival::{Arrival, Source};
pub(crate) use handover::{Crossing, Leaving};
pub(crate) use notify::Subscription;
pub(crate) use place::Place;

/// The transfers that a call takes part in; hardly ever more than one at a time.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Transfers {
    /// The call looks for the target of a transfer.
    pub(crate) search: Option<Box<Search>>,
    /// One of its phones is about to go over to another call.
    pub(crate) leaving: Option<Box<Leaving>>,
    /// A phone of another call, or a new one, is about to take a place in this one.
    pub(crate) arrival: Option<Box<Arrival>>,
    /// One that found no place, while its 200 is without an ACK.
    pub(crate) turned_out: Option<Box<Leg>>,
}

/// The search for somebody to take the place of who transferred.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Search {
    /// The number of who transferred.
    pub(crate) by: Box<str>,
    /// Who is charged with it.
    pub(crate) charged: Charged,
    /// The number that the call is transferred to.
    target: Box<str>,
    /// The leg of who transferred; None once it has hung up.
    parked: Option<Box<Parked>>,
    was_caller: bool,
    /// The session with the PBX that the one who is transferred was offered.
    #[serde(with = "kiestoon_sip::plain")]
    offered: Bytes,
    phase: Phase,
    /// When the search has failed, however far it is.
    #[serde(with = "kiestoon_sip::plain")]
    until: Instant,
}

impl Search {
    /// The number that is sought; None once who transferred is rung back.
    pub(crate) fn target(&self) -> Option<&str> {
        (self.phase != Phase::Recalling).then_some(&*self.target)
    }
}

/// The leg of who transferred, while the target is sought.
#[derive(Debug, Serialize, Deserialize)]
struct Parked {
    leg: Leg,
    subscription: Option<Subscription>,
}

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// The one who is transferred is asked, by a re-INVITE, for a session with the PBX.
    Asking(ClientId),
    /// The same, but the time of the search is over: only the outcome is waited for.
    GivingUp(ClientId),
    /// The dialplan is followed.
    Seeking,
    /// The target has failed, and who transferred is rung back.
    Recalling,
}

impl Call {
    /// A REFER of one side.
    pub(crate) fn refer(&mut self, x: &mut Exchange, from: Side, server: ServerId, request: Request) {
        if self.refuses_transfer(x, from, server, &request) {
            return;
        }
        let refer_to = match self.read_refer(&request) {
            Ok(refer_to) => refer_to,
            Err(status) => return x.answer(server, &request, status),
        };
        if refer_to.replaces.is_some() {
            return self.refer_with_replaces(x, from, server, request, refer_to);
        }
        let (number, one_phone) = match self.transfer_target(x, from, &refer_to) {
            Ok(target) => target,
            Err(status) => return x.answer(server, &request, status),
        };
        let Some(transferor) = self.leg(from) else { return x.answer(server, &request, 481) };
        let (by, charged) = (transferor.number.clone(), Charged::of_leg(transferor));
        let context = if transferor.trunk.is_some() { INBOUND } else { &*self.cdr.record.context };
        let decision = self.decide_in(x, context, &by, &number);
        let is_granted = self.is_permitted(x, &charged, &number, decision.as_ref());
        if !is_granted || number.is_empty() {
            let status = if number.is_empty() { 404 } else { 403 };
            return x.answer(server, &request, status);
        }
        let subscription = Subscription::accept(x, server, &request);
        x.event(Event::CallTransfer { call: self.id(), by: by.clone(), target: number.clone(), status: 100 });
        let at = x.clock.micros(x.now);
        self.walk.begin_anew(Some((AskedFor { number: &number, by: &by, at, context }, decision)));
        self.carried.one_phone = one_phone.map(Box::new);
        self.begin_search(x, from, by, number, subscription);
    }

    /// What a REFER asks for; an error is the status that refuses it. Only two who talk, and negotiate nothing else, can be
    /// parted.
    fn read_refer(&self, request: &Request) -> Result<ReferTo, u16> {
        let refer_to = request.headers.refer_to().map_err(|_| 400u16)?;
        if !matches!(self.stage, Stage::Talking(_)) {
            return Err(603);
        }
        if self.is_settled() && self.transfers_are_idle() { Ok(refer_to) } else { Err(491) }
    }

    pub(crate) fn transfers_are_idle(&self) -> bool {
        let transfers = &self.walk.transfers;
        let is_moving = transfers.leaving.is_some() || transfers.arrival.is_some();
        transfers.search.is_none() && !is_moving && transfers.turned_out.is_none()
    }

    /// The number to call, and the one phone of it that is meant where a GRUU says so (RFC 5627 section 3.1); an error is the
    /// status that refuses it: it is none of the organisation's, none at all, or the phone is not there.
    fn transfer_target(
        &self,
        x: &Exchange,
        from: Side,
        refer_to: &ReferTo,
    ) -> Result<(Box<str>, Option<OnePhone>), u16> {
        let local = self.leg(from).ok_or(481u16)?.flow.local.ip();
        // The extensions may have been loaded anew since the call began.
        let own = x.snapshot.index_of(&self.cdr.record.organisation).ok_or(404u16)?;
        if let Some(host) = refer_to.uri.host()
            && x.snapshot.organisation_of(host, local) != Some(own)
        {
            return Err(404);
        }
        match gruu::one_phone(x, own, &refer_to.uri)? {
            Some(phone) => Ok((phone.number.clone(), Some(phone))),
            None => Ok((wire::number(refer_to.uri.user()).ok_or(404u16)?, None)),
        }
    }

    /// The rule for a call that an extension makes, or has made for it.
    pub(crate) fn decide_for(
        &self,
        x: &Exchange,
        from: &str,
        dialled: &str,
    ) -> Option<kiestoon_dialplan::Decision> {
        self.decide_in(x, &self.cdr.record.context, from, dialled)
    }

    fn decide_in(
        &self,
        x: &Exchange,
        context: &str,
        from: &str,
        dialled: &str,
    ) -> Option<kiestoon_dialplan::Decision> {
        let caller = self.snapshot.extension(self.organisation, from);
        self.plan.decide(&CallFacts {
            context,
            from,
            from_name: caller.map_or("", |caller| &caller.name),
            dialled,
            at: x.timestamp(),
            overrides: x.overrides(&self.cdr.record.organisation),
        })
    }

    /// Takes who transferred out of the talk, and asks the other one for a session with us: it hears ring-back from us, and
    /// may have been put on hold.
    fn begin_search(
        &mut self,
        x: &mut Exchange,
        from: Side,
        by: Box<str>,
        target: Box<str>,
        subscription: Option<Subscription>,
    ) {
        let charged = self.leg(from).map_or(Charged::Organisation, Charged::of_leg);
        let Stage::Talking(talk) = std::mem::replace(&mut self.stage, Stage::Between) else { return };
        let mut other = talk.abandon(x);
        if from == Side::Caller {
            std::mem::swap(&mut self.caller, &mut other);
            self.caller.side = Side::Caller;
            other.side = Side::Callee;
        }
        x.media(MediaCommand::Disconnect { leg: self.caller.id });
        self.play_hold_music(x);
        let until = x.now + x.settings.ring_limit;
        let (phase, offered) = self
            .ask_session(x)
            .map_or((Phase::Seeking, Bytes::new()), |(client, said)| (Phase::Asking(client), said));
        self.walk.transfers.search = Some(Box::new(Search {
            by,
            target,
            parked: Some(Box::new(Parked { leg: other, subscription })),
            was_caller: from == Side::Caller,
            charged,
            offered,
            phase,
            until,
        }));
        self.tell_transferor(x, 100);
        if phase == Phase::Seeking {
            self.seek(x, None);
        }
    }

    /// Offers the one who is transferred a session with the PBX itself.
    fn ask_session(&mut self, x: &mut Exchange) -> Option<(ClientId, Bytes)> {
        let owner = ClientOwner::Call(self.key);
        let media = self.caller.media_mut()?;
        let body = local_offer(&media.local, &mut media.origin).to_bytes();
        Some((self.caller.offer_again(x, body.clone(), owner, None)?, body))
    }

    /// The dialplan is followed for the target. `answer` is what the one who waits agreed on with us; a phone that refused
    /// the new session keeps the old one, and what we can ourselves is offered in its place.
    fn seek(&mut self, x: &mut Exchange, answer: Option<Sdp>) {
        let is_late =
            matches!(&self.walk.transfers.search, Some(search) if matches!(search.phase, Phase::GivingUp(_)));
        let own = || {
            let LegMedia::Open(media) = &self.caller.media else { return None };
            let mut origin = media.origin.clone();
            let ours = local_offer(&media.local, &mut origin);
            Some(wire::as_theirs(&ours, &origin))
        };
        self.offer = answer.or_else(own).map(Box::new);
        if let Some(search) = &mut self.walk.transfers.search {
            search.phase = Phase::Seeking;
        }
        match is_late {
            true => self.search_failed(x, EndReason::NoAnswer.into()),
            false => self.walk_on(x, None),
        }
    }

    /// A response to a request that a transfer sent. False if it is the answer to something else.
    pub(crate) fn transfer_responded(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        response: &Response,
    ) -> bool {
        let status = response.status;
        if !self.is_asked(client) {
            return self.leaving_responded(x, client, response);
        }
        if status.is_provisional() {
            return true;
        }
        if !status.is_success() {
            match status.code() {
                408 | 481 => self.asked_one_is_gone(x, client),
                _ => self.ask_no_more(x, client),
            }
            return true;
        }
        let answer = self.caller.accept_answer(x, client, response);
        if let (Some(media), Some(search)) = (self.caller.media_mut(), &mut self.walk.transfers.search) {
            media.said = std::mem::take(&mut search.offered);
        }
        if let Some(answer) = &answer {
            self.caller.set_remote(x, answer);
        }
        self.seek(x, answer);
        true
    }

    /// A request that a transfer sent will not be answered. False if it was for something else.
    pub(crate) fn transfer_failed_to_send(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        reason: FailReason,
    ) -> bool {
        if !self.is_asked(client) {
            return self.leaving_failed(x, client, reason);
        }
        match reason {
            FailReason::Overload => self.ask_no_more(x, client),
            _ => self.asked_one_is_gone(x, client),
        }
        true
    }

    /// The one who is transferred keeps the session that it has.
    fn ask_no_more(&mut self, x: &mut Exchange, client: ClientId) {
        x.routes.remove_client(client);
        self.caller.open = OpenOffer::None;
        self.seek(x, None);
    }

    /// The one who is transferred is not there any more; its answer is not waited for.
    fn asked_one_is_gone(&mut self, x: &mut Exchange, client: ClientId) {
        x.routes.remove_client(client);
        if let Some(search) = &mut self.walk.transfers.search {
            search.phase = Phase::Seeking;
        }
        self.end(x, gone_end(Side::Caller));
    }

    /// The offer of a session with the PBX that is unanswered.
    fn asking(&self) -> Option<ClientId> {
        match self.walk.transfers.search.as_ref()?.phase {
            Phase::Asking(client) | Phase::GivingUp(client) => Some(client),
            Phase::Seeking | Phase::Recalling => None,
        }
    }

    fn is_asked(&self, client: ClientId) -> bool {
        self.asking() == Some(client)
    }

    /// Whether an offer of a transfer's is open with a side, so that its own has to wait.
    pub(crate) fn transfer_negotiates(&self, side: Side) -> bool {
        let leaving = self.walk.transfers.leaving.as_ref();
        (self.asking().is_some() && side == Side::Caller) || leaving.is_some_and(|it| it.negotiates())
    }

    /// When a transfer wants [`Call::tick_transfers`].
    pub(crate) fn transfers_deadline(&self) -> Option<Instant> {
        let search = self.walk.transfers.search.as_ref().map(|search| search.until);
        let arrival = self.walk.transfers.arrival.as_ref().map(|arrival| arrival.until);
        let leaving = self.walk.transfers.leaving.as_ref().and_then(|leaving| leaving.deadline());
        [search, arrival, leaving, self.waiting_deadline()].into_iter().flatten().min()
    }

    /// A search that takes too long has failed; a phone that has not arrived by now will not.
    pub(crate) fn tick_transfers(&mut self, x: &mut Exchange) {
        if self.walk.transfers.search.as_ref().is_some_and(|search| search.until <= x.now) {
            self.search_too_long(x);
        }
        if self.walk.transfers.arrival.as_ref().is_some_and(|arrival| arrival.until <= x.now) {
            self.drop_arrival(x, 504);
        }
        self.tick_leaving(x);
        self.tick_waiting(x);
    }

    /// A search whose first offer is still unanswered takes that back: the one who is transferred cannot be offered another session
    /// before.
    fn search_too_long(&mut self, x: &mut Exchange) {
        let Some(search) = &mut self.walk.transfers.search else { return };
        match search.phase {
            Phase::Asking(client) => {
                search.phase = Phase::GivingUp(client);
                search.until = x.now + x.settings.timers.transaction() * 2;
                x.cancel(client);
            }
            Phase::GivingUp(client) => self.asked_one_is_gone(x, client),
            Phase::Seeking | Phase::Recalling => {
                self.drop_branches(x, None, |_| true);
                self.search_failed(x, EndReason::NoAnswer.into());
            }
        }
    }

    /// The call ends: so do its transfers.
    pub(crate) fn end_transfers(&mut self, x: &mut Exchange, why: &End) {
        self.drop_arrival(x, why.status());
        self.drop_leaving(x, None);
        self.stop_asking(x);
        let Some(search) = self.walk.transfers.search.take() else { return };
        if let Some(parked) = search.parked {
            self.release_parked(x, *parked, 487, why);
        }
    }

    /// A side has hung up: its 2xx to an offer of a transfer's is acknowledged all the same.
    pub(crate) fn drop_transfer_offers(&mut self, x: &mut Exchange, by: Side) {
        if by == Side::Caller {
            self.stop_asking(x);
        }
        self.drop_leaving(x, Some(by));
    }

    fn stop_asking(&mut self, x: &mut Exchange) {
        let Some(client) = self.asking() else { return };
        if let Some(search) = &mut self.walk.transfers.search {
            search.phase = Phase::Seeking;
        }
        if let Some(established) = self.caller.established() {
            x.leave_reinvite(client, established.dialog.clone(), true);
        }
    }

    /// Puts two legs of this call in talk with each other.
    fn talk_again(&mut self, x: &mut Exchange, callee: Leg) {
        self.stage = Stage::Talking(Box::new(Talk::new(callee, Negotiation::Settled)));
        self.offer = None;
        self.join_sound(x);
    }

    /// Tells a side, by an offer of our own, that the other one holds it, or does so no more, where it believes otherwise; or that
    /// the other one has left the fax which that side is still in.
    fn tell_if_unheard(&mut self, side: Side) {
        let said = self.said_to(side);
        let is_held = said.as_ref().and_then(Sdp::audio).is_some_and(|audio| !audio.direction.receives());
        let is_left = said.is_some_and(|said| said.fax().is_some())
            && self.said_to(side.other()).is_some_and(|said| said.audio().is_some());
        if is_left || is_held != self.leg(side.other()).is_some_and(Leg::holds) {
            self.tell_what_we_can(side);
        }
    }

    fn said_to(&mut self, side: Side) -> Option<Sdp> {
        let media = self.leg_mut(side).and_then(Leg::media_mut)?;
        Sdp::parse(&media.said).ok()
    }

    /// Offers a side what we can ourselves, in the name of the other one.
    fn tell_what_we_can(&mut self, side: Side) {
        let held = self.leg(side.other()).is_some_and(Leg::holds);
        let offer = self.leg_mut(side).and_then(Leg::media_mut).map(|media| {
            let mut origin = media.origin.clone();
            wire::as_theirs(&local_offer(&media.local, &mut origin), &origin)
        });
        if let Some(offer) = offer {
            let direction = if held { Direction::SendOnly } else { Direction::SendRecv };
            let mut origin = kiestoon_media::Origin::new(0);
            self.tell_side(side, with_direction(&offer, direction, &mut origin));
        }
    }
}

impl Leg {
    /// Sends a re-INVITE with this offer, and who is to be met; None where there is no dialog.
    pub(crate) fn offer_again(
        &mut self,
        x: &mut Exchange,
        body: Bytes,
        owner: ClientOwner,
        shown: Option<&NameAddr>,
    ) -> Option<ClientId> {
        let established = self.established_mut()?;
        let (mut invite, flow) = (established.dialog.request(Method::Invite), established.dialog.flow());
        self.introduce(&mut invite.headers);
        if let Some(shown) = shown {
            identity::assert(&mut invite.headers, &x.settings, shown);
        }
        invite.set_body(wire::SDP, body);
        self.open = OpenOffer::Ours;
        Some(x.request(invite, flow, Some(owner)))
    }

    /// Takes the 2xx to a re-INVITE of ours that held an offer, and acknowledges it. None where it answers nothing usable.
    pub(crate) fn accept_answer(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        response: &Response,
    ) -> Option<Sdp> {
        let established = self.established_mut()?;
        let cseq = response.cseq.number;
        let before = std::mem::replace(&mut established.acked, OurAck::Owed { client, cseq });
        forget_ack(x, &before);
        // A Contact that cannot be read leaves the target as it was.
        let _ = established.dialog.refresh_target(&response.headers);
        self.give_ack(x, None);
        self.refreshed(x, response);
        wire::sdp_of(&self.terms(&x.settings), &response.headers, &response.body)
            .filter(|answer| answer.audio().is_some())
    }
}
