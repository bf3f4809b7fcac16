//! What happens in a call between its answer and its end: the caller holds it, or the callee transfers it.

use super::caller::{CallState, Purpose};
use super::message::{CALL_ID, CONTACT, FROM, Message, TO, uri};
use super::phones::Phones;
use super::requests::TAIL;
use super::settings::Story;
use super::slab::Key;
use super::timers::Due;
use crate::clock;

/// A callee's side of its dialog.
pub(crate) struct Dialog {
    user: u32,
    /// From and To of our own requests.
    from: Box<str>,
    to: Box<str>,
    call_id: Box<str>,
    target: Box<str>,
    referred: bool,
}

impl Phones {
    /// An answered call of ours: it is held after a third of its time, and taken back after another.
    pub(super) fn tell_caller(&mut self, call: Key, length: u64) {
        if self.settings.story == Story::Hold {
            let now = clock::now();
            self.timers.arm(now + length / 3, Due::Change(call, true));
            self.timers.arm(now + length / 3 * 2, Due::Change(call, false));
        }
    }

    /// A call that we answered was acknowledged: the first time, it is transferred after a third of its time.
    pub(super) fn tell_callee(&mut self, key: Key) {
        let Some(length) = self.hold else { return };
        let dialog = self.answered.get_mut(key).and_then(|answered| answered.dialog.as_mut());
        if dialog.is_some_and(|dialog| !std::mem::replace(&mut dialog.referred, true)) {
            self.timers.arm(clock::now() + length / 3, Due::Refer(key));
        }
    }

    /// What a callee keeps of an INVITE that it answers under `tag`; None where it will not ask for anything.
    pub(super) fn dialog_of(&self, user: u32, message: &Message<'_>, tag: &str) -> Option<Box<Dialog>> {
        if self.settings.story != Story::Transfer || self.is_target(user) {
            return None;
        }
        Some(Box::new(Dialog {
            user,
            from: format!("{};tag={tag}", message.first(TO)?).into(),
            to: message.first(FROM)?.into(),
            call_id: message.first(CALL_ID)?.into(),
            target: uri(message.first(CONTACT)?).into(),
            referred: false,
        }))
    }

    /// Holds a call that is up, or takes it back.
    pub(super) fn change(&mut self, call: Key, hold: bool) {
        let Some(found) = self.calls.get_mut(call) else { return };
        if matches!(found.state, CallState::Up { .. }) {
            found.cseq += 1;
            let (caller, cseq) = (found.caller, found.cseq);
            self.start(Purpose::Reinvite { call, hold }, caller, cseq);
        }
    }

    /// A re-INVITE was answered.
    pub(super) fn changed(&mut self, key: Key, call: Key, hold: bool) {
        let Some(transaction) = self.transactions.remove(key) else { return };
        let branch =
            format!("z9hG4bKb{:x}-{:x}-{:x}-{:x}", call.index, call.generation, self.run, transaction.cseq);
        let remote = match self.calls.get(call).map(|call| &call.state) {
            Some(CallState::Up { remote, .. } | CallState::Ending { remote }) => remote.clone(),
            _ => return,
        };
        let ack =
            self.write_in_dialog("ACK", &branch, call, &remote, transaction.cseq, &format!("{TAIL}\r\n"));
        self.send(transaction.endpoint, &ack);
        if let Some(CallState::Up { ack: last, .. }) = self.calls.get_mut(call).map(|call| &mut call.state) {
            *last = ack;
            self.tally.counts.stories += u64::from(!hold);
        }
    }

    /// Transfers a call that was answered.
    pub(super) fn refer(&mut self, answered: Key) {
        let user = self.answered.get(answered).and_then(|answered| Some(answered.dialog.as_ref()?.user));
        if let Some(user) = user {
            self.start(Purpose::Refer { answered }, user, 1);
        }
    }

    /// A NOTIFY tells how a transfer goes (RFC 3515 section 2.4.5).
    pub(super) fn notified(&mut self, message: &Message<'_>) {
        self.tally.counts.stories += u64::from(message.body.starts_with("SIP/2.0 200"));
    }

    pub(super) fn write_refer(&self, answered: Key, branch: &str, cseq: u32) -> Option<String> {
        let Dialog { user, from, to, call_id, target, .. } =
            &**self.answered.get(answered)?.dialog.as_ref()?;
        let ((transport, host), contact) = (self.host_of(*user), self.contact_of(*user));
        let to_whom = self.user_uri(self.target_of(*user));
        Some(format!(
            "REFER {target} SIP/2.0\r\nVia: SIP/2.0/{transport} {host};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REFER\r\n\
             Contact: {contact}\r\nRefer-To: <{to_whom}>\r\n{TAIL}\r\n"
        ))
    }

    /// The session description again, as another version of it.
    pub(super) fn describe_again(&self, user: u32, session: u32, version: u32, hold: bool) -> String {
        let body = self.describe(user, session, false);
        let body =
            body.replacen(&format!("o=- {session} {session} "), &format!("o=- {session} {version}0 "), 1);
        if hold { body.replacen("a=sendrecv", "a=sendonly", 1) } else { body }
    }

    /// Whom a callee transfers to: the callee of one of the pairs that do not call each other.
    fn target_of(&self, user: u32) -> u32 {
        let (calling, pairs) = (self.settings.calling_pairs(), self.settings.pairs());
        2 * (calling + user / 2 % (pairs - calling).max(1)) + 1
    }

    fn is_target(&self, user: u32) -> bool {
        user / 2 >= self.settings.calling_pairs()
    }
}
