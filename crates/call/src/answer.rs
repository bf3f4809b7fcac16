//! The answer: the first 2xx wins, the others are cancelled, and the two legs are joined.

use kiestoon_media::{MediaCommand, Sdp, relay_answer, relay_offer};
use kiestoon_sip::dialog::{AckWait, Dialog};
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, Method, Request, Response};

use crate::call::{Call, Stage};
use crate::cdr::{End, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::leg::{Established, Leg, LegMedia, OurAck, Signal, Unacked};
use crate::reason::EndReason;
use crate::reinvite::Negotiation;
use crate::ring::Branch;
use crate::talk::Talk;
use crate::wire;

impl Call {
    /// A branch answered. What it says decides whether it wins: an answer that cannot be used is hung up, and the
    /// others go on ringing.
    pub(crate) fn branch_answered(
        &mut self,
        x: &mut Exchange,
        client: ClientId,
        response: &Response,
        flow: Flow,
    ) {
        let Some(id) = self.branch_of(client) else { return };
        let Some(branch) = self.branch_mut(id) else { return };
        let Signal::Invited { invite, .. } = &branch.leg.signal else { return };
        let cseq = invite.cseq.number;
        let Ok(dialog) = Dialog::uac(invite, response, flow) else {
            // Without a Contact the phone cannot be reached any more, not even to be acknowledged.
            x.routes.remove_client(client);
            return self.branch_failed(x, id, 500);
        };
        let sdp = wire::sdp_of(&x.settings, &response.headers, &response.body)
            .or_else(|| branch.early.take().map(|sdp| *sdp));
        match sdp.map(|sdp| (self.body_for_caller(id, &sdp), sdp)) {
            Some((Some(body), sdp)) => {
                let Some(branch) = self.take_branch(id) else { return };
                self.wins(x, branch, Answer { client, cseq, dialog, sdp, body });
            }
            unusable => {
                let offer = unusable.filter(|_| self.offer.is_none()).map(|(_, sdp)| sdp);
                x.routes.remove_client(client);
                x.refuse_answer(dialog, cseq, offer.as_ref(), true);
                self.branch_failed(x, id, 488);
            }
        }
    }

    /// What the caller gets for a callee's description: the answer to the caller's offer, or, where the caller made none,
    /// an offer. None where it cannot be used.
    fn body_for_caller(&mut self, leg: kiestoon_media::LegId, theirs: &Sdp) -> Option<Sdp> {
        let LegMedia::Open(media) = &mut self.caller.media else { return None };
        match (&self.offer, &self.caller.signal) {
            (Some(offer), Signal::Inviting { .. }) => {
                relay_answer(offer, theirs, &media.local, &mut media.origin).ok()
            }
            (None, Signal::Inviting { .. }) => relay_offer(theirs, &media.local, &mut media.origin).ok(),
            // The caller is in session with us since a prompt: the callee was offered what was agreed there.
            _ => theirs.audio().map(|_| theirs.clone()),
        }
        .filter(|_| matches!(self.branch(leg).map(|branch| &branch.leg.media), Some(LegMedia::Open(_))))
    }

    fn wins(&mut self, x: &mut Exchange, branch: Branch, answer: Answer) {
        self.drop_branches(x, Some(200), |_| true);
        let is_changed = matches!(&self.stage, Stage::Ringing(ring) if ring.offer_changed);
        let changed = self.offer.as_deref().filter(|_| is_changed).cloned();
        let mut callee = branch.leg;
        let is_late = self.offer.is_none();
        let acked = if is_late {
            OurAck::Owed { client: answer.client, cseq: answer.cseq }
        } else {
            x.ack(answer.dialog.ack(answer.cseq), answer.dialog.flow());
            OurAck::Sent { client: answer.client, cseq: answer.cseq, body: None }
        };
        callee.signal =
            Signal::Established(Box::new(Established { dialog: answer.dialog, unacked: None, acked }));
        callee.set_remote(x, &answer.sdp);
        self.note_status(callee.id, 200);
        self.note_codec(&mut callee, &answer.sdp);
        self.cdr.record.to_number = Some(callee.number.clone());
        let number = callee.number.clone();
        let (callee_id, waits_for_answer) = (callee.id, is_late);
        let negotiation = match is_late {
            true => Negotiation::AnswerInAck { from: Side::Caller, offer: Box::new(answer.sdp.clone()) },
            false => Negotiation::Settled,
        };
        self.stage = Stage::Talking(Box::new(Talk::new(callee, negotiation)));
        let is_unanswered = matches!(self.caller.signal, Signal::Inviting { .. });
        if let (true, Some(offer)) = (is_unanswered, self.offer.take()) {
            self.caller.set_remote(x, &offer);
        }
        self.note_caller_codec(&answer.body);
        if !waits_for_answer {
            x.media(MediaCommand::Connect { a: self.caller.id, b: callee_id });
        }
        if is_unanswered {
            self.answer_caller(x, &answer.body);
        }
        self.offer = None;
        self.answered(x, Some(number));
        match changed {
            Some(offer) => {
                self.search_succeeded(x, None);
                self.tell_side(x, Side::Callee, offer);
            }
            None => self.search_succeeded(x, (!is_late).then_some(answer.sdp)),
        }
    }

    /// The 200 to the caller's INVITE.
    pub(crate) fn answer_caller(&mut self, x: &mut Exchange, body: &Sdp) {
        let Signal::Inviting { server, invite, mut dialog } =
            std::mem::replace(&mut self.caller.signal, Signal::Over)
        else {
            return;
        };
        let mut response = x.response(&invite, 200, Some(&dialog.id().local_tag));
        wire::dialog_headers(&mut response.headers, &dialog);
        response.set_body(wire::SDP, body.to_bytes());
        x.respond(server, response);
        x.routes.remove_invite(server);
        dialog.confirm();
        let wait = AckWait::new(x.now, &x.settings.timers);
        let unacked = Some(Unacked { wait, server, cseq: invite.cseq.number });
        self.caller.signal =
            Signal::Established(Box::new(Established { dialog: *dialog, unacked, acked: OurAck::None }));
        self.note_status(self.caller.id, 200);
    }

    /// The call is answered, by a phone or by the PBX itself.
    pub(crate) fn answered(&mut self, x: &mut Exchange, number: Option<Box<str>>) {
        if !self.cdr.is_answered() {
            self.limit = x.now + x.settings.call_limit;
            self.probe_at = Some(x.now + x.settings.probe_interval);
        }
        self.cdr.answers(x.now, &x.clock);
        x.event(Event::CallAnswered { call: self.id(), number });
    }

    /// A 2xx of an INVITE that we acknowledged came again, because the ACK was lost; or another phone behind the same
    /// contact answered too, and is hung up.
    pub(crate) fn answered_again(&self, x: &mut Exchange, side: Side, response: &Response, flow: Flow) {
        let Some(established) = self.leg(side).and_then(Leg::established) else { return };
        let dialog = &established.dialog;
        if response.to.tag() != Some(&*dialog.id().remote_tag) {
            let invite = invite_of(dialog, response.cseq.number);
            if let Ok(other) = Dialog::uac(&invite, response, flow) {
                x.refuse_answer(other, response.cseq.number, None, true);
            }
            return;
        }
        if let OurAck::Sent { cseq, body, .. } = &established.acked
            && *cseq == response.cseq.number
        {
            let mut ack = dialog.ack(*cseq);
            if let Some(body) = body {
                ack.set_body(wire::SDP, body.clone());
            }
            x.ack(ack, dialog.flow());
        }
    }

    /// The answer to an offer of ours came in an ACK: the other side, whose offer it was, is acknowledged with it, and the
    /// two are joined. Without a usable answer the call cannot go on.
    pub(crate) fn answer_in_ack(&mut self, x: &mut Exchange, from: Side, offer: &Sdp, ack: &Request) {
        let joined = wire::sdp_of(&x.settings, &ack.headers, &ack.body).and_then(|answer| {
            let offerer = self.leg_mut(from.other())?;
            let LegMedia::Open(media) = &mut offerer.media else { return None };
            let body = relay_answer(offer, &answer, &media.local, &mut media.origin).ok()?;
            offerer.give_ack(x, Some(body.to_bytes()));
            let changed = offerer.set_remote(x, offer);
            Some((answer, changed))
        });
        let Some((answer, other_changed)) = joined else {
            // Whoever made the offer has sent a 2xx, which it repeats until it is acknowledged.
            self.acknowledge(x, from.other(), Some(offer));
            return self.end(x, End::from(EndReason::MediaFailed));
        };
        let changed = self.leg_mut(from).is_some_and(|leg| leg.set_remote(x, &answer));
        self.note_held(x, from, changed);
        self.note_held(x, from.other(), other_changed);
        let callee = self.leg(Side::Callee).map(|leg| leg.id);
        if let Some(callee) = callee {
            x.media(MediaCommand::Connect { a: self.caller.id, b: callee });
        }
        self.note_caller_codec(&answer);
    }
}

/// A 2xx that can be used.
struct Answer {
    client: ClientId,
    cseq: u32,
    dialog: Dialog,
    /// What the callee said.
    sdp: Sdp,
    /// What the caller gets.
    body: Sdp,
}

/// The INVITE that made a dialog, as far as its other forks need it.
fn invite_of(dialog: &Dialog, cseq: u32) -> Request {
    let mut to = dialog.remote().clone();
    to.params.remove("tag");
    let target = dialog.remote_target().clone();
    let mut invite =
        Request::new(Method::Invite, target, dialog.local().clone(), to, dialog.id().call_id.clone(), cseq);
    invite.headers.push(kiestoon_sip::HeaderName::Contact, dialog.local_contact().to_string());
    invite
}
