//! The answer: the first 2xx wins, the others are cancelled, and the two legs are joined.

use kiestoon_media::{LegId, Sdp, relay_answer, relay_offer};
use kiestoon_sip::dialog::{AckWait, Dialog, DialogError};
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, HeaderName, Method, Request, Response};

use crate::call::{Call, Stage};
use crate::cdr::{End, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::forks::Fork;
use crate::identity;
use crate::leg::{Established, Leg, LegMedia, OurAck, Signal, Unacked};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::reinvite::Negotiation;
use crate::ring::Branch;
use crate::switch::Output;
use crate::talk::Talk;
use crate::trunk::health::Sign;
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
        self.trunk_says(x, id, Sign::of_call(response.status.code()));
        self.drop_early_update(x, id, response.to.tag());
        let Some(branch) = self.branch_mut(id) else { return };
        let fork = branch.take_fork(response.to.tag().unwrap_or_default());
        let Signal::Invited { invite, .. } = &branch.leg.signal else { return };
        let cseq = invite.cseq.number;
        let said_to_fork = fork.as_ref().and_then(|fork| fork.said.clone());
        let is_settled = fork.as_ref().is_some_and(Fork::is_settled);
        let offers = !is_settled && !invite.headers.contains(&HeaderName::ContentType);
        let is_ahead = fork.as_ref().is_some_and(|fork| fork.is_ahead);
        let (before, early) = fork.map_or((None, None), |fork| (fork.dialog, fork.sdp));
        let is_host = branch.leg.is_host();
        let Ok(dialog) = confirmed(before, invite, response, flow).map(|dialog| dialog.following(is_host))
        else {
            // Without a Contact the phone cannot be reached any more, not even to be acknowledged.
            x.routes.remove_client(client);
            return self.branch_failed(x, id, 500);
        };
        branch.leg.can.learn(&response.headers);
        if let (Some(said), Some(media)) = (said_to_fork, branch.leg.media_mut()) {
            media.said = said;
        }
        // What was settled before stands, whatever the 200 says (RFC 6337 section 3.1.1).
        let terms = branch.leg.terms(&x.settings);
        let said = wire::sdp_of(&terms, &response.headers, &response.body).filter(|_| !is_settled);
        let sdp = said.or_else(|| early.map(|sdp| *sdp));
        match sdp.map(|sdp| (self.body_for_caller(id, &sdp), sdp)) {
            Some((Some(body), sdp)) => {
                let Some(mut branch) = self.take_branch(id) else { return };
                branch.leg.timer = branch.leg.timer_granted(x, &response.headers);
                self.wins(x, branch, Answer { client, cseq, dialog, sdp, body, offers, is_ahead });
            }
            unusable => {
                let offer = unusable.filter(|_| offers).map(|(_, sdp)| sdp);
                x.routes.remove_client(client);
                x.refuse_answer(dialog, cseq, offer.as_ref(), true);
                self.branch_failed(x, id, 488);
            }
        }
    }

    /// What the caller gets for a callee's description: the answer to the caller's offer, or, where the caller made none,
    /// an offer. None where it cannot be used.
    fn body_for_caller(&mut self, leg: LegId, theirs: &Sdp) -> Option<Sdp> {
        if !matches!(self.branch(leg)?.leg.media, LegMedia::Open(_)) {
            return None;
        }
        let is_inviting = matches!(self.caller.signal, Signal::Inviting { .. });
        let LegMedia::Open(media) = &mut self.caller.media else { return None };
        match (&self.offer, self.caller.open) {
            (Some(offer), OpenOffer::Theirs) => {
                relay_answer(offer, theirs, &media.local, &mut media.origin).ok()
            }
            (None, OpenOffer::OursDue) => relay_offer(theirs, &media.local, &mut media.origin).ok(),
            // The caller has its answer: this is what it would be now.
            (Some(offer), _) if is_inviting => {
                relay_answer(offer, theirs, &media.local, &mut media.origin.clone()).ok()
            }
            // The caller is in session with us since a prompt: the callee was offered what was agreed there.
            _ => theirs.audio().map(|_| theirs.clone()),
        }
    }

    fn wins(&mut self, x: &mut Exchange, branch: Branch, answer: Answer) {
        self.drop_branches(x, Some(200), |_| true);
        let changed = self.offer.as_deref().filter(|_| branch.is_behind).cloned();
        let mut callee = branch.leg;
        let is_late = answer.offers && self.offer.is_none();
        let acked = if is_late {
            callee.open = OpenOffer::Theirs;
            OurAck::Owed { client: answer.client, cseq: answer.cseq }
        } else {
            self.acknowledge_answer(x, &mut callee, &answer)
        };
        // Who is transferred is told at the end of the search, whatever it was told before.
        let is_told = self.walk.transfers.search.is_some() && !is_late;
        let is_told_otherwise = (!is_told && self.is_told_otherwise(&answer)) || self.caller.left.is_some();
        let retell = is_told_otherwise.then(|| answer.sdp.clone());
        callee.signal = Signal::Established(Box::new(Established::callee(answer.dialog, acked)));
        callee.set_remote(x, &answer.sdp);
        self.note_status(callee.id, 200);
        let paid = x.leg_answered(callee.id);
        self.note_codec(&mut callee, &answer.sdp);
        self.cdr.record.to_number = Some(callee.number.clone());
        x.parties.join(&self.cdr.record.organisation, &callee.number, self.key);
        let number = callee.number.clone();
        let negotiation = match is_late {
            true => Negotiation::AnswerInAck { from: Side::Caller, offer: Box::new(answer.sdp.clone()) },
            false => Negotiation::Settled,
        };
        self.walk.answered();
        self.stage = Stage::Talking(Box::new(Talk::new(callee, negotiation)));
        if let Some(session) = retell {
            self.tell_side(Side::Caller, session);
        }
        let is_unanswered = matches!(self.caller.signal, Signal::Inviting { .. });
        if let (true, Some(offer)) = (is_unanswered, self.offer.take()) {
            self.caller.set_remote(x, &offer);
        }
        self.note_caller_codec(&answer.body);
        if !is_late {
            self.join_sound(x);
        }
        match is_unanswered {
            true => self.answer_caller(x, Some(&answer.body), Some(&number)),
            false => self.answered(x, Some(number)),
        }
        self.offer = None;
        match changed {
            Some(offer) => {
                self.search_succeeded(x, None);
                self.tell_side(Side::Callee, offer);
            }
            None => self.search_succeeded(x, (!is_late).then_some(answer.sdp)),
        }
        match paid {
            Err(_) if self.is_with_help() => x.ledger.spare(self.key),
            Err(reason) => self.end(x, reason.into()),
            Ok(()) => {}
        }
    }

    /// The ACK of the winner's 2xx: with the answer to its offer, where the caller has said before what that is.
    fn acknowledge_answer(&self, x: &mut Exchange, callee: &mut Leg, answer: &Answer) -> OurAck {
        let session = self.offer.as_deref().filter(|_| answer.offers);
        let body = session.zip(callee.media_mut()).and_then(|(session, media)| {
            relay_answer(&answer.sdp, session, &media.local, &mut media.origin).ok()
        });
        let mut ack = answer.dialog.ack(answer.cseq);
        let body = body.map(|body| callee.say(&body));
        if let Some(body) = &body {
            ack.set_body(wire::SDP, body.clone());
        }
        x.ack(ack, answer.dialog.flow());
        OurAck::Sent { client: answer.client, cseq: answer.cseq, body }
    }

    /// Whether the caller has an answer already, another phone's, which is not the winner's.
    fn is_told_otherwise(&self, answer: &Answer) -> bool {
        let Signal::Inviting { invite, reliable: Some(reliable), .. } = &self.caller.signal else {
            return answer.is_ahead && self.caller.established().is_some();
        };
        if self.caller.open != OpenOffer::None || reliable.told.is_empty() {
            return false;
        }
        let has_offered = invite.headers.contains(&HeaderName::ContentType);
        answer.is_ahead || (has_offered && reliable.told != answer.body.to_bytes())
    }

    /// The 200 to the caller's INVITE, with a session description where one is due: once an answer has gone out reliably, none
    /// is. Waits for the PRACK of that, if it must. `number` is who answered; None for the PBX itself.
    pub(crate) fn answer_caller(&mut self, x: &mut Exchange, body: Option<&Sdp>, number: Option<&str>) {
        if self.hold_answer(body, number) {
            return;
        }
        let Signal::Inviting { server, invite, mut dialog, reliable } =
            std::mem::replace(&mut self.caller.signal, Signal::Over)
        else {
            return;
        };
        let mut response = x.response(&invite, 200, Some(&dialog.id().local_tag));
        wire::dialog_headers(&mut response.headers, &dialog);
        let callee = self.leg(Side::Callee).map(|callee| callee.number.clone());
        if let Some(callee) = callee.and_then(|number| self.shown_as(x, &number, &self.caller.flow)) {
            identity::assert(&mut response.headers, &x.settings, &callee);
        }
        // An offer that is open now came after the first answer, and has its own.
        let is_told = reliable.as_ref().is_some_and(|reliable| !reliable.told.is_empty());
        let is_due = !is_told && matches!(self.caller.open, OpenOffer::Theirs | OpenOffer::OursDue);
        if let Some(body) = body.filter(|_| is_due) {
            response.set_body(wire::SDP, self.caller.say(body));
            self.caller.described();
        }
        self.caller.timer = self.caller.grant_timer(x, &invite.headers, &mut response.headers);
        x.respond(server, response);
        x.routes.remove_invite(server);
        dialog.confirm();
        let wait = AckWait::new(x.now, &x.settings.timers);
        let unacked = Some(Unacked { wait, server, cseq: invite.cseq.number });
        let unpracked = reliable.and_then(|reliable| reliable.left_over(&invite.cseq));
        let established = Established { dialog: *dialog, unacked, acked: OurAck::None, unpracked };
        self.caller.signal = Signal::Established(Box::new(established));
        self.note_status(self.caller.id, 200);
        self.answered(x, number.map(Into::into));
    }

    /// The call is answered, by a phone or by the PBX itself.
    pub(crate) fn answered(&mut self, x: &mut Exchange, number: Option<Box<str>>) {
        let is_first = !self.cdr.is_answered();
        self.cdr.answers(x.now, &x.clock);
        if is_first {
            self.diagnosed_before_answer(x);
            self.limit = x.now + x.settings.call_limit;
            self.probe_at = Some(x.now + x.settings.probe_interval);
            // Should the process be killed, the history knows that this call was answered, and when.
            x.outputs.push_back(Output::Cdr(Box::new(self.cdr.record.clone())));
        }
        x.event(Event::CallAnswered { call: self.id(), number });
        // Of a later phone, the one that stays was told of before.
        let new: &[Side] = if is_first { &[Side::Caller, Side::Callee] } else { &[Side::Callee] };
        for side in new.iter().copied().filter(|side| self.leg(*side).is_some_and(Leg::shows_its_key)) {
            x.event(Event::CallKeyInClear { call: self.id(), side });
        }
    }

    /// The answer to an offer of ours came in an ACK: the other side, whose offer it was, is acknowledged with it, and the
    /// two are joined. Without a usable answer the call cannot go on.
    pub(crate) fn answer_in_ack(&mut self, x: &mut Exchange, from: Side, offer: &Sdp, ack: &Request) {
        let joined = wire::sdp_of(&self.terms(x, from), &ack.headers, &ack.body).and_then(|answer| {
            let offerer = self.leg_mut(from.other())?;
            let LegMedia::Open(media) = &mut offerer.media else { return None };
            let body = relay_answer(offer, &answer, &media.local, &mut media.origin).ok()?;
            let body = offerer.say(&body);
            offerer.give_ack(x, Some(body));
            Some(answer)
        });
        let Some(answer) = joined else {
            // Whoever made the offer has sent a 2xx, which it repeats until it is acknowledged.
            self.acknowledge(x, from.other(), Some(offer));
            return self.end(x, End::from(EndReason::MediaFailed));
        };
        if let Some(leg) = self.leg_mut(from) {
            leg.open = OpenOffer::None;
        }
        self.take_session(x, from.other(), offer);
        self.take_session(x, from, &answer);
        self.join_sound(x);
        if from == Side::Caller {
            self.note_caller_codec(&answer);
        }
        self.both_know(x);
    }
}

impl Leg {
    /// A 2xx of an INVITE that we acknowledged came again, because the ACK was lost; or another phone behind the same
    /// contact answered too, and is hung up.
    pub(crate) fn answered_again(&self, x: &mut Exchange, response: &Response, flow: Flow) {
        let Some(established) = self.established() else { return };
        let dialog = &established.dialog;
        if response.to.tag() != Some(&*dialog.id().remote_tag) {
            let invite = invite_of(dialog, response.cseq.number);
            if let Ok(other) = Dialog::uac(&invite, response, flow) {
                let other = other.following(self.is_host());
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
    /// Whether what the callee said is an offer.
    offers: bool,
    /// Whether the callee has changed its session since without the caller being told.
    is_ahead: bool,
}

/// The dialog of a 2xx: the early one that it confirms, else a new one.
fn confirmed(
    early: Option<Dialog>,
    invite: &Request,
    response: &Response,
    flow: Flow,
) -> Result<Dialog, DialogError> {
    let Some(mut dialog) = early else { return Dialog::uac(invite, response, flow) };
    if dialog.update(response).is_err() {
        return Dialog::uac(invite, response, flow);
    }
    dialog.set_flow(flow);
    Ok(dialog)
}

/// The INVITE that made a dialog, as far as its other forks need it.
fn invite_of(dialog: &Dialog, cseq: u32) -> Request {
    let mut to = dialog.remote().clone();
    to.params.remove("tag");
    let target = dialog.remote_target().clone();
    let mut invite =
        Request::new(Method::Invite, target, dialog.local().clone(), to, dialog.id().call_id.clone(), cseq);
    invite.headers.push(HeaderName::Contact, dialog.local_contact().to_string());
    invite
}
