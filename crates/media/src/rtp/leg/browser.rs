//! The leg of a browser: what else a phone signals comes from ICE and DTLS.

use std::net::SocketAddr;
use std::time::Instant;

use super::RtpLeg;
use crate::rtp::{Header, OneStream};
use crate::srtp::{MasterKey, PeerKey, Protection};

impl RtpLeg {
    /// The leg of a browser, which is sent one stream, `ssrc`: until [`Self::secure`] nothing is taken and nothing sent.
    #[must_use]
    pub fn of_browser(self, ssrc: u32) -> Self {
        let one_stream = Some(Box::new(OneStream::new(ssrc)));
        let mut leg = Self { is_browser: true, one_stream, ..self };
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

    /// Numbers a packet for the browser as part of its one stream. A phone takes streams as they come.
    pub fn number(&mut self, now: Instant, header: &mut Header, packet: &mut [u8]) {
        let clock_rate = self.clock_rate(header.payload_type);
        if let Some(one) = &mut self.one_stream {
            one.number(now, clock_rate, header, packet);
        }
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
