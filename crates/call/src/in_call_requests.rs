//! Requests inside an answered call: INFO and MESSAGE go across, OPTIONS is answered, and our own OPTIONS asks each phone now
//! and then whether it is still there.

use kiestoon_media::LegId;
use kiestoon_sip::transaction::{ClientId, ServerId};
use kiestoon_sip::{HeaderName, Method, Request};

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::digits::key_of;
use crate::exchange::Exchange;
use crate::reinvite::gone_end;
use crate::routes::ClientOwner;
use crate::talk::Passing;
use crate::wire;

impl Call {
    /// INFO or MESSAGE of one side goes on to the other, body and type only. A key in an INFO is taken in.
    pub(crate) fn pass_request(&mut self, x: &mut Exchange, from: Side, server: ServerId, request: Request) {
        if let Some(pressed) = key_of(&request) {
            x.answer(server, &request, 200);
            return self.key_in_info(x, from, pressed);
        }
        let (key, most) = (self.key, x.settings.limits.in_call);
        let Stage::Talking(talk) = &mut self.stage else {
            // An INFO of whatever kind does no harm, and a text has nobody to read it.
            let status = if request.method == Method::Info { 200 } else { 480 };
            return x.answer(server, &request, status);
        };
        if talk.passing.len() >= most {
            return x.answer(server, &request, 503);
        }
        let other = match from {
            Side::Caller => &mut talk.callee,
            Side::Callee => &mut self.caller,
        };
        let Some(dialog) = other.dialog_mut() else { return x.answer(server, &request, 480) };
        let (mut passed, flow) = (dialog.request(request.method.clone()), dialog.flow());
        wire::carry_body(&request, &mut passed);
        let client = x.request(passed, flow, Some(ClientOwner::Call(key)));
        talk.passing.push(Passing { from, server, request: Box::new(request), client });
    }

    /// The other side answered a request that was passed on. False if this is the answer to something else.
    pub(crate) fn passing_answered(&mut self, x: &mut Exchange, client: ClientId, status: u16) -> bool {
        let Stage::Talking(talk) = &mut self.stage else { return false };
        let Some(index) = talk.passing.iter().position(|passing| passing.client == client) else {
            return false;
        };
        if status < 200 {
            return true;
        }
        let passing = talk.passing.swap_remove(index);
        x.routes.remove_client(client);
        let shown = if matches!(status, 300..=399 | 401 | 407) { 500 } else { status };
        x.answer(passing.server, &passing.request, shown);
        if matches!(status, 408 | 481) {
            self.end(x, gone_end(passing.from.other()));
        }
        true
    }

    /// OPTIONS inside a call: the session stands.
    pub(crate) fn answer_options(&self, x: &mut Exchange, server: ServerId, request: &Request) {
        let mut response = x.response(request, 200, None);
        response.headers.set(HeaderName::Allow, wire::ALLOW);
        response.headers.set(HeaderName::Supported, wire::SUPPORTED);
        response.headers.set(HeaderName::Accept, wire::SDP);
        x.respond(server, response);
    }

    /// Asks every answered phone whether it is still there.
    pub(crate) fn probe_all(&mut self, x: &mut Exchange) {
        self.probe_at = Some(x.now + x.settings.probe_interval);
        for side in [Side::Caller, Side::Callee] {
            // A session that is refreshed tells as much.
            if self.leg(side).is_some_and(|leg| leg.timer.is_none()) {
                self.probe(x, side);
            }
        }
    }

    /// No sound came from a phone for a while: perhaps it is muted, perhaps it is gone.
    pub(crate) fn heard_nothing(&mut self, x: &mut Exchange, leg: LegId) {
        for side in [Side::Caller, Side::Callee] {
            if self.leg(side).is_some_and(|silent| silent.id == leg) {
                self.probe(x, side);
            }
        }
    }

    fn probe(&mut self, x: &mut Exchange, side: Side) {
        // A request on its way tells as much, and one behind it could overtake it: the phone would then refuse the
        // first as out of order (RFC 3261 section 12.2.2).
        if self.is_passing() {
            return;
        }
        let owner = ClientOwner::Call(self.key);
        let Some(leg) = self.leg_mut(side) else { return };
        if leg.probe.is_some() || leg.is_unacked() {
            return;
        }
        let Some(established) = leg.established_mut() else { return };
        let flow = established.dialog.flow();
        let mut options = established.dialog.request(Method::Options);
        options.headers.set(HeaderName::Accept, wire::SDP);
        leg.probe = Some(x.request(options, flow, Some(owner)));
    }

    /// Whether a request of one side waits for the answer of the other.
    pub(crate) fn is_passing(&self) -> bool {
        let passing = matches!(&self.stage, Stage::Talking(talk) if !talk.passing.is_empty());
        passing || self.reinvite_client().is_some()
    }

    /// A phone answered our question, with anything, or did not (408): only silence and "no such call" mean that it is
    /// gone. False if this is the outcome of something else.
    pub(crate) fn probe_outcome(&mut self, x: &mut Exchange, client: ClientId, status: u16) -> bool {
        let probed = self.legs().find(|leg| leg.probe == Some(client));
        let Some(id) = probed.map(|leg| leg.id) else { return false };
        if status < 200 {
            return true;
        }
        x.routes.remove_client(client);
        if let Some(leg) = self.any_leg_mut(id) {
            leg.probe = None;
        }
        if matches!(status, 408 | 481) {
            self.gone(x, id);
        }
        true
    }
}
