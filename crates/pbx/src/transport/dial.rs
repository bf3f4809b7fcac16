//! Opens a connection, over TLS to a server that proves the name that was asked for.
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kiestoon_sip::flow::Flow;
use rustls::pki_types::ServerName;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    connection::{Queue, Shared},
    converse::converse,
    seldom::Seldom,
    tcp, trust,
};

/// What a server has to prove, and with what we ask.
pub(super) struct Proof {
    pub(super) name: Arc<str>,
    pub(super) connector: TlsConnector,
    /// Says that it was not proven; the lock is held for a comparison.
    pub(super) unproven: Arc<Mutex<Seldom>>,
}

/// Connects and serves the connection until it ends; `flow` is what is said of messages that come over it.
pub(super) async fn dial(flow: Flow, proof: Option<Proof>, queue: Queue, shared: &Shared) {
    let stream = match connect(flow.remote).await {
        Ok(stream) => stream,
        Err(failure) => {
            tracing::debug!(remote = %flow.remote, %failure, "cannot connect");
            return;
        }
    };
    let Some(proof) = proof else {
        return converse(stream.into_split(), flow, queue, shared).await;
    };
    match secure(stream, &proof).await {
        Ok(stream) => converse(tokio::io::split(stream), flow, queue, shared).await,
        Err(failure) => {
            let mut unproven = proof.unproven.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = unproven.happened(Instant::now().into_std(), 1) {
                let (remote, name) = (flow.remote, proof.name);
                tracing::warn!(%remote, %name, count, %failure, "tls connection not opened");
            }
        }
    }
}

async fn connect(remote: SocketAddr) -> Result<TcpStream, String> {
    match timeout(CONNECT_TIMEOUT, TcpStream::connect(remote)).await {
        Ok(Ok(stream)) => {
            tcp::send_at_once(&stream);
            Ok(stream)
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("timed out".to_owned()),
    }
}

async fn secure(stream: TcpStream, proof: &Proof) -> Result<TlsStream<TcpStream>, String> {
    let bare = proof.name.trim_end_matches('.').to_owned();
    let name = ServerName::try_from(bare).map_err(|_| "name mismatch: no certificate has such a name")?;
    match timeout(HANDSHAKE_TIMEOUT, proof.connector.connect(name, stream)).await {
        Ok(connected) => connected.map_err(|error| trust::failure(&error)),
        Err(_) => Err("handshake not over in time".to_owned()),
    }
}

/// Room for one repeated SYN: somebody waits for the phone to ring.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
