//! What the caller hears and sees before an answer: ring-back, and the sound of one phone at a time.

use std::time::Duration;

use kiestoon_media::{LegId, MediaCommand, Sdp, relay_answer};
use kiestoon_sip::Response;
use kiestoon_sip::transaction::ClientId;

use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::leg::{LegMedia, Signal};
use crate::wire;

impl Call {
    /// A phone rings, or sends sound already. The first phone that sends a session description is the one that the
    /// caller hears, until it answers or is gone.
    pub(crate) fn branch_provisional(&mut self, x: &mut Exchange, client: ClientId, response: &Response) {
        let status = response.status.code();
        let Some(leg) = self.branch_of(client) else { return };
        if status <= 100 {
            return;
        }
        // Without an offer of ours this would be an offer, which an unreliable response may not carry.
        let answer = if self.offer.is_some() {
            wire::sdp_of(&x.settings, &response.headers, &response.body)
        } else {
            None
        };
        let answer = answer.filter(|answer| answer.audio().is_some());
        if status == 180 || answer.is_some() {
            let number = self.branch_mut(leg).map(|branch| branch.leg.number.clone()).unwrap_or_default();
            self.rings(x, &number);
            self.target_rings(x);
        }
        match answer {
            Some(answer) => self.early_answer(x, leg, answer, status),
            None => self.tell_caller(x, status, None),
        }
    }

    fn early_answer(&mut self, x: &mut Exchange, leg: LegId, answer: Sdp, status: u16) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let heard = ring.early;
        let Some(branch) = ring.branches.iter_mut().find(|branch| branch.leg.id == leg) else { return };
        let changed = branch.early.as_deref() != Some(&answer);
        branch.early = Some(Box::new(answer));
        let body = match heard {
            None => self.hear(x, leg),
            Some(heard) if heard == leg && changed => self.hear(x, leg),
            Some(_) => None,
        };
        self.tell_caller(x, status, body);
    }

    /// Connects the caller to a branch that sends sound, and returns the answer to the caller's offer.
    fn hear(&mut self, x: &mut Exchange, leg: LegId) -> Option<Sdp> {
        let Stage::Ringing(ring) = &mut self.stage else { return None };
        let branch = ring.branches.iter_mut().find(|branch| branch.leg.id == leg)?;
        let (offer, answer) = (self.offer.as_deref()?, branch.early.as_deref()?);
        let LegMedia::Open(media) = &mut self.caller.media else { return None };
        let shown = relay_answer(offer, answer, &media.local, &mut media.origin).ok()?;
        branch.leg.set_remote(x, answer);
        if let Signal::Inviting { .. } = self.caller.signal {
            self.caller.set_remote(x, offer);
        }
        x.media(MediaCommand::Connect { a: self.caller.id, b: leg });
        ring.early = Some(leg);
        Some(shown)
    }

    /// Passes a provisional response on to a caller who waits; one without news is left out.
    fn tell_caller(&mut self, x: &mut Exchange, status: u16, body: Option<Sdp>) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        if body.is_none() && ring.told.is_some_and(|(told, _)| told == status) {
            return;
        }
        ring.told = Some((status, x.now + REPEAT));
        self.send_provisional(x, status, body);
    }

    /// Repeats the last provisional response, so that the way to the caller stays open.
    pub(crate) fn repeat_provisional(&mut self, x: &mut Exchange) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let Some((told, at)) = &mut ring.told else { return };
        *at = x.now + REPEAT;
        // Repeating a 180 without its session description would end early media at some phones.
        let status = if ring.early.is_some() { 183 } else { *told };
        self.send_provisional(x, status, None);
    }

    fn send_provisional(&self, x: &mut Exchange, status: u16, body: Option<Sdp>) {
        let Signal::Inviting { server, invite, dialog } = &self.caller.signal else { return };
        let mut response = x.response(invite, status, Some(&dialog.id().local_tag));
        wire::dialog_headers(&mut response.headers, dialog);
        if let Some(sdp) = body {
            response.set_body(wire::SDP, sdp.to_bytes());
        }
        x.respond(*server, response);
    }
}

/// RFC 3261 section 13.3.1.1.
const REPEAT: Duration = Duration::from_secs(60);
