//! The table of stream connections: how a message finds the right one, or has one opened.
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use kiestoon_sip::flow::{ConnectionId, Flow, Transport};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::{
    Inbound, StreamBounds,
    accept::{Acceptor, Speaks},
    dial::{Proof, dial},
    doors::{self, Doors},
    places::Places,
    police::Police,
    seldom::Seldom,
    tls::Certificates,
};
use crate::task::{self, Task};

/// The way out through one connection: a bounded queue to its writer. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(super) transport: Transport,
    pub(super) remote: SocketAddr,
    pub(super) messages: mpsc::Sender<Bytes>,
    pub(super) state: Arc<State>,
    pub(super) task: Task<()>,
}

/// What the table and the connection's own task both look at.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Bytes in the queue. The writer takes them off.
    waiting: AtomicUsize,
    /// Whether somebody has logged in on it, or we opened it: it may then be silent for as long as a registration lasts.
    pub(super) trusted: AtomicBool,
    /// The longest silence where the peer has promised keep-alives (RFC 5626 section 4.4); else zero.
    pub(super) expected_secs: AtomicU64,
    /// Wakes the reader, whose deadline these decide.
    pub(super) changed: Notify,
}

impl Outgoing {
    /// False where more waits already than a peer that reads leaves waiting.
    fn send(&self, bytes: Bytes) -> bool {
        let length = bytes.len();
        let waiting = self.state.waiting.fetch_add(length, Ordering::Relaxed);
        waiting.saturating_add(length) <= WRITE_QUEUE_BYTES && self.messages.try_send(bytes).is_ok()
    }
}

/// The writer's end of the queue.
#[derive(Debug)]
pub(super) struct Queue {
    messages: mpsc::Receiver<Bytes>,
    pub(super) state: Arc<State>,
}

impl Queue {
    pub(super) async fn recv(&mut self) -> Option<Bytes> {
        let bytes = self.messages.recv().await?;
        self.state.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
        Some(bytes)
    }
}

pub(super) fn queue() -> (mpsc::Sender<Bytes>, Queue) {
    let (sender, messages) = mpsc::channel(WRITE_QUEUE);
    (sender, Queue { messages, state: Arc::default() })
}

/// The table of connections, owned by the signalling task.
#[derive(Debug)]
pub(super) struct Connections {
    open: HashMap<ConnectionId, Outgoing>,
    /// Without those that proved a name: they are for who asks for that name.
    by_remote: HashMap<(Transport, SocketAddr), ConnectionId>,
    doors: Doors,
    /// Where TLS is served: what we show and whom we believe.
    certificates: Certificates,
    /// What was not opened for want of a place.
    refused: Seldom,
    shared: Shared,
}

/// What the listener, the table and the connections have in common.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) bounds: Arc<StreamBounds>,
    pub(super) police: Police,
    pub(super) inbound: mpsc::Sender<Inbound>,
    next_id: Arc<AtomicU64>,
    pub(super) places: Arc<Places>,
    /// Said by whichever connection fails, at most once a second in all: the lock is held for a comparison.
    pub(super) handshakes_failed: Arc<Mutex<Seldom>>,
}

impl Shared {
    pub(super) fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }
}

impl Connections {
    pub(super) fn new(
        bounds: StreamBounds,
        police: Police,
        inbound: mpsc::Sender<Inbound>,
        certificates: Certificates,
    ) -> Self {
        let bounds = Arc::new(bounds);
        let places = Arc::new(Places::new(Arc::clone(&bounds)));
        let shared = Shared {
            bounds,
            police,
            inbound,
            next_id: Arc::new(AtomicU64::new(1)),
            places,
            handshakes_failed: Arc::default(),
        };
        Self {
            open: HashMap::new(),
            by_remote: HashMap::new(),
            doors: Doors::default(),
            certificates,
            refused: Seldom::default(),
            shared,
        }
    }

    /// For one listener.
    pub(super) fn acceptor(&self, speaks: Speaks) -> Acceptor {
        Acceptor::new(self.shared.clone(), speaks)
    }

    /// Somebody has logged in on a connection.
    pub(super) fn trust(&self, id: ConnectionId) {
        if let Some(outgoing) = self.open.get(&id) {
            outgoing.state.trusted.store(true, Ordering::Relaxed);
            outgoing.state.changed.notify_one();
        }
    }

    /// Whoever is at the other end has promised to be heard of within this time.
    pub(super) fn expect(&self, flow: &Flow, within: Duration) {
        if let Some(outgoing) = flow.connection.and_then(|id| self.open.get(&id)) {
            outgoing.state.expected_secs.store(within.as_secs(), Ordering::Relaxed);
            outgoing.state.changed.notify_one();
        }
    }

    pub(super) fn insert(&mut self, id: ConnectionId, outgoing: Outgoing) {
        self.by_remote.insert((outgoing.transport, outgoing.remote), id);
        self.open.insert(id, outgoing);
    }

    pub(super) fn remove(&mut self, flow: &Flow) {
        let Some(id) = flow.connection else { return };
        let peer = (flow.transport, flow.remote);
        if self.by_remote.get(&peer) == Some(&id) {
            self.by_remote.remove(&peer);
        }
        self.open.remove(&id);
    }

    /// Closes all connections, each when what waits for it has left.
    pub(super) async fn close(&mut self) {
        let closing: Vec<_> = self.open.drain().map(|(_, outgoing)| outgoing.task).collect();
        for task in closing {
            task.join().await;
        }
    }

    /// The flow to a server that has to prove a name. Nothing is opened yet.
    pub(super) fn named(&mut self, flow: Flow, name: &str) -> Flow {
        let door = self.doors.to(flow.remote, name, |id| self.open.contains_key(&id));
        Flow { connection: Some(door), ..flow }
    }

    /// Sends on the flow's own connection, else on one to the same remote address, else on a new one.
    pub(super) fn send(&mut self, flow: &Flow, bytes: Bytes) {
        let Some(id) = self.connection_of(flow) else { return self.fail(flow, None) };
        let sent = self.open.get(&id).is_some_and(|outgoing| outgoing.send(bytes));
        if !sent {
            tracing::info!(remote = %flow.remote, "connection closed: the peer does not read what is sent to it");
            let also = flow.connection.filter(|own| *own != id).map(|_| *flow);
            self.fail(&Flow { connection: Some(id), ..*flow }, also);
        }
    }

    fn connection_of(&mut self, flow: &Flow) -> Option<ConnectionId> {
        let Some(id) = flow.connection else {
            let known = self.by_remote.get(&(flow.transport, flow.remote)).copied();
            return known.or_else(|| self.connect(flow, None));
        };
        if self.open.contains_key(&id) {
            return Some(id);
        }
        let Some(door) = self.doors.get(id) else {
            // Who is there by another way has not proved the name.
            if doors::is_door(id) {
                return None;
            }
            // A connection that the peer opened (from a port that nobody listens on) cannot be opened anew.
            return self.by_remote.get(&(flow.transport, flow.remote)).copied();
        };
        if let Some(known) = door.open.filter(|known| self.open.contains_key(known)) {
            return Some(known);
        }
        let asked = (Arc::clone(&door.name), Arc::clone(&door.unproven));
        self.connect(flow, Some(asked))
    }

    /// Opens a connection; to a server of a name, over TLS.
    fn connect(
        &mut self,
        flow: &Flow,
        asked: Option<(Arc<str>, Arc<Mutex<Seldom>>)>,
    ) -> Option<ConnectionId> {
        let proof = match (flow.transport, asked) {
            (Transport::Tcp, None) => None,
            (Transport::Tls, Some((name, unproven))) => {
                Some(Proof { name, connector: self.certificates.connector(), unproven })
            }
            _ => {
                tracing::debug!(remote = %flow.remote, transport = %flow.transport, "only the peer can open this");
                return None;
            }
        };
        let Some(place) = self.shared.places.take(flow.remote.ip()) else {
            if let Some(count) = self.refused.happened(Instant::now().into_std(), 1) {
                tracing::info!(remote = %flow.remote, count, "connection not opened: too many connections");
            }
            return None;
        };
        let id = self.shared.next_id();
        let (messages, queue) = queue();
        let state = Arc::clone(&queue.state);
        state.trusted.store(true, Ordering::Relaxed);
        let (shared, flow) = (self.shared.clone(), *flow);
        let is_named = proof.is_some();
        // What comes over it is answered on any to the same peer: should it close, another can be opened.
        let task = task::spawn("sip stream out", async move {
            dial(flow, proof, queue, &shared).await;
            drop(place);
            let also = flow.connection.map(|_| flow);
            let closed = Inbound::Closed { flow: Flow { connection: Some(id), ..flow }, also };
            let _ = shared.inbound.send(closed).await;
        });
        let (transport, remote) = (flow.transport, flow.remote);
        let outgoing = Outgoing { transport, remote, messages, state, task };
        match flow.connection.filter(|_| is_named) {
            Some(door) => {
                self.doors.opened(door, id);
                self.open.insert(id, outgoing);
            }
            None => self.insert(id, outgoing),
        }
        Some(id)
    }

    /// Tells the signalling task, on the queue that it itself reads: when that is full the transaction's timer tells. A flow that
    /// names no connection fails with any to its peer.
    fn fail(&mut self, flow: &Flow, also: Option<Flow>) {
        self.remove(flow);
        let _ = self.shared.inbound.try_send(Inbound::Closed { flow: *flow, also });
    }
}

/// Messages and bytes that may wait for one connection. A proxy sends and gets the calls of many phones over one: what
/// one turn of the signalling task answers has to fit.
const WRITE_QUEUE: usize = 1024;
const WRITE_QUEUE_BYTES: usize = 512 << 10;

#[cfg(test)]
mod tests;
