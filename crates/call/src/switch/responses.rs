//! Responses to our own requests: to the call, the lost branch or the relayed message that they are for.

use kiestoon_sip::transaction::{ClientId, FailReason};
use kiestoon_sip::{Flow, Response};

use super::Switch;
use crate::id;
use crate::routes::ClientOwner;

impl Switch {
    /// A response; one that nobody waits for is dropped.
    pub(super) fn response(&mut self, client: ClientId, response: &Response, flow: Flow) {
        if let Some((ours, theirs)) = self.x.asks_again(client, response) {
            return self.answer_challenge(client, &ours, &theirs);
        }
        let client = self.x.owners(client, Some(response));
        match self.x.routes.client(client) {
            Some(ClientOwner::Call(key)) => {
                self.with_call(key, |call, x| call.response(x, client, response, flow));
            }
            Some(ClientOwner::Loser) => self.x.loser_responded(client, response, flow),
            Some(ClientOwner::KeepAlive) if response.status.is_final() => self.kept_alive(client, true),
            Some(ClientOwner::KeepAlive) => {}
            Some(ClientOwner::Registration) => self.registration_responded(client, response),
            Some(ClientOwner::Host(id)) => self.host_responded(id, client, response),
            Some(ClientOwner::Relay(server)) => self.relay_answered(server, client, response.status.code()),
            None => {}
        }
    }

    /// A trunk has asked who we are in the dialog of these tags: its next request is the same once more.
    fn answer_challenge(&mut self, client: ClientId, ours: &str, theirs: &str) {
        let mut cseq = None;
        if let Some(leg) = self.x.routes.dialog(ours) {
            self.with_call(id::call_of(leg), |call, _| cseq = call.next_cseq(leg, theirs));
        }
        self.x.ask_again(client, cseq);
    }

    /// No response will come.
    pub(super) fn failed(&mut self, client: ClientId, reason: FailReason) {
        let client = self.x.owners(client, None);
        match self.x.routes.client(client) {
            Some(ClientOwner::Call(key)) => self.with_call(key, |call, x| call.failed(x, client, reason)),
            Some(ClientOwner::Loser) => self.x.forget_loser(client),
            Some(ClientOwner::KeepAlive) => self.kept_alive(client, false),
            Some(ClientOwner::Registration) => self.registration_failed(client),
            Some(ClientOwner::Host(id)) => self.host_failed(id, client, reason),
            Some(ClientOwner::Relay(server)) => self.relay_answered(server, client, 408),
            None => {}
        }
    }
}
