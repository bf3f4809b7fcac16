//! An early offer of ours whose asker has gone meanwhile, or was told to ask again: the phone that got it may take it all the same,
//! and until it has answered no other one can be made.

use bytes::Bytes;
use kiestoon_sip::Response;
use kiestoon_sip::transaction::ClientId;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::leg::Leg;
use crate::open_offer::OpenOffer;
use crate::wire;

/// An offer in UPDATE whose answer nobody but ourselves waits for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LeftOffer {
    client: ClientId,
    #[serde(with = "kiestoon_sip::plain")]
    said: Bytes,
}

impl Leg {
    pub(crate) fn leave_offer(&mut self, x: &mut Exchange, client: ClientId, said: Bytes) {
        self.forget_left_offer(x);
        self.open = OpenOffer::Ours;
        self.left = Some(Box::new(LeftOffer { client, said }));
    }

    pub(crate) fn forget_left_offer(&mut self, x: &mut Exchange) {
        if let Some(left) = self.left.take() {
            x.routes.remove_client(left.client);
        }
    }
}

impl Call {
    /// The outcome of such an offer; `response` is None where none came. False if this is the outcome of something else.
    pub(crate) fn left_offer_outcome(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        status: u16,
        response: Option<&Response>,
    ) -> bool {
        let is_its = |leg: &&Leg| leg.left.as_ref().is_some_and(|left| left.client == client);
        let Some(id) = self.legs().find(is_its).map(|leg| leg.id) else { return false };
        if status < 200 {
            return true;
        }
        x.routes.remove_client(client);
        let Some(leg) = self.any_leg_mut(id) else { return true };
        let Some(left) = leg.left.take() else { return true };
        leg.open = OpenOffer::None;
        let terms = leg.terms(&x.settings);
        let answer = response
            .filter(|_| status < 300)
            .and_then(|response| wire::sdp_of(&terms, &response.headers, &response.body));
        let Some(answer) = answer else { return true };
        leg.set_remote(x, &answer);
        if let Some(media) = leg.media_mut() {
            media.said = left.said.clone();
        }
        if matches!(self.stage, Stage::Ringing(_)) && id == self.caller.id {
            self.tell_for_good(left.said);
            self.offer_again(answer);
        }
        true
    }
}
