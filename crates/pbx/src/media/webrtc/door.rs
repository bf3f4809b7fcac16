//! The thread at the browsers' port: checks, handshakes, their deadlines, and nothing else. What it does not know it drops and counts.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use kiestoon_media::LegId;
use kiestoon_media::webrtc::{Ended, Identity, Kind, Peer, PeerEvent, checked_ufrag};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollTimeout};
use nix::sys::eventfd::EventFd;

use super::super::thread::Order;
use super::{DoorOrder, MediaEnd, path};
use crate::media::relay::DATAGRAM;
use crate::transport::source_address;

/// The epoll number of the waker.
pub(super) const WAKER: u64 = u64::MAX;
/// Datagrams taken from one socket before the orders and deadlines that have come meanwhile.
const BATCH: usize = 64;
/// Addresses of one browser that its handshake may come from.
const MOST_ADDRESSES: usize = 16;
/// Names of one leg in ICE: those of a restart are known beside the former ones.
const MOST_NAMES: usize = 8;

pub(super) struct Doorkeeper {
    epoll: Epoll,
    waker: Arc<EventFd>,
    orders: Receiver<DoorOrder>,
    /// That of IPv4, then that of IPv6.
    sockets: Vec<UdpSocket>,
    port: u16,
    identity: Identity,
    guests: HashMap<LegId, Guest>,
    /// How many they are, for others.
    counted: Arc<AtomicUsize>,
    by_name: HashMap<Box<str>, LegId>,
    by_address: HashMap<SocketAddr, LegId>,
    /// Datagrams of nobody.
    strays: u64,
}

/// One browser.
struct Guest {
    peer: Peer,
    to: MediaEnd,
    /// Where it found us last.
    local: Option<SocketAddr>,
    /// The path that it has chosen: our end and its own.
    path: Option<(SocketAddr, SocketAddr)>,
    names: Vec<Box<str>>,
    addresses: Vec<SocketAddr>,
    has_ended: bool,
}

impl Doorkeeper {
    pub(super) fn new(
        epoll: Epoll,
        waker: Arc<EventFd>,
        orders: Receiver<DoorOrder>,
        sockets: Vec<UdpSocket>,
        port: u16,
        identity: Identity,
    ) -> Self {
        let (guests, counted, by_name, by_address) = Default::default();
        Self {
            epoll,
            waker,
            orders,
            sockets,
            port,
            identity,
            guests,
            counted,
            by_name,
            by_address,
            strays: 0,
        }
    }

    /// Where the number of guests stands.
    pub(super) fn counted(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.counted)
    }

    /// Runs until it is stopped.
    pub(super) fn run(mut self) {
        let mut events = [EpollEvent::empty(); 4];
        let mut buffer = [0; DATAGRAM];
        loop {
            let ready = match self.epoll.wait(&mut events, self.timeout(Instant::now())) {
                Ok(ready) => ready,
                Err(Errno::EINTR) => 0,
                Err(error) => panic!("the door cannot wait for datagrams: {error}"),
            };
            for event in events.get(..ready).unwrap_or_default() {
                match usize::try_from(event.data()) {
                    Ok(number) if event.data() != WAKER => self.read(number, &mut buffer),
                    _ if !self.obey() => return,
                    _ => {}
                }
            }
            self.tick(Instant::now());
        }
    }

    fn timeout(&self, now: Instant) -> EpollTimeout {
        let living = self.guests.values().filter(|guest| !guest.has_ended);
        let Some(next) = living.filter_map(|guest| guest.peer.deadline()).min() else {
            return EpollTimeout::NONE;
        };
        let wait = next.saturating_duration_since(now) + Duration::from_micros(999);
        EpollTimeout::try_from(wait.min(LONGEST_WAIT)).unwrap_or(EpollTimeout::ZERO)
    }

    fn read(&mut self, number: usize, buffer: &mut [u8; DATAGRAM]) {
        for _ in 0..BATCH {
            let Some(socket) = self.sockets.get(number) else { return };
            let Ok((length, source, local)) = source_address::receive(socket, buffer) else { return };
            let Some(datagram) = buffer.get(..length) else { return };
            let leg = match Kind::of(datagram) {
                Some(Kind::Stun) => checked_ufrag(datagram).and_then(|name| self.by_name.get(name)),
                Some(Kind::Dtls) => self.by_address.get(&source),
                Some(Kind::Media) | None => None,
            };
            let Some(leg) = leg.copied() else {
                self.strays = self.strays.wrapping_add(1);
                continue;
            };
            let local = local.map(|ip| SocketAddr::new(ip, self.port));
            self.came(leg, source, local, datagram);
        }
    }

    /// Obeys the orders that have come, a queue's worth at most: the waker stays set while there are more. False to stop.
    fn obey(&mut self) -> bool {
        let _ = self.waker.read();
        for _ in 0..super::ORDERS {
            match self.orders.try_recv() {
                Ok(DoorOrder::Expect { leg, secret, to }) => self.expect(leg, secret, to),
                Ok(DoorOrder::Describe { leg, remote }) => {
                    self.revive(leg, remote.generation);
                    self.with(leg, |peer, now| peer.describe(now, *remote));
                    self.learn_name(leg);
                }
                Ok(DoorOrder::Came { leg, source, datagram }) => self.came(leg, source, None, &datagram),
                Ok(DoorOrder::Rename { from, leg, to }) => self.rename(from, leg, to),
                Ok(DoorOrder::Forget { leg }) => self.forget(leg),
                #[cfg(test)]
                Ok(DoorOrder::Poison) => panic!("a test asked for it"),
                Ok(DoorOrder::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
        let _ = self.waker.write(1);
        true
    }

    fn expect(&mut self, leg: LegId, secret: [u8; 32], to: MediaEnd) {
        let peer = Peer::new(Instant::now(), self.identity.clone(), secret);
        let (names, addresses) = Default::default();
        let guest = Guest { peer, to, local: None, path: None, names, addresses, has_ended: false };
        self.guests.insert(leg, guest);
        self.counted.store(self.guests.len(), Ordering::Relaxed);
        self.learn_name(leg);
    }

    /// A browser that begins ICE anew may have lost its way before.
    fn revive(&mut self, leg: LegId, generation: u32) {
        if let Some(guest) = self.guests.get_mut(&leg)
            && guest.peer.generation() != generation
        {
            guest.has_ended = false;
        }
    }

    fn learn_name(&mut self, leg: LegId) {
        let Some(guest) = self.guests.get_mut(&leg) else { return };
        let name = guest.peer.credentials().ufrag.clone();
        if guest.names.contains(&name) {
            return;
        }
        if guest.names.len() >= MOST_NAMES {
            let old = guest.names.remove(0);
            self.by_name.remove(&old);
        }
        guest.names.push(name.clone());
        self.by_name.insert(name, leg);
    }

    fn rename(&mut self, from: LegId, leg: LegId, to: MediaEnd) {
        let Some(guest) = self.guests.remove(&from) else { return };
        for name in &guest.names {
            self.by_name.insert(name.clone(), leg);
        }
        for address in &guest.addresses {
            // A later leg may have proved it since.
            if self.by_address.get(address) == Some(&from) {
                self.by_address.insert(*address, leg);
            }
        }
        let path = guest.path;
        self.guests.insert(leg, Guest { to, ..guest });
        // What it was told of its path under the former number may have found nobody.
        if let Some((local, remote)) = path {
            self.reach(leg, local, remote);
        }
    }

    fn forget(&mut self, leg: LegId) {
        let Some(guest) = self.guests.remove(&leg) else { return };
        self.counted.store(self.guests.len(), Ordering::Relaxed);
        for name in &guest.names {
            self.by_name.remove(name);
        }
        for address in &guest.addresses {
            // A later leg may have proved it since.
            if self.by_address.get(address) == Some(&leg) {
                self.by_address.remove(address);
            }
        }
    }

    /// A check or a part of a handshake; `local`: where it came to, where that is known.
    fn came(&mut self, leg: LegId, source: SocketAddr, local: Option<SocketAddr>, datagram: &[u8]) {
        if let (Some(guest), Some(local)) = (self.guests.get_mut(&leg), local) {
            guest.local = Some(local);
        }
        self.with(leg, |peer, now| peer.receive(now, source, datagram));
        let Some(guest) = self.guests.get_mut(&leg) else { return };
        if guest.peer.is_proved(source) && !guest.addresses.contains(&source) {
            if guest.addresses.len() >= MOST_ADDRESSES {
                self.by_address.remove(&guest.addresses.remove(0));
            }
            guest.addresses.push(source);
            self.by_address.insert(source, leg);
        }
    }

    fn tick(&mut self, now: Instant) {
        let due = |(leg, guest): (&LegId, &Guest)| {
            (!guest.has_ended && guest.peer.deadline().is_some_and(|due| due <= now)).then_some(*leg)
        };
        let due: Vec<LegId> = self.guests.iter().filter_map(due).collect();
        for leg in due {
            self.with(leg, |peer, now| peer.tick(now));
        }
    }

    /// Lets a peer work and does what it wants done. A panic ends that peer.
    fn with(&mut self, leg: LegId, work: impl FnOnce(&mut Peer, Instant)) {
        let Some(guest) = self.guests.get_mut(&leg).filter(|guest| !guest.has_ended) else { return };
        let mut events = Vec::new();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            work(&mut guest.peer, Instant::now());
            events.extend(std::iter::from_fn(|| guest.peer.poll()));
        }));
        if outcome.is_err() {
            tracing::error!(leg = leg.0, "the transport of a leg failed");
            return self.end(leg, Ended::Panicked);
        }
        for event in events {
            match event {
                PeerEvent::Transmit { to, datagram } => self.send(leg, to, &datagram),
                PeerEvent::Moved(remote) => self.moved(leg, remote),
                PeerEvent::Keys { ours, theirs } => {
                    self.order(leg, Order::Secure { leg, keys: Box::new((ours, theirs)) });
                }
                PeerEvent::Ended(reason) => self.end(leg, reason),
            }
        }
    }

    fn send(&self, leg: LegId, to: SocketAddr, datagram: &[u8]) {
        let socket = self.sockets.get(usize::from(to.is_ipv6()));
        let local = self.guests.get(&leg).and_then(|guest| guest.local);
        let Some(socket) = socket else { return };
        // A datagram that is lost here is lost like any other.
        let _ = match local.filter(|local| local.is_ipv4() == to.is_ipv4()) {
            Some(local) => source_address::send(socket, datagram, local.ip(), to),
            None => socket.send_to(datagram, to),
        };
    }

    /// Notes the path over which the last check came.
    fn moved(&mut self, leg: LegId, remote: SocketAddr) {
        let Some(guest) = self.guests.get_mut(&leg) else { return };
        let Some(local) = guest.local else { return };
        guest.path = Some((local, remote));
        self.reach(leg, local, remote);
    }

    /// Gives the leg a socket that hears this address alone.
    fn reach(&mut self, leg: LegId, local: SocketAddr, remote: SocketAddr) {
        match path::connect(local, remote) {
            Ok(socket) => {
                tracing::debug!(leg = leg.0, %remote, "a browser has chosen its path");
                self.order(leg, Order::Reach { leg, socket, remote });
            }
            Err(error) => {
                tracing::error!(leg = leg.0, %error, "no socket for a browser");
                self.end(leg, Ended::Unreachable);
            }
        }
    }

    fn end(&mut self, leg: LegId, reason: Ended) {
        if let Some(guest) = self.guests.get_mut(&leg).filter(|guest| !guest.has_ended) {
            guest.has_ended = true;
        }
        self.order(leg, Order::TransportEnded { leg, reason });
    }

    fn order(&self, leg: LegId, order: Order) {
        if let Some(guest) = self.guests.get(&leg) {
            guest.to.order(order);
        }
    }
}

/// Nothing depends on it; it bounds surprises.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
