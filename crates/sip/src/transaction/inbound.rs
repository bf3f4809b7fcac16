//! What comes in from the network: to which transaction it belongs, or that it starts one.

use std::time::Instant;

use crate::flow::Flow;
use crate::header::{HeaderName, Via};
use crate::message::{Message, Method, Request, Response, StatusCode};

use super::TransactionOutput as Output;
use super::key::OwnBranch;
use super::server_invite::AckFor;
use super::{ServerId, TransactionLayer};

impl TransactionLayer {
    pub(super) fn receive_response(&mut self, now: Instant, response: Response, flow: Flow) {
        // RFC 3261 section 8.1.3.3: with more than one Via it was meant for somebody else.
        let [via] = response.via.as_slice() else { return };
        let Some(branch) = via.branch().and_then(OwnBranch::parse) else { return };
        let id = branch.id;
        if response.cseq.method == Method::Cancel {
            let Some(cancel) = self.cancels.get_mut(&id) else { return };
            if cancel.matches(branch, &response.cseq.method) {
                let effects = cancel.receive(now, &self.timers, &response);
                self.settle_cancel(id, effects);
            }
            return;
        }
        // What matches no transaction is dropped, stray 2xx included (RFC 6026 section 7.2).
        let Some(client) = self.clients.get_mut(&id) else { return };
        if client.matches(branch, &response.cseq.method) {
            let effects = client.receive(now, &self.timers, &response);
            self.settle_client(now, id, effects, Some((response, flow)));
        }
    }

    pub(super) fn receive_request(&mut self, now: Instant, mut request: Request, flow: Flow) {
        let Some(via) = request.via.first_mut() else { return };
        via.set_received(flow.remote);
        let reply = reply_flow(via, flow);
        match request.method {
            Method::Ack => self.receive_ack(now, request, flow),
            Method::Cancel => self.receive_cancel(&request, flow, reply),
            _ => self.receive_new(now, request, flow, reply),
        }
    }

    /// Takes in a message at a time when there is no room for more: a new request is answered 503 without a transaction, with
    /// `wait_secs` in its `Retry-After`. What a transaction waits for goes on, and so does what `stands` says of.
    pub fn receive_unless_new(
        &mut self,
        now: Instant,
        message: Message,
        flow: Flow,
        wait_secs: u64,
        stands: impl FnOnce(&Request) -> bool,
    ) {
        let mut request = match message {
            Message::Request(request) => request,
            Message::Response(_) => return self.receive(now, message, flow),
        };
        let goes_on = matches!(request.method, Method::Ack | Method::Cancel)
            || stands(&request)
            || self.is_repeated(&request, flow);
        if goes_on {
            return self.receive(now, Message::Request(request), flow);
        }
        let Some(via) = request.via.first_mut() else { return };
        via.set_received(flow.remote);
        let reply = reply_flow(via, flow);
        self.refuse(&request, StatusCode::SERVICE_UNAVAILABLE, reply, wait_secs);
    }

    fn is_repeated(&mut self, request: &Request, flow: Flow) -> bool {
        let key = request
            .via
            .first()
            .map(|via| self.keys.transaction(request, via, flow.remote.ip(), &request.method));
        key.is_some_and(|key| self.by_key.contains_key(&key))
    }

    fn receive_new(&mut self, now: Instant, request: Request, flow: Flow, reply: Flow) {
        let Some(via) = request.via.first() else { return };
        let key = self.keys.transaction(&request, via, flow.remote.ip(), &request.method);
        if let Some(id) = self.by_key.get(&key) {
            let repeated = self.servers.get(id).and_then(|server| Some((server.reply, server.repeated()?)));
            if let Some((reply, bytes)) = repeated {
                self.transmit(reply, bytes);
            }
            return;
        }
        let merge = can_merge(&request).then(|| self.keys.merge(&request));
        if merge.is_some_and(|merge| self.by_merge.contains_key(&merge)) {
            self.refuse(&request, StatusCode::LOOP_DETECTED, reply, RETRY_AFTER_SECS);
            return;
        }
        if self.is_full() {
            self.refuse(&request, StatusCode::SERVICE_UNAVAILABLE, reply, RETRY_AFTER_SECS);
            return;
        }
        let id = self.start_server(now, &request.method, key, merge, reply);
        self.outputs.push_back(Output::Request { id: ServerId(id), request, flow });
    }

    fn receive_ack(&mut self, now: Instant, request: Request, flow: Flow) {
        if let Some(id) = self.invite_of(&request, flow)
            && let Some(server) = self.servers.get_mut(&id)
        {
            let ack_for = server.ack(now, &self.timers);
            self.settle_server(now, id, super::servers::Effects::default());
            if ack_for == AckFor::Transaction {
                return;
            }
        }
        self.outputs.push_back(Output::Ack { request, flow });
    }

    /// RFC 3261 section 9.2. A CANCEL needs no transaction of its own: answering it twice does no harm.
    fn receive_cancel(&mut self, request: &Request, flow: Flow, reply: Flow) {
        let invite = self.invite_of(request, flow);
        let Some((id, server)) = invite.and_then(|id| Some((id, self.servers.get_mut(&id)?))) else {
            self.refuse(request, StatusCode::CALL_DOES_NOT_EXIST, reply, RETRY_AFTER_SECS);
            return;
        };
        let tag = server.tag.clone();
        let tell = server.cancel();
        let mut response = request.response(StatusCode::OK);
        match tag {
            Some(tag) => response.to.params.set("tag", &*tag),
            None => self.add_tag(&mut response),
        }
        self.transmit(reply, response.to_bytes());
        if tell {
            let reason = request.headers.get(&HeaderName::Reason).map(Into::into);
            self.outputs.push_back(Output::Cancelled { id: ServerId(id), reason });
        }
    }

    /// The INVITE server transaction that an ACK or CANCEL refers to.
    fn invite_of(&mut self, request: &Request, flow: Flow) -> Option<u64> {
        let via = request.via.first()?;
        let key = self.keys.transaction(request, via, flow.remote.ip(), &Method::Invite);
        self.by_key.get(&key).copied()
    }

    /// Answers without a transaction.
    fn refuse(&mut self, request: &Request, status: StatusCode, reply: Flow, wait_secs: u64) {
        let mut response = request.response(status);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers.push(HeaderName::RetryAfter, wait_secs.to_string());
        }
        self.add_tag(&mut response);
        self.transmit(reply, response.to_bytes());
    }

    fn add_tag(&mut self, response: &mut Response) {
        if response.to.tag().is_none() {
            let tag = format!("{:016x}", self.random());
            response.to.params.set("tag", tag.as_str());
        }
    }
}

/// RFC 3261 section 8.2.2.2 for requests outside a dialog. A repeated REGISTER is stopped by its CSeq and an OPTIONS does no
/// harm, and there are too many of them to keep a second table.
fn can_merge(request: &Request) -> bool {
    request.to.tag().is_none() && !matches!(request.method, Method::Register | Method::Options)
}

/// RFC 3261 section 18.2.2 with RFC 3581: over the same connection; over UDP to where the request came from,
/// at the port that it came from where `rport` asks for that, and at the port of its Via otherwise.
fn reply_flow(via: &Via, flow: Flow) -> Flow {
    if flow.transport.is_reliable() {
        return flow;
    }
    let port = match via.rport() {
        Some(_) => flow.remote.port(),
        None => via.port.unwrap_or_else(|| flow.transport.default_port()),
    };
    let mut reply = flow;
    reply.remote.set_port(port);
    reply
}

/// How long a client should wait after we had no room for its request.
const RETRY_AFTER_SECS: u64 = 5;
