//! What a phone does to transfer a call, or to take one over (RFC 3515, RFC 3891), and what it is told of it.

use std::time::Instant;

use kiestoon_sip::{HeaderName, Method, Replaces, Request};

use super::line::{Line, LineState};
use super::wire::Asked;
use super::{Phone, Purpose};

impl Phone {
    /// Asks the PBX to transfer the call with `peer` to a number. The story may change the REFER.
    pub(crate) fn refer(&mut self, now: Instant, peer: &str, to: &str, tweak: &dyn Fn(&mut Request)) {
        let target = format!("<{}>", self.address_of(to).uri);
        self.send_refer(now, peer, target, tweak);
    }

    /// Asks the PBX to join the call with `peer` to the one with `other`.
    pub(crate) fn refer_to_line(
        &mut self,
        now: Instant,
        peer: &str,
        other: &str,
        tweak: &dyn Fn(&mut Request),
    ) {
        let Some(replaces) = self.dialog_with(other) else {
            panic!("{} has no call with {other}", self.name)
        };
        let escaped = replaces.to_string().replace('@', "%40").replace(';', "%3B").replace('=', "%3D");
        let target = format!("<{}?Replaces={escaped}>", self.address_of(other).uri);
        self.send_refer(now, peer, target, tweak);
    }

    fn send_refer(&mut self, now: Instant, peer: &str, target: String, tweak: &dyn Fn(&mut Request)) {
        let own = self.address_of(&self.profile.number.clone());
        let contact = self.contact(0).to_string();
        let found = |line: &Line| line.peer == peer && line.state == LineState::Talking;
        let Some(index) = self.lines.iter().rposition(found) else {
            panic!("{} is not talking with {peer}", self.name)
        };
        let Some(line) = self.lines.get_mut(index) else { return };
        let mut request = line.request(Method::Refer);
        request.headers.set(HeaderName::ReferTo, target);
        request.headers.set(HeaderName::ReferredBy, own.to_string());
        request.headers.set(HeaderName::Contact, contact);
        tweak(&mut request);
        self.send_within(now, request, Purpose::Within { line: index });
    }

    /// The dialog of its call with a number, as the PBX has to see it.
    pub fn dialog_with(&self, peer: &str) -> Option<Replaces> {
        let line = self.lines.iter().rfind(|line| line.peer == peer && !line.is_over())?;
        Some(Replaces {
            call_id: line.call_id.as_str().into(),
            to_tag: line.remote.tag()?.into(),
            from_tag: line.local_tag().into(),
            early_only: false,
        })
    }

    /// The statuses that it was told of its transfer.
    pub fn notified(&self) -> &[u16] {
        &self.notified
    }

    /// The number that the display shows in the call that is not over.
    pub fn shown(&self) -> Option<&str> {
        self.lines.iter().rfind(|line| !line.is_over()).map(|line| line.shown.as_str())
    }

    /// Hangs up its call with a number.
    pub(crate) fn hang_up_with(&mut self, now: Instant, peer: &str) {
        match self.lines.iter().rposition(|line| line.peer == peer && !line.is_over()) {
            Some(index) => self.hang_up_line(now, index),
            None => panic!("{} has no call with {peer}", self.name),
        }
    }

    pub(super) fn notified_of_transfer(&mut self, now: Instant, asked: &Asked, request: &Request) {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let status = text.strip_prefix("SIP/2.0 ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        let state = request.headers.get(&HeaderName::SubscriptionState).unwrap_or_default();
        let event = request.headers.get(&HeaderName::Event).unwrap_or_default();
        match status {
            Some(status) => {
                if state.starts_with("terminated") != (status >= 200) {
                    self.complain(format!("a NOTIFY of {status} whose state is {state:?}"));
                }
                self.notified.push(status);
            }
            None => self.complain("a NOTIFY without a status line"),
        }
        if !event.starts_with("refer") {
            self.complain(format!("a NOTIFY of {event:?}"));
        }
        self.answer(now, asked, request, 200);
    }
}
