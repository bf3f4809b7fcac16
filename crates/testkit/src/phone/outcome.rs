//! What becomes of a phone's own requests: responses, challenges, refusals.

use std::time::Instant;

use kiestoon_sip::{Message, Method, Response};

use super::act::{SDP, glare_wait};
use super::line::{Ended, LineState, Offer};
use super::session::Session;
use super::wire::Branch;
use super::{Phone, Purpose, Timer};

impl Phone {
    pub(super) fn answered(&mut self, now: Instant, branch: &Branch, response: &Response) {
        let purpose = self.purposes.iter().find(|(known, _)| known == branch).map(|(_, purpose)| *purpose);
        let Some(purpose) = purpose else { return };
        let status = response.status.code();
        let repeated = matches!(purpose, Purpose::Invite { line } | Purpose::Reinvite { line }
            if (200..300).contains(&status) && self.acknowledges_again(line, response));
        if repeated {
            return;
        }
        self.heard.push(Message::Response(response.clone()));
        if matches!(status, 401 | 407) && self.tries_again(now, branch, response, purpose) {
            return;
        }
        match purpose {
            Purpose::Register => self.register_answered(response),
            Purpose::Invite { line } => self.invite_answered(now, line, response),
            Purpose::Reinvite { line } => self.reinvite_answered(now, line, response),
            Purpose::Update { line, offers } => self.update_answered(now, line, offers, response),
            Purpose::Bye { line } if status >= 200 => {
                self.with_line(line, |line| line.state = LineState::Ended(Ended::ByUs));
            }
            Purpose::Within { line } if matches!(status, 408 | 481) => self.hang_up_line(now, line),
            _ => {}
        }
    }

    /// Signs the request and sends it again. False where that is useless.
    fn tries_again(&mut self, now: Instant, branch: &Branch, response: &Response, purpose: Purpose) -> bool {
        let Some(mut request) = self.wire.request_of(branch).cloned() else { return false };
        if matches!(purpose, Purpose::Unwatched) || !self.login.learn(&request, response) {
            return false;
        }
        request.via.clear();
        request.cseq.number += 1;
        match purpose {
            Purpose::Register => self.register_seq = self.register_seq.max(request.cseq.number),
            Purpose::Invite { line } => self.with_line(line, |line| line.local_seq = request.cseq.number),
            _ => {}
        }
        let branch = self.send_alone(now, request, purpose);
        if let Purpose::Invite { line } = purpose {
            self.with_line(line, |line| line.invite = Some(branch));
        }
        true
    }

    fn register_answered(&mut self, response: &Response) {
        match response.status.code() {
            ..=199 => {}
            200..=299 => {
                self.register_refused = None;
                self.registered = match response.headers.contacts() {
                    Ok(kiestoon_sip::Contacts::List(list)) => list,
                    _ => Vec::new(),
                };
            }
            status => self.register_refused = Some(status),
        }
    }

    fn invite_answered(&mut self, now: Instant, index: usize, response: &Response) {
        let status = response.status.code();
        let theirs = self.read(Some(index), &response.body);
        if status == 422 && self.asks_for_longer(now, index, response) {
            return;
        }
        let Some(line) = self.lines.get_mut(index) else { return };
        match status {
            100 => {}
            101..=199 => {
                line.learn(response);
                if line.state == LineState::Calling {
                    line.state = LineState::Ringing;
                }
                if !self.acknowledges_reliable(now, index, response, theirs.as_ref()) {
                    return;
                }
                if theirs.is_some() {
                    self.take_session(index, theirs);
                }
            }
            200..=299 => {
                line.learn(response);
                line.remote_seq = None;
                let cancelled = line.cancels;
                line.state = LineState::Talking;
                self.complete_offer(index, response, theirs);
                self.timer_granted(now, index, &response.headers);
                if cancelled {
                    self.hang_up_line(now, index);
                }
                return;
            }
            487 if line.cancels => line.state = LineState::Ended(Ended::Cancelled),
            status => line.state = LineState::Ended(Ended::Refused(status)),
        }
        self.cancel_if_possible(now, index);
    }

    fn reinvite_answered(&mut self, now: Instant, index: usize, response: &Response) {
        let status = response.status.code();
        if status < 200 {
            return;
        }
        let theirs = self.read(Some(index), &response.body);
        let dice = self.chance.below(1000);
        let Some(line) = self.lines.get_mut(index) else { return };
        line.reinvite = None;
        match status {
            200..=299 => {
                if let Some(target) = response.headers.contact().ok().flatten().map(|contact| contact.uri) {
                    line.target = target;
                }
                self.complete_offer(index, response, theirs);
                self.timer_granted(now, index, &response.headers);
            }
            491 => {
                line.take_back();
                let again = now + glare_wait(line.caller, dice);
                self.timers.push((again, Timer::Reinvite { line: index }));
            }
            408 | 481 => self.hang_up_line(now, index),
            _ => {
                line.take_back();
                line.wants = line.session.flowing;
                line.wants_fax = line.session.fax;
            }
        }
    }

    /// Takes the session of a 2xx and acknowledges it: with our answer where the offer was theirs.
    fn complete_offer(&mut self, index: usize, response: &Response, theirs: Option<Session>) {
        let settled = self.settled_before(index, response);
        if settled && theirs.is_some() {
            self.complain("a 200 with a session description after the first offer was answered");
        }
        if theirs.is_none() && !settled {
            self.complain(format!(
                "a {} to INVITE without a session description I can read",
                response.status
            ));
        }
        let Some(line) = self.lines.get_mut(index) else { return };
        let mut ack = line.request_numbered(Method::Ack, response.cseq.number);
        // An offer in a PRACK is answered by the response to that, whatever the INVITE comes to.
        if line.offer == Offer::Ours && !settled {
            line.offer = Offer::Settled;
            line.offerless = false;
        } else if let (Some(theirs), false) = (&theirs, settled) {
            let next = line.answering(theirs);
            let text = line.describe(next);
            line.offerless = false;
            if !self.profile.owes_answer {
                ack.set_body(SDP, text);
            }
        }
        self.take_session(index, theirs);
        self.stamp(&mut ack);
        let bytes = ack.to_bytes();
        self.with_line(index, |line| line.ack = Some((response.cseq.number, ack)));
        self.wire.send(self.flow, bytes);
    }

    /// Sends the ACK of a 2xx again. False if this 2xx was not acknowledged before.
    fn acknowledges_again(&mut self, index: usize, response: &Response) -> bool {
        let ack = self.lines.get(index).and_then(|line| line.ack.as_ref());
        let Some((number, ack)) = ack else { return false };
        if *number != response.cseq.number {
            return false;
        }
        let bytes = ack.to_bytes();
        self.wire.send(self.flow, bytes);
        true
    }

    pub(super) fn take_session(&mut self, index: usize, theirs: Option<Session>) {
        let Some(theirs) = theirs else { return };
        let Some(line) = self.lines.get_mut(index) else { return };
        if let Some(before) = &line.theirs {
            let changed = Session { version: before.version, ..theirs.clone() } != *before;
            if before.id != theirs.id || (changed && theirs.version <= before.version) {
                let text = format!("an o= line that went from {before:?} to {theirs:?}");
                line.theirs = Some(theirs);
                return self.complain(text);
            }
        }
        line.theirs = Some(theirs);
    }
}
