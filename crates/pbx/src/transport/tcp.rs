//! The TCP listener: accepts within the bounds, one connection a task (RFC 3261 section 18.2).
use std::{io, net::SocketAddr, time::Duration};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use super::accept::Acceptor;

/// Binds a listener.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for the old connections' TIME_WAIT; a live listener still makes this fail.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Signalling messages are small and waited for: Nagle would hold them back.
pub(super) fn send_at_once(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
}

/// Accepts until the runtime ends.
pub(super) async fn accept(listener: TcpListener, mut acceptor: Acceptor) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => acceptor.accept(stream, remote).await,
            Err(error) => {
                // Out of file descriptors, mostly: accepting again at once would spin.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

const BACKLOG: i32 = 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
