//! The layer: all transactions of one user and what it may ask of them. What comes in from the network is in
//! `inbound`, the tables and the timers are kept in `upkeep`.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rand_chacha::ChaCha12Rng;
use rand_core::Rng;
use serde::Serialize;

use crate::flow::Flow;
use crate::header::Via;
use crate::message::{Message, Request, Response};

use super::agenda::{Agenda, Wake};
use super::clients::Client;
use super::key::{KeyMaker, OwnBranch, OwnKeyMap, ServerKey};
use super::paths::Paths;
use super::retained::Retained;
use super::servers::Server;
use super::streams::{Datagram, LONGEST_DATAGRAM, Streams};
use super::{
    ClientId, EndedReason, FailReason, ServerId, Timers, TransactionLimits, TransactionOutput as Output,
};

/// All client and server transactions of one transaction user.
///
/// After each call that takes `now`, drain [`poll`](Self::poll). Call [`tick`](Self::tick) when
/// [`deadline`](Self::deadline) has come.
#[derive(Debug, Serialize)]
pub struct TransactionLayer {
    #[serde(skip)]
    pub(super) timers: Timers,
    #[serde(skip)]
    pub(super) limits: TransactionLimits,
    pub(super) keys: KeyMaker,
    pub(super) clients: OwnKeyMap<u64, Client>,
    /// The CANCELs of client transactions, which share the number of their INVITE (RFC 3261 section 9.1).
    pub(super) cancels: OwnKeyMap<u64, Client>,
    pub(super) servers: OwnKeyMap<u64, Server>,
    #[serde(skip)]
    pub(super) by_key: OwnKeyMap<ServerKey, u64>,
    #[serde(skip)]
    pub(super) by_merge: OwnKeyMap<ServerKey, u64>,
    pub(super) retained: Retained,
    #[serde(skip)]
    pub(super) paths: Paths,
    #[serde(skip)]
    pub(super) streams: Streams,
    #[serde(skip)]
    pub(super) agenda: Agenda,
    #[serde(skip)]
    pub(super) outputs: VecDeque<Output>,
    #[serde(skip)]
    pub(super) rng: ChaCha12Rng,
    pub(super) last_id: u64,
}

impl TransactionLayer {
    /// An empty layer. `rng` makes branches and the key of the matching tables.
    #[must_use]
    pub fn new(timers: Timers, mut rng: ChaCha12Rng, limits: TransactionLimits) -> Self {
        let keys = KeyMaker::new(&mut rng);
        Self::with_keys(keys, timers, rng, limits)
    }

    pub(super) fn with_keys(
        keys: KeyMaker,
        timers: Timers,
        rng: ChaCha12Rng,
        limits: TransactionLimits,
    ) -> Self {
        Self {
            timers,
            limits,
            keys,
            clients: OwnKeyMap::default(),
            cancels: OwnKeyMap::default(),
            servers: OwnKeyMap::default(),
            by_key: OwnKeyMap::default(),
            by_merge: OwnKeyMap::default(),
            retained: Retained::default(),
            paths: Paths::default(),
            streams: Streams::default(),
            agenda: Agenda::default(),
            outputs: VecDeque::new(),
            rng,
            last_id: 0,
        }
    }

    /// Takes in a message from the network.
    pub fn receive(&mut self, now: Instant, message: Message, flow: Flow) {
        match message {
            Message::Request(request) => self.receive_request(now, request, flow),
            Message::Response(response) => self.receive_response(now, response, flow),
        }
        self.tidy(now);
    }

    /// Sends a request (not ACK, not CANCEL) in a new client transaction. Puts our Via on top of it;
    /// `sent_by` is the address in that Via.
    pub fn request(&mut self, now: Instant, request: Request, flow: Flow, sent_by: SocketAddr) -> ClientId {
        self.request_or_stream(now, request, flow, sent_by, None)
    }

    /// The same to a peer that may also be reached over `stream`: a request that is too long for a datagram takes that
    /// way, and comes back to the first one where no connection can be had (RFC 3261 section 18.1.1).
    pub fn request_or_stream(
        &mut self,
        now: Instant,
        mut request: Request,
        flow: Flow,
        sent_by: SocketAddr,
        stream: Option<Flow>,
    ) -> ClientId {
        let branch = self.branch();
        let id = ClientId(branch.id);
        if self.is_full() {
            self.outputs.push_back(Output::Failed { id, reason: FailReason::Overload });
            return id;
        }
        request.via.insert(0, Via::of_ours(flow.transport, sent_by, &branch.to_string()));
        let bytes = request.to_bytes();
        let stream = stream.filter(|stream| bytes.len() > LONGEST_DATAGRAM && self.streams.may(now, stream));
        let Some(stream) = stream else {
            self.transmit(flow, bytes.clone());
            self.start_client(now, request, bytes, flow, branch);
            return id;
        };
        let mut streamed = request.clone();
        if let Some(via) = streamed.via.first_mut() {
            let sent_by = SocketAddr::new(sent_by.ip(), stream.local.port());
            *via = Via::of_ours(stream.transport, sent_by, &branch.to_string());
        }
        let streamed_bytes = streamed.to_bytes();
        self.transmit(stream, streamed_bytes.clone());
        self.start_client(now, streamed, streamed_bytes, stream, branch);
        self.streams.add(branch.id, Datagram { request, flow, branch });
        id
    }

    /// Sends the ACK of a 2xx, which has a branch of its own and no transaction (RFC 3261 section 13.2.2.4).
    /// Send it again for every 2xx that is reported again. `sent_by` is the address in its Via.
    pub fn ack(&mut self, _now: Instant, mut ack: Request, flow: Flow, sent_by: SocketAddr) {
        let branch = self.branch();
        ack.via.insert(0, Via::of_ours(flow.transport, sent_by, &branch.to_string()));
        let bytes = ack.to_bytes();
        self.transmit(flow, bytes);
    }

    /// Cancels an INVITE of ours: at once where a provisional response has come, otherwise when the first one
    /// comes. A final response or a failure is still reported; it may be a 2xx that crossed the CANCEL.
    pub fn cancel(&mut self, now: Instant, id: ClientId) {
        self.cancel_for(now, id, None);
    }

    /// [`cancel`](Self::cancel) with a Reason header (RFC 3326), such as `SIP;cause=200;text="Call completed elsewhere"`.
    pub fn cancel_with_reason(&mut self, now: Instant, id: ClientId, reason: &str) {
        self.cancel_for(now, id, Some(reason.into()));
    }

    /// Answers a request. A response that the transaction's state has no room for (a second final one) is
    /// dropped, except further 2xx of an accepted INVITE.
    pub fn respond(&mut self, now: Instant, id: ServerId, response: Response) {
        let Some(server) = self.servers.get_mut(&id.0) else { return };
        let status = response.status;
        if server.is_invite() && server.tag.is_none() {
            server.tag = response.to.tag().map(Into::into);
        }
        let effects = server.respond(now, &self.timers, status.code(), response.to_bytes());
        // A merged request is refused only beside one that is alive or has succeeded: a client that was
        // challenged or redirected may come back with the same CSeq.
        if status.is_final()
            && !status.is_success()
            && let Some(merge) = server.merge.take()
        {
            self.by_merge.remove(&merge);
        }
        self.settle_server(now, id.0, effects);
        self.tidy(now);
    }

    /// Answers a request and forgets it at once (RFC 3261 section 8.2.7): for challenges and refusals of
    /// strangers, who must not cost us memory. A retransmission comes up as a new request, an ACK as
    /// [`Output::Ack`].
    pub fn respond_stateless(&mut self, now: Instant, id: ServerId, response: &Response) {
        let Some(server) = self.servers.get(&id.0) else { return };
        let reply = server.reply;
        self.transmit(reply, response.to_bytes());
        self.remove_server(id.0);
        self.tidy(now);
    }

    /// Sends the 2xx of an accepted INVITE once more, as [`AckWait`](crate::dialog::AckWait) asks.
    pub fn retransmit(&mut self, _now: Instant, id: ServerId) {
        let Some(server) = self.servers.get(&id.0) else { return };
        if let Some(bytes) = server.accepted_response() {
            let reply = server.reply;
            self.transmit(reply, bytes);
        }
    }

    /// A connection was lost, or the peer's host says that nobody listens: client transactions on it fail, server
    /// transactions of that connection end.
    pub fn flow_failed(&mut self, now: Instant, flow: &Flow) {
        let reliable = flow.transport.is_reliable();
        for transaction in self.paths.on(flow) {
            match transaction {
                Wake::Client(id) if self.falls_back(now, id) => {}
                Wake::Client(id) => {
                    let waiting = self.clients.get(&id).is_some_and(Client::is_waiting);
                    if waiting {
                        let reason = FailReason::Transport;
                        self.outputs.push_back(Output::Failed { id: ClientId(id), reason });
                    }
                    if waiting || reliable {
                        self.remove_client(id);
                    }
                }
                Wake::Cancel(id) => self.remove_cancel(id),
                Wake::Server(id) => {
                    if self.servers.get(&id).is_some_and(Server::is_unanswered) {
                        let reason = EndedReason::Transport;
                        self.outputs.push_back(Output::Ended { id: ServerId(id), reason });
                    }
                    self.remove_server(id);
                }
            }
        }
        self.tidy(now);
    }

    /// Whether an INVITE or request of ours has been answered by nothing, not even provisionally.
    #[must_use]
    pub fn has_heard_nothing(&self, id: ClientId) -> bool {
        self.clients.get(&id.0).is_some_and(Client::has_heard_nothing)
    }

    /// Takes the next output.
    pub fn poll(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front();
        if self.outputs.is_empty() && self.outputs.capacity() > 1024 {
            self.outputs.shrink_to(64);
        }
        output
    }

    /// When [`tick`](Self::tick) has to be called next; `None` where no transaction waits.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let first = self.agenda.first().map(|(at, _)| at);
        [first, self.retained.deadline()].into_iter().flatten().min()
    }

    /// Lets the timers run that are due.
    pub fn tick(&mut self, now: Instant) {
        while let Some((at, wake)) = self.agenda.first() {
            if at > now {
                break;
            }
            self.agenda.pop();
            self.wake(now, at, wake);
        }
        self.tidy(now);
    }

    /// How many transactions there are, the completed ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len() + self.cancels.len() + self.servers.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cfg(test)]
    pub(super) fn paths_are_empty(&self) -> bool {
        self.paths.is_empty()
    }

    #[cfg(test)]
    pub(super) fn agenda_len(&self) -> usize {
        self.agenda.len()
    }

    /// Whether no further transaction may be made. Those that only wait for Timer J do not count.
    pub(super) fn is_full(&self) -> bool {
        self.len().saturating_sub(self.retained.len()) >= self.limits.transactions
    }

    pub(super) fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        self.outputs.push_back(Output::Transmit { flow, bytes });
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn random(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Where the connection for a long request could not be had: sends it as a datagram after all.
    fn falls_back(&mut self, now: Instant, id: u64) -> bool {
        let Some(datagram) = self.streams.take(id) else { return false };
        let Some(client) = self.clients.get(&id).filter(|client| client.has_heard_nothing()) else {
            return false;
        };
        self.streams.failed(now, &client.flow);
        self.remove_client(id);
        let Datagram { request, flow, branch } = datagram;
        let bytes = request.to_bytes();
        self.transmit(flow, bytes.clone());
        self.start_client(now, request, bytes, flow, branch);
        true
    }

    fn branch(&mut self) -> OwnBranch {
        OwnBranch { id: self.next_id(), secret: self.random() }
    }

    fn cancel_for(&mut self, now: Instant, id: ClientId, reason: Option<Box<str>>) {
        let Some(client) = self.clients.get_mut(&id.0) else { return };
        let effects = client.cancel(now, &self.timers, reason);
        self.settle_client(now, id.0, effects, None);
        self.tidy(now);
    }
}
