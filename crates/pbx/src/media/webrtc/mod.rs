//! The one port of all browsers. A thread of its own answers their checks and shakes their hands (`door`); once a browser has chosen
//! a path, its leg gets a socket on the same port that the kernel connects to it (`path`), and its media goes as that of any leg.

mod door;
mod path;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use kiestoon_media::webrtc::{Fingerprint, Identity, RemotePeer};
use kiestoon_media::{LegId, LocalMedia, LocalPeer};
use nix::ifaddrs::getifaddrs;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::thread::Order;
use super::vital;
use door::Doorkeeper;

/// What the door is asked for.
#[derive(Debug)]
pub(super) enum DoorOrder {
    /// A browser is expected: its leg, what our credentials come from, and the thread of the leg.
    Expect {
        leg: LegId,
        secret: [u8; 32],
        to: MediaEnd,
    },
    /// What signalling says of it.
    Describe {
        leg: LegId,
        remote: Box<RemotePeer>,
    },
    /// A check, or a part of the handshake, that came to the socket of a leg.
    Came {
        leg: LegId,
        source: SocketAddr,
        datagram: Box<[u8]>,
    },
    /// The leg has another number, and may have another thread.
    Rename {
        from: LegId,
        leg: LegId,
        to: MediaEnd,
    },
    /// The leg is closed.
    Forget {
        leg: LegId,
    },
    Stop,
    #[cfg(test)]
    Poison,
}

/// The way to a media thread.
#[derive(Debug, Clone)]
pub(super) struct MediaEnd {
    pub(super) orders: SyncSender<Order>,
    pub(super) waker: Arc<EventFd>,
}

impl MediaEnd {
    fn order(&self, order: Order) {
        // A media thread never waits for the door, so a full queue empties; one that has ended has no legs.
        let _ = self.orders.send(order);
        let _ = self.waker.write(1);
    }
}

/// The way to the door, for the media threads.
#[derive(Debug, Clone)]
pub(super) struct DoorEnd {
    orders: SyncSender<DoorOrder>,
    waker: Arc<EventFd>,
}

impl DoorEnd {
    /// Hands over what came to a leg's socket and is no media. Where the door is behind, it is lost like any datagram: browsers repeat.
    pub(super) fn came(&self, leg: LegId, source: SocketAddr, datagram: &[u8]) {
        let order = DoorOrder::Came { leg, source, datagram: datagram.into() };
        if self.orders.try_send(order).is_ok() {
            let _ = self.waker.write(1);
        }
    }

    fn order(&self, order: DoorOrder) {
        let _ = self.orders.send(order);
        let _ = self.waker.write(1);
    }
}

/// The running door. Dropping it ends its thread.
#[derive(Debug)]
pub(super) struct Door {
    end: DoorEnd,
    port: u16,
    fingerprint: Fingerprint,
    guests: Arc<AtomicUsize>,
    join: Option<JoinHandle<()>>,
}

/// Orders and datagrams on their way to the door.
const ORDERS: usize = 1024;
/// Candidates of one leg: more only make the browser try longer.
const MOST_CANDIDATES: usize = 4;

impl Door {
    /// Binds the port on all addresses, IPv4 and IPv6; 0 takes any.
    pub(super) fn open(port: u16, patience: Duration) -> io::Result<Self> {
        let (sockets, port) = path::bind_door(port)?;
        let identity = identity()?.with_patience(patience);
        let fingerprint = identity.fingerprint();
        let (orders, received) = sync_channel(ORDERS);
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let waker = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        epoll.add(&waker, EpollEvent::new(EpollFlags::EPOLLIN, door::WAKER))?;
        for (number, socket) in (0..).zip(&sockets) {
            epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, number))?;
        }
        let keeper = Doorkeeper::new(epoll, Arc::clone(&waker), received, sockets, port, identity);
        let guests = keeper.counted();
        let join = vital::spawn("webrtc".into(), move || keeper.run())?;
        Ok(Self { end: DoorEnd { orders, waker }, port, fingerprint, guests, join: Some(join) })
    }

    /// The way to it.
    pub(super) fn end(&self) -> DoorEnd {
        self.end.clone()
    }

    /// Browsers that are expected or there.
    pub(super) fn guests(&self) -> usize {
        self.guests.load(Ordering::Relaxed)
    }

    /// Expects a browser whose signalling comes from `peer`: what it is told. `address` of ours reaches it and `told` is that address for those
    /// beyond our router.
    pub(super) fn expect(
        &self,
        leg: LegId,
        to: MediaEnd,
        secret: [u8; 32],
        (address, told): (IpAddr, IpAddr),
    ) -> LocalMedia {
        self.end.order(DoorOrder::Expect { leg, secret, to });
        let mut candidates = vec![told];
        if address != told {
            candidates.push(address);
        }
        if address.is_loopback() {
            candidates.extend(own_addresses());
        }
        candidates.truncate(MOST_CANDIDATES);
        let candidates = candidates.into_iter().map(|ip| SocketAddr::new(ip, self.port)).collect();
        let peer =
            LocalPeer { secret, generation: 0, fingerprint: self.fingerprint, candidates, heard: None };
        let here = SocketAddr::new(told, self.port);
        LocalMedia { mux: true, browser: Some(Box::new(peer)), ..LocalMedia::new(here, here) }
    }

    /// Passes on what signalling says of a browser.
    pub(super) fn describe(&self, leg: LegId, remote: &RemotePeer) {
        self.end.order(DoorOrder::Describe { leg, remote: Box::new(remote.clone()) });
    }

    /// Knows a leg by another number.
    pub(super) fn rename(&self, from: LegId, leg: LegId, to: MediaEnd) {
        self.end.order(DoorOrder::Rename { from, leg, to });
    }

    /// Forgets a leg.
    pub(super) fn forget(&self, leg: LegId) {
        self.end.order(DoorOrder::Forget { leg });
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.end.order(DoorOrder::Stop);
        let _ = self.join.take().map(JoinHandle::join);
    }
}

/// A browser on this machine does not look at the loopback interface: it finds us at the machine's other addresses.
fn own_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    let addresses = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    });
    let is_link_local = |address: &IpAddr| match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    addresses.filter(|address| !address.is_loopback() && !is_link_local(address)).collect()
}

/// A certificate that lasts as long as the process: browsers know it by its fingerprint, which signalling carries.
fn identity() -> io::Result<Identity> {
    let key = rcgen::KeyPair::generate().map_err(io::Error::other)?;
    let parameters = rcgen::CertificateParams::new(["kiestoon".to_owned()]).map_err(io::Error::other)?;
    let certificate = parameters.self_signed(&key).map_err(io::Error::other)?;
    Identity::new(certificate.der().to_vec(), key.serialize_der()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    use super::*;

    /// In the environment of the process that is to die.
    const DOOMED: &str = "KIESTOON_TEST_DOOR_PANICS";

    #[test]
    fn a_panic_of_the_door_itself_ends_the_process() {
        if std::env::var_os(DOOMED).is_some() {
            let mut door = Door::open(0, Duration::from_secs(30)).unwrap();
            door.end.order(DoorOrder::Poison);
            let _ = door.join.take().unwrap().join();
            return;
        }
        let name = std::thread::current().name().unwrap().to_owned();
        let mut again = Command::new(std::env::current_exe().unwrap());
        let ended = again.args([&name, "--exact", "--test-threads=1"]).env(DOOMED, "1").output().unwrap();
        assert_eq!(ended.status.signal(), Some(6), "not aborted: {ended:?}");
    }
}
