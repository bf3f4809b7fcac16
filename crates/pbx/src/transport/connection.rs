//! Stream connections: who may open one, how its bytes become messages, and how a message finds the right one.
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use kiestoon_call::Verdict;
use kiestoon_sip::{
    flow::{ConnectionId, Flow, Transport, source_of},
    framing::{Frame, Framer},
    message::Message,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, timeout, timeout_at},
};

use super::{Inbound, StreamBounds, police::Police, seldom::Seldom, tls::Certificates};
use crate::task::{self, Task};

/// The way out through one connection: a bounded queue to its writer. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Outgoing {
    transport: Transport,
    remote: SocketAddr,
    messages: mpsc::Sender<Bytes>,
    state: Arc<State>,
    _task: Task<()>,
}

/// What the table and the connection's own task both look at.
#[derive(Debug, Default)]
struct State {
    /// Bytes in the queue. The writer takes them off.
    waiting: AtomicUsize,
    /// Whether somebody has logged in on it, or we opened it: it may then be silent for as long as a registration lasts.
    trusted: AtomicBool,
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
struct Queue {
    messages: mpsc::Receiver<Bytes>,
    state: Arc<State>,
}

impl Queue {
    async fn recv(&mut self) -> Option<Bytes> {
        let bytes = self.messages.recv().await?;
        self.state.waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
        Some(bytes)
    }
}

fn queue() -> (mpsc::Sender<Bytes>, Queue) {
    let (sender, messages) = mpsc::channel(WRITE_QUEUE);
    (sender, Queue { messages, state: Arc::default() })
}

/// The table of connections, owned by the signalling task.
#[derive(Debug)]
pub(super) struct Connections {
    open: HashMap<ConnectionId, Outgoing>,
    by_remote: HashMap<(Transport, SocketAddr), ConnectionId>,
    sources: Arc<Mutex<Sources>>,
    shared: Shared,
}

/// What the listener, the table and the connections have in common.
#[derive(Clone, Debug)]
struct Shared {
    bounds: Arc<StreamBounds>,
    police: Police,
    inbound: mpsc::Sender<Inbound>,
    next_id: Arc<AtomicU64>,
    places: Arc<Semaphore>,
    /// Said by whichever connection fails, at most once a second in all: the lock is held for a comparison.
    handshakes_failed: Arc<Mutex<Seldom>>,
}

impl Shared {
    fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }
}

impl Connections {
    pub(super) fn new(bounds: StreamBounds, police: Police, inbound: mpsc::Sender<Inbound>) -> Self {
        let places = Arc::new(Semaphore::new(bounds.connections));
        let shared = Shared {
            bounds: Arc::new(bounds),
            police,
            inbound,
            next_id: Arc::new(AtomicU64::new(1)),
            places,
            handshakes_failed: Arc::default(),
        };
        Self { open: HashMap::new(), by_remote: HashMap::new(), sources: Arc::default(), shared }
    }

    /// For one listener; with certificates it speaks TLS. The sources are counted for all listeners together.
    pub(super) fn acceptor(&self, certificates: Option<Certificates>) -> Acceptor {
        Acceptor {
            shared: self.shared.clone(),
            certificates,
            sources: Arc::clone(&self.sources),
            refused: Seldom::default(),
        }
    }

    /// Somebody has logged in on a connection.
    pub(super) fn trust(&self, id: ConnectionId) {
        if let Some(outgoing) = self.open.get(&id) {
            outgoing.state.trusted.store(true, Ordering::Relaxed);
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

    /// Sends on the flow's own connection, else on one to the same remote address, else on a new one.
    pub(super) fn send(&mut self, flow: &Flow, bytes: Bytes) {
        let id = flow
            .connection
            .filter(|id| self.open.contains_key(id))
            .or_else(|| self.by_remote.get(&(flow.transport, flow.remote)).copied());
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
        if flow.transport != Transport::Tcp {
            tracing::debug!(remote = %flow.remote, transport = %flow.transport, "only the peer can open this");
            return None;
        }
        let place = Arc::clone(&self.shared.places).try_acquire_owned().ok()?;
        let id = self.shared.next_id();
        let flow = Flow { connection: Some(id), ..*flow };
        let (messages, queue) = queue();
        let state = Arc::clone(&queue.state);
        state.trusted.store(true, Ordering::Relaxed);
        let shared = self.shared.clone();
        let task = task::spawn("sip tcp out", async move {
            match timeout(CONNECT_TIMEOUT, TcpStream::connect(flow.remote)).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    converse(stream.into_split(), ours(flow), queue, &shared).await;
                }
                Ok(Err(error)) => tracing::debug!(remote = %flow.remote, %error, "cannot connect"),
                Err(_) => tracing::debug!(remote = %flow.remote, "cannot connect: timed out"),
            }
            drop(place);
            // What was sent on it named no connection: there was none yet.
            for flow in [flow, ours(flow)] {
                let _ = shared.inbound.send(Inbound::Closed { flow }).await;
            }
        });
        let (transport, remote) = (flow.transport, flow.remote);
        self.insert(id, Outgoing { transport, remote, messages, state, _task: task });
        Some(id)
    }

    /// Tells the signalling task, on the queue that it itself reads: when that is full the transaction's timer tells.
    fn fail(&mut self, flow: &Flow) {
        self.remove(flow);
        let _ = self.shared.inbound.try_send(Inbound::Closed { flow: *flow });
    }
}

/// What comes over a connection that we opened is answered on any to the same peer: should it close, another can be opened.
fn ours(flow: Flow) -> Flow {
    Flow { connection: None, ..flow }
}

/// Accepts connections within the bounds. Owned by the listener's task.
pub(super) struct Acceptor {
    shared: Shared,
    certificates: Option<Certificates>,
    sources: Arc<Mutex<Sources>>,
    refused: Seldom,
}

/// A place among all connections and one among those of its source, where that has a bound.
type Places = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

/// The places of each source. Behind a lock, because the listeners' tasks share it; it is held for one look-up.
type Sources = HashMap<IpAddr, Arc<Semaphore>>;

impl Acceptor {
    /// Serves the connection in a task of its own, or closes it at once when a bound is reached.
    pub(super) async fn accept(&mut self, stream: TcpStream, remote: SocketAddr) {
        let places = match self.admit(remote.ip()) {
            Ok(places) => places,
            Err(reason) => {
                if let Some(count) = self.refused.happened(Instant::now().into_std(), 1) {
                    tracing::info!(%remote, count, "connection refused: {reason}");
                }
                return;
            }
        };
        let Ok(local) = stream.local_addr() else { return };
        let transport = if self.certificates.is_some() { Transport::Tls } else { Transport::Tcp };
        let id = self.shared.next_id();
        let flow = Flow { transport, local, remote, connection: Some(id) };
        let (messages, queue) = queue();
        let state = Arc::clone(&queue.state);
        let (shared, certificates) = (self.shared.clone(), self.certificates.clone());
        let (start, started) = tokio::sync::oneshot::channel::<()>();
        let task = task::spawn("sip stream in", async move {
            // The signalling task must know the connection before its first message.
            if started.await.is_ok() {
                match certificates {
                    None => serve(stream, flow, queue, &shared).await,
                    Some(certificates) => serve_tls(stream, flow, queue, &shared, &certificates).await,
                }
            }
            drop(places);
            let _ = shared.inbound.send(Inbound::Closed { flow }).await;
        });
        let outgoing = Outgoing { transport, remote, messages, state, _task: task };
        if self.shared.inbound.send(Inbound::Opened { id, outgoing }).await.is_ok() {
            let _ = start.send(());
        }
    }

    /// Takes a place for a connection, in all and of its source.
    fn admit(&self, source: IpAddr) -> Result<Places, &'static str> {
        let place = Arc::clone(&self.shared.places).try_acquire_owned().map_err(|_| CROWDED)?;
        let bounds = &self.shared.bounds;
        if bounds.exempt.iter().any(|network| network.contains(source)) {
            return Ok((place, None));
        }
        // A handshake costs as much as many messages: it counts as one, and who is banned gets none.
        if self.certificates.is_some() {
            let (police, now) = (&self.shared.police, Instant::now().into_std());
            if police.is_banned(now, source) {
                return Err("its source is banned");
            }
            if police.judge(now, source) == Verdict::Drop {
                return Err("more tls handshakes than its share");
            }
        }
        let per_source = bounds.connections_per_source;
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        if sources.len() > PRUNE_SOURCES_ABOVE {
            sources.retain(|_, places| places.available_permits() < per_source);
        }
        let source = source_of(source);
        let places = sources.entry(source).or_insert_with(|| Arc::new(Semaphore::new(per_source)));
        Ok((place, Some(Arc::clone(places).try_acquire_owned().map_err(|_| CROWDED)?)))
    }
}

/// The same after a TLS handshake, which must be over within the time of half a message.
async fn serve_tls(
    stream: TcpStream,
    flow: Flow,
    queue: Queue,
    shared: &Shared,
    certificates: &Certificates,
) {
    let _ = stream.set_nodelay(true);
    let handshake = certificates.acceptor().accept(stream);
    let failure = match timeout(shared.bounds.half_message.min(HANDSHAKE_TIMEOUT), handshake).await {
        Ok(Ok(stream)) => return converse(tokio::io::split(stream), flow, queue, shared).await,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "not over in time".to_owned(),
    };
    let mut seldom = shared.handshakes_failed.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(count) = seldom.happened(Instant::now().into_std(), 1) {
        tracing::info!(remote = %flow.remote, count, %failure, "tls handshake failed");
    }
}

/// Serves one connection without TLS.
async fn serve(stream: TcpStream, mut flow: Flow, queue: Queue, shared: &Shared) {
    // Signalling messages are small and waited for: Nagle would hold them back.
    let _ = stream.set_nodelay(true);
    if let Ok(local) = stream.local_addr() {
        flow.local = local;
    }
    converse(stream.into_split(), flow, queue, shared).await;
}

/// Reads and writes one connection until either side closes it, a deadline passes or its bytes make no sense.
async fn converse(
    (read, write): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    flow: Flow,
    queue: Queue,
    shared: &Shared,
) {
    let (pongs, pong_queue) = mpsc::channel(1);
    let state = Arc::clone(&queue.state);
    tokio::select! {
        result = read_messages(read, flow, shared, &state, &pongs) => {
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
    #[error("more messages than its share")]
    Flood,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("what it sends is not SIP: {0}")]
    Framing(String),
    #[error("the PBX stops")]
    Stopping,
}

async fn read_messages(
    mut read: impl AsyncRead + Unpin,
    flow: Flow,
    shared: &Shared,
    state: &State,
    pongs: &mpsc::Sender<()>,
) -> Result<(), CloseReason> {
    let mut framer = Framer::new(shared.bounds.message.clone());
    let mut buffer = [0; READ_BYTES];
    let mut patience = Patience::First { since: Instant::now() };
    loop {
        let trusted = state.trusted.load(Ordering::Relaxed);
        let deadline = patience.deadline(&shared.bounds, trusted);
        let length = match timeout_at(deadline, read.read(&mut buffer)).await {
            Ok(length) => length?,
            // Somebody may have logged in since the wait began.
            Err(_) if state.trusted.load(Ordering::Relaxed) != trusted => continue,
            Err(_) => return Err(CloseReason::Deadline),
        };
        if length == 0 {
            return Err(CloseReason::Peer);
        }
        let was_between_messages = !framer.is_partial();
        framer.push(buffer.get(..length).unwrap_or_default());
        let mut message = false;
        loop {
            match framer.next() {
                Ok(Some(frame)) => {
                    // A stranger's keep-alive keeps nothing alive.
                    message |= trusted || matches!(frame, Frame::Message(_));
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
        patience.read(Instant::now(), message, framer.is_partial(), was_between_messages);
    }
}

/// How long a connection may go on without a whole message.
#[derive(Debug)]
enum Patience {
    /// No message yet.
    First { since: Instant },
    /// Since the last message nothing, or only what keeps alive.
    Between { since: Instant },
    /// A message has begun: byte by byte it gains no time.
    Within { begun: Instant, last: Instant },
}

impl Patience {
    fn deadline(&self, bounds: &StreamBounds, trusted: bool) -> Instant {
        let idle = if trusted { bounds.idle } else { bounds.stranger_idle.min(bounds.idle) };
        match self {
            Self::First { since } if !trusted => *since + bounds.half_message,
            Self::First { since } | Self::Between { since } => *since + idle,
            Self::Within { begun, .. } => *begun + bounds.half_message,
        }
    }

    /// Bytes were read: `message` tells of a whole message, `partial` that another has begun.
    fn read(&mut self, now: Instant, message: bool, partial: bool, was_between_messages: bool) {
        let last = match *self {
            Self::First { .. } if !message => return,
            _ if message => now,
            Self::First { .. } => now,
            Self::Between { since } => since,
            Self::Within { last, .. } => last,
        };
        *self = match *self {
            _ if !partial => Self::Between { since: last },
            Self::Within { begun, .. } if !message && !was_between_messages => Self::Within { begun, last },
            _ => Self::Within { begun: now, last },
        };
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
    let verdict = shared.police.admit(flow.remote.ip()).await.ok_or(CloseReason::Flood)?;
    let inbound = match Message::parse_with(&bytes, &shared.bounds.message) {
        Ok(message) if verdict == Verdict::Refuse => Inbound::Refused { message, flow },
        Ok(message) => Inbound::Message { message, flow },
        Err(malformed) => Inbound::Malformed { malformed, flow },
    };
    // Waiting here stops reading: a peer that sends faster than signalling works is held back by TCP.
    shared.inbound.send(inbound).await.map_err(|_| CloseReason::Stopping)
}

async fn write_messages(
    mut write: impl AsyncWrite + Unpin,
    mut queue: Queue,
    mut pongs: mpsc::Receiver<()>,
) -> io::Result<()> {
    loop {
        tokio::select! {
            message = queue.recv() => match message {
                Some(bytes) => timeout(WRITE_TIMEOUT, send(&mut write, &bytes)).await??,
                None => return write.shutdown().await,
            },
            Some(()) = pongs.recv() => timeout(WRITE_TIMEOUT, send(&mut write, b"\r\n")).await??,
        }
    }
}

/// Over TLS, what is written leaves with the flush.
async fn send(write: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    write.write_all(bytes).await?;
    write.flush().await
}

/// Messages and bytes that may wait for one connection. A proxy sends and gets the calls of many phones over one: what
/// one turn of the signalling task answers has to fit.
const WRITE_QUEUE: usize = 1024;
const WRITE_QUEUE_BYTES: usize = 512 << 10;
const CROWDED: &str = "too many connections";
const READ_BYTES: usize = 4096;
const PRUNE_SOURCES_ABOVE: usize = 1024;
/// Room for one repeated SYN: somebody waits for the phone to ring.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const LINGER: Duration = Duration::from_millis(200);
