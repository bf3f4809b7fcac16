//! Requests that belong to a call: they find its leg by the tag that we gave to the dialog.

use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, Request};

use super::Switch;
use super::strangers::Strange;
use crate::id;

impl Switch {
    /// A request inside a dialog; it is authorised by that dialog.
    pub(super) fn in_dialog(&mut self, server: ServerId, request: Request, flow: Flow) {
        let leg = request.to.tag().and_then(|tag| self.x.routes.dialog(tag));
        let key = leg.map(id::call_of).filter(|key| self.calls.contains_key(key));
        match (leg, key) {
            (Some(leg), Some(key)) => {
                self.with_call(key, |call, x| call.request(x, leg, server, request, flow));
            }
            _ => {
                self.stranger_refused(&request, &flow, 481, Strange::NoDialog);
                self.x.turn_away(server, &request, 481);
            }
        }
    }

    /// The ACK of a 2xx; one that belongs nowhere is dropped, for an ACK is never answered.
    pub(super) fn ack(&mut self, request: &Request) {
        let Some(leg) = request.to.tag().and_then(|tag| self.x.routes.dialog(tag)) else { return };
        self.with_call(id::call_of(leg), |call, x| call.ack(x, leg, request));
    }
}
