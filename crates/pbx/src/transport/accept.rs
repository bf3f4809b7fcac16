//! Connections that peers open: who may, and the TLS or WebSocket handshake where the listener speaks it.
use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, PoisonError},
    time::Duration,
};

use kiestoon_call::Verdict;
use kiestoon_sip::flow::{Flow, Transport};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::WebSocketStream;

use super::{
    Inbound,
    connection::{Outgoing, Queue, Shared, queue},
    converse::converse,
    places::Place,
    seldom::Seldom,
    tcp,
    tls::Certificates,
    websocket::{self, Admission, Upgraded},
};
use crate::task::{self, Task};

/// What a listener speaks over its TCP connections.
#[derive(Debug, Clone)]
pub(super) enum Speaks {
    Sip,
    Tls(Certificates),
    WebSocket(Admission),
}

/// Accepts connections within the bounds. Owned by the listener's task.
pub(super) struct Acceptor {
    shared: Shared,
    speaks: Speaks,
    refused: Seldom,
    /// WebSockets that are being opened: whose they are is known only then.
    opening: Vec<Task<()>>,
}

impl Acceptor {
    pub(super) fn new(shared: Shared, speaks: Speaks) -> Self {
        Self { shared, speaks, refused: Seldom::default(), opening: Vec::new() }
    }

    /// Serves the connection in a task of its own, or closes it at once when a bound is reached.
    pub(super) async fn accept(&mut self, stream: TcpStream, remote: SocketAddr) {
        let place = match self.admit(remote.ip()) {
            Ok(place) => place,
            Err(reason) => {
                if let Some(count) = self.refused.happened(Instant::now().into_std(), 1) {
                    tracing::info!(%remote, count, "connection refused: {reason}");
                }
                return;
            }
        };
        let Ok(local) = stream.local_addr() else { return };
        tcp::send_at_once(&stream);
        let shared = self.shared.clone();
        let flow = |transport| Flow { transport, local, remote, connection: Some(shared.next_id()) };
        match &self.speaks {
            Speaks::Sip => open(&shared, flow(Transport::Tcp), place, Line::Sip(stream)).await,
            Speaks::Tls(certificates) => {
                open(&shared, flow(Transport::Tls), place, Line::Tls(stream, certificates.clone())).await;
            }
            Speaks::WebSocket(admission) => {
                let (admission, shared) = (admission.clone(), shared.clone());
                self.opening.retain(|opening| !opening.is_finished());
                self.opening.push(task::spawn("sip websocket opens", async move {
                    upgrade(stream, (local, remote), place, &shared, &admission).await;
                }));
            }
        }
    }

    /// Takes a place for a connection of a source.
    fn admit(&self, source: IpAddr) -> Result<Place, &'static str> {
        let places = &self.shared.places;
        if matches!(&self.speaks, Speaks::WebSocket(admission) if admission.is_proxy(source)) {
            return places.take_unassigned().ok_or(TOO_MANY);
        }
        let place = places.take(source).ok_or(TOO_MANY)?;
        if !matches!(self.speaks, Speaks::Sip) {
            may_shake_hands(&self.shared, source)?;
        }
        Ok(place)
    }
}

/// A handshake costs as much as many messages: it counts as one, and who is banned gets none.
fn may_shake_hands(shared: &Shared, source: IpAddr) -> Result<(), &'static str> {
    if shared.places.is_exempt(source) {
        return Ok(());
    }
    let (police, now) = (&shared.police, Instant::now().into_std());
    if police.is_banned(now, source) {
        return Err("its source is banned");
    }
    if police.judge(now, source) == Verdict::Drop {
        return Err("more handshakes than its share");
    }
    Ok(())
}

/// A connection that a peer has opened.
enum Line {
    Sip(TcpStream),
    /// Its handshake is still to come.
    Tls(TcpStream, Certificates),
    WebSocket(Box<WebSocketStream<TcpStream>>),
}

impl Line {
    async fn serve(self, flow: Flow, queue: Queue, shared: &Shared) {
        match self {
            Self::Sip(stream) => converse(stream.into_split(), flow, queue, shared).await,
            Self::Tls(stream, certificates) => serve_tls(stream, flow, queue, shared, &certificates).await,
            Self::WebSocket(socket) => websocket::converse(*socket, flow, queue, shared).await,
        }
    }
}

/// Tells the signalling task of a connection, and serves it in a task of its own.
async fn open(shared: &Shared, flow: Flow, place: Place, line: Line) {
    let Some(id) = flow.connection else { return };
    let (messages, queue) = queue();
    let state = Arc::clone(&queue.state);
    let (start, started) = tokio::sync::oneshot::channel::<()>();
    let own = shared.clone();
    let task = task::spawn("sip stream in", async move {
        // The signalling task must know the connection before its first message.
        if started.await.is_ok() {
            line.serve(flow, queue, &own).await;
        }
        drop(place);
        let _ = own.inbound.send(Inbound::Closed { flow, also: None }).await;
    });
    let outgoing = Outgoing { transport: flow.transport, remote: flow.remote, messages, state, task };
    if shared.inbound.send(Inbound::Opened { id, outgoing }).await.is_ok() {
        let _ = start.send(());
    }
}

/// Serves one connection after a TLS handshake, which must be over within the time of half a message.
async fn serve_tls(
    stream: TcpStream,
    flow: Flow,
    queue: Queue,
    shared: &Shared,
    certificates: &Certificates,
) {
    let Some(acceptor) = certificates.acceptor() else { return };
    let handshake = acceptor.accept(stream);
    let failure = match timeout(shared.bounds.half_message.min(HANDSHAKE_TIMEOUT), handshake).await {
        Ok(Ok(stream)) => return converse(tokio::io::split(stream), flow, queue, shared).await,
        Ok(Err(error)) => error.to_string(),
        Err(_) => NOT_IN_TIME.to_owned(),
    };
    handshake_failed(shared, flow.remote, "tls", &failure);
}

/// Opens one WebSocket within the same time, and its connection.
async fn upgrade(
    stream: TcpStream,
    (local, remote): (SocketAddr, SocketAddr),
    place: Place,
    shared: &Shared,
    admission: &Admission,
) {
    let handshake = admission.upgrade(stream, remote, &shared.bounds.message);
    let upgraded = match timeout(shared.bounds.half_message.min(HANDSHAKE_TIMEOUT), handshake).await {
        Ok(Ok(upgraded)) => upgraded,
        Ok(Err(error)) => return handshake_failed(shared, remote, "websocket", &websocket::words(&error)),
        Err(_) => return handshake_failed(shared, remote, "websocket", NOT_IN_TIME),
    };
    let Upgraded { socket, remote: client, transport } = upgraded;
    let place = if admission.is_proxy(remote.ip()) {
        let place = shared.places.assign(place, client.ip()).ok_or(TOO_MANY);
        match place.and_then(|place| may_shake_hands(shared, client.ip()).map(|()| place)) {
            Ok(place) => place,
            Err(reason) => return handshake_failed(shared, client, "websocket", reason),
        }
    } else {
        place
    };
    let flow = Flow { transport, local, remote: client, connection: Some(shared.next_id()) };
    open(shared, flow, place, Line::WebSocket(Box::new(socket))).await;
}

fn handshake_failed(shared: &Shared, remote: SocketAddr, kind: &'static str, failure: &str) {
    let mut seldom = shared.handshakes_failed.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(count) = seldom.happened(Instant::now().into_std(), 1) {
        tracing::info!(%remote, count, failure, "{kind} handshake failed");
    }
}

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const TOO_MANY: &str = "too many connections";
const NOT_IN_TIME: &str = "not over in time";
