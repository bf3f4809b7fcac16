//! The layer's tables: transactions enter and leave them here, what their machines ask for is performed, and those
//! that are due are woken.

use std::time::Instant;

use bytes::Bytes;

use crate::flow::Flow;
use crate::message::{Method, Request, Response};

use super::agenda::{Agenda, Armed, Wake};
use super::clients::{self, Client};
use super::key::{OwnBranch, OwnKeyMap, ServerKey};
use super::servers::{self, Server};
use super::{ClientId, ServerId, TransactionLayer, TransactionOutput as Output};

impl TransactionLayer {
    pub(super) fn start_client(
        &mut self,
        now: Instant,
        request: Request,
        bytes: Bytes,
        flow: Flow,
        branch: OwnBranch,
    ) {
        let mut client = Client::start(now, &self.timers, request, bytes, flow, branch);
        arm(&mut self.agenda, client.deadline(), &mut client.armed, Wake::Client(branch.id));
        self.paths.insert(&flow, Wake::Client(branch.id));
        self.clients.insert(branch.id, client);
    }

    /// Performs what a client machine asked for, and removes it where it has ended.
    pub(super) fn settle_client(
        &mut self,
        now: Instant,
        id: u64,
        effects: clients::Effects,
        received: Option<(Response, Flow)>,
    ) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let (flow, branch) = (client.flow, client.branch());
        match client.deadline() {
            Some(_) => arm(&mut self.agenda, client.deadline(), &mut client.armed, Wake::Client(id)),
            None => self.remove_client(id),
        }
        if let Some(bytes) = effects.send {
            self.transmit(flow, bytes);
        }
        if let Some(cancel) = effects.cancel {
            self.start_cancel(now, *cancel, flow, branch);
        }
        if let Some((response, flow)) = received.filter(|_| effects.deliver) {
            self.outputs.push_back(Output::Response { id: ClientId(id), response, flow });
        }
        if let Some(reason) = effects.failed {
            self.outputs.push_back(Output::Failed { id: ClientId(id), reason });
        }
    }

    fn start_cancel(&mut self, now: Instant, cancel: Request, flow: Flow, branch: OwnBranch) {
        let bytes = cancel.to_bytes();
        self.transmit(flow, bytes.clone());
        let mut client = Client::start(now, &self.timers, cancel, bytes, flow, branch);
        arm(&mut self.agenda, client.deadline(), &mut client.armed, Wake::Cancel(branch.id));
        self.paths.insert(&flow, Wake::Cancel(branch.id));
        self.cancels.insert(branch.id, client);
    }

    /// The same for a CANCEL, whose outcome nobody but its INVITE waits for.
    pub(super) fn settle_cancel(&mut self, id: u64, effects: clients::Effects) {
        let Some(cancel) = self.cancels.get_mut(&id) else { return };
        let flow = cancel.flow;
        match cancel.deadline() {
            Some(_) => arm(&mut self.agenda, cancel.deadline(), &mut cancel.armed, Wake::Cancel(id)),
            None => self.remove_cancel(id),
        }
        if let Some(bytes) = effects.send {
            self.transmit(flow, bytes);
        }
    }

    pub(super) fn start_server(
        &mut self,
        now: Instant,
        method: &Method,
        key: ServerKey,
        merge: Option<ServerKey>,
        reply: Flow,
    ) -> u64 {
        let id = self.next_id();
        let mut server = Server::start(now, &self.timers, method, key, merge, reply);
        arm(&mut self.agenda, server.deadline(), &mut server.armed, Wake::Server(id));
        self.by_key.insert(key, id);
        if let Some(merge) = merge {
            self.by_merge.insert(merge, id);
        }
        if reply.transport.is_reliable() {
            self.paths.insert(&reply, Wake::Server(id));
        }
        self.servers.insert(id, server);
        id
    }

    pub(super) fn settle_server(&mut self, now: Instant, id: u64, effects: servers::Effects) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let reply = server.reply;
        let over = server.is_over();
        if let Some(response) = server.retained() {
            if effects.send.is_some() {
                let timer_j = self.timers.j(reply.transport.is_reliable());
                *response = self.retained.push(now + timer_j, id, response);
            }
        } else if !over {
            arm(&mut self.agenda, server.deadline(), &mut server.armed, Wake::Server(id));
        }
        if let Some(bytes) = effects.send {
            self.transmit(reply, bytes);
        }
        if let Some(reason) = effects.ended {
            self.outputs.push_back(Output::Ended { id: ServerId(id), reason });
        }
        if over {
            self.remove_server(id);
        }
    }

    pub(super) fn remove_server(&mut self, id: u64) {
        let Some(server) = self.servers.remove(&id) else { return };
        self.by_key.remove(&server.key);
        if server.reply.transport.is_reliable() {
            self.paths.remove(&server.reply, Wake::Server(id));
        }
        if let Some(merge) = server.merge {
            self.by_merge.remove(&merge);
        }
    }

    pub(super) fn remove_client(&mut self, id: u64) {
        if let Some(client) = self.clients.remove(&id) {
            self.streams.take(id);
            self.paths.remove(&client.flow, Wake::Client(id));
        }
    }

    pub(super) fn remove_cancel(&mut self, id: u64) {
        if let Some(cancel) = self.cancels.remove(&id) {
            self.paths.remove(&cancel.flow, Wake::Cancel(id));
        }
    }

    /// An entry of the agenda was taken. Where its transaction has moved its deadline since, the machine does nothing
    /// and a new entry is made.
    pub(super) fn wake(&mut self, now: Instant, at: Instant, wake: Wake) {
        if !self.counts(at, wake) {
            return;
        }
        match wake {
            Wake::Client(id) => {
                let Some(client) = self.clients.get_mut(&id) else { return };
                client.armed = Armed::default();
                let effects = client.elapse(now, &self.timers);
                self.settle_client(now, id, effects, None);
            }
            Wake::Cancel(id) => {
                let Some(cancel) = self.cancels.get_mut(&id) else { return };
                cancel.armed = Armed::default();
                let effects = cancel.elapse(now, &self.timers);
                self.settle_cancel(id, effects);
            }
            Wake::Server(id) => {
                let Some(server) = self.servers.get_mut(&id) else { return };
                server.armed = Armed::default();
                let effects = server.elapse(now, &self.timers);
                self.settle_server(now, id, effects);
            }
        }
    }

    fn counts(&self, at: Instant, wake: Wake) -> bool {
        counts(&self.clients, &self.cancels, &self.servers, at, wake)
    }

    /// Forgets what is over, so that the deadline is a real one and an idle layer is a small one.
    pub(super) fn tidy(&mut self, now: Instant) {
        while let Some(id) = self.retained.pop(now, self.limits.retained_bytes) {
            self.remove_server(id);
        }
        while self.agenda.first().is_some_and(|(at, wake)| !self.counts(at, wake)) {
            self.agenda.pop();
        }
        if self.agenda.len() > 1024 + 4 * self.len().saturating_sub(self.retained.len()) {
            let (clients, cancels, servers) = (&self.clients, &self.cancels, &self.servers);
            self.agenda.compact(|at, wake| counts(clients, cancels, servers, at, wake));
        }
        shrink(&mut self.clients);
        shrink(&mut self.cancels);
        shrink(&mut self.servers);
        shrink(&mut self.by_key);
        shrink(&mut self.by_merge);
    }
}

fn counts(
    clients: &OwnKeyMap<u64, Client>,
    cancels: &OwnKeyMap<u64, Client>,
    servers: &OwnKeyMap<u64, Server>,
    at: Instant,
    wake: Wake,
) -> bool {
    let armed = match wake {
        Wake::Client(id) => clients.get(&id).map(|client| client.armed),
        Wake::Cancel(id) => cancels.get(&id).map(|cancel| cancel.armed),
        Wake::Server(id) => {
            servers.get(&id).filter(|server| server.deadline().is_some()).map(|server| server.armed)
        }
    };
    armed.is_some_and(|armed| armed.is_at(at))
}

pub(super) fn arm(agenda: &mut Agenda, deadline: Option<Instant>, armed: &mut Armed, wake: Wake) {
    if let Some(deadline) = deadline {
        agenda.arm(armed, deadline, wake);
    }
}

fn shrink<K: std::hash::Hash + Eq, V>(map: &mut OwnKeyMap<K, V>) {
    if map.capacity() > 256 && map.len().saturating_mul(8) < map.capacity() {
        map.shrink_to(map.len().saturating_mul(2));
    }
}
