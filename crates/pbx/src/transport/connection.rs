//! Stream connections: who may open one, how its bytes become messages, and how a message finds the right one.
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use kiestoon_sip::{
    flow::{ConnectionId, Flow, Transport, source_of},
    framing::{Frame, Framer},
    message::Message,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, timeout, timeout_at},
};

use super::{Inbound, StreamBounds, seldom::Seldom};
use crate::task::{self, Task};

/// The way out through one connection: a bounded queue to its writer. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Outgoing {
    remote: SocketAddr,
    messages: mpsc::Sender<Bytes>,
    /// Bytes in that queue. The writer takes them off.
    waiting: Arc<AtomicUsize>,
    _task: Task<()>,
}

impl Outgoing {
    /// False where more waits already than a peer that reads leaves waiting.
    fn send(&self, bytes: Bytes) -> bool {
        let length = bytes.len();
        let waiting = self.waiting.fetch_add(length, Ordering::Relaxed);
        waiting.saturating_add(length) <= WRITE_QUEUE_BYTES && self.messages.try_send(bytes).is_ok()
    }
}

/// The writer's end of the queue.
#[derive(Debug)]
struct Queue {
    messages: mpsc::Receiver<Bytes>,
    waiting: Arc<AtomicUsize>,
}

impl Queue {
    async fn recv(&mut self) -> Option<Bytes> {
        let bytes = self.messages.recv().await?;
        self.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
        Some(bytes)
    }
}

fn queue() -> (mpsc::Sender<Bytes>, Queue) {
    let (sender, messages) = mpsc::channel(WRITE_QUEUE);
    (sender, Queue { messages, waiting: Arc::default() })
}

/// The table of connections, owned by the signalling task.
#[derive(Debug)]
pub(super) struct Connections {
    open: HashMap<ConnectionId, Outgoing>,
    by_remote: HashMap<SocketAddr, ConnectionId>,
    shared: Shared,
}

/// What the listener, the table and the connections have in common.
#[derive(Clone, Debug)]
struct Shared {
    bounds: Arc<StreamBounds>,
    inbound: mpsc::Sender<Inbound>,
    next_id: Arc<AtomicU64>,
    places: Arc<Semaphore>,
}

impl Shared {
    fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }
}

impl Connections {
    pub(super) fn new(bounds: StreamBounds, inbound: mpsc::Sender<Inbound>) -> Self {
        let places = Arc::new(Semaphore::new(bounds.connections));
        let shared =
            Shared { bounds: Arc::new(bounds), inbound, next_id: Arc::new(AtomicU64::new(1)), places };
        Self { open: HashMap::new(), by_remote: HashMap::new(), shared }
    }

    pub(super) fn acceptor(&self) -> Acceptor {
        Acceptor { shared: self.shared.clone(), sources: HashMap::new(), refused: Seldom::default() }
    }

    pub(super) fn insert(&mut self, id: ConnectionId, outgoing: Outgoing) {
        self.by_remote.insert(outgoing.remote, id);
        self.open.insert(id, outgoing);
    }

    pub(super) fn remove(&mut self, flow: &Flow) {
        let Some(id) = flow.connection else { return };
        if self.by_remote.get(&flow.remote) == Some(&id) {
            self.by_remote.remove(&flow.remote);
        }
        self.open.remove(&id);
    }

    /// Sends on the flow's own connection, else on one to the same remote address, else on a new one.
    pub(super) fn send(&mut self, flow: &Flow, bytes: Bytes) {
        let id = flow
            .connection
            .filter(|id| self.open.contains_key(id))
            .or_else(|| self.by_remote.get(&flow.remote).copied());
        let id = match id {
            Some(id) => id,
            // A connection that the peer opened (from a port that nobody listens on) cannot be opened anew.
            None if flow.connection.is_some() => return self.fail(flow),
            None => match self.connect(flow) {
                Some(id) => id,
                None => return self.fail(flow),
            },
        };
        let sent = self.open.get(&id).is_some_and(|outgoing| outgoing.send(bytes));
        if !sent {
            tracing::info!(remote = %flow.remote, "connection closed: the peer does not read what is sent to it");
            self.fail(&Flow { connection: Some(id), ..*flow });
        }
    }

    fn connect(&mut self, flow: &Flow) -> Option<ConnectionId> {
        let place = Arc::clone(&self.shared.places).try_acquire_owned().ok()?;
        let id = self.shared.next_id();
        let flow = Flow { connection: Some(id), ..*flow };
        let (messages, queue) = queue();
        let waiting = Arc::clone(&queue.waiting);
        let shared = self.shared.clone();
        let task = task::spawn("sip tcp out", async move {
            match timeout(CONNECT_TIMEOUT, TcpStream::connect(flow.remote)).await {
                Ok(Ok(stream)) => serve(stream, flow, queue, &shared).await,
                Ok(Err(error)) => tracing::debug!(remote = %flow.remote, %error, "cannot connect"),
                Err(_) => tracing::debug!(remote = %flow.remote, "cannot connect: timed out"),
            }
            drop(place);
            // What was sent on it named no connection: there was none yet.
            for flow in [flow, Flow { connection: None, ..flow }] {
                let _ = shared.inbound.send(Inbound::Closed { flow }).await;
            }
        });
        self.insert(id, Outgoing { remote: flow.remote, messages, waiting, _task: task });
        Some(id)
    }

    /// Tells the signalling task, on the queue that it itself reads: when that is full the transaction's timer tells.
    fn fail(&mut self, flow: &Flow) {
        self.remove(flow);
        let _ = self.shared.inbound.try_send(Inbound::Closed { flow: *flow });
    }
}

/// Accepts connections within the bounds. Owned by the listener's task.
pub(super) struct Acceptor {
    shared: Shared,
    sources: HashMap<IpAddr, Arc<Semaphore>>,
    refused: Seldom,
}

impl Acceptor {
    /// Serves the connection in a task of its own, or closes it at once when a bound is reached.
    pub(super) async fn accept(&mut self, stream: TcpStream, remote: SocketAddr) {
        let Some(places) = self.admit(remote.ip()) else {
            if let Some(count) = self.refused.happened(Instant::now().into_std(), 1) {
                tracing::info!(%remote, count, "connection refused: too many connections");
            }
            return;
        };
        let Ok(local) = stream.local_addr() else { return };
        let id = self.shared.next_id();
        let flow = Flow { transport: Transport::Tcp, local, remote, connection: Some(id) };
        let (messages, queue) = queue();
        let waiting = Arc::clone(&queue.waiting);
        let shared = self.shared.clone();
        let (start, started) = tokio::sync::oneshot::channel::<()>();
        let task = task::spawn("sip tcp in", async move {
            // The signalling task must know the connection before its first message.
            if started.await.is_ok() {
                serve(stream, flow, queue, &shared).await;
            }
            drop(places);
            let _ = shared.inbound.send(Inbound::Closed { flow }).await;
        });
        let outgoing = Outgoing { remote, messages, waiting, _task: task };
        if self.shared.inbound.send(Inbound::Opened { id, outgoing }).await.is_ok() {
            let _ = start.send(());
        }
    }

    fn admit(&mut self, source: IpAddr) -> Option<(OwnedSemaphorePermit, Option<OwnedSemaphorePermit>)> {
        let place = Arc::clone(&self.shared.places).try_acquire_owned().ok()?;
        let bounds = &self.shared.bounds;
        if bounds.exempt.iter().any(|network| network.contains(source)) {
            return Some((place, None));
        }
        let per_source = bounds.connections_per_source;
        if self.sources.len() > PRUNE_SOURCES_ABOVE {
            self.sources.retain(|_, places| places.available_permits() < per_source);
        }
        let source = source_of(source);
        let places = self.sources.entry(source).or_insert_with(|| Arc::new(Semaphore::new(per_source)));
        Some((place, Some(Arc::clone(places).try_acquire_owned().ok()?)))
    }
}

/// Reads and writes one connection until either side closes it, a deadline passes or its bytes make no sense.
async fn serve(stream: TcpStream, mut flow: Flow, queue: Queue, shared: &Shared) {
    // Signalling messages are small and waited for: Nagle would hold them back.
    let _ = stream.set_nodelay(true);
    if let Ok(local) = stream.local_addr() {
        flow.local = local;
    }
    let (read, write) = stream.into_split();
    let (pongs, pong_queue) = mpsc::channel(1);
    tokio::select! {
        result = read_messages(read, flow, shared, &pongs) => {
            if let Err(reason) = result {
                tracing::debug!(remote = %flow.remote, %reason, "connection closed");
            }
        }
        _ = write_messages(write, queue, pong_queue) => {}
    }
}

#[derive(Debug, thiserror::Error)]
enum CloseReason {
    #[error("the peer closed it")]
    Peer,
    #[error("no complete message in time")]
    Deadline,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("what it sends is not SIP: {0}")]
    Framing(String),
    #[error("the PBX stops")]
    Stopping,
}

async fn read_messages(
    mut read: OwnedReadHalf,
    flow: Flow,
    shared: &Shared,
    pongs: &mpsc::Sender<()>,
) -> Result<(), CloseReason> {
    let bounds = &shared.bounds;
    let mut framer = Framer::new(bounds.message.clone());
    let mut buffer = [0; READ_BYTES];
    let mut deadline = Instant::now() + bounds.half_message;
    loop {
        let length =
            timeout_at(deadline, read.read(&mut buffer)).await.map_err(|_| CloseReason::Deadline)??;
        if length == 0 {
            return Err(CloseReason::Peer);
        }
        let was_between_messages = !framer.is_partial();
        framer.push(buffer.get(..length).unwrap_or_default());
        let mut complete = false;
        loop {
            match framer.next() {
                Ok(Some(frame)) => {
                    complete = true;
                    deliver(frame, flow, shared, pongs).await?;
                }
                Ok(None) => break,
                Err(error) => {
                    let reason = CloseReason::Framing(error.to_string());
                    let _ =
                        shared.inbound.send(Inbound::Malformed { malformed: error.malformed, flow }).await;
                    // Time for the answer to leave before the connection closes.
                    tokio::time::sleep(LINGER).await;
                    return Err(reason);
                }
            }
        }
        if framer.is_partial() {
            if complete || was_between_messages {
                deadline = Instant::now() + bounds.half_message;
            }
        } else if complete {
            deadline = Instant::now() + bounds.idle;
        }
    }
}

async fn deliver(
    frame: Frame,
    flow: Flow,
    shared: &Shared,
    pongs: &mpsc::Sender<()>,
) -> Result<(), CloseReason> {
    let bytes = match frame {
        Frame::Message(bytes) => bytes,
        Frame::Ping => {
            // One pong under way is enough: a peer that floods pings gets fewer.
            let _ = pongs.try_send(());
            return Ok(());
        }
        Frame::Pong => return Ok(()),
    };
    let inbound = match Message::parse_with(&bytes, &shared.bounds.message) {
        Ok(message) => Inbound::Message { message, flow },
        Err(malformed) => Inbound::Malformed { malformed, flow },
    };
    // Waiting here stops reading: a peer that sends faster than signalling works is held back by TCP.
    shared.inbound.send(inbound).await.map_err(|_| CloseReason::Stopping)
}

async fn write_messages(
    mut write: OwnedWriteHalf,
    mut queue: Queue,
    mut pongs: mpsc::Receiver<()>,
) -> io::Result<()> {
    loop {
        tokio::select! {
            message = queue.recv() => match message {
                Some(bytes) => timeout(WRITE_TIMEOUT, write.write_all(&bytes)).await??,
                None => return write.shutdown().await,
            },
            Some(()) = pongs.recv() => timeout(WRITE_TIMEOUT, write.write_all(b"\r\n")).await??,
        }
    }
}

/// Messages and bytes that may wait for one connection. A proxy sends and gets the calls of many phones over one: what
/// one turn of the signalling task answers has to fit.
const WRITE_QUEUE: usize = 1024;
const WRITE_QUEUE_BYTES: usize = 512 << 10;
const READ_BYTES: usize = 4096;
const PRUNE_SOURCES_ABOVE: usize = 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const LINGER: Duration = Duration::from_millis(200);
