//! What the asking side writes: its requests and their ACKs.

use super::caller::{Call, CallState, Purpose, Remote};
use super::digest;
use super::message::{Message, TO};
use super::phones::Phones;
use super::slab::Key;

impl Phones {
    /// The ACK of a refusal goes hop by hop with the INVITE's branch (RFC 3261 section 17.1.1.3).
    pub(super) fn acknowledge_failure(&self, key: Key, message: &Message<'_>) {
        let Some(transaction) = self.transactions.get(key) else { return };
        let (Purpose::Invite { call: call_key } | Purpose::Reinvite { call: call_key, .. }) =
            transaction.purpose
        else {
            return;
        };
        let (Some(call), Some(to)) = (self.calls.get(call_key), message.first(TO)) else { return };
        let branch = self.branch_text(key, transaction.attempt);
        let (transport, from) = self.host_of(call.caller);
        let ack = format!(
            "ACK {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             {identity}To: {to}\r\nCSeq: {cseq} ACK\r\nContent-Length: 0\r\n\r\n",
            uri = self.user_uri(call.callee),
            identity = self.call_identity(call_key, call),
            cseq = transaction.cseq,
        );
        self.send(transaction.endpoint, &ack);
    }

    pub(super) fn write_request(&self, key: Key, challenge: Option<&Message<'_>>) -> Option<String> {
        let transaction = self.transactions.get(key)?;
        let branch = self.branch_text(key, transaction.attempt);
        let cseq = transaction.cseq;
        let domain = format!("sip:{}", self.settings.host_port());
        Some(match transaction.purpose {
            Purpose::Register { user } => {
                let credentials = self.credentials(challenge, user, "REGISTER", &domain, key);
                let ((transport, from), contact) = (self.host_of(user), self.contact_of(user));
                let name = self.settings.base + user;
                format!(
                    "REGISTER {domain} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch={branch};rport\r\n\
                     Max-Forwards: 70\r\nFrom: <sip:{name}@{host}>;tag=r{index:x}-{generation:x}\r\nTo: <sip:{name}@{host}>\r\n\
                     Call-ID: r{user:x}-{run:x}@bench\r\nCSeq: {cseq} REGISTER\r\nContact: {contact}\r\n\
                     Expires: 3600\r\n{credentials}{TAIL}\r\n",
                    host = self.settings.host,
                    run = self.run,
                    index = key.index,
                    generation = key.generation,
                )
            }
            Purpose::Options { user } => {
                let ((transport, from), contact) = (self.host_of(user), self.contact_of(user));
                let name = self.settings.base + user;
                let Key { index, generation } = key;
                format!(
                    "OPTIONS {domain} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch={branch};rport\r\n\
                     Max-Forwards: 70\r\nFrom: <sip:{name}@{host}>;tag=o{generation:x}\r\nTo: <{domain}>\r\n\
                     Call-ID: o{index:x}-{generation:x}-{run:x}@bench\r\nCSeq: {cseq} OPTIONS\r\n\
                     Contact: {contact}\r\n{TAIL}\r\n",
                    host = self.settings.host,
                    run = self.run,
                )
            }
            Purpose::Invite { call: call_key } => {
                let call = self.calls.get(call_key)?;
                let uri = self.user_uri(call.callee);
                let credentials = self.credentials(challenge, call.caller, "INVITE", &uri, key);
                let body = self.describe(call.caller, key.generation, false);
                let ((transport, from), contact) = (self.host_of(call.caller), self.contact_of(call.caller));
                format!(
                    "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch={branch};rport\r\n\
                     Max-Forwards: 70\r\n{identity}To: <sip:{callee}@{host}>\r\nCSeq: {cseq} INVITE\r\n\
                     Contact: {contact}\r\n{credentials}{rest}",
                    identity = self.call_identity(call_key, call),
                    callee = self.dialled(call.callee),
                    host = self.settings.host,
                    rest = with_body(&body),
                )
            }
            Purpose::Bye { call: call_key } => {
                let call = self.calls.get(call_key)?;
                let CallState::Ending { remote } = &call.state else { return None };
                let credentials = self.credentials(challenge, call.caller, "BYE", &remote.target, key);
                let rest = format!("{credentials}{TAIL}\r\n");
                self.write_in_dialog("BYE", &branch, call_key, remote, cseq, &rest)
            }
            Purpose::Reinvite { call: call_key, hold } => {
                let call = self.calls.get(call_key)?;
                let CallState::Up { remote, .. } = &call.state else { return None };
                let body = self.describe_again(call.caller, call_key.generation, cseq, hold);
                self.write_in_dialog("INVITE", &branch, call_key, remote, cseq, &with_body(&body))
            }
            Purpose::Refer { answered } => self.write_refer(answered, &branch, cseq)?,
        })
    }

    /// A request within a call; `rest` is what follows its Contact line.
    pub(super) fn write_in_dialog(
        &self,
        method: &str,
        branch: &str,
        key: Key,
        remote: &Remote,
        cseq: u32,
        rest: &str,
    ) -> String {
        let Some(call) = self.calls.get(key) else { return String::new() };
        let Remote { tag, target, routes } = remote;
        let ((transport, from), contact) = (self.host_of(call.caller), self.contact_of(call.caller));
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             {routes}{identity}To: <sip:{callee}@{host}>;tag={tag}\r\nCSeq: {cseq} {method}\r\n\
             Contact: {contact}\r\n{rest}",
            identity = self.call_identity(key, call),
            callee = self.dialled(call.callee),
            host = self.settings.host,
        )
    }

    /// The headers that name a call: From with its tag, and Call-ID.
    pub(super) fn call_identity(&self, Key { index, generation }: Key, call: &Call) -> String {
        let run = self.run;
        format!(
            "From: <sip:{caller}@{host}>;tag=c{generation:x}-{run:x}\r\nCall-ID: c{index:x}-{generation:x}-{run:x}@bench\r\n",
            caller = self.settings.base + call.caller,
            host = self.settings.host,
        )
    }

    /// The credentials' header line, empty without a challenge that we can answer.
    pub(super) fn credentials(
        &self,
        challenge: Option<&Message<'_>>,
        user: u32,
        method: &str,
        uri: &str,
        key: Key,
    ) -> String {
        let Some(message) = challenge else { return String::new() };
        let username = (self.settings.base + user).to_string();
        let password = format!("pw{username}");
        let cnonce = key.index.wrapping_mul(0x9e37_79b9) ^ key.generation;
        let answer = digest::Answer { username: &username, password: &password, method, uri, cnonce };
        let Some(value) = message.challenge().and_then(|challenge| answer.to(challenge)) else {
            return String::new();
        };
        let name = if message.status() == Some(407) { "Proxy-Authorization" } else { "Authorization" };
        format!("{name}: {value}\r\n")
    }

    pub(super) fn user_uri(&self, user: u32) -> String {
        format!("sip:{}@{}", self.dialled(user), self.settings.host_port())
    }

    pub(super) fn branch_text(&self, Key { index, generation }: Key, attempt: u32) -> String {
        format!("z9hG4bK{index:x}-{generation:x}-{:x}-{attempt:x}", self.run)
    }
}

/// The end of a message with a session description.
fn with_body(body: &str) -> String {
    let length = body.len();
    format!(
        "User-Agent: kiestoon-bench\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

pub(super) const TAIL: &str = "User-Agent: kiestoon-bench\r\nContent-Length: 0\r\n";
