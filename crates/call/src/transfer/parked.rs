//! The dialog with who transferred, while the target is sought: its phone may hang up at any time, and asks for little else.

use kiestoon_media::{LegId, local_answer};
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, Method, Request};

use super::{Parked, Source, Transfers};
use crate::call::Call;
use crate::cdr::End;
use crate::exchange::Exchange;
use crate::leg::{Leg, Signal};
use crate::reason::EndReason;
use crate::reinvite::{gone_end, read_offer, refuse_reinvite};
use crate::session_timer;

impl Call {
    pub(crate) fn parked_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        let parked = self.walk.transfers.search.as_mut()?.parked.as_mut()?;
        (parked.leg.id == leg).then_some(&mut parked.leg)
    }

    /// The phones that a transfer has in this call besides the two sides.
    pub(crate) fn legs_of_transfers(&mut self) -> impl Iterator<Item = &mut Leg> {
        let Transfers { search, arrival, .. } = &mut self.walk.transfers;
        let parked = search.as_mut().and_then(|search| search.parked.as_mut()).map(|parked| &mut parked.leg);
        let waiting = arrival.as_mut().and_then(|arrival| match &mut arrival.source {
            Source::Waits { leg, .. } => Some(&mut **leg),
            Source::Moves { .. } | Source::Invites { .. } => None,
        });
        parked.into_iter().chain(waiting)
    }

    /// The leg of who transferred, while the target is sought.
    pub(crate) fn parked(&self) -> Option<&Leg> {
        self.walk.transfers.search.as_ref()?.parked.as_ref().map(|parked| &parked.leg)
    }

    /// A request of who transferred.
    pub(crate) fn parked_request(
        &mut self,
        x: &mut Exchange,
        leg: LegId,
        server: ServerId,
        request: &Request,
        flow: Flow,
    ) {
        if self.waiting_request(x, leg, server, request, flow) {
            return;
        }
        let Some(parked) = self.parked_mut(leg) else { return x.answer(server, request, 481) };
        if let Err(status) = parked.receive(request, flow) {
            return x.answer(server, request, status);
        }
        match request.method {
            Method::Bye => {
                x.answer(server, request, 200);
                self.parked_left(x);
            }
            Method::Invite => refuse_reinvite(x, server, request, 491),
            Method::Update => self.parked_update(x, leg, server, request),
            Method::Options => self.answer_options(x, server, request),
            Method::Info | Method::Message => x.answer(server, request, 200),
            Method::Refer => x.answer(server, request, 491),
            _ => x.answer(server, request, 405),
        }
    }

    /// An UPDATE of who transferred: it is in session with nobody but us, and may hold or resume for the time after.
    fn parked_update(&mut self, x: &mut Exchange, leg: LegId, server: ServerId, request: &Request) {
        if let Some(refusal) = session_timer::too_short(x, request) {
            return x.respond(server, refusal);
        }
        let Some(parked) = self.parked_mut(leg) else { return x.answer(server, request, 481) };
        let body = match read_offer(&parked.terms(&x.settings), request) {
            Ok(None) => None,
            Ok(Some(offer)) => {
                if let Some(status) = parked.open.refusal() {
                    return refuse_reinvite(x, server, request, status);
                }
                let media = parked.media_mut();
                let answer = media
                    .and_then(|media| Some(local_answer(&offer, &media.local, &mut media.origin).ok()?.0));
                let Some(answer) = answer else { return x.answer(server, request, 488) };
                parked.set_remote(x, &offer);
                Some(answer)
            }
            Err(status) => return x.answer(server, request, status),
        };
        parked.accept_update(x, server, request, body.as_ref());
    }

    /// A phone of this call does not answer any more, or knows nothing of it: that ends the call, unless it had transferred it.
    pub(crate) fn gone(&mut self, x: &mut Exchange, leg: LegId) {
        match self.side_of(leg) {
            // It has said that it does not answer.
            Some(_) if self.is_awaited(leg) => {}
            Some(side) => self.end(x, gone_end(side)),
            None if self.parked_mut(leg).is_some() => self.parked_left(x),
            None => {}
        }
    }

    /// Who transferred is hung up before the outcome is known. The search goes on.
    pub(crate) fn release_early(&mut self, x: &mut Exchange, why: EndReason) {
        let Some(search) = &mut self.walk.transfers.search else { return };
        let Some(mut parked) = search.parked.take() else { return };
        self.note_leg_end(parked.leg.id, why);
        parked.leg.hang_up(x, &why.into());
        parked.leg.close(x);
    }

    /// It has hung up: from now on the call is between the target and the one who was transferred.
    fn parked_left(&mut self, x: &mut Exchange) {
        let Some(search) = &mut self.walk.transfers.search else { return };
        let Some(mut parked) = search.parked.take() else { return };
        parked.leg.forget(x);
        parked.leg.signal = Signal::Over;
        parked.leg.close(x);
        self.note_leg_end(parked.leg.id, EndReason::Transferred);
    }

    /// Tells it how the transfer ended, and hangs up.
    pub(super) fn release_parked(&self, x: &mut Exchange, mut parked: Parked, status: u16, why: &End) {
        if let Some(subscription) = &mut parked.subscription {
            subscription.tell(x, &mut parked.leg, status);
        }
        parked.leg.hang_up(x, why);
        parked.leg.close(x);
    }
}
