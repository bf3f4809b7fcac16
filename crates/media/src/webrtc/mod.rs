//! What stands before the RTP of a browser: ICE proves where it is (`ice`), DTLS who it is, and gives the keys (`dtls`). After that its leg
//! is an RTP leg like a phone's. Pure: datagrams and time go in, datagrams and events come out.

mod dtls;
mod ice;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

pub use dtls::{Failure, Fingerprint, Identity, PATIENCE};
pub use ice::{Credentials, checked_ufrag};

use crate::srtp::{MasterKey, PeerKey};
use dtls::{Event, Handshake};
use ice::IceLite;

/// What a datagram on a port that is shared by all is (RFC 7983).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A check of ICE.
    Stun,
    /// The handshake.
    Dtls,
    /// RTP or RTCP, protected.
    Media,
}

impl Kind {
    /// None for what none of these begins like.
    pub fn of(datagram: &[u8]) -> Option<Self> {
        match datagram.first()? {
            0..=3 => Some(Self::Stun),
            20..=63 => Some(Self::Dtls),
            128..=191 => Some(Self::Media),
            _ => None,
        }
    }
}

/// What the session description of a browser says of its transport.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct RemotePeer {
    /// Its credentials of ICE.
    pub credentials: Credentials,
    /// Its certificate.
    pub fingerprint: Fingerprint,
    /// Whether it waits for our ClientHello (`a=setup:passive`).
    pub is_passive: bool,
    /// For which credentials of ours this is: see [`crate::LocalPeer::hear`].
    pub generation: u32,
}

/// The transport of one browser's leg.
#[derive(Debug)]
pub struct Peer {
    ice: IceLite,
    secret: [u8; 32],
    generation: u32,
    identity: Identity,
    remote: Option<RemotePeer>,
    handshake: Option<Handshake>,
    /// When the handshake must be over; None once it is.
    patience: Option<Instant>,
    events: VecDeque<PeerEvent>,
}

/// What a peer wants done, in this order.
#[derive(Debug)]
pub enum PeerEvent {
    /// Send this.
    Transmit {
        /// Where to.
        to: SocketAddr,
        /// The datagram.
        datagram: Vec<u8>,
    },
    /// From now on the browser is there.
    Moved(SocketAddr),
    /// Protect and open with these.
    Keys {
        /// Ours.
        ours: MasterKey,
        /// The browser's.
        theirs: PeerKey,
    },
    /// There will be no more media.
    Ended(Ended),
}

/// Why a peer is at its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// No way to the browser was ever found.
    #[error("no way to the browser was found")]
    Unreached,
    /// The browser has not asked for long whether media may go on.
    #[error("the browser cannot be reached any more")]
    Unreachable,
    /// The handshake was not over in time.
    #[error("the DTLS handshake was not over in time")]
    Slow,
    /// There is no protection.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// A fault of ours.
    #[error("a fault in the transport")]
    Panicked,
    /// The browser has closed it.
    #[error("the browser has closed it")]
    Closed,
}

impl Peer {
    /// A peer that has not been described yet. Our credentials are made from `secret`.
    pub fn new(now: Instant, identity: Identity, secret: [u8; 32]) -> Self {
        Self {
            ice: IceLite::new(now, Credentials::of(&secret, 0), identity.patience()),
            secret,
            generation: 0,
            identity,
            remote: None,
            handshake: None,
            patience: None,
            events: VecDeque::new(),
        }
    }

    /// For how many-th credentials of ours the browser has been described last.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Our credentials, for the session description.
    pub fn credentials(&self) -> &Credentials {
        self.ice.credentials()
    }

    /// Takes what signalling says of the browser. Another certificate is another handshake; another generation of our credentials begins ICE
    /// anew, while media flows as before until the browser has chosen again.
    pub fn describe(&mut self, now: Instant, remote: RemotePeer) {
        if remote.generation != self.generation {
            self.generation = remote.generation;
            self.ice.restart(now, Credentials::of(&self.secret, remote.generation));
        }
        if self.remote.is_none() {
            self.ice.begin(now);
        }
        self.ice.set_remote(remote.credentials.clone());
        let is_same = self.remote.as_ref().is_some_and(|before| before.fingerprint == remote.fingerprint);
        if !is_same {
            self.handshake = Some(Handshake::new(now, &self.identity, remote.fingerprint, remote.is_passive));
            self.patience = Some(now + self.identity.patience());
        }
        self.remote = Some(remote);
    }

    /// Takes a check or a part of the handshake. What comes from where nobody has proved to be is dropped.
    pub fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        match Kind::of(datagram) {
            Some(Kind::Stun) => self.checked(now, source, datagram),
            Some(Kind::Dtls) if self.ice.is_proved(source) => {
                self.shake(|handshake, events| handshake.receive(now, datagram, events));
            }
            _ => {}
        }
    }

    /// Whether media from an address is to be opened at all.
    pub fn is_proved(&self, source: SocketAddr) -> bool {
        self.ice.is_proved(source)
    }

    /// Where media goes.
    pub fn remote(&self) -> Option<SocketAddr> {
        self.ice.remote()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        if self.remote.is_none() {
            return;
        }
        if now >= self.ice.deadline() {
            let reason = if self.ice.chosen().is_some() { Ended::Unreachable } else { Ended::Unreached };
            self.events.push_back(PeerEvent::Ended(reason));
        } else if self.patience.is_some_and(|patience| now >= patience) {
            self.events.push_back(PeerEvent::Ended(Ended::Slow));
        } else if self.ice.remote().is_some()
            && self.handshake.as_ref().and_then(Handshake::deadline).is_some_and(|due| now >= due)
        {
            self.shake(|handshake, events| handshake.tick(now, events));
        }
    }

    /// When [`Self::tick`] is wanted; None before the browser is described: it may ring for long.
    pub fn deadline(&self) -> Option<Instant> {
        self.remote.as_ref()?;
        let handshake =
            self.handshake.as_ref().and_then(Handshake::deadline).filter(|_| self.ice.remote().is_some());
        Some([handshake, self.patience].into_iter().flatten().fold(self.ice.deadline(), Instant::min))
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    fn checked(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        let before = self.ice.chosen();
        let Some(checked) = self.ice.check(now, source, datagram) else { return };
        self.events.push_back(PeerEvent::Transmit { to: source, datagram: checked.response });
        if let Some(remote) = self.ice.chosen().filter(|remote| Some(*remote) != before) {
            self.events.push_back(PeerEvent::Moved(remote));
        }
        // An active side begins as soon as there is a way.
        self.tick(now);
    }

    fn shake(&mut self, work: impl FnOnce(&mut Handshake, &mut Vec<Event>) -> Result<(), Failure>) {
        let (Some(handshake), Some(to)) = (&mut self.handshake, self.ice.remote()) else { return };
        let mut events = Vec::new();
        let worked = work(handshake, &mut events);
        for event in events {
            self.events.push_back(match event {
                Event::Transmit(datagram) => PeerEvent::Transmit { to, datagram },
                Event::Keys(ours, theirs) => {
                    self.patience = None;
                    PeerEvent::Keys { ours, theirs }
                }
                Event::Closed => PeerEvent::Ended(Ended::Closed),
            });
        }
        if let Err(failure) = worked {
            self.handshake = None;
            self.events.push_back(PeerEvent::Ended(Ended::Failed(failure)));
        }
    }
}

#[cfg(test)]
mod tests;
