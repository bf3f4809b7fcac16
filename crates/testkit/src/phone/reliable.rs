//! Reliable provisional responses as a phone sees them (RFC 3262), from both ends, written apart from the PBX's own.

use std::time::{Duration, Instant};

use kiestoon_sip::{HeaderName, Method, Request, Response, StatusCode};

use super::act::SDP;
use super::line::{Ended, LineState, Offer};
use super::manners::Reliably;
use super::session::{Flowing, Session};
use super::wire::{Asked, T1};
use super::{Phone, Purpose, Timer};

impl Phone {
    /// What the INVITE says of reliable responses.
    pub(super) fn say_reliable(&self, request: &mut Request) {
        match self.profile.reliable {
            Reliably::Unknown => {}
            Reliably::Supported => request.headers.push(HeaderName::Supported, "100rel"),
            Reliably::Required => request.headers.push(HeaderName::Require, "100rel"),
        }
    }

    /// Sends a provisional response that wants a PRACK, where the INVITE lets us.
    pub(super) fn reply_reliably(&mut self, now: Instant, index: usize, status: u16, described: bool) {
        let Some(line) = self.lines.get(index) else { return };
        let described = described && !line.early.settled;
        let Some((_, invite)) = &line.asked else { return };
        let known = invite.headers.supported().chain(invite.headers.require()).any(|tag| tag == "100rel");
        let late = invite.body.is_empty();
        let status = StatusCode::new(status).expect("a status");
        if !known {
            return self.reply_unreliably(now, index, status, described && !late);
        }
        let Some((asked, mut response)) = self.response_of(now, index, status, described) else { return };
        let first = u32::try_from(self.chance.below(1000)).unwrap_or(0);
        let Some(line) = self.lines.get_mut(index) else { return };
        line.early.rseq = if line.early.rseq == 0 { 1 + first } else { line.early.rseq + 1 };
        response.headers.push(HeaderName::Require, "100rel");
        response.headers.set(HeaderName::RSeq, line.early.rseq.to_string());
        if described && late {
            line.offer = Offer::Ours;
        } else if described {
            line.early.settled = true;
        }
        line.early.unpracked = Some(response.clone());
        self.timers.push((now + T1, Timer::Unpracked { line: index, rseq: line.early.rseq, after: T1 }));
        self.wire.respond(now, &asked, &response);
    }

    fn reply_unreliably(&mut self, now: Instant, index: usize, status: StatusCode, described: bool) {
        if let Some((asked, response)) = self.response_of(now, index, status, described) {
            self.wire.respond(now, &asked, &response);
        }
    }

    /// Repeats a response whose PRACK has not come, or gives the call up.
    pub(super) fn repeat_reliable(&mut self, now: Instant, index: usize, rseq: u32, after: Duration) {
        let Some(line) = self.lines.get(index) else { return };
        let (Some((asked, _)), Some(response)) = (line.asked.clone(), line.early.unpracked.clone()) else {
            return;
        };
        if line.early.rseq != rseq || line.state != LineState::Ringing {
            return;
        }
        if after >= T1 * 64 {
            return self.refuse(now, index, 500);
        }
        self.wire.respond(now, &asked, &response);
        self.timers.push((now + after * 2, Timer::Unpracked { line: index, rseq, after: after * 2 }));
    }

    /// A PRACK came.
    pub(super) fn pracked(&mut self, now: Instant, asked: &Asked, request: &Request, index: usize) {
        let theirs = self.read(Some(index), &request.body);
        let Some(line) = self.lines.get_mut(index) else { return };
        let expected = line
            .early
            .unpracked
            .as_ref()
            .map(|response| format!("{} {} INVITE", line.early.rseq, response.cseq.number));
        if expected.as_deref() != request.headers.get(&HeaderName::RAck) {
            self.complain("a PRACK for a response that I have not sent");
            return self.answer(now, asked, request, 481);
        }
        line.early.unpracked = None;
        if line.offer == Offer::Ours {
            line.offer = Offer::Settled;
            line.early.settled = true;
            if request.body.is_empty() {
                self.complain("a PRACK without the answer to my offer");
            }
            self.take_session(index, theirs);
        } else if theirs.is_some() {
            self.complain("a PRACK with an offer that nobody made");
        }
        self.answer(now, asked, request, 200);
    }

    /// Sends the PRACK of a provisional response, if it wants one. False where it was heard before.
    pub(super) fn acknowledges_reliable(
        &mut self,
        now: Instant,
        index: usize,
        response: &Response,
        theirs: Option<&Session>,
    ) -> bool {
        let reliable = response.headers.require().any(|tag| tag == "100rel");
        let rseq = response.headers.get(&HeaderName::RSeq).and_then(|value| value.parse::<u32>().ok());
        if reliable != rseq.is_some() {
            self.complain("Require: 100rel without RSeq, or RSeq without Require: 100rel");
        }
        if reliable && self.profile.reliable == Reliably::Unknown {
            self.complain("a reliable response that I do not know");
        }
        if !reliable && self.profile.reliable == Reliably::Required && response.status.code() > 100 {
            self.complain("an unreliable response although I required reliable ones");
        }
        let Some(rseq) = rseq else { return true };
        let Some(line) = self.lines.get_mut(index) else { return true };
        match line.early.heard {
            Some(last) if rseq <= last => return false,
            Some(last) if rseq > last + 1 => self.complain("a gap in RSeq"),
            _ => {}
        }
        let (offers, forgets) = (self.profile.offers_in_prack, self.profile.forgets_prack);
        let Some(line) = self.lines.get_mut(index) else { return true };
        line.early.heard = Some(rseq);
        if forgets {
            return true;
        }
        let mut prack = line.request(Method::Prack);
        prack.headers.set(HeaderName::RAck, format!("{rseq} {} INVITE", response.cseq.number));
        let mut purpose = Purpose::Unwatched;
        match theirs {
            Some(_) if line.offer == Offer::Ours => {
                line.offer = Offer::Settled;
                line.early.settled = true;
                if offers {
                    line.wants = Flowing::SendOnly;
                    line.offer = Offer::Ours;
                    line.early.update = true;
                    let next = line.offered();
                    prack.set_body(SDP, line.describe(next));
                    purpose = Purpose::Update { line: index, offers: true };
                }
            }
            Some(offer) if !line.early.settled => {
                line.early.settled = true;
                let next = line.answering(offer);
                prack.set_body(SDP, line.describe(next));
            }
            Some(_) => self.complain("a second session description in reliable responses"),
            None => {}
        }
        self.send_within(now, prack, purpose);
        true
    }

    /// Whether the first offer was answered before the 200 of the INVITE that began the call.
    pub(super) fn settled_before(&mut self, index: usize, response: &Response) -> bool {
        let Some(line) = self.lines.get_mut(index) else { return false };
        let first = line.ack.is_none() && response.cseq.method == Method::Invite && line.caller;
        first && line.early.settled
    }

    /// The proxy that forked ends the other forks.
    pub(super) fn other_forks_end(&mut self, index: usize) {
        let Some(asked) = self.lines.get(index).and_then(|line| Some(line.asked.as_ref()?.0.clone())) else {
            return;
        };
        for (other, line) in self.lines.iter_mut().enumerate() {
            let same = line.asked.as_ref().is_some_and(|(theirs, _)| *theirs == asked);
            if same && other != index {
                line.asked = None;
                line.state = LineState::Ended(Ended::Cancelled);
            }
        }
    }
}

/// How soon a phone looks again whether the PRACK has come that its next response waits for.
pub(super) const PATIENCE: Duration = Duration::from_millis(20);
