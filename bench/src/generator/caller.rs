//! The side that asks: REGISTER, OPTIONS, INVITE and BYE with their challenges, retransmissions and answers.

use super::message::{CALL_ID, CONTACT, CSEQ, Message, RECORD_ROUTE, TO, VIA, tag, uri};
use super::phones::{Phones, T1};
use super::requests::TAIL;
use super::slab::Key;
use super::timers::Due;
use crate::clock;
use crate::report::Latency;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Register {
        user: u32,
    },
    Options {
        user: u32,
    },
    Invite {
        call: Key,
    },
    Bye {
        call: Key,
    },
    /// The caller holds the call, or takes it back.
    Reinvite {
        call: Key,
        hold: bool,
    },
    /// The callee transfers the call.
    Refer {
        answered: Key,
    },
}

/// A request under way, through its challenge.
pub(crate) struct Transaction {
    pub(super) purpose: Purpose,
    pub(crate) endpoint: usize,
    /// 0 without credentials, then one more for each challenge answered.
    pub(crate) attempt: u32,
    pub(crate) retransmissions: u32,
    progress: Progress,
    pub(super) cseq: u32,
    started_at: u64,
    pub(crate) sent_at: u64,
    pub(crate) text: String,
}

/// How far the answers of an attempt have come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Sent,
    Provisional,
    Ringing,
}

impl Transaction {
    pub(crate) fn is_invite(&self) -> bool {
        matches!(self.purpose, Purpose::Invite { .. } | Purpose::Reinvite { .. })
    }

    /// An INVITE is not sent again once the server works on it (RFC 3261 section 17.1.1.2).
    pub(crate) fn stopped_by_provisional(&self) -> bool {
        self.is_invite() && self.progress > Progress::Sent
    }
}

/// A call as its caller sees it.
pub(crate) struct Call {
    pub(super) caller: u32,
    pub(super) callee: u32,
    pub(super) cseq: u32,
    pub(super) state: CallState,
}

pub(super) enum CallState {
    Calling,
    /// Answered: the ACK to repeat for a repeated 200, and what in-dialog requests need.
    Up {
        ack: String,
        remote: Remote,
    },
    /// The BYE is under way.
    Ending {
        remote: Remote,
    },
}

#[derive(Clone)]
pub(super) struct Remote {
    pub(super) tag: String,
    pub(super) target: String,
    pub(super) routes: String,
}

impl Phones {
    pub(crate) fn register(&mut self, user: u32) {
        let Some(cseq) = self.register_cseq.get_mut(user as usize) else { return };
        *cseq += 1;
        let cseq = *cseq;
        if self.start(Purpose::Register { user }, user, cseq).is_some() {
            self.queries += 1;
        }
    }

    pub(crate) fn options(&mut self, user: u32) {
        if self.start(Purpose::Options { user }, user, 1).is_some() {
            self.queries += 1;
        }
    }

    /// None where the tables are full.
    pub(crate) fn call(&mut self, caller: u32, callee: u32) -> Option<Key> {
        let call = Call { caller, callee, cseq: 1, state: CallState::Calling };
        let Some(call) = self.calls.insert(call) else {
            self.tally.counts.not_started += 1;
            return None;
        };
        if self.start(Purpose::Invite { call }, caller, 1).is_none() {
            self.calls.remove(call);
            return None;
        }
        self.live_calls += 1;
        Some(call)
    }

    /// Ends a call that is up; does nothing otherwise.
    pub(crate) fn hang_up(&mut self, call: Key) {
        let Some(found) = self.calls.get_mut(call) else { return };
        let CallState::Up { remote, .. } = &found.state else { return };
        found.state = CallState::Ending { remote: remote.clone() };
        found.cseq += 1;
        let (caller, cseq) = (found.caller, found.cseq);
        self.start(Purpose::Bye { call }, caller, cseq);
    }

    /// The calls that have been answered and not hung up.
    pub(crate) fn standing(&self) -> u64 {
        let is_up = |key| self.calls.get(key).is_some_and(|call| matches!(call.state, CallState::Up { .. }));
        self.calls.keys().filter(|key| is_up(*key)).count() as u64
    }

    /// A BYE from the server for a call that we hold: it broke off.
    pub(crate) fn broken_off(&mut self, call_id: &str) {
        let Some(key) = self.call_of(call_id) else { return };
        if self.calls.get(key).is_some_and(|call| matches!(call.state, CallState::Up { .. })) {
            self.tally.counts.remote_byes += 1;
            self.tally.counts.failed += 1;
            self.forget_call(key);
        }
    }

    /// None when the response belongs to nothing that we ever sent in this run.
    pub(crate) fn response(
        &mut self,
        endpoint: usize,
        message: &Message<'_>,
        status: u16,
        at: u64,
    ) -> Option<()> {
        let (key, attempt) = self.branch(message.first(VIA)?)?;
        if self.transactions.get(key).is_none_or(|transaction| transaction.attempt != attempt) {
            self.repeated(endpoint, message, status);
            return Some(());
        }
        match status {
            100..200 => self.provisional(key, status, at),
            401 | 407 if attempt < 2 => self.challenged(key, message, status, at),
            _ => self.finished(key, message, status, at),
        }
        Some(())
    }

    /// Gives a request up. `status` is the final response, None when there was none.
    pub(crate) fn fail(&mut self, key: Key, status: Option<u16>) {
        let Some(transaction) = self.transactions.remove(key) else { return };
        self.tally.counts.failed += 1;
        if let Some(status) = status {
            self.tally.code(status);
        }
        match transaction.purpose {
            Purpose::Invite { call } | Purpose::Bye { call } => self.forget_call(call),
            // The call goes on, and its end is still waited for.
            Purpose::Reinvite { .. } | Purpose::Refer { .. } => {}
            Purpose::Register { .. } | Purpose::Options { .. } => self.queries -= 1,
        }
    }

    pub(super) fn start(&mut self, purpose: Purpose, user: u32, cseq: u32) -> Option<Key> {
        let now = clock::now();
        let transaction = Transaction {
            purpose,
            endpoint: self.endpoint_of(user),
            attempt: 0,
            retransmissions: 0,
            progress: Progress::Sent,
            cseq,
            started_at: now,
            sent_at: now,
            text: String::new(),
        };
        let Some(key) = self.transactions.insert(transaction) else {
            self.tally.counts.not_started += 1;
            return None;
        };
        self.transmit(key, None);
        Some(key)
    }

    /// Writes the request, with credentials for the challenge, and sends it.
    fn transmit(&mut self, key: Key, challenge: Option<&Message<'_>>) {
        let Some(text) = self.write_request(key, challenge) else { return };
        let Some(transaction) = self.transactions.get_mut(key) else { return };
        transaction.text = text;
        transaction.sent_at = clock::now();
        let due = Due::Retransmit(key, transaction.attempt);
        self.timers.arm(transaction.sent_at + T1, due);
        if let Some(endpoint) = self.endpoints.get(transaction.endpoint) {
            endpoint.send(&transaction.text, self.server);
        }
    }

    fn provisional(&mut self, key: Key, status: u16, at: u64) {
        let Some(transaction) = self.transactions.get_mut(key).filter(|t| t.is_invite()) else { return };
        if transaction.progress == Progress::Sent && transaction.attempt > 0 {
            self.tally.sample(Latency::Trying, at.saturating_sub(transaction.sent_at));
        }
        let reached = if status >= 180 { Progress::Ringing } else { Progress::Provisional };
        if reached == Progress::Ringing && transaction.progress < Progress::Ringing {
            self.tally.sample(Latency::Ringing, at.saturating_sub(transaction.started_at));
        }
        transaction.progress = transaction.progress.max(reached);
    }

    fn challenged(&mut self, key: Key, message: &Message<'_>, status: u16, at: u64) {
        let Some(transaction) = self.transactions.get(key) else { return };
        let took = at.saturating_sub(transaction.sent_at);
        match transaction.purpose {
            Purpose::Options { .. } | Purpose::Reinvite { .. } | Purpose::Refer { .. } => {
                return self.finished(key, message, status, at);
            }
            Purpose::Register { .. } => self.tally.sample(Latency::RegisterChallenge, took),
            Purpose::Invite { .. } => {
                self.tally.sample(Latency::InviteChallenge, took);
                self.acknowledge_failure(key, message);
            }
            Purpose::Bye { .. } => {}
        }
        let Some(transaction) = self.transactions.get_mut(key) else { return };
        transaction.attempt += 1;
        transaction.retransmissions = 0;
        transaction.progress = Progress::Sent;
        transaction.cseq += 1;
        let cseq = transaction.cseq;
        match transaction.purpose {
            Purpose::Register { user } => {
                if let Some(last) = self.register_cseq.get_mut(user as usize) {
                    *last = cseq;
                }
            }
            Purpose::Invite { call } | Purpose::Bye { call } => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.cseq = cseq;
                }
            }
            Purpose::Options { .. } | Purpose::Reinvite { .. } | Purpose::Refer { .. } => {}
        }
        self.transmit(key, Some(message));
    }

    fn finished(&mut self, key: Key, message: &Message<'_>, status: u16, at: u64) {
        let Some(transaction) = self.transactions.get(key) else { return };
        let took = at.saturating_sub(transaction.started_at);
        match (transaction.purpose, status) {
            (Purpose::Register { user }, 200..300) => {
                if self.settings.is_browser(user) {
                    self.came.insert(user);
                }
                self.tally.sample(Latency::Register, took);
                self.tally.counts.ok += 1;
                self.queries -= 1;
                self.transactions.remove(key);
            }
            (Purpose::Options { .. }, _) => {
                self.tally.sample(Latency::Options, took);
                self.tally.code(status);
                self.tally.counts.ok += 1;
                self.queries -= 1;
                self.transactions.remove(key);
            }
            (Purpose::Invite { call }, 200..300) => {
                self.tally.sample(Latency::Setup, took);
                self.answered(key, call, message);
            }
            (Purpose::Bye { call }, 200..300) => {
                self.tally.sample(Latency::Bye, took);
                self.tally.counts.ok += 1;
                self.forget_call(call);
                self.transactions.remove(key);
            }
            (Purpose::Reinvite { call, hold }, 200..300) => self.changed(key, call, hold),
            // How the transfer ends, a NOTIFY tells.
            (Purpose::Refer { .. }, 200..300) => drop(self.transactions.remove(key)),
            (Purpose::Invite { .. } | Purpose::Reinvite { .. }, _) => {
                self.acknowledge_failure(key, message);
                self.fail(key, Some(status));
            }
            _ => self.fail(key, Some(status)),
        }
    }

    /// A 200 to an INVITE: the dialog stands, acknowledge it.
    fn answered(&mut self, key: Key, call: Key, message: &Message<'_>) {
        let Some(transaction) = self.transactions.remove(key) else { return };
        let Some(Call { caller, .. }) = self.calls.get(call) else { return };
        let caller = *caller;
        let mut routes: Vec<_> =
            message.all(RECORD_ROUTE).map(|route| format!("Route: {route}\r\n")).collect();
        routes.reverse();
        let remote = Remote {
            tag: message.first(TO).and_then(tag).unwrap_or_default().to_owned(),
            target: message.first(CONTACT).map(uri).unwrap_or_default().to_owned(),
            routes: routes.concat(),
        };
        self.heard_where(caller, message.body);
        let branch = format!("z9hG4bKa{:x}-{:x}-{:x}", call.index, call.generation, self.run);
        let ack =
            self.write_in_dialog("ACK", &branch, call, &remote, transaction.cseq, &format!("{TAIL}\r\n"));
        self.send(transaction.endpoint, &ack);
        if let Some(call) = self.calls.get_mut(call) {
            call.state = CallState::Up { ack, remote };
        }
        if let Some(hold) = self.hold {
            self.timers.arm(clock::now() + hold, Due::HangUp(call));
            self.tell_caller(call, hold);
        }
    }

    /// A 200 to INVITE that comes again asks for its ACK again (RFC 3261 section 13.2.2.4).
    fn repeated(&mut self, endpoint: usize, message: &Message<'_>, status: u16) {
        let invite = message.first(CSEQ).is_some_and(|cseq| cseq.ends_with("INVITE"));
        if !(200..300).contains(&status) || !invite {
            return;
        }
        let call = message.first(CALL_ID).and_then(|id| self.call_of(id)).and_then(|key| self.calls.get(key));
        if let Some(Call { state: CallState::Up { ack, .. }, .. }) = call {
            self.send(endpoint, ack);
            self.tally.counts.duplicate_answers += 1;
        }
    }

    /// Which transaction and attempt of this run a Via's branch names.
    fn branch(&self, via: &str) -> Option<(Key, u32)> {
        let (_, branch) = via.split_once("branch=z9hG4bK")?;
        let [index, generation, run, attempt] = hex_fields(branch.split([';', ',', ' ']).next()?)?;
        (run == self.run).then_some((Key { index, generation }, attempt))
    }

    /// Which call of this run a Call-ID names.
    fn call_of(&self, call_id: &str) -> Option<Key> {
        let [index, generation, run] = hex_fields(call_id.strip_prefix('c')?.strip_suffix("@bench")?)?;
        (run == self.run).then_some(Key { index, generation })
    }

    pub(super) fn forget_call(&mut self, call: Key) {
        if self.calls.remove(call).is_some() {
            self.live_calls -= 1;
        }
    }
}

/// Exactly N hexadecimal numbers with dashes between.
fn hex_fields<const N: usize>(text: &str) -> Option<[u32; N]> {
    let mut fields = [0; N];
    let mut parts = text.split('-');
    for field in &mut fields {
        *field = u32::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_must_be_exactly_as_many() {
        assert_eq!(hex_fields("1-ff-10"), Some([1, 255, 16]));
        assert_eq!(hex_fields::<3>("1-ff"), None);
        assert_eq!(hex_fields::<3>("1-ff-10-0"), None);
        assert_eq!(hex_fields::<1>("a1-2"), None);
    }
}
