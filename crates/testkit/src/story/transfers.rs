//! Transfers in a story.

use kiestoon_sip::{HeaderName, Request};

use super::{PhoneId, Story};

impl Story {
    /// A phone transfers its call with `peer` to a number, without asking there first.
    pub fn transfer(&mut self, phone: PhoneId, peer: &str, to: &str) {
        self.act(phone, |phone, now| phone.refer(now, peer, to, &|_| {}));
    }

    /// The same with a REFER that the test has changed.
    pub fn transfer_with(&mut self, phone: PhoneId, peer: &str, to: &str, tweak: impl Fn(&mut Request)) {
        self.act(phone, |phone, now| phone.refer(now, peer, to, &tweak));
    }

    /// A phone joins its call with `peer` to its call with `other`.
    pub fn join(&mut self, phone: PhoneId, peer: &str, other: &str) {
        self.act(phone, |phone, now| phone.refer_to_line(now, peer, other, &|_| {}));
    }

    /// The same with a REFER that the test has changed.
    pub fn join_with(&mut self, phone: PhoneId, peer: &str, other: &str, tweak: impl Fn(&mut Request)) {
        self.act(phone, |phone, now| phone.refer_to_line(now, peer, other, &tweak));
    }

    /// A phone takes over the call that another one has with `peer`, by an INVITE with Replaces; `more` is appended to it.
    pub fn take_over(&mut self, phone: PhoneId, from: PhoneId, peer: &str, more: &str) {
        let replaces = self.phone(from).dialog_with(peer).expect("a call to take over");
        let value = format!("{replaces}{more}");
        self.act(phone, |phone, now| {
            phone.call(now, peer, false, &|invite| {
                invite.headers.push(HeaderName::Replaces, value.as_str());
                invite.headers.push(HeaderName::Require, "replaces");
            });
        });
    }

    /// A phone hangs up its call with a number.
    pub fn hang_up_with(&mut self, phone: PhoneId, peer: &str) {
        self.act(phone, |phone, now| phone.hang_up_with(now, peer));
    }
}
