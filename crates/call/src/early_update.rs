//! Offers before the answer: a second exchange in an early dialog (RFC 3311, RFC 6337 section 3.2), by UPDATE of either side or in the
//! caller's PRACK. It goes end to end between the caller and the phone that is heard where both can, and is answered in place
//! otherwise; what was answered in place is told to the other side once the call is answered.

use bytes::Bytes;
use kiestoon_media::{LegId, Sdp, local_answer, relay_answer, relay_offer};
use kiestoon_sip::transaction::{ClientId, ServerId};
use kiestoon_sip::{Flow, HeaderName, Method, Request, Response};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::{LegMedia, Signal};
use crate::open_offer::OpenOffer;
use crate::reinvite::{read_offer, refuse_reinvite};
use crate::reliable::Reliable;
use crate::ring::Branch;
use crate::routes::ClientOwner;
use crate::wire;

/// An offer of one side that was passed on to the other as UPDATE.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EarlyUpdate {
    from: Side,
    server: ServerId,
    request: Request,
    client: ClientId,
    offer: Sdp,
    /// What the other side was offered.
    #[serde(with = "kiestoon_sip::plain")]
    said: Bytes,
    /// The phone of the callee's side.
    leg: LegId,
    tag: Box<str>,
}

impl Call {
    /// An offer of a caller who has had its first answer, reliably.
    pub(crate) fn offered_early(
        &mut self,
        x: &mut Exchange,
        server: ServerId,
        request: &Request,
        offer: Sdp,
    ) {
        let is_passing = matches!(&self.stage, Stage::Ringing(ring) if ring.update.is_some());
        if let Some(status) = self.caller.open.refusal().or_else(|| is_passing.then_some(500)) {
            return refuse_reinvite(x, server, request, status);
        }
        if self.pass_to_fork(x, server, request, &offer) {
            return;
        }
        match self.answer_in_place(&offer) {
            Ok(body) => {
                self.take_session(x, Side::Caller, &offer);
                self.offer_again(offer);
                self.accept_update(x, Side::Caller, server, request, Some(&body));
            }
            Err(status) => x.answer(server, request, status),
        }
    }

    /// The answer to a caller's offer that goes no further: what the phone said that is heard, else what we can do ourselves.
    fn answer_in_place(&mut self, offer: &Sdp) -> Result<Sdp, u16> {
        let heard = self.heard().and_then(|(leg, tag)| self.branch(leg)?.fork(&tag)?.sdp.clone());
        let LegMedia::Open(media) = &mut self.caller.media else { return Err(488) };
        match heard {
            Some(theirs) => relay_answer(offer, &theirs, &media.local, &mut media.origin),
            None => local_answer(offer, &media.local, &mut media.origin).map(|(body, _)| body),
        }
        .map_err(|error| error.status())
    }

    /// Passes an offer of the caller on to the phone that is heard. False where that cannot take one now.
    fn pass_to_fork(&mut self, x: &mut Exchange, server: ServerId, request: &Request, offer: &Sdp) -> bool {
        let owner = ClientOwner::Call(self.key);
        let Some((leg, tag)) = self.heard() else { return false };
        let Some(branch) = self.branch_mut(leg) else { return false };
        let fork = branch.forks.iter_mut().find(|fork| fork.tag == tag);
        let Some(fork) = fork.filter(|fork| fork.is_settled() && fork.can.update) else { return false };
        let (Some(dialog), LegMedia::Open(media)) = (&mut fork.dialog, &mut branch.leg.media) else {
            return false;
        };
        let Ok(body) = relay_offer(offer, &media.local, &mut media.origin) else { return false };
        fork.open = OpenOffer::Ours;
        let update = update_of(dialog.request(Method::Update), &body);
        let client = x.request(update, dialog.flow(), Some(owner));
        self.caller.open = OpenOffer::Theirs;
        self.keep_update(Side::Caller, server, request, (client, offer, &body), (leg, tag));
        true
    }

    /// A request of a phone that rings, in its early dialog.
    pub(crate) fn branch_request(
        &mut self,
        x: &mut Exchange,
        leg: LegId,
        server: ServerId,
        request: &Request,
        flow: Flow,
    ) {
        let tag = request.from.tag().unwrap_or_default();
        let fork = self.branch_mut(leg).and_then(|branch| branch.fork_mut(tag));
        let Some((fork, dialog)) = fork.and_then(|fork| Some((fork.open, fork.dialog.as_mut()?))) else {
            return x.answer(server, request, 481);
        };
        if dialog.id().call_id != request.call_id {
            return x.answer(server, request, 481);
        }
        if dialog.receive(request).is_err() {
            return x.answer(server, request, 500);
        }
        dialog.set_flow(flow);
        match request.method {
            Method::Options => self.answer_options(x, server, request),
            Method::Info => x.answer(server, request, 200),
            Method::Update => match (read_offer(&self.terms_of_branch(x, leg), request), fork.refusal()) {
                (Ok(None), _) => self.accept_fork_update(x, (leg, tag), server, request, None),
                (Ok(Some(_)), Some(status)) => refuse_reinvite(x, server, request, status),
                (Ok(Some(offer)), None) => self.offered_by_ringing(x, (leg, tag), server, request, offer),
                (Err(status), _) => x.answer(server, request, status),
            },
            Method::Prack => x.answer(server, request, 481),
            _ => x.answer(server, request, 405),
        }
    }

    fn offered_by_ringing(
        &mut self,
        x: &mut Exchange,
        at: (LegId, &str),
        server: ServerId,
        request: &Request,
        offer: Sdp,
    ) {
        let is_passing = matches!(&self.stage, Stage::Ringing(ring) if ring.update.is_some());
        if is_passing {
            return refuse_reinvite(x, server, request, 500);
        }
        let is_heard = self.heard().is_some_and(|(leg, tag)| (leg, &*tag) == at);
        if is_heard && self.pass_to_caller(x, at, server, request, &offer) {
            return;
        }
        let Some(session) = self.offer.clone() else { return refuse_reinvite(x, server, request, 500) };
        let Some(branch) = self.branch_mut(at.0) else { return };
        let Some(media) = branch.leg.media_mut() else { return x.answer(server, request, 488) };
        let body = match relay_answer(&offer, &session, &media.local, &mut media.origin) {
            Ok(body) => body,
            Err(error) => return x.answer(server, request, error.status()),
        };
        if is_heard {
            branch.leg.set_remote(x, &offer);
        }
        self.set_fork_session(at, offer);
        if let Some(fork) = self.branch_mut(at.0).and_then(|branch| branch.fork_mut(at.1)) {
            fork.is_ahead = true;
        }
        self.accept_fork_update(x, at, server, request, Some(&body));
    }

    /// Passes an offer of the phone that is heard on to the caller. False where that cannot take one now.
    fn pass_to_caller(
        &mut self,
        x: &mut Exchange,
        (leg, tag): (LegId, &str),
        server: ServerId,
        request: &Request,
        offer: &Sdp,
    ) -> bool {
        let owner = ClientOwner::Call(self.key);
        let is_told = self.caller.reliable().is_some_and(Reliable::is_settled);
        if !is_told || self.caller.open.is_open() || !self.caller.can.update {
            return false;
        }
        let (Signal::Inviting { dialog, .. }, LegMedia::Open(media)) =
            (&mut self.caller.signal, &mut self.caller.media)
        else {
            return false;
        };
        let Ok(body) = relay_offer(offer, &media.local, &mut media.origin) else { return false };
        let update = update_of(dialog.request(Method::Update), &body);
        let client = x.request(update, dialog.flow(), Some(owner));
        self.caller.open = OpenOffer::Ours;
        if let Some(fork) = self.branch_mut(leg).and_then(|branch| branch.fork_mut(tag)) {
            fork.open = OpenOffer::Theirs;
        }
        self.keep_update(Side::Callee, server, request, (client, offer, &body), (leg, tag.into()));
        true
    }

    fn keep_update(
        &mut self,
        from: Side,
        server: ServerId,
        request: &Request,
        (client, offer, body): (ClientId, &Sdp, &Sdp),
        (leg, tag): (LegId, Box<str>),
    ) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let (request, offer, said) = (request.clone(), offer.clone(), body.to_bytes());
        ring.update = Some(Box::new(EarlyUpdate { from, server, request, client, offer, said, leg, tag }));
    }

    /// The other side answered such an offer; `response` is None where nothing came. False if this is the outcome of
    /// something else.
    pub(crate) fn early_update_outcome(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        status: u16,
        response: Option<&Response>,
    ) -> bool {
        let Stage::Ringing(ring) = &mut self.stage else { return false };
        if ring.update.as_ref().is_none_or(|update| update.client != client) {
            return false;
        }
        if status < 200 {
            return true;
        }
        let Some(update) = ring.update.take() else { return true };
        x.routes.remove_client(client);
        self.close_early_offers(&update);
        let terms = match update.from {
            Side::Caller => self.terms_of_branch(x, update.leg),
            Side::Callee => self.terms(x, Side::Caller),
        };
        let answer = response
            .filter(|_| status < 300)
            .and_then(|response| wire::sdp_of(&terms, &response.headers, &response.body))
            .filter(Sdp::is_relayable);
        let is_joined = answer.is_some_and(|answer| match update.from {
            Side::Caller => self.fork_answered(x, &update, answer),
            Side::Callee => self.caller_answered(x, &update, answer),
        });
        if !is_joined {
            let shown = match status {
                491 | 500 | 504 => status,
                _ => 488,
            };
            refuse_reinvite(x, update.server, &update.request, shown);
        }
        true
    }

    fn fork_answered(&mut self, x: &mut Exchange, update: &EarlyUpdate, answer: Sdp) -> bool {
        let LegMedia::Open(media) = &mut self.caller.media else { return false };
        let body = relay_answer(&update.offer, &answer, &media.local, &mut media.origin);
        let Ok(body) = body else { return false };
        if let Some(branch) = self.branch_mut(update.leg) {
            branch.leg.set_remote(x, &answer);
        }
        self.set_fork_session((update.leg, &update.tag), answer);
        if let Some(fork) = self.branch_mut(update.leg).and_then(|branch| branch.fork_mut(&update.tag)) {
            fork.said = Some(update.said.clone());
        }
        self.take_session(x, Side::Caller, &update.offer);
        self.offer_again(update.offer.clone());
        if let Some(branch) = self.branch_mut(update.leg) {
            branch.catch_up(&update.tag);
        }
        self.tell_for_good(body.to_bytes());
        self.accept_update(x, Side::Caller, update.server, &update.request, Some(&body));
        true
    }

    fn caller_answered(&mut self, x: &mut Exchange, update: &EarlyUpdate, answer: Sdp) -> bool {
        let Some(media) = self.branch_mut(update.leg).and_then(|branch| branch.leg.media_mut()) else {
            return false;
        };
        let body = relay_answer(&update.offer, &answer, &media.local, &mut media.origin);
        let Ok(body) = body else { return false };
        if let Some(branch) = self.branch_mut(update.leg) {
            branch.leg.set_remote(x, &update.offer);
        }
        self.set_fork_session((update.leg, &update.tag), update.offer.clone());
        self.take_session(x, Side::Caller, &answer);
        if let Some(media) = self.caller.media_mut() {
            media.said = update.said.clone();
        }
        self.offer_again(answer);
        if let Some(branch) = self.branch_mut(update.leg) {
            branch.catch_up(&update.tag);
        }
        let at = (update.leg, &*update.tag);
        self.accept_fork_update(x, at, update.server, &update.request, Some(&body));
        true
    }

    /// The 200 to an UPDATE of a phone that rings.
    fn accept_fork_update(
        &mut self,
        x: &mut Exchange,
        (leg, tag): (LegId, &str),
        server: ServerId,
        request: &Request,
        body: Option<&Sdp>,
    ) {
        let mut response = x.response(request, 200, None);
        let Some(branch) = self.branch_mut(leg) else { return };
        if let Some(fork) = branch.fork_mut(tag) {
            fork.can.learn(&request.headers);
            if let Some(dialog) = &mut fork.dialog {
                let _ = dialog.refresh_target(&request.headers);
                wire::dialog_headers(&mut response.headers, dialog);
            }
        }
        if let Some(body) = body {
            let said = body.to_bytes();
            response.set_body(wire::SDP, said.clone());
            if let Some(fork) = branch.fork_mut(tag) {
                fork.said = Some(said);
            }
        }
        x.respond(server, response);
    }

    fn set_fork_session(&mut self, (leg, tag): (LegId, &str), sdp: Sdp) {
        if let Some(fork) = self.branch_mut(leg).and_then(|branch| branch.fork_mut(tag)) {
            fork.sdp = Some(Box::new(sdp));
        }
    }

    /// What the caller is told last is what the winner's answer is compared with.
    pub(crate) fn tell_for_good(&mut self, told: Bytes) {
        if let Signal::Inviting { reliable: Some(reliable), .. } = &mut self.caller.signal {
            reliable.told = told;
        }
    }

    fn close_early_offers(&mut self, update: &EarlyUpdate) {
        self.caller.open = OpenOffer::None;
        if let Some(fork) = self.branch_mut(update.leg).and_then(|branch| branch.fork_mut(&update.tag)) {
            fork.open = OpenOffer::None;
        }
    }

    /// The same where one of several phones of a branch is gone: the offers of the others are still good.
    pub(crate) fn drop_early_update_of(&mut self, x: &mut Exchange, leg: LegId, tag: &str) {
        let Stage::Ringing(ring) = &self.stage else { return };
        if ring.update.as_ref().is_some_and(|update| update.leg == leg && *update.tag == *tag) {
            self.drop_early_update(x, leg, None);
        }
    }

    /// The phone that an early offer came from or went to has answered the call, in the dialog of `answered`, or is gone: who asked
    /// may ask again. A phone that got one may have taken it, so it is told what stands once it has answered.
    pub(crate) fn drop_early_update(&mut self, x: &mut Exchange, leg: LegId, answered: Option<&str>) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let Some(update) = ring.update.take_if(|update| update.leg == leg) else { return };
        self.close_early_offers(&update);
        refuse_reinvite(x, update.server, &update.request, 500);
        let EarlyUpdate { from, client, said, tag, .. } = *update;
        match (from, self.branch_mut(leg)) {
            (Side::Callee, _) => self.caller.leave_offer(x, client, said),
            (Side::Caller, Some(branch)) if answered == Some(&*tag) => {
                branch.fall_behind();
                branch.leg.leave_offer(x, client, said);
            }
            (Side::Caller, branch) => {
                x.routes.remove_client(client);
                branch.into_iter().for_each(Branch::fall_behind);
            }
        }
    }

    /// The caller has gone: nobody asks or answers any more.
    pub(crate) fn drop_any_early_update(&mut self, x: &mut Exchange) {
        let Stage::Ringing(ring) = &self.stage else { return };
        if let Some(leg) = ring.update.as_ref().map(|update| update.leg) {
            self.drop_early_update(x, leg, None);
        }
    }
}

fn update_of(mut update: Request, body: &Sdp) -> Request {
    update.headers.set(HeaderName::Allow, wire::ALLOW);
    update.headers.set(HeaderName::Supported, wire::SUPPORTED);
    update.set_body(wire::SDP, body.to_bytes());
    update
}
