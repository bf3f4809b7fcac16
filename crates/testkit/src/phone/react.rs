//! How a phone reacts to what it hears: requests by its profile, responses by what they answer.

use std::time::{Duration, Instant};

use kiestoon_sip::{Flow, HeaderName, Message, Method, Request, Response, StatusCode};

use super::act::{SDP, glare_wait};
use super::line::{Ended, Line, LineState, Offer};
use super::profile::{Reinvites, Reply};
use super::session::{Flowing, Session};
use super::wire::{Asked, Branch, Heard};
use super::{Phone, Purpose, Timer};

impl Phone {
    pub(crate) fn receive(&mut self, now: Instant, message: Message, flow: Flow) {
        if self.dead || (self.profile.hears_nothing && is_call_request(&message)) {
            return;
        }
        match self.wire.receive(now, message, flow) {
            Heard::Request(asked, request) => {
                self.heard.push(Message::Request((*request).clone()));
                self.check_request(&request);
                self.asked(now, &asked, request);
            }
            Heard::Ack { request, fresh } => {
                if fresh {
                    self.heard.push(Message::Request((*request).clone()));
                    self.acknowledged(now, &request);
                }
            }
            Heard::Response(branch, response) => self.answered(now, &branch, &response),
            Heard::Retransmission => {}
            Heard::Stray => self.complain("a response that fits no request of mine"),
        }
    }

    /// The connection of this phone has closed, or its datagrams do not reach the PBX.
    pub(crate) fn flow_failed(&mut self, flow: &Flow) {
        if flow.connection == self.flow.connection {
            self.registered.clear();
        }
    }

    pub(super) fn no_ack(&mut self, now: Instant, asked: &Asked) {
        let found = self.lines.iter().rposition(|line| {
            line.state == LineState::Talking && line.asked.as_ref().is_some_and(|(open, _)| open == asked)
        });
        if let Some(index) = found {
            self.with_line(index, |line| line.asked = None);
            self.hang_up_line(now, index);
        }
    }

    pub(super) fn follow_script(&mut self, now: Instant, index: usize, step: usize) {
        let Some((_, reply)) = self.profile.script.get(step).cloned() else { return };
        let open = self.lines.get(index).is_some_and(|line| matches!(line.state, LineState::Ringing));
        if !open {
            return;
        }
        match reply {
            Reply::Trying => self.reply(now, index, StatusCode::TRYING, false),
            Reply::Ringing => self.reply(now, index, StatusCode::RINGING, false),
            Reply::EarlyMedia => self.reply(now, index, StatusCode::SESSION_PROGRESS, true),
            Reply::Answer => self.pick_up(now, index),
            Reply::Refuse(status) => self.refuse(now, index, status),
            Reply::Redirect(number) => {
                let target = self.address_of(&number).to_string();
                self.finish_ringing(now, index, StatusCode::MOVED_TEMPORARILY, Some(target));
            }
        }
    }

    pub(super) fn refuse(&mut self, now: Instant, index: usize, status: u16) {
        let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
        self.finish_ringing(now, index, status, None);
    }

    fn finish_ringing(&mut self, now: Instant, index: usize, status: StatusCode, contact: Option<String>) {
        let Some(line) = self.lines.get_mut(index) else { return };
        let Some((asked, request)) = line.asked.take() else { return };
        let mut response = tagged(&request, status, line);
        if let Some(contact) = contact {
            response.headers.set(HeaderName::Contact, contact);
        }
        line.state = LineState::Ended(Ended::WeRefused(status.code()));
        self.answers.push((Method::Invite, status.code()));
        self.wire.respond(now, &asked, &response);
    }

    fn pick_up(&mut self, now: Instant, index: usize) {
        self.reply(now, index, StatusCode::OK, true);
        self.with_line(index, |line| line.state = LineState::Talking);
        self.answers.push((Method::Invite, 200));
        if let Some(after) = self.profile.hangs_up_after {
            self.timers.push((now + after, Timer::HangUp { line: index }));
        }
    }

    /// Answers the INVITE of a line; with a session description where `described`.
    fn reply(&mut self, now: Instant, index: usize, status: StatusCode, described: bool) {
        let contact = self.contact(0).to_string();
        let Some(line) = self.lines.get_mut(index) else { return };
        let Some((asked, request)) = line.asked.clone() else { return };
        let mut response = tagged(&request, status, line);
        if status != StatusCode::TRYING {
            response.headers.set(HeaderName::Contact, contact);
        }
        if described {
            let next = match &line.theirs {
                Some(theirs) if !request.body.is_empty() => {
                    Session { flowing: line.wants, ..line.session.clone() }.answering(theirs)
                }
                _ => Session { flowing: line.wants, payloads: vec![0, 8, 101], ..line.session.clone() },
            };
            let text = line.describe(next);
            response.set_body(SDP, text);
        }
        self.wire.respond(now, &asked, &response);
    }

    fn asked(&mut self, now: Instant, asked: &Asked, request: Box<Request>) {
        let within = request.to.tag().map(str::to_owned);
        match (&request.method, within) {
            (Method::Cancel, _) => self.cancelled(now, asked, &request),
            (Method::Invite, None) => self.rung(now, asked, request),
            (_, Some(tag)) => self.asked_within(now, asked, request, &tag),
            (Method::Options | Method::Message | Method::Info | Method::Notify, None) => {
                self.answer(now, asked, &request, 200);
            }
            _ => self.answer(now, asked, &request, 405),
        }
    }

    fn rung(&mut self, now: Instant, asked: &Asked, request: Box<Request>) {
        let theirs = Session::read(&request.body);
        if !request.body.is_empty() && theirs.is_none() {
            self.complain("an INVITE whose session description I cannot read");
        }
        let Some(target) = request.headers.contact().ok().flatten().map(|contact| contact.uri) else {
            self.complain("an INVITE without a Contact");
            return self.answer(now, asked, &request, 400);
        };
        let mut local = request.to.clone();
        local.params.set("tag", self.chance.token().as_str());
        let index = self.lines.len();
        let session = self.new_session();
        self.lines.push(Line {
            peer: user_of(&request.from),
            caller: false,
            state: LineState::Ringing,
            call_id: request.call_id.to_string(),
            local,
            remote: request.from.clone(),
            local_seq: 100,
            remote_seq: Some(request.cseq.number),
            target,
            session,
            theirs,
            offer: Offer::Settled,
            before: Flowing::SendRecv,
            wants: Flowing::SendRecv,
            invite: None,
            reinvite: None,
            asked: Some((asked.clone(), request)),
            ack: None,
            cancels: false,
            cancel_sent: false,
            leaves: false,
            offerless: false,
        });
        let script = self.profile.script.iter().enumerate();
        let timers = script.map(|(step, (after, _))| (now + *after, Timer::Reply { line: index, step }));
        self.timers.extend(timers.collect::<Vec<_>>());
    }

    fn cancelled(&mut self, now: Instant, asked: &Asked, request: &Request) {
        let branch = |request: &Request| request.via.first().and_then(|via| via.branch()).map(str::to_owned);
        let fits =
            |line: &Line| line.asked.as_ref().is_some_and(|(_, invite)| branch(invite) == branch(request));
        let Some(index) = self.lines.iter().position(fits) else {
            return self.answer(now, asked, request, 481);
        };
        self.answer(now, asked, request, 200);
        if !self.lines.get(index).is_some_and(|line| line.state == LineState::Ringing) {
            return;
        }
        if self.profile.answers_cancelled {
            return self.pick_up(now, index);
        }
        self.refuse(now, index, 487);
        self.with_line(index, |line| line.state = LineState::Ended(Ended::Cancelled));
    }

    fn asked_within(&mut self, now: Instant, asked: &Asked, request: Box<Request>, tag: &str) {
        let fits = |line: &Line| *line.call_id == *request.call_id && line.local_tag() == tag;
        let Some(index) = self.lines.iter().position(|line| fits(line) && !line.is_over()) else {
            return self.answer(now, asked, &request, 481);
        };
        let Some(line) = self.lines.get_mut(index) else { return };
        if line.remote_seq.is_some_and(|last| last >= request.cseq.number) {
            // Overtaken on the way (RFC 3261 section 12.2.2); the audit looks at the order of sending.
            return self.answer(now, asked, &request, 500);
        }
        line.remote_seq = Some(request.cseq.number);
        match request.method {
            Method::Bye => {
                self.answer(now, asked, &request, 200);
                if self.lines.get(index).is_some_and(|line| line.state == LineState::Ringing) {
                    self.refuse(now, index, 487);
                }
                self.with_line(index, |line| {
                    if line.state != LineState::Leaving {
                        line.state = LineState::Ended(Ended::ByThem);
                    }
                });
            }
            Method::Invite => self.reinvited(now, asked, request, index),
            Method::Info | Method::Message | Method::Options | Method::Notify => {
                self.answer(now, asked, &request, 200);
            }
            _ => self.answer(now, asked, &request, 405),
        }
    }

    fn reinvited(&mut self, now: Instant, asked: &Asked, request: Box<Request>, index: usize) {
        let Some(line) = self.lines.get_mut(index) else { return };
        if line.reinvite.is_some() {
            return self.answer(now, asked, &request, 491);
        }
        if let Reinvites::Refused(status) = self.profile.reinvite {
            return self.answer(now, asked, &request, status);
        }
        if let Some(target) = request.headers.contact().ok().flatten().map(|contact| contact.uri) {
            line.target = target;
        }
        line.asked = Some((asked.clone(), request.clone()));
        let theirs = Session::read(&request.body);
        if theirs.is_some() {
            self.take_session(index, theirs);
        }
        self.reply(now, index, StatusCode::OK, true);
        self.answers.push((Method::Invite, 200));
    }

    fn acknowledged(&mut self, now: Instant, ack: &Request) {
        let tag = ack.to.tag().unwrap_or_default().to_owned();
        let found =
            self.lines.iter().position(|line| *line.call_id == *ack.call_id && line.local_tag() == tag);
        let Some(index) = found else { return };
        let theirs = Session::read(&ack.body);
        let Some(line) = self.lines.get_mut(index) else { return };
        let Some((_, invite)) = line.asked.take_if(|(_, invite)| invite.cseq.number == ack.cseq.number)
        else {
            return;
        };
        if invite.body.is_empty() && line.state == LineState::Talking {
            if theirs.is_none() {
                self.timers.push((now + BYE_FOLLOWS, Timer::Unanswered { line: index }));
            }
            self.take_session(index, theirs);
        }
        if self.lines.get(index).is_some_and(|line| line.leaves) {
            self.hang_up_line(now, index);
        }
    }

    fn answer(&mut self, now: Instant, asked: &Asked, request: &Request, status: u16) {
        let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
        let mut response = request.response(status);
        if response.to.tag().is_none() {
            response.to.params.set("tag", self.chance.token().as_str());
        }
        self.answers.push((request.method.clone(), status.code()));
        self.wire.respond(now, asked, &response);
    }

    fn answered(&mut self, now: Instant, branch: &Branch, response: &Response) {
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
        let theirs = Session::read(&response.body);
        let Some(line) = self.lines.get_mut(index) else { return };
        match status {
            100 => {}
            101..=199 => {
                line.learn(response);
                if line.state == LineState::Calling {
                    line.state = LineState::Ringing;
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
        let theirs = Session::read(&response.body);
        let dice = self.chance.below(1000);
        let Some(line) = self.lines.get_mut(index) else { return };
        line.reinvite = None;
        match status {
            200..=299 => {
                if let Some(target) = response.headers.contact().ok().flatten().map(|contact| contact.uri) {
                    line.target = target;
                }
                self.complete_offer(index, response, theirs);
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
            }
        }
    }

    /// Takes the session of a 2xx and acknowledges it: with our answer where the offer was theirs.
    fn complete_offer(&mut self, index: usize, response: &Response, theirs: Option<Session>) {
        if theirs.is_none() {
            self.complain(format!(
                "a {} to INVITE without a session description I can read",
                response.status
            ));
        }
        let Some(line) = self.lines.get_mut(index) else { return };
        let mut ack = line.request_numbered(Method::Ack, response.cseq.number);
        if line.offer == Offer::Ours {
            line.offer = Offer::Settled;
            line.offerless = false;
        } else if let Some(theirs) = &theirs {
            let next = Session { flowing: line.wants, ..line.session.clone() }.answering(theirs);
            let text = line.describe(next);
            line.offerless = false;
            ack.set_body(SDP, text);
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

    fn take_session(&mut self, index: usize, theirs: Option<Session>) {
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

    /// What every request that a PBX sends must have.
    fn check_request(&mut self, request: &Request) {
        if request.max_forwards.is_none() {
            self.complain(format!("{} without Max-Forwards", request.method));
        }
        if !request
            .via
            .first()
            .and_then(|via| via.branch())
            .is_some_and(|branch| branch.starts_with("z9hG4bK"))
        {
            self.complain(format!("{} whose branch lacks the magic cookie", request.method));
        }
        if request.from.tag().is_none() {
            self.complain(format!("{} without a From tag", request.method));
        }
        if !request.body.is_empty() && request.headers.get(&HeaderName::ContentType).is_none() {
            self.complain(format!("{} with a body of no type", request.method));
        }
        let credentials = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
        if credentials.iter().any(|name| request.headers.get(name).is_some()) {
            self.complain(format!("{} that carries somebody's credentials", request.method));
        }
    }
}

/// An ACK without the answer that it owes is forgiven to who hangs up with the next message (an answer is due all the
/// same by RFC 3261 section 13.2.2.4).
const BYE_FOLLOWS: Duration = Duration::from_secs(8);

fn is_call_request(message: &Message) -> bool {
    matches!(message, Message::Request(request) if request.method != Method::Ack)
}

/// A response within the dialog of a line: 100 carries no tag of ours.
fn tagged(request: &Request, status: StatusCode, line: &Line) -> Response {
    let mut response = request.response(status);
    if status != StatusCode::TRYING && response.to.tag().is_none() {
        response.to = line.local.clone();
    }
    response
}

fn user_of(address: &kiestoon_sip::NameAddr) -> String {
    match &address.uri {
        kiestoon_sip::Uri::Sip(uri) => uri.user.as_deref().unwrap_or_default().to_owned(),
        other => other.to_string(),
    }
}
