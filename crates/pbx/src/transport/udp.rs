//! SIP over UDP: a datagram is a message (RFC 3261 section 18).
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use kiestoon_sip::{
    flow::{Flow, Transport},
    message::{Limits, Message},
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    io::Interest,
    net::UdpSocket,
    sync::mpsc::{self, error::TrySendError},
};

use super::{Inbound, seldom::Seldom, source_address};

/// One bound socket.
#[derive(Debug)]
pub(crate) struct UdpListener {
    socket: UdpSocket,
    address: SocketAddr,
    dropped: AtomicU64,
}

impl UdpListener {
    /// Binds `address`; a socket on an unspecified address learns and keeps the local address of each datagram.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // A burst of registrations after a power cut must fit; the kernel clips this to its own maximum.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        if address.ip().is_unspecified() {
            source_address::report_local_address(&socket, address.is_ipv4())?;
        }
        let socket = UdpSocket::from_std(socket.into())?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address, dropped: AtomicU64::new(0) })
    }

    /// Datagrams dropped at a full queue.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The bound address.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether a flow from `local` leaves through this socket.
    pub(super) fn serves(&self, local: SocketAddr) -> bool {
        self.address == local
            || (self.address.ip().is_unspecified()
                && self.address.port() == local.port()
                && self.address.is_ipv4() == local.is_ipv4())
    }

    /// Sends one datagram at once, or fails.
    pub(super) fn send(&self, bytes: &[u8], local: SocketAddr, remote: SocketAddr) -> io::Result<()> {
        if self.address.ip().is_unspecified() && !local.ip().is_unspecified() {
            self.socket.try_io(Interest::WRITABLE, || {
                source_address::send(&self.socket, bytes, local.ip(), remote)
            })?;
        } else {
            self.socket.try_send_to(bytes, remote)?;
        }
        Ok(())
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, SocketAddr)> {
        if !self.address.ip().is_unspecified() {
            let (length, remote) = self.socket.try_recv_from(buffer)?;
            return Ok((length, remote, self.address));
        }
        let (length, remote, local) =
            self.socket.try_io(Interest::READABLE, || source_address::receive(&self.socket, buffer))?;
        let local: IpAddr = local.unwrap_or_else(|| self.address.ip());
        Ok((length, remote, SocketAddr::new(local, self.address.port())))
    }
}

/// Receives until the signalling task is gone.
pub(super) async fn receive(listener: Arc<UdpListener>, limits: Limits, inbound: mpsc::Sender<Inbound>) {
    let mut buffer = vec![0; MAX_DATAGRAM_BYTES];
    let (mut dropped, mut behind) = (0_u64, Seldom::default());
    loop {
        if listener.socket.readable().await.is_err() {
            return;
        }
        // A batch shares one wake-up; its bound lets the signalling task, on the same thread, keep up.
        for _ in 0..BATCH {
            match listener.receive(&mut buffer) {
                Ok((length, remote, local)) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    let flow = Flow { transport: Transport::Udp, local, remote, connection: None };
                    match deliver(bytes, flow, &limits, &inbound) {
                        Ok(()) => {}
                        Err(Undelivered::Full) => dropped += 1,
                        Err(Undelivered::Closed) => return,
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // ICMP errors of earlier sends surface here; the transactions' own timers deal with them.
                Err(error) => tracing::debug!(%error, "udp receive"),
            }
        }
        if dropped > 0 {
            listener.dropped.fetch_add(dropped, Ordering::Relaxed);
            if let Some(dropped) = behind.happened(Instant::now(), dropped) {
                tracing::warn!(dropped, "signalling is behind: datagrams dropped");
            }
            dropped = 0;
        }
        tokio::task::yield_now().await;
    }
}

enum Undelivered {
    Full,
    Closed,
}

fn deliver(
    bytes: &[u8],
    flow: Flow,
    limits: &Limits,
    inbound: &mpsc::Sender<Inbound>,
) -> Result<(), Undelivered> {
    let inbound_message = match Message::parse_with(&Bytes::copy_from_slice(bytes), limits) {
        Ok(message) => Inbound::Message { message, flow },
        Err(malformed) if malformed.is_keep_alive() => return Ok(()),
        Err(malformed) => Inbound::Malformed { malformed, flow },
    };
    inbound.try_send(inbound_message).map_err(|error| match error {
        TrySendError::Full(_) => Undelivered::Full,
        TrySendError::Closed(_) => Undelivered::Closed,
    })
}

const MAX_DATAGRAM_BYTES: usize = 65_535;
const RECEIVE_BUFFER_BYTES: usize = 4 << 20;
const BATCH: usize = 32;
