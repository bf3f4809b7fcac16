//! The sockets: listening, TLS, and HTTP/1.1 on each connection, all within bounds.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use kiestoon_config::Config;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificates;
use crate::client::Connection;
use crate::hall::Hall;
use crate::patience::Patient;
use crate::task::{self, Task};

/// Sockets that are bound, not yet served.
pub(crate) struct Listeners {
    http: Vec<TcpListener>,
    https: Vec<TcpListener>,
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {address} cannot be listened on ({reason}); end what uses it, or choose another port")]
pub(crate) struct BindError {
    key: &'static str,
    address: SocketAddr,
    reason: io::Error,
}

/// The running listeners.
pub(crate) struct Server {
    tasks: Vec<Task<()>>,
    stop: watch::Sender<bool>,
}

/// What each connection is served with.
#[derive(Clone)]
struct Serving {
    router: Router,
    /// Connections that may be open.
    room: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl Listeners {
    /// Binds every address, or says every one that cannot be had.
    pub(crate) fn open(config: &Config) -> Result<Self, Vec<BindError>> {
        let mut errors = Vec::new();
        let mut all = |key: &'static str, addresses: &[SocketAddr]| {
            let mut listeners = Vec::new();
            for address in addresses.iter().copied() {
                match listen(address) {
                    Ok(listener) => listeners.push(listener),
                    Err(error) if is_no_ipv6(address, &error) => {
                        tracing::warn!(%address, "this machine has no IPv6: not listened on");
                    }
                    Err(reason) => errors.push(BindError { key, address, reason }),
                }
            }
            listeners
        };
        let http = all("admin.http", &config.admin.http);
        let https = all("admin.https", &config.admin.https);
        if errors.is_empty() { Ok(Self { http, https }) } else { Err(errors) }
    }
}

impl Server {
    /// Serves on all listeners.
    pub(crate) fn start(
        listeners: Listeners,
        certificates: &Certificates,
        hall: &Arc<Hall>,
        router: Router,
    ) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let room = Arc::new(Semaphore::new(hall.config.limits.connections as usize));
        let serving = Serving { router, room, stop: stopped };
        let tls = TlsAcceptor::from(certificates.server_config()?);
        let clear = listeners.http.into_iter().map(|listener| (listener, None));
        let secure = listeners.https.into_iter().map(|listener| (listener, Some(tls.clone())));
        let mut tasks = Vec::new();
        for (listener, tls) in clear.chain(secure) {
            let address = listener.local_addr()?;
            tracing::info!(%address, tls = tls.is_some(), "listening");
            tasks.push(task::spawn("listener", accept(listener, tls, serving.clone())));
        }
        Ok(Self { tasks, stop })
    }

    /// Stops listening, lets requests end that are under way, for a moment.
    pub(crate) async fn finish(self) {
        let _ = self.stop.send(true);
        let ended = async {
            for task in self.tasks {
                task.join().await;
            }
        };
        let _ = timeout(FINISH, ended).await;
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, serving: Serving) {
    let mut connections = JoinSet::new();
    let mut stop = serving.stop.clone();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(ended) = connections.join_next() => {
                if ended.is_err_and(|error| error.is_panic()) {
                    tracing::error!("a connection's task panicked");
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => drop(connections.spawn(converse(stream, peer, tls.clone(), serving.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "no connection can be taken now");
                    tokio::time::sleep(RESOURCES).await;
                }
            },
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn converse(stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, serving: Serving) {
    // Over the bound: closed at once, which costs least.
    let Ok(_place) = Arc::clone(&serving.room).try_acquire_owned() else { return };
    let _ = stream.set_nodelay(true);
    let served = match tls {
        None => serve(stream, Connection { peer, is_tls: false }, serving).await,
        Some(tls) => match timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => serve(stream, Connection { peer, is_tls: true }, serving).await,
            Ok(Err(error)) => return tracing::debug!(%peer, %error, "TLS handshake failed"),
            Err(_) => return tracing::debug!(%peer, "TLS handshake took too long"),
        },
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    connection: Connection,
    mut serving: Serving,
) -> hyper::Result<()> {
    let router = serving.router.layer(axum::Extension(connection));
    let service = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(HEADER_BYTES);
    let conversation = http.serve_connection(TokioIo::new(Patient::new(stream)), service).with_upgrades();
    let mut conversation = std::pin::pin!(conversation);
    tokio::select! {
        ended = conversation.as_mut() => return ended,
        _ = serving.stop.changed() => conversation.as_mut().graceful_shutdown(),
    }
    conversation.await
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Connections of an earlier run that linger do not make the port taken.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

fn is_no_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    let is_unsupported = error.raw_os_error() == Some(nix::libc::EAFNOSUPPORT);
    address.is_ipv6() && (is_unsupported || error.kind() == ErrorKind::AddrNotAvailable)
}

const BACKLOG: i32 = 1_024;
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADERS: Duration = Duration::from_secs(60);
/// Also the most that the headers of a request may have.
const HEADER_BYTES: usize = 32 * 1024;
const FINISH: Duration = Duration::from_secs(3);
const RESOURCES: Duration = Duration::from_millis(200);
