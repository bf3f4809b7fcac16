//! SIP over UDP: a datagram is a message (RFC 3261 section 18).
use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use kiestoon_call::Verdict;
use kiestoon_sip::{
    flow::{Flow, Transport},
    message::{Limits, Message},
    stun,
};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    io::{Interest, unix::AsyncFd},
    sync::mpsc::{self, error::TrySendError},
};

use super::{
    Inbound,
    police::{Police, Standing},
    seldom::Seldom,
    source_address,
};

/// One bound socket.
#[derive(Debug)]
pub(crate) struct UdpListener {
    /// Woken by what arrives only: a socket that is also watched for room to send wakes the runtime once more for each
    /// datagram that has left.
    socket: AsyncFd<UdpSocket>,
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
        let socket = UdpSocket::from(socket);
        let address = socket.local_addr()?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe, for types whose descriptor may change: a socket's does not"
        )]
        let socket = AsyncFd::with_interest(socket, Interest::READABLE)?;
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
            source_address::send(self.socket.get_ref(), bytes, local.ip(), remote)?;
        } else {
            self.socket.get_ref().send_to(bytes, remote)?;
        }
        Ok(())
    }

    fn answer_stun(&self, bytes: &[u8], local: SocketAddr, remote: SocketAddr) {
        if let Some(answer) = stun::answer(bytes, remote) {
            // A full socket drops it: the phone asks again.
            let _ = self.send(&answer, local, remote);
        }
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, SocketAddr)> {
        if !self.address.ip().is_unspecified() {
            let (length, remote) = self.socket.get_ref().recv_from(buffer)?;
            return Ok((length, remote, self.address));
        }
        let (length, remote, local) = source_address::receive(self.socket.get_ref(), buffer)?;
        let local: IpAddr = local.unwrap_or_else(|| self.address.ip());
        Ok((length, remote, SocketAddr::new(local, self.address.port())))
    }
}

/// Receives until the signalling task is gone.
pub(super) async fn receive(
    listener: Arc<UdpListener>,
    limits: Limits,
    police: Police,
    inbound: mpsc::Sender<Inbound>,
) {
    let mut buffer = vec![0; MAX_DATAGRAM_BYTES];
    let mut standing = Standing::new(&police);
    let (mut dropped, mut behind) = (0_u64, Seldom::default());
    loop {
        let Ok(mut ready) = listener.socket.readable().await else { return };
        // A batch shares one wake-up; its bound lets the signalling task, on the same thread, keep up.
        let now = Instant::now();
        let mut more = true;
        for _ in 0..BATCH {
            match listener.receive(&mut buffer) {
                Ok((length, remote, local)) => {
                    let verdict = police.judge(now, remote.ip());
                    if verdict == Verdict::Drop {
                        continue;
                    }
                    let bytes = buffer.get(..length).unwrap_or_default();
                    let flow = Flow { transport: Transport::Udp, local, remote, connection: None };
                    if stun::is_stun(bytes) || is_blank(bytes) {
                        if !police.is_banned(now, remote.ip()) {
                            listener.answer_stun(bytes, local, remote);
                        }
                        // Who is known goes on being heard while signalling is behind; who shares the address of a guesser has
                        // a stranger's share. A full queue loses one of many: the next one comes within the half minute.
                        if verdict == Verdict::Pass || police.is_known(now, remote.ip()) {
                            let _ = inbound.try_send(Inbound::KeptAlive { flow });
                        }
                        continue;
                    }
                    match deliver(bytes, flow, verdict, &limits, &inbound) {
                        Ok(()) => {}
                        Err(Undelivered::Full) => dropped += 1,
                        Err(Undelivered::Closed) => return,
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready.clear_ready();
                    more = false;
                    break;
                }
                // ICMP errors of earlier sends surface here; the transactions' own timers deal with them.
                Err(error) => tracing::debug!(%error, "udp receive"),
            }
        }
        standing.found(now, !more);
        if dropped > 0 {
            listener.dropped.fetch_add(dropped, Ordering::Relaxed);
            if let Some(dropped) = behind.happened(Instant::now(), dropped) {
                tracing::warn!(dropped, "signalling is behind: datagrams dropped");
            }
            dropped = 0;
        }
        // An empty socket makes the next `readable` wait, which lets the signalling task in as well.
        if more {
            tokio::task::yield_now().await;
        }
    }
}

/// A keep-alive as many phones send it: line ends, or a zero byte, and nothing else.
fn is_blank(datagram: &[u8]) -> bool {
    datagram.len() <= LONGEST_BLANK
        && datagram.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0))
}

enum Undelivered {
    Full,
    Closed,
}

fn deliver(
    bytes: &[u8],
    flow: Flow,
    verdict: Verdict,
    limits: &Limits,
    inbound: &mpsc::Sender<Inbound>,
) -> Result<(), Undelivered> {
    let inbound_message = match Message::parse_with(&Bytes::copy_from_slice(bytes), limits) {
        Ok(message) if verdict == Verdict::Refuse => Inbound::Refused { message, flow },
        Ok(message) => Inbound::Message { message, flow },
        Err(malformed) if malformed.is_keep_alive() => return Ok(()),
        Err(_) if verdict == Verdict::Refuse => return Ok(()),
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
const LONGEST_BLANK: usize = 8;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kiestoon_call::PoliceSettings;

    use super::*;
    use crate::task;

    #[tokio::test]
    async fn a_ban_does_not_silence_the_keep_alives_of_who_is_behind_that_address() {
        let listener = Arc::new(UdpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap());
        let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
        let flow = Flow {
            transport: Transport::Udp,
            local: listener.address(),
            remote: phone.local_addr().unwrap(),
            connection: None,
        };
        let police = Police::new(PoliceSettings::default());
        police.trust(Instant::now(), flow.remote.ip());
        police.ban(Instant::now(), flow.remote.ip(), Duration::from_secs(300));
        let (inbound, mut received) = mpsc::channel(8);
        let _task = task::spawn("sip udp", receive(Arc::clone(&listener), Limits::DEFAULT, police, inbound));
        phone.send_to(b"\r\n\r\n", flow.local).unwrap();
        let came = tokio::time::timeout(Duration::from_secs(10), received.recv()).await;
        assert!(matches!(came, Ok(Some(Inbound::KeptAlive { flow: of })) if of == flow), "{came:?}");
    }
}
