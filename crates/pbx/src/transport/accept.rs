//! Connections that peers open: who may, and the TLS handshake where the listener speaks it.
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

use super::{
    Inbound,
    connection::{Outgoing, Queue, Shared, queue},
    converse::converse,
    places::Place,
    seldom::Seldom,
    tcp,
    tls::Certificates,
};
use crate::task;

/// Accepts connections within the bounds. Owned by the listener's task.
pub(super) struct Acceptor {
    pub(super) shared: Shared,
    pub(super) certificates: Option<Certificates>,
    pub(super) refused: Seldom,
}

impl Acceptor {
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
                    None => converse(stream.into_split(), flow, queue, &shared).await,
                    Some(certificates) => serve_tls(stream, flow, queue, &shared, &certificates).await,
                }
            }
            drop(place);
            let _ = shared.inbound.send(Inbound::Closed { flow, also: None }).await;
        });
        let outgoing = Outgoing { transport, remote, messages, state, task };
        if self.shared.inbound.send(Inbound::Opened { id, outgoing }).await.is_ok() {
            let _ = start.send(());
        }
    }

    /// Takes a place for a connection of a source.
    fn admit(&self, source: IpAddr) -> Result<Place, &'static str> {
        let place = self.shared.places.take(source).ok_or("too many connections")?;
        // A handshake costs as much as many messages: it counts as one, and who is banned gets none.
        if self.certificates.is_some() && !self.shared.places.is_exempt(source) {
            let (police, now) = (&self.shared.police, Instant::now().into_std());
            if police.is_banned(now, source) {
                return Err("its source is banned");
            }
            if police.judge(now, source) == Verdict::Drop {
                return Err("more tls handshakes than its share");
            }
        }
        Ok(place)
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

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
