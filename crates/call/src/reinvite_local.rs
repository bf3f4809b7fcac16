//! A new offer of a caller who is in session with the PBX itself: by a prompt, or before the answer.

use kiestoon_media::{Sdp, local_answer, local_offer};
use kiestoon_sip::Request;
use kiestoon_sip::transaction::ServerId;

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::LegMedia;
use crate::open_offer::OpenOffer;
use crate::ring::Branch;
use crate::wire;

impl Call {
    /// A re-INVITE of a caller who talks to the PBX itself.
    pub(crate) fn reinvite_locally(
        &mut self,
        x: &mut Exchange,
        server: ServerId,
        request: &Request,
        offer: Option<Sdp>,
    ) {
        let is_offered = offer.is_none();
        match self.local_body(x, offer) {
            Ok(body) => {
                self.accept_reinvite(x, Side::Caller, server, request, &body);
                self.caller.open = if is_offered { OpenOffer::Ours } else { OpenOffer::None };
            }
            Err(status) => x.answer(server, request, status),
        }
    }

    /// What the PBX itself answers to an offer of the caller, or offers. An error is the status that refuses the offer.
    pub(crate) fn local_body(&mut self, x: &mut Exchange, offer: Option<Sdp>) -> Result<Sdp, u16> {
        let LegMedia::Open(media) = &mut self.caller.media else { return Err(488) };
        let Some(offer) = offer else { return Ok(local_offer(&media.local, &mut media.origin)) };
        let (body, _) =
            local_answer(&offer, &media.local, &mut media.origin).map_err(|error| error.status())?;
        let agreed = wire::as_theirs(&body, &media.origin);
        self.take_session(x, Side::Caller, &offer);
        self.offer_again(agreed);
        Ok(body)
    }

    /// The answer to an offer that we made to a re-INVITE came in its ACK. Without one the session stays as it was.
    pub(crate) fn reinvite_answered_in_ack(&mut self, x: &mut Exchange, ack: &Request) {
        if self.caller.open == OpenOffer::Ours {
            self.caller.open = OpenOffer::None;
        }
        let terms = self.caller.terms(&x.settings);
        let answer = wire::sdp_of(&terms, &ack.headers, &ack.body).filter(|answer| answer.audio().is_some());
        if let Some(answer) = answer {
            self.take_session(x, Side::Caller, &answer);
            self.offer_again(answer);
        }
    }

    /// What phones are offered from now on; those that ring were offered something else.
    pub(crate) fn offer_again(&mut self, offer: Sdp) {
        self.offer = Some(Box::new(offer));
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.branches.iter_mut().for_each(Branch::fall_behind);
        }
    }
}
