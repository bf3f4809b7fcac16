//! What a phone does of itself: register, call, cancel, hang up, hold, send a message.

use std::time::Instant;

use kiestoon_sip::{HeaderName, Method, Request, Via};

use super::line::{Early, Ended, Line, LineState, Offer};
use super::session::{Fax, Flowing, Session};
use super::wire::{Branch, T1};
use super::{Phone, Purpose, Timer, uri};

impl Phone {
    /// Registers `contacts` contacts for so many seconds; zero seconds removes them.
    pub(crate) fn register(&mut self, now: Instant, contacts: u32, expires: u32) {
        let mut request = self.register_request();
        for nth in 0..contacts {
            let mut contact = self.contact(nth);
            if nth == 0 {
                self.mark(&mut contact);
            }
            if let Some(q) = &self.profile.q {
                contact.params.set("q", q.as_str());
            }
            request.headers.push(HeaderName::Contact, contact.to_string());
        }
        request.headers.set(HeaderName::Expires, expires.to_string());
        self.say_where(&mut request);
        self.send_alone(now, request, Purpose::Register);
    }

    /// Removes every binding of the extension, whoever made it (`Contact: *`).
    pub(crate) fn unregister_all(&mut self, now: Instant) {
        let mut request = self.register_request();
        request.headers.set(HeaderName::Contact, "*");
        request.headers.set(HeaderName::Expires, "0");
        self.send_alone(now, request, Purpose::Register);
    }

    /// Asks which contacts are registered.
    pub(crate) fn query_registrations(&mut self, now: Instant) {
        let request = self.register_request();
        self.send_alone(now, request, Purpose::Register);
    }

    /// Calls a number; a late offer leaves the session to the ACK. The story may change the INVITE.
    pub(crate) fn call(&mut self, now: Instant, number: &str, late: bool, tweak: &dyn Fn(&mut Request)) {
        let target = uri(&format!("sip:{number}@{}", self.domain));
        let mut local = self.address_of(&self.profile.number.clone());
        local.params.set("tag", self.chance.token().as_str());
        let remote = self.address_of(number);
        let session = self.new_session();
        let mut line = Line {
            shown: number.to_owned(),
            peer: number.to_owned(),
            caller: true,
            state: LineState::Calling,
            call_id: self.chance.token(),
            local,
            remote,
            local_seq: 0,
            remote_seq: None,
            target,
            session,
            theirs: None,
            offer: if late { Offer::Settled } else { Offer::Ours },
            before: Flowing::SendRecv,
            wants_fax: None,
            fax_before: None,
            wants: Flowing::SendRecv,
            invite: None,
            reinvite: None,
            asked: None,
            ack: None,
            cancels: false,
            cancel_sent: false,
            leaves: false,
            offerless: false,
            early: Early::default(),
            timer: None,
            memory: super::browser::Memory::default(),
        };
        let mut request = line.request(Method::Invite);
        self.add_contact(&mut request);
        self.say_reliable(&mut request);
        if !late {
            request.set_body(SDP, line.session.text());
        }
        tweak(&mut request);
        line.local_seq = request.cseq.number;
        let index = self.lines.len();
        self.lines.push(line);
        let branch = self.send_alone(now, request, Purpose::Invite { line: index });
        self.with_line(index, |line| line.invite = Some(branch));
    }

    /// Gives up the call that is being set up.
    pub(crate) fn cancel(&mut self, now: Instant) {
        let Some(index) = self.lines.iter().rposition(|line| line.caller && !line.is_over()) else {
            panic!("{} has nothing to cancel", self.name)
        };
        self.with_line(index, |line| line.cancels = true);
        self.cancel_if_possible(now, index);
    }

    /// Hangs up: BYE where the call is answered, CANCEL where ours rings, 603 where theirs does.
    pub(crate) fn hang_up(&mut self, now: Instant) {
        match self.lines.iter().rposition(|line| !line.is_over()) {
            Some(index) => self.hang_up_line(now, index),
            None => panic!("{} has no call to hang up", self.name),
        }
    }

    /// Hangs up every call that is not over.
    pub(crate) fn hang_up_all(&mut self, now: Instant) {
        for index in 0..self.lines.len() {
            self.hang_up_line(now, index);
        }
    }

    pub(super) fn hang_up_line(&mut self, now: Instant, index: usize) {
        let patient = self.profile.waits_for_ack;
        let Some(line) = self.lines.get_mut(index) else { return };
        match line.state {
            LineState::Talking if line.asked.is_some() && patient => line.leaves = true,
            LineState::Talking => {
                let request = line.request(Method::Bye);
                line.state = LineState::Leaving;
                if let Some(reinvite) = line.reinvite.take() {
                    self.wire.abandon(&reinvite);
                }
                self.send_within(now, request, Purpose::Bye { line: index });
            }
            LineState::Calling | LineState::Ringing if line.caller => {
                line.cancels = true;
                self.cancel_if_possible(now, index);
            }
            LineState::Ringing => self.refuse(now, index, 603),
            _ => {}
        }
    }

    /// Puts the other side on hold, or takes it back.
    pub(crate) fn hold(&mut self, now: Instant, wants: Flowing) {
        let index = self.talking_line();
        self.with_line(index, |line| line.wants = wants);
        self.reinvite_line(now, index);
    }

    /// Offers a fax in place of the audio, or audio again.
    pub(crate) fn fax(&mut self, now: Instant, fax: Option<Fax>) {
        let index = self.talking_line();
        self.with_line(index, |line| line.wants_fax = fax);
        self.reinvite_line(now, index);
    }

    /// Sends a re-INVITE; an offerless one leaves the offer to the other side.
    pub(crate) fn reinvite(&mut self, now: Instant, offerless: bool) {
        let index = self.talking_line();
        self.with_line(index, |line| line.offerless = offerless);
        self.reinvite_line(now, index);
    }

    /// One INVITE at a time (RFC 3261 section 14.1): while another is open in the dialog, it waits.
    pub(super) fn reinvite_line(&mut self, now: Instant, index: usize) {
        let Some(line) = self.lines.get_mut(index).filter(|line| line.state == LineState::Talking) else {
            return;
        };
        if line.reinvite.is_some() || line.asked.is_some() || line.early.update {
            return self.timers.push((now + T1, Timer::Reinvite { line: index }));
        }
        let mut request = line.request(Method::Invite);
        if !line.offerless {
            request.set_body(SDP, line.offer());
        }
        self.add_contact(&mut request);
        let branch = self.send_within(now, request, Purpose::Reinvite { line: index });
        self.with_line(index, |line| line.reinvite = Some(branch));
    }

    /// Sends a request within the call, such as INFO.
    pub(crate) fn send_in_call(&mut self, now: Instant, method: Method, kind: &str, body: &str) {
        let index = self.talking_line();
        let Some(line) = self.lines.get_mut(index) else { return };
        let mut request = line.request(method);
        if !body.is_empty() {
            request.set_body(kind, body.to_owned());
        }
        self.send_within(now, request, Purpose::Within { line: index });
    }

    /// Sends a request outside any call to a number, or to the PBX itself where that is empty.
    pub(crate) fn send(&mut self, now: Instant, method: Method, number: &str, tweak: &dyn Fn(&mut Request)) {
        let text = if number.is_empty() {
            format!("sip:{}", self.domain)
        } else {
            format!("sip:{number}@{}", self.domain)
        };
        let mut from = self.address_of(&self.profile.number.clone());
        from.params.set("tag", self.chance.token().as_str());
        let to = self.address_of(if number.is_empty() { &self.profile.number } else { number });
        let mut request = Request::new(method, uri(&text), from, to, self.chance.token(), 1);
        tweak(&mut request);
        self.send_alone(now, request, Purpose::Alone);
    }

    /// Forgets the challenges it has met.
    pub(crate) fn forget_challenges(&mut self) {
        self.login.forget();
    }

    /// Sends an old request once more as a new transaction, credentials and all: what an eavesdropper does.
    pub(crate) fn replay(&mut self, now: Instant, mut request: Request) {
        request.via.clear();
        request.cseq.number += 1;
        self.stamp(&mut request);
        let flow = self.flow;
        let branch = self.wire.request(now, request, flow);
        self.purposes.push((branch, Purpose::Unwatched));
    }

    pub(super) fn cancel_if_possible(&mut self, now: Instant, index: usize) {
        let Some(line) = self.lines.get_mut(index) else { return };
        let Some(branch) = line.invite.clone() else { return };
        let provisional = self.wire.has_provisional(&branch);
        if !line.cancels || line.cancel_sent || !provisional || !self.wire.is_waiting(&branch) {
            return;
        }
        line.cancel_sent = true;
        let Some(invite) = self.wire.request_of(&branch) else { return };
        let mut cancel = Request::new(
            Method::Cancel,
            invite.uri.clone(),
            invite.from.clone(),
            invite.to.clone(),
            invite.call_id.clone(),
            invite.cseq.number,
        );
        cancel.via.clone_from(&invite.via);
        let flow = self.flow;
        let branch = self.wire.request(now, cancel, flow);
        self.purposes.push((branch, Purpose::Unwatched));
    }

    /// Sends a request outside a dialog, signed where a challenge is known.
    pub(super) fn send_alone(&mut self, now: Instant, mut request: Request, purpose: Purpose) -> Branch {
        let cnonce = self.chance.token();
        self.login.sign(&mut request, &cnonce);
        self.send_within(now, request, purpose)
    }

    pub(super) fn send_within(&mut self, now: Instant, mut request: Request, purpose: Purpose) -> Branch {
        self.stamp(&mut request);
        let flow = self.flow;
        let branch = self.wire.request(now, request, flow);
        self.purposes.push((branch.clone(), purpose));
        branch
    }

    /// Adds our Via with a fresh branch.
    pub(super) fn stamp(&mut self, request: &mut Request) {
        let branch = format!("z9hG4bK{}", self.chance.token());
        let via = match &self.profile.host {
            Some(host) if self.profile.browser => {
                Via::new(self.flow.transport, kiestoon_sip::Host::Name(host.as_str().into()), None, &branch)
            }
            _ => Via::of_ours(self.flow.transport, self.address, &branch),
        };
        request.via.insert(0, via);
    }

    pub(super) fn add_contact(&self, request: &mut Request) {
        request.headers.set(HeaderName::Contact, self.contact(0).to_string());
        self.introduce(&mut request.headers);
        self.ask_timer(&mut request.headers);
    }

    pub(super) fn new_session(&mut self) -> Session {
        let rtp = std::net::SocketAddr::new(self.address.ip(), self.next_media_port);
        self.next_media_port += 2;
        let session = Session::phone(rtp, self.chance.below(1 << 40));
        let session = if self.profile.browser { session.in_browser(self.profile.shows) } else { session };
        if self.profile.takes_events { session } else { session.without_events() }
    }

    pub(super) fn with_line(&mut self, index: usize, change: impl FnOnce(&mut Line)) {
        if let Some(line) = self.lines.get_mut(index) {
            change(line);
        }
    }

    pub(super) fn no_response(&mut self, now: Instant, branch: &Branch) {
        let Some(position) = self.purposes.iter().position(|(known, _)| known == branch) else { return };
        let (_, purpose) = self.purposes.remove(position);
        match purpose {
            Purpose::Invite { line } | Purpose::Bye { line } => {
                self.with_line(line, |line| line.state = LineState::Ended(Ended::Silence));
            }
            Purpose::Reinvite { line } | Purpose::Within { line } | Purpose::Update { line, .. } => {
                self.with_line(line, |line| line.reinvite = None);
                self.hang_up_line(now, line);
            }
            Purpose::Register => self.register_refused = Some(408),
            Purpose::Unwatched | Purpose::Alone => {}
        }
    }

    fn register_request(&mut self) -> Request {
        self.register_seq += 1;
        let mut from = self.address_of(&self.profile.number.clone());
        let to = from.clone();
        from.params.set("tag", self.chance.token().as_str());
        let target = uri(&format!("sip:{}", self.domain));
        Request::new(Method::Register, target, from, to, self.register_call_id.as_str(), self.register_seq)
    }

    pub(super) fn talking_line(&self) -> usize {
        let found = self.lines.iter().rposition(|line| line.state == LineState::Talking);
        found.unwrap_or_else(|| panic!("{} is not talking", self.name))
    }
}

/// The media type of a session description.
pub(super) const SDP: &str = "application/sdp";

/// How long after a 491 a phone tries again (RFC 3261 section 14.1): longer for the owner of the Call-ID.
pub(super) fn glare_wait(owner: bool, dice: u64) -> std::time::Duration {
    let step = std::time::Duration::from_millis(10);
    let dice = u32::try_from(dice).unwrap_or(0);
    if owner { T1 * 4 + step * (10 + dice % 190) } else { step * (dice % 200) }
}
