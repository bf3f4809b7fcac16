//! A browser that looks for a new path in mid-call (RFC 8445 section 9): its offer changes nothing but the transport that it has with us, so
//! the other side need not be asked, which may be busy, slow, or looking for a path of its own.

use kiestoon_media::{Sdp, relay_answer};
use kiestoon_sip::Request;
use kiestoon_sip::transaction::ServerId;

use crate::call::Call;
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::Leg;

impl Call {
    /// Answers a re-INVITE that only begins ICE anew, with what was agreed before. False if it is about more.
    pub(crate) fn answer_ice_restart(
        &mut self,
        x: &mut Exchange,
        from: Side,
        (server, request): (ServerId, &Request),
        offer: &Sdp,
    ) -> bool {
        let Some(body) = self.leg_mut(from).and_then(|leg| leg.keeps_session(offer)) else { return false };
        self.take_session(x, from, offer);
        self.accept_reinvite(x, from, server, request, &body);
        true
    }
}

impl Leg {
    /// The answer that keeps the session as it is; None where this is no restart, or more than one.
    fn keeps_session(&mut self, offer: &Sdp) -> Option<Sdp> {
        let media = self.media_mut()?;
        let audio = offer.audio()?;
        let is_restart = media.local.browser.as_ref()?.is_restarted_by(audio.browser.as_ref()?);
        if !is_restart || audio.on_hold != media.holds {
            return None;
        }
        let before = Sdp::parse(&media.said).ok()?;
        let mut origin = media.origin.clone();
        let body = relay_answer(offer, &before, &media.local, &mut origin).ok()?;
        media.origin = origin;
        Some(body)
    }
}
