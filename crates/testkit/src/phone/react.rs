//! How a phone reacts to requests: by its profile.

use std::time::{Duration, Instant};

use kiestoon_sip::{Flow, HeaderName, Message, Method, Request, Response, StatusCode};

use super::act::SDP;
use super::line::{Early, Ended, Field, Line, LineState, Offer};
use super::manners::{Faxes, Reinvites, Reply};
use super::session::{Flowing, Session};
use super::wire::{Asked, Heard};
use super::{Phone, Timer};

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
        let Some(line) = self.lines.get(index).filter(|line| line.state == LineState::Ringing) else {
            return;
        };
        let script = match line.early.fork.checked_sub(1) {
            None => Some(&self.profile.script),
            Some(fork) => self.profile.forks.get(fork),
        };
        let Some((_, reply)) = script.and_then(|script| script.get(step)).cloned() else { return };
        let line_is_settled = line.early.settled;
        let waits = line.early.unpracked.is_some() || line.early.update;
        if waits && matches!(reply, Reply::Answer | Reply::Reliable { .. } | Reply::Update) {
            return self.timers.push((now + super::reliable::PATIENCE, Timer::Reply { line: index, step }));
        }
        match reply {
            Reply::Trying => self.reply(now, index, StatusCode::TRYING, false),
            Reply::Ringing => self.reply(now, index, StatusCode::RINGING, false),
            Reply::EarlyMedia => self.reply(now, index, StatusCode::SESSION_PROGRESS, true),
            Reply::Reliable { status, described } => self.reply_reliably(now, index, status, described),
            Reply::Gone => {
                let gone = StatusCode::new(199).expect("a status");
                self.reply(now, index, gone, false);
                self.with_line(index, |line| line.state = LineState::Ended(Ended::WeRefused(199)));
            }
            // Before it has answered the first offer for good it may make none (RFC 3311 section 5.1).
            Reply::Update if !line_is_settled => {}
            Reply::Update => self.update_line(now, index, true),
            Reply::Answer => self.pick_up(now, index),
            Reply::Refuse(status) => self.refuse(now, index, status),
            Reply::WantsRest(secs) => {
                let header = (HeaderName::RetryAfter, secs.to_string());
                self.finish_ringing(now, index, StatusCode::SERVICE_UNAVAILABLE, Some(header));
            }
            Reply::Redirect(number) => {
                let header = (HeaderName::Contact, self.place_of(&number));
                self.finish_ringing(now, index, StatusCode::MOVED_TEMPORARILY, Some(header));
            }
        }
    }

    pub(super) fn refuse(&mut self, now: Instant, index: usize, status: u16) {
        let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
        self.finish_ringing(now, index, status, None);
    }

    fn finish_ringing(&mut self, now: Instant, index: usize, status: StatusCode, more: Option<Field>) {
        let Some(line) = self.lines.get_mut(index) else { return };
        let Some((asked, request)) = line.asked.take() else { return };
        line.state = LineState::Ended(Ended::WeRefused(status.code()));
        // A proxy that forked keeps a refusal to itself while other forks ring.
        if self.lines.iter().any(|line| line.asked.as_ref().is_some_and(|(theirs, _)| *theirs == asked)) {
            return;
        }
        let Some(line) = self.lines.get_mut(index) else { return };
        let mut response = tagged(&request, status, line);
        if let Some((name, value)) = more {
            response.headers.set(name, value);
        }
        self.answers.push((Method::Invite, status.code()));
        self.wire.respond(now, &asked, &response);
    }

    fn pick_up(&mut self, now: Instant, index: usize) {
        let described = !self.lines.get(index).is_some_and(|line| line.early.settled);
        self.reply(now, index, StatusCode::OK, described);
        self.other_forks_end(index);
        self.with_line(index, |line| line.state = LineState::Talking);
        self.answers.push((Method::Invite, 200));
        if let Some(after) = self.profile.hangs_up_after {
            self.timers.push((now + after, Timer::HangUp { line: index }));
        }
    }

    /// Answers the INVITE of a line; with a session description where `described`.
    fn reply(&mut self, now: Instant, index: usize, status: StatusCode, described: bool) {
        let Some((asked, response)) = self.response_of(now, index, status, described) else { return };
        self.wire.respond(now, &asked, &response);
    }

    /// The response of a line to its INVITE.
    pub(super) fn response_of(
        &mut self,
        now: Instant,
        index: usize,
        status: StatusCode,
        described: bool,
    ) -> Option<(Asked, Response)> {
        let contact = self.contact(0).to_string();
        let (asked, request) = self.lines.get(index)?.asked.clone()?;
        let granted = if status.is_success() { self.grant_timer(now, index, &request) } else { Vec::new() };
        let mut introduction = kiestoon_sip::Headers::new();
        self.introduce(&mut introduction);
        let line = self.lines.get_mut(index)?;
        let mut response = tagged(&request, status, line);
        if status != StatusCode::TRYING {
            response.headers.set(HeaderName::Contact, contact);
            for header in introduction.iter() {
                response.headers.set(header.name().clone(), header.value());
            }
        }
        for (name, value) in granted {
            response.headers.set(name, value);
        }
        if described {
            let next = match &line.theirs {
                Some(theirs) if !request.body.is_empty() => {
                    let theirs = theirs.clone();
                    line.answering(&theirs)
                }
                _ => {
                    let wants_fax = line.wants_fax.take();
                    let offered = line.offered();
                    line.wants_fax = wants_fax;
                    Session { fax: line.session.fax, ..offered }
                }
            };
            let text = line.describe(next);
            response.set_body(SDP, text);
        }
        Some((asked, response))
    }

    fn asked(&mut self, now: Instant, asked: &Asked, request: Box<Request>) {
        let within = request.to.tag().map(str::to_owned);
        match (&request.method, within) {
            (Method::Cancel, _) => self.cancelled(now, asked, &request),
            (Method::Invite, None) => self.rung(now, asked, request),
            (_, Some(tag)) => self.asked_within(now, asked, request, &tag),
            (Method::Register, None) if self.profile.carrier => self.registers(now, asked, &request),
            (Method::Options, None) => self.answer(now, asked, &request, self.profile.options),
            (Method::Message | Method::Info | Method::Notify, None) => {
                self.answer(now, asked, &request, 200);
            }
            _ => self.answer(now, asked, &request, 405),
        }
    }

    fn rung(&mut self, now: Instant, asked: &Asked, request: Box<Request>) {
        if let Some(challenge) = self.challenges_caller(&request) {
            return self.answer_with(
                now,
                asked,
                &request,
                407,
                &[(HeaderName::ProxyAuthenticate, challenge)],
            );
        }
        let theirs = self.read(None, &request.body);
        if let (Some(_), Faxes::Refused(status)) =
            (theirs.as_ref().and_then(|theirs| theirs.fax), self.profile.faxes)
        {
            return self.answer(now, asked, &request, status);
        }
        if !request.body.is_empty() && theirs.is_none() {
            self.complain("an INVITE whose session description I cannot read");
        }
        let Some(target) = request.headers.contact().ok().flatten().map(|contact| contact.uri) else {
            self.complain("an INVITE without a Contact");
            return self.answer(now, asked, &request, 400);
        };
        if let Some(min) = self.refuses_interval(&request) {
            return self.answer_with(now, asked, &request, 422, &[(HeaderName::MinSe, min)]);
        }
        for fork in 0..=self.profile.forks.len() {
            self.ring_fork(now, asked, &request, &target, theirs.clone(), fork);
        }
    }

    /// Begins a call of one phone behind the contact.
    fn ring_fork(
        &mut self,
        now: Instant,
        asked: &Asked,
        request: &Request,
        target: &kiestoon_sip::Uri,
        theirs: Option<Session>,
        fork: usize,
    ) {
        let mut local = request.to.clone();
        local.params.set("tag", self.chance.token().as_str());
        let index = self.lines.len();
        let session = self.new_session();
        self.lines.push(Line {
            shown: user_of(&request.from),
            peer: user_of(&request.from),
            caller: false,
            state: LineState::Ringing,
            call_id: request.call_id.to_string(),
            local,
            remote: request.from.clone(),
            local_seq: 100,
            remote_seq: Some(request.cseq.number),
            target: target.clone(),
            session,
            theirs,
            offer: Offer::Settled,
            before: Flowing::SendRecv,
            wants_fax: None,
            fax_before: None,
            wants: Flowing::SendRecv,
            invite: None,
            reinvite: None,
            asked: Some((asked.clone(), Box::new(request.clone()))),
            ack: None,
            cancels: false,
            cancel_sent: false,
            leaves: false,
            offerless: false,
            early: Early { fork, ..Early::default() },
            timer: None,
            memory: super::browser::Memory::default(),
        });
        let script = match fork.checked_sub(1) {
            None => self.profile.script.clone(),
            Some(fork) => self.profile.forks.get(fork).cloned().unwrap_or_default(),
        };
        let script = script.iter().enumerate();
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
        self.other_forks_end(index);
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
        if let Some(challenge) = self.challenges_within(&request) {
            let challenge = [(HeaderName::WwwAuthenticate, challenge)];
            return self.answer_with(now, asked, &request, 401, &challenge);
        }
        let Some(line) = self.lines.get_mut(index) else { return };
        let owed = |(_, timer): &(_, Timer)| matches!(timer, Timer::Unanswered { line } if *line == index);
        if request.method != Method::Bye && self.timers.iter().any(owed) {
            self.complaints
                .push(format!("{}: an ACK without the answer to my offer, and more of that call", self.name));
        }
        if line.remote.uri != request.from.uri {
            line.remote = request.from.clone();
            line.shown = user_of(&request.from);
            if !self.profile.from_change {
                self.complain("another From although I do not know from-change");
            }
        }
        match request.method {
            Method::Bye => {
                self.answer(now, asked, &request, 200);
                if self.lines.get(index).is_some_and(|line| line.state == LineState::Ringing) {
                    self.refuse(now, index, 487);
                }
                let Some(line) = self.lines.get_mut(index) else { return };
                if let Some(reinvite) = line.reinvite.take() {
                    self.wire.abandon(&reinvite);
                }
                if line.state != LineState::Leaving {
                    line.state = LineState::Ended(Ended::ByThem);
                }
            }
            Method::Invite => self.reinvited(now, asked, request, index),
            Method::Notify => self.notified_of_transfer(now, asked, &request),
            Method::Prack => self.pracked(now, asked, &request, index),
            Method::Update if self.profile.updates => self.updated(now, asked, &request, index),
            Method::Info | Method::Message | Method::Options => {
                self.answer(now, asked, &request, 200);
            }
            _ => self.answer(now, asked, &request, 405),
        }
    }

    fn reinvited(&mut self, now: Instant, asked: &Asked, request: Box<Request>, index: usize) {
        let Some(line) = self.lines.get_mut(index) else { return };
        if line.reinvite.is_some() || line.early.update {
            return self.answer(now, asked, &request, 491);
        }
        if let Some((status, headers)) = self.puts_off() {
            return self.answer_with(now, asked, &request, status, &headers);
        }
        let Some(line) = self.lines.get_mut(index) else { return };
        if let Reinvites::Refused(status) = self.profile.reinvite {
            return self.answer(now, asked, &request, status);
        }
        if let Some(target) = request.headers.contact().ok().flatten().map(|contact| contact.uri) {
            line.target = target;
        }
        line.asked = Some((asked.clone(), request.clone()));
        let theirs = self.read(Some(index), &request.body);
        let Some(line) = self.lines.get_mut(index) else { return };
        line.show(&request.headers);
        let fax = theirs.as_ref().and_then(|theirs| theirs.fax);
        if let (Some(_), Faxes::Refused(status)) = (fax, self.profile.faxes) {
            self.with_line(index, |line| line.asked = None);
            return self.answer(now, asked, &request, status);
        }
        self.with_line(index, |line| line.wants_fax = fax);
        if theirs.is_some() {
            self.take_session(index, theirs);
        }
        let takes_line = fax.is_none() || self.profile.faxes != Faxes::LineRefused;
        let reply = self.response_of(now, index, StatusCode::OK, true);
        if let Some((asked, mut response)) = reply {
            if !takes_line {
                let text = String::from_utf8_lossy(&response.body).replace("m=image ", "m=image 0 ");
                let text = text.replacen(&format!(" 0 {port}", port = self.port_of(index)), " 0", 1);
                response.set_body(SDP, text);
            }
            self.wire.respond(now, &asked, &response);
        }
        self.answers.push((Method::Invite, 200));
    }

    /// The status that asks to make an offer later, where the profile says so.
    pub(super) fn puts_off(&mut self) -> Option<(u16, Vec<(HeaderName, String)>)> {
        let Reinvites::PutOff { status, times } = &mut self.profile.reinvite else { return None };
        *times = times.checked_sub(1)?;
        let after = (*status == 500).then(|| (HeaderName::RetryAfter, "3 (busy)".to_owned()));
        Some((*status, after.into_iter().collect()))
    }

    fn port_of(&self, index: usize) -> u16 {
        self.lines.get(index).map_or(0, |line| line.session.rtp.port())
    }

    fn acknowledged(&mut self, now: Instant, ack: &Request) {
        let tag = ack.to.tag().unwrap_or_default().to_owned();
        let found =
            self.lines.iter().position(|line| *line.call_id == *ack.call_id && line.local_tag() == tag);
        let Some(index) = found else { return };
        let theirs = self.read_ack(index, &ack.body);
        let Some(line) = self.lines.get_mut(index) else { return };
        let Some((_, invite)) = line.asked.take_if(|(_, invite)| invite.cseq.number == ack.cseq.number)
        else {
            return;
        };
        let settled = line.early.settled && invite.to.tag().is_none();
        if invite.body.is_empty() && line.state == LineState::Talking && !settled {
            if theirs.is_none() {
                self.timers.push((now + BYE_FOLLOWS, Timer::Unanswered { line: index }));
            }
            self.take_session(index, theirs);
        }
        if self.lines.get(index).is_some_and(|line| line.leaves) {
            self.hang_up_line(now, index);
        }
    }

    pub(super) fn answer(&mut self, now: Instant, asked: &Asked, request: &Request, status: u16) {
        self.answer_with(now, asked, request, status, &[]);
    }

    pub(super) fn answer_with(
        &mut self,
        now: Instant,
        asked: &Asked,
        request: &Request,
        status: u16,
        headers: &[(HeaderName, String)],
    ) {
        let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
        let mut response = request.response(status);
        if response.to.tag().is_none() {
            response.to.params.set("tag", self.chance.token().as_str());
        }
        for (name, value) in headers {
            match name {
                HeaderName::ContentType => response.set_body(SDP, value.clone()),
                name => response.headers.set(name.clone(), value.clone()),
            }
        }
        self.answers.push((request.method.clone(), status.code()));
        self.wire.respond(now, asked, &response);
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
        if self.door.is_none() && credentials.iter().any(|name| request.headers.get(name).is_some()) {
            self.complain(format!("{} that carries somebody's credentials", request.method));
        }
    }
}

/// An ACK without the answer that it owes is forgiven to who hangs up with the next message (an answer is due all the
/// same by RFC 3261 section 13.2.2.4), however often the network loses that: 64*T1.
const BYE_FOLLOWS: Duration = Duration::from_secs(32);

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
