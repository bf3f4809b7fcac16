//! What the caller hears and sees before an answer: ring-back, and the sound of one phone at a time.

use std::time::Duration;

use kiestoon_media::{LegId, MediaCommand, Sdp, relay_answer};
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, Response};

use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::forks::Arrival;
use crate::leg::{LegMedia, Signal};
use crate::open_offer::OpenOffer;
use crate::wire;

impl Call {
    /// A phone rings, or sends sound already. The first phone that sends a session description is the one that the
    /// caller hears, until it answers or is gone.
    pub(crate) fn branch_provisional(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        response: &Response,
        flow: Flow,
    ) {
        let status = response.status.code();
        let Some(leg) = self.branch_of(client) else { return };
        if status <= 100 {
            return;
        }
        let terms = self.terms_of_branch(x, leg);
        let Some(branch) = self.branch_mut(leg) else { return };
        branch.progresses();
        let Signal::Invited { invite, .. } = &branch.leg.signal else { return };
        let invite = invite.clone();
        let Some((fork, arrival)) = branch.heard_from(&invite, response, flow) else {
            return self.tell_caller(x, status, None);
        };
        if arrival == Arrival::Ignored {
            return;
        }
        let tag = fork.tag.clone();
        // Once settled it stands, whatever else is said (RFC 6337 section 3.1.1); and without an offer of ours it would be an
        // offer, which an unreliable response may not hold.
        let may_describe = match arrival {
            Arrival::Reliable(_) => !fork.is_settled(),
            _ => fork.open == OpenOffer::Ours,
        };
        let sdp = wire::sdp_of(&terms, &response.headers, &response.body)
            .filter(|sdp| may_describe && sdp.is_relayable());
        let is_answer = sdp.is_some() && fork.open == OpenOffer::Ours;
        if status == 180 || is_answer {
            let number = branch.leg.number.clone();
            self.rings(x, &number);
            self.target_rings(x);
        }
        if let Arrival::Reliable(rack) = arrival {
            self.acknowledge_fork(x, (leg, &tag), rack, sdp.as_ref(), status);
        }
        match sdp.filter(|_| is_answer) {
            _ if status == EARLY_DIALOG_TERMINATED => self.fork_ended(x, leg, &tag),
            Some(answer) => self.early_answer(x, (leg, &tag), answer, status),
            None => self.tell_caller(x, status, None),
        }
    }

    fn early_answer(&mut self, x: &mut Exchange, (leg, tag): (LegId, &str), answer: Sdp, status: u16) {
        let Some(fork) = self.branch_mut(leg).and_then(|branch| branch.fork_mut(tag)) else { return };
        let changed = fork.sdp.as_deref() != Some(&answer);
        fork.sdp = Some(Box::new(answer));
        let body = match self.heard() {
            None => self.hear(x, leg, tag),
            Some((heard, of)) if heard == leg && *of == *tag && changed => self.hear(x, leg, tag),
            Some(_) => None,
        };
        self.await_media(x, leg);
        self.tell_caller(x, status, body);
    }

    /// The branch and the early dialog that the caller hears.
    pub(crate) fn heard(&self) -> Option<(LegId, Box<str>)> {
        match &self.stage {
            Stage::Ringing(ring) => ring.early.clone(),
            _ => None,
        }
    }

    /// Connects the caller to a phone that sends sound, and returns the answer to the caller's offer.
    fn hear(&mut self, x: &mut Exchange, leg: LegId, tag: &str) -> Option<Sdp> {
        let Stage::Ringing(ring) = &mut self.stage else { return None };
        let branch = ring.branches.iter_mut().find(|branch| branch.leg.id == leg)?;
        let answer = branch.fork(tag)?.sdp.clone()?;
        let offer = self.offer.as_deref()?;
        let LegMedia::Open(media) = &mut self.caller.media else { return None };
        // Once the caller has its answer it is not told another: only the sound is another's.
        let is_told = self.caller.open != OpenOffer::Theirs;
        let mut spare = media.origin.clone();
        let origin = if is_told { &mut spare } else { &mut media.origin };
        let shown = relay_answer(offer, &answer, &media.local, origin).ok()?;
        branch.leg.set_remote(x, &answer);
        if let Signal::Inviting { .. } = self.caller.signal {
            self.caller.set_remote(x, offer);
        }
        x.media(MediaCommand::Connect { a: self.caller.id, b: leg });
        ring.early = Some((leg, tag.into()));
        Some(shown).filter(|_| !is_told)
    }

    /// Lets the caller hear another phone, where the one that was heard is gone.
    pub(crate) fn hear_next(&mut self, x: &mut Exchange) {
        let Stage::Ringing(ring) = &self.stage else { return };
        if ring.early.is_some() {
            return;
        }
        let sounding = ring.branches.iter().find_map(|branch| {
            let fork =
                branch.forks.iter().find(|fork| fork.sdp.is_some() && fork.open != OpenOffer::Theirs)?;
            Some((branch.leg.id, fork.tag.clone()))
        });
        if let Some((leg, tag)) = sounding
            && let Some(body) = self.hear(x, leg, &tag)
        {
            self.tell_caller(x, PROGRESS, Some(body));
        }
    }

    /// One of several phones behind a contact will not answer any more (RFC 6228).
    fn fork_ended(&mut self, x: &mut Exchange, leg: LegId, tag: &str) {
        self.drop_early_update_of(x, leg, tag);
        let Some(branch) = self.branch_mut(leg) else { return };
        branch.forks.retain(|fork| *fork.tag != *tag);
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.early.take_if(|(heard, of)| *heard == leg && **of == *tag);
        }
        self.hear_next(x);
    }

    /// Passes a provisional response on to a caller who waits; one without news is left out.
    pub(crate) fn tell_caller(&mut self, x: &mut Exchange, status: u16, body: Option<Sdp>) {
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

    /// Says to a caller who waits how the call stands.
    pub(crate) fn send_provisional(&mut self, x: &mut Exchange, status: u16, body: Option<Sdp>) {
        let Signal::Inviting { invite, dialog, .. } = &self.caller.signal else { return };
        let mut response = x.response(invite, status, Some(&dialog.id().local_tag));
        wire::dialog_headers(&mut response.headers, dialog);
        if let Some(sdp) = &body {
            response.set_body(wire::SDP, sdp.to_bytes());
        }
        self.caller.respond_provisionally(x, response);
    }
}

/// RFC 3261 section 13.3.1.1.
const REPEAT: Duration = Duration::from_secs(60);
const PROGRESS: u16 = 183;
/// RFC 6228.
const EARLY_DIALOG_TERMINATED: u16 = 199;
