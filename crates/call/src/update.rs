//! UPDATE (RFC 3311): without a session description it refreshes; with one it is an offer, which goes end to end, as UPDATE
//! where the other side takes that and as re-INVITE otherwise.

use kiestoon_media::Sdp;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Method, Request};

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::Leg;
use crate::open_offer::OpenOffer;
use crate::passed::Why;
use crate::reinvite::{read_offer, refuse_reinvite};
use crate::session_timer;
use crate::wire;

impl Call {
    /// An UPDATE of one side.
    pub(crate) fn update(&mut self, x: &mut Exchange, side: Side, server: ServerId, request: &Request) {
        if let Some(refusal) = session_timer::too_short(x, request) {
            return x.respond(server, refusal);
        }
        match read_offer(&self.terms(x, side), request) {
            Ok(None) => self.accept_update(x, side, server, request, None),
            Ok(Some(offer)) => self.offered(x, side, server, request, offer),
            Err(status) => x.answer(server, request, status),
        }
    }

    /// An offer of one side, in UPDATE or in the PRACK of a caller.
    pub(crate) fn offered(
        &mut self,
        x: &mut Exchange,
        side: Side,
        server: ServerId,
        request: &Request,
        offer: Sdp,
    ) {
        if let Some(status) = self.leg(side).and_then(|leg| leg.open.refusal()) {
            return refuse_reinvite(x, server, request, status);
        }
        match &self.stage {
            Stage::Talking(_) => self.pass_offer(x, side, server, request, offer),
            Stage::Ringing(_) => self.offered_early(x, server, request, offer),
            Stage::Between
            | Stage::Verifying(_)
            | Stage::Silenced
            | Stage::Asking(_)
            | Stage::Sounding(_)
            | Stage::Ending(_) => match self.local_body(x, Some(offer)) {
                Ok(body) => self.accept_update(x, side, server, request, Some(&body)),
                Err(status) => x.answer(server, request, status),
            },
        }
    }

    fn pass_offer(&mut self, x: &mut Exchange, side: Side, server: ServerId, request: &Request, offer: Sdp) {
        if self.leg(side.other()).is_some_and(Leg::is_negotiating) {
            return refuse_reinvite(x, server, request, 491);
        }
        self.pass_reinvite(x, side, Why::asked(server, request), Some(offer));
    }

    /// The 200 to an UPDATE, or to a PRACK with an offer.
    pub(crate) fn accept_update(
        &mut self,
        x: &mut Exchange,
        side: Side,
        server: ServerId,
        request: &Request,
        body: Option<&Sdp>,
    ) {
        match self.leg_mut(side) {
            Some(leg) => leg.accept_update(x, server, request, body),
            None => x.answer(server, request, 481),
        }
    }
}

impl Leg {
    /// The same in the dialog of this phone.
    pub(crate) fn accept_update(
        &mut self,
        x: &mut Exchange,
        server: ServerId,
        request: &Request,
        body: Option<&Sdp>,
    ) {
        let mut response = x.response(request, 200, None);
        self.can.learn(&request.headers);
        let Some(dialog) = self.dialog_mut() else { return x.answer(server, request, 481) };
        let _ = dialog.refresh_target(&request.headers);
        wire::dialog_headers(&mut response.headers, dialog);
        if self.established().is_some() && request.method == Method::Update {
            self.forget_refresh(x);
            self.timer = self.grant_timer(x, &request.headers, &mut response.headers);
        }
        if let Some(body) = body {
            response.set_body(wire::SDP, self.say(body));
            self.open = OpenOffer::None;
        }
        x.respond(server, response);
    }
}
