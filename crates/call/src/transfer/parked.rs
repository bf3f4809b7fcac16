//! The dialog with who transferred, while the target is sought: its phone may hang up at any time, and asks for little else.

use kiestoon_media::LegId;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, Method, Request};

use super::Parked;
use crate::call::Call;
use crate::cdr::End;
use crate::exchange::Exchange;
use crate::leg::{Leg, Signal};
use crate::reason::EndReason;
use crate::reinvite::refuse_reinvite;

impl Call {
    pub(crate) fn parked_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        let parked = self.walk.transfers.search.as_mut()?.parked.as_mut()?;
        (parked.leg.id == leg).then_some(&mut parked.leg)
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
        let Some(parked) = self.parked_mut(leg) else { return x.answer(server, request, 481) };
        let Some(dialog) = parked.dialog_mut() else { return x.answer(server, request, 481) };
        let id = dialog.id();
        if id.call_id != request.call_id || request.from.tag().unwrap_or_default() != &*id.remote_tag {
            return x.answer(server, request, 481);
        }
        if dialog.receive(request).is_err() {
            return x.answer(server, request, 500);
        }
        dialog.set_flow(flow);
        match request.method {
            Method::Bye => {
                x.answer(server, request, 200);
                self.parked_left(x);
            }
            Method::Invite => refuse_reinvite(x, server, request, 491),
            Method::Options => self.answer_options(x, server, request),
            Method::Info | Method::Message => x.answer(server, request, 200),
            Method::Refer => x.answer(server, request, 491),
            _ => x.answer(server, request, 405),
        }
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
