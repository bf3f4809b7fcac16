//! Calls go on without a connection that is lost: the next request to who was reached over it opens another, where that one, or the
//! proxy before it, listens. A browser is waited for: `absence.rs`. What was on its way
//! is lost, and the transaction layer says so.

use kiestoon_sip::{ConnectionId, Flow, Transport};

use super::Switch;
use crate::call::Call;
use crate::cdr::Side;
use crate::leg::Leg;

impl Switch {
    /// A flow has failed. TLS is left alone: whoever answers would have to prove a name, and a dialog has none.
    pub(super) fn leave_connection(&mut self, flow: &Flow) {
        self.x.flows.forget(flow);
        self.leave_registrations(flow);
        if let Some(lost) = flow.connection.filter(|_| flow.transport == Transport::Tcp) {
            self.calls.values_mut().for_each(|call| call.leave_connection(lost));
        }
        if let Some(lost) = flow.connection.filter(|_| flow.transport.is_websocket()) {
            let calls = self.calls.values().filter(|call| call.has_browser_on(lost));
            for key in calls.map(|call| call.key).collect::<Vec<_>>() {
                self.with_call(key, |call, x| call.await_browsers_of(x, lost));
            }
        }
    }
}

impl Call {
    /// Only who has answered is in need of another connection: an INVITE fails with the one that it went or came over.
    fn leave_connection(&mut self, lost: ConnectionId) {
        for side in [Side::Caller, Side::Callee] {
            if let Some(leg) = self.leg_mut(side) {
                leg.leave_connection(lost);
            }
        }
        self.legs_of_transfers().for_each(|leg| leg.leave_connection(lost));
    }
}

impl Leg {
    fn leave_connection(&mut self, lost: ConnectionId) {
        if let Some(established) = self.established_mut() {
            established.dialog.leave_connection(lost);
        }
    }
}
