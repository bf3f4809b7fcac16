//! OPTIONS to the PBX itself: a phone or a monitor asks whether we are there and what we speak (RFC 3261 section 11.2).

use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{HeaderName, Request};

use super::Switch;
use crate::wire;

impl Switch {
    /// Answered without authentication, alike for every address, so that it tells nobody who exists.
    pub(super) fn options(&mut self, server: ServerId, request: &Request) {
        let mut response = self.x.response(request, 200, None);
        response.headers.set(HeaderName::Allow, wire::ALLOW);
        response.headers.set(HeaderName::Supported, wire::SUPPORTED);
        response.headers.set(HeaderName::Accept, wire::SDP);
        response.headers.set(HeaderName::AcceptEncoding, "identity");
        self.x.transactions.respond_stateless(self.x.now, server, &response);
    }
}
