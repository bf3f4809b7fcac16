//! Connections that peers open: who may, and the TLS handshake where the listener speaks it.
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kiestoon_call::Verdict;
use kiestoon_sip::flow::{Flow, Transport, source_of};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use super::{
    Inbound,
    connection::{Outgoing, Queue, Shared, queue},
    converse::converse,
    seldom::Seldom,
    tls::Certificates,
};
use crate::task;

/// Accepts connections within the bounds. Owned by the listener's task.
pub(super) struct Acceptor {
    pub(super) shared: Shared,
    pub(super) certificates: Option<Certificates>,
    pub(super) sources: Arc<Mutex<Sources>>,
    pub(super) refused: Seldom,
}

/// A place among all connections and one among those of its source, where that has a bound.
type Places = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

/// The places of each source. Behind a lock, because the listeners' tasks share it; it is held for one look-up.
pub(super) type Sources = HashMap<IpAddr, Arc<Semaphore>>;

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

const CROWDED: &str = "too many connections";
const PRUNE_SOURCES_ABOVE: usize = 1024;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
