//! Opens the sockets of a leg, on the signalling thread: a pair of ports that goes back to the pool when the leg is dropped, whichever way that happens.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use kiestoon_media::{LocalMedia, OpenError, PortPair, PortPool};
use kiestoon_sip::network::PublicAddresses;
use socket2::{Domain, Protocol, Socket, Type};

use super::unreachable;

/// The pool is shared with the legs, which live on other threads. A message could not be sent from a leg that is
/// dropped in a panic; the lock is taken twice in the life of a leg.
pub(super) type SharedPool = Arc<Mutex<PortPool>>;

/// The sockets of one leg.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// None for a browser that has not chosen its path yet.
    pub(crate) rtp: Option<UdpSocket>,
    /// None for a browser: it has but one port.
    pub(super) rtcp: Option<UdpSocket>,
    pub(crate) local: LocalMedia,
    /// Dropped after the sockets: fields are dropped in order. None for a browser.
    _lease: Option<Lease>,
}

impl Sockets {
    /// Those of a browser's leg, which has none until the browser has chosen its path.
    pub(super) fn of_browser(local: LocalMedia) -> Self {
        Self { rtp: None, rtcp: None, local, _lease: None }
    }
}

/// Sockets for speech that is none of the engine's: that of a test. They are of the ports that calls have, so that a firewall lets
/// through the same.
#[derive(Debug, Clone)]
pub(crate) struct SparePorts {
    pub(super) pool: SharedPool,
    pub(super) public: PublicAddresses,
    /// Whether speech may be protected.
    pub(crate) srtp: bool,
}

impl SparePorts {
    /// Binds a pair on `address` of ours, which reaches `peer`.
    pub(crate) fn open(&self, address: IpAddr, peer: IpAddr) -> Result<Sockets, OpenError> {
        open(&self.pool, &self.public, address, peer)
    }
}

/// A pair of ports on loan.
#[derive(Debug)]
struct Lease {
    pool: SharedPool,
    ports: PortPair,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.give_back(Instant::now(), self.ports);
    }
}

/// How many ports may be found taken by other programs before we give up.
const ATTEMPTS: usize = 32;
/// Two seconds of audio in 20 ms packets: what is older is of no use to anyone.
const RECEIVE_BUFFER: usize = 65_536;
/// Expedited Forwarding (RFC 4594 section 4.1), as the type-of-service byte.
const EXPEDITED: u32 = 46 << 2;

/// Binds a leg's sockets on `address` of ours, which reaches `peer`, and says which address to advertise.
pub(super) fn open(
    pool: &SharedPool,
    public: &PublicAddresses,
    address: IpAddr,
    peer: IpAddr,
) -> Result<Sockets, OpenError> {
    let advertised = public.told(address, peer);
    for _ in 0..ATTEMPTS {
        let ports = pool.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        let ports = ports.map_err(|_| OpenError::PortsExhausted)?;
        let lease = Lease { pool: Arc::clone(pool), ports };
        match bind_pair(address, ports) {
            Ok((rtp, rtcp)) => {
                let at = |port| SocketAddr::new(advertised, port);
                let local = LocalMedia::new(at(ports.rtp()), at(ports.rtcp()));
                return Ok(Sockets { rtp: Some(rtp), rtcp: Some(rtcp), local, _lease: Some(lease) });
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(OpenError::Socket(error.to_string())),
        }
    }
    Err(OpenError::PortsExhausted)
}

fn bind_pair(address: IpAddr, ports: PortPair) -> io::Result<(UdpSocket, UdpSocket)> {
    let rtp = bind(SocketAddr::new(address, ports.rtp()))?;
    unreachable::watch(&rtp, address);
    let rtcp = bind(SocketAddr::new(address, ports.rtcp()))?;
    Ok((rtp, rtcp))
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let kind = Type::DGRAM.nonblocking();
    let socket = Socket::new(Domain::for_address(address), kind, Some(Protocol::UDP))?;
    socket.bind(&address.into())?;
    prepare(&socket, address);
    Ok(socket.into())
}

/// What every socket for speech wishes of the kernel. Wishes, not needs: some containers refuse them.
pub(super) fn prepare(socket: &Socket, address: SocketAddr) {
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    let _ = match address {
        SocketAddr::V4(_) => socket.set_tos_v4(EXPEDITED),
        SocketAddr::V6(_) => socket.set_tclass_v6(EXPEDITED),
    };
}
