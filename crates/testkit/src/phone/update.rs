//! UPDATE as a phone sees it (RFC 3311), from both ends.

use std::time::Instant;

use kiestoon_sip::{HeaderName, Headers, Method, Request, Response};

use super::act::{SDP, glare_wait};
use super::line::{LineState, Offer};
use super::session::Flowing;
use super::wire::Asked;
use super::{Faxes, Phone, Purpose, Timer};

impl Phone {
    /// What a message that makes or refreshes a dialog says of us.
    pub(super) fn introduce(&self, headers: &mut Headers) {
        if self.profile.from_change {
            headers.push(HeaderName::Supported, "from-change");
        }
        if self.profile.updates {
            headers.set(HeaderName::Allow, "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE");
        }
    }

    /// Whether it takes UPDATE, by its profile.
    pub fn takes_update(&self) -> bool {
        self.profile.updates
    }

    /// Whether it is a fax machine, by its profile.
    pub fn takes_faxes(&self) -> bool {
        self.profile.faxes == Faxes::Taken
    }

    /// Whether it may make an offer in its latest call now, as far as it knows (RFC 6337; RFC 3311 section 5.1).
    pub fn may_offer(&self) -> bool {
        self.lines.iter().rfind(|line| !line.is_over() && line.state != LineState::Calling).is_some_and(
            |line| {
                let done = line.early.settled || line.state == LineState::Talking;
                done && line.offer == Offer::Settled
                    && !line.early.update
                    && line.early.unpracked.is_none()
                    && line.reinvite.is_none()
                    && line.state != LineState::Leaving
            },
        )
    }

    /// Sends an UPDATE in its latest call: with an offer of this direction, or without one.
    pub(crate) fn update(&mut self, now: Instant, flowing: Option<Flowing>) {
        let open = |line: &super::Line| !line.is_over() && line.state != LineState::Calling;
        let Some(index) = self.lines.iter().rposition(open) else { panic!("{} has no call", self.name) };
        if let Some(flowing) = flowing {
            self.with_line(index, |line| line.wants = flowing);
        }
        self.update_line(now, index, flowing.is_some());
    }

    /// The same with an UPDATE that the story has changed.
    pub(crate) fn update_with(&mut self, now: Instant, offers: bool, tweak: &dyn Fn(&mut Request)) {
        let open = |line: &super::Line| !line.is_over() && line.state != LineState::Calling;
        let Some(index) = self.lines.iter().rposition(open) else { panic!("{} has no call", self.name) };
        self.update_line_with(now, index, offers, tweak);
    }

    pub(super) fn update_line(&mut self, now: Instant, index: usize, offers: bool) {
        self.update_line_with(now, index, offers, &|_| {});
    }

    fn update_line_with(&mut self, now: Instant, index: usize, offers: bool, tweak: &dyn Fn(&mut Request)) {
        let contact = self.contact(0).to_string();
        let Some(line) = self.lines.get_mut(index).filter(|line| !line.is_over()) else { return };
        let mut request = line.request(Method::Update);
        request.headers.set(HeaderName::Contact, contact);
        if offers {
            if line.state == LineState::Ringing && !line.caller {
                line.wants = Flowing::SendOnly;
            }
            line.early.update = true;
            request.set_body(SDP, line.offer());
        }
        self.introduce(&mut request.headers);
        self.ask_timer_again(index, &mut request.headers);
        tweak(&mut request);
        self.send_within(now, request, Purpose::Update { line: index, offers });
    }

    /// An UPDATE of ours, or an offer in a PRACK of ours, was answered.
    pub(super) fn update_answered(&mut self, now: Instant, index: usize, offers: bool, response: &Response) {
        let theirs = self.read(Some(index), &response.body);
        let dice = self.chance.below(1000);
        let Some(line) = self.lines.get_mut(index) else { return };
        let offered = offers && std::mem::take(&mut line.early.update);
        match response.status.code() {
            ..200 => line.early.update |= offered,
            200..300 => {
                if offered {
                    line.offer = Offer::Settled;
                    if theirs.is_none() {
                        self.complain("a 200 to an offer in UPDATE without an answer");
                    }
                    self.take_session(index, theirs);
                }
                self.timer_granted(now, index, &response.headers);
            }
            491 if offered => {
                let again = now + glare_wait(line.caller, dice);
                line.take_back();
                self.timers.push((again, Timer::Update { line: index }));
            }
            408 | 481 => self.hang_up_line(now, index),
            _ if !offered => {}
            _ => {
                line.take_back();
                line.wants = line.session.flowing;
                line.wants_fax = line.session.fax;
            }
        }
    }

    /// An UPDATE came.
    pub(super) fn updated(&mut self, now: Instant, asked: &Asked, request: &Request, index: usize) {
        let theirs = self.read(Some(index), &request.body);
        let granted = self.grant_timer(now, index, request);
        let Some(line) = self.lines.get_mut(index) else { return };
        if let Some(target) = request.headers.contact().ok().flatten().map(|contact| contact.uri) {
            line.target = target;
        }
        line.show(&request.headers);
        let Some(theirs) = theirs else { return self.answer_with(now, asked, request, 200, &granted) };
        if line.offer == Offer::Ours || line.early.update || line.reinvite.is_some() {
            return self.answer(now, asked, request, 491);
        }
        if let Some((status, headers)) = self.puts_off() {
            return self.answer_with(now, asked, request, status, &headers);
        }
        let Some(line) = self.lines.get_mut(index) else { return };
        let unanswered = line.asked.as_ref().is_some_and(|(_, invite)| !invite.body.is_empty());
        if unanswered && !line.early.settled && line.state != LineState::Talking {
            self.complain("an offer in UPDATE before I have answered the first");
            return self.answer_with(now, asked, request, 500, &[(HeaderName::RetryAfter, "1".to_owned())]);
        }
        if let (Some(_), Faxes::Refused(status)) = (theirs.fax, self.profile.faxes) {
            return self.answer(now, asked, request, status);
        }
        line.wants_fax = theirs.fax;
        let next = line.answering(&theirs);
        let text = line.describe(next);
        self.take_session(index, Some(theirs));
        let mut headers = granted;
        headers.push((HeaderName::ContentType, text));
        headers.push((HeaderName::Contact, self.contact(0).to_string()));
        self.answer_with(now, asked, request, 200, &headers);
    }
}
