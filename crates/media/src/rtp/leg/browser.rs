//! The leg of a browser: what else a phone signals comes from ICE and DTLS.

use std::net::SocketAddr;

use super::RtpLeg;
use crate::srtp::{MasterKey, PeerKey, Protection};

impl RtpLeg {
    /// The leg of a browser: until [`Self::secure`] nothing is taken and nothing sent.
    #[must_use]
    pub fn of_browser(self) -> Self {
        let mut leg = Self { is_browser: true, ..self };
        leg.rtcp.mux = true;
        leg
    }

    /// Whether it is the leg of a browser.
    pub fn is_browser(&self) -> bool {
        self.is_browser
    }

    /// Whether there are no keys yet where there must be some.
    pub(super) fn is_in_the_dark(&self) -> bool {
        self.is_browser && self.protection.is_none()
    }

    /// Takes over where the browser is, by its checks (RFC 8445 section 8.1.1).
    pub fn moved(&mut self, remote: SocketAddr) {
        self.signalled(remote, remote);
    }

    /// Takes over the keys of a handshake; a later one replaces them.
    pub fn secure(&mut self, ours: &MasterKey, theirs: &PeerKey) {
        self.protection = Protection::new(ours, theirs).map(Box::new);
    }
}
