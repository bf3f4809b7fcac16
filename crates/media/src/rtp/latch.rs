//! Symmetric RTP: where a phone really sends from, learnt narrowly and then locked. A phone behind a NAT sends from
//! another address than it signalled; a stranger who guesses a port must never get into the call.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::Header;

/// How fast an address is learnt, and when it may change.
#[derive(Debug, Clone, Copy)]
pub struct LatchSettings {
    /// Consecutive consistent packets from one address until it is locked.
    pub lock_after: u8,
    /// Silence of a locked address after which another port of the same address may take its place: NAT
    /// bindings change when nothing flowed for a while.
    pub relearn_after: Duration,
}

impl Default for LatchSettings {
    fn default() -> Self {
        Self { lock_after: 4, relearn_after: Duration::from_secs(5) }
    }
}

/// The address of one phone's RTP.
#[derive(Debug, Clone)]
pub struct Latch {
    settings: LatchSettings,
    /// Whom signalling comes from: the address of the NAT, where there is one.
    peer: IpAddr,
    signalled: Option<SocketAddr>,
    state: State,
    /// An address that may take over; never one whose packets are not consistent.
    candidate: Option<Run>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nothing is locked. `before` is the address of the former description, good until the new one speaks.
    Learning {
        signalled: Option<Run>,
        before: Option<SocketAddr>,
    },
    Locked {
        address: SocketAddr,
        heard: Instant,
    },
}

/// Consecutive packets of one source.
#[derive(Debug, Clone, Copy)]
struct Run {
    source: SocketAddr,
    ssrc: u32,
    sequence: u16,
    packets: u8,
    at: Instant,
}

/// Whether a packet belongs to the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Phone,
    /// It does, and its source has now been locked.
    Locked,
    /// It does not: to be dropped and counted.
    Stranger,
}

/// A source that was silent for so long makes room for another.
const PAUSE: Duration = Duration::from_millis(500);
/// How far a sequence number may go ahead and still be the same stream.
const CONSISTENT_STEP: u16 = 100;

impl Latch {
    /// A latch that accepts nothing until an address is signalled.
    pub fn new(peer: IpAddr, settings: LatchSettings) -> Self {
        Self {
            settings,
            peer: peer.to_canonical(),
            signalled: None,
            state: State::Learning { signalled: None, before: None },
            candidate: None,
        }
    }

    /// Takes over the address of a new description. The same address again changes nothing: a NAT binding that was
    /// learnt stays. An unspecified address (hold) does not either.
    pub fn signal(&mut self, address: SocketAddr) {
        if address.ip().is_unspecified() || self.signalled == Some(address) {
            return;
        }
        self.signalled = Some(address);
        self.candidate = None;
        let before = match self.state {
            State::Locked { address, .. } => Some(address),
            State::Learning { before, .. } => before,
        };
        self.state = State::Learning { signalled: None, before };
    }

    /// Where to send: the locked address, else the signalled one.
    pub fn destination(&self) -> Option<SocketAddr> {
        match self.state {
            State::Locked { address, .. } => Some(address),
            State::Learning { .. } => self.signalled,
        }
    }

    /// The locked address.
    pub fn locked(&self) -> Option<SocketAddr> {
        match self.state {
            State::Locked { address, .. } => Some(address),
            State::Learning { .. } => None,
        }
    }

    /// The address that was signalled last.
    pub fn signalled(&self) -> Option<SocketAddr> {
        self.signalled
    }

    /// Judges a packet. `fits`: its payload type is one that was negotiated.
    pub fn judge(&mut self, now: Instant, source: SocketAddr, header: &Header, fits: bool) -> Verdict {
        match &mut self.state {
            State::Locked { address, heard } if *address == source => {
                *heard = now;
                self.candidate = None;
                Verdict::Phone
            }
            State::Locked { address, heard } => {
                let silent = now.saturating_duration_since(*heard) >= self.settings.relearn_after;
                let akin = source.ip() == address.ip() || self.signalled == Some(source);
                if silent && akin && fits { self.candidate(now, source, header) } else { Verdict::Stranger }
            }
            State::Learning { signalled, .. } if self.signalled == Some(source) => {
                let run = Run::follow(*signalled, now, source, header);
                *signalled = Some(run);
                self.lock_if_sure(run)
            }
            // While the signalled address itself speaks, no other is looked at.
            State::Learning { signalled: Some(run), before } if run.is_alive(now) => {
                Self::of_before(*before, source)
            }
            State::Learning { before, .. } => {
                let akin =
                    source.ip() == self.peer || self.signalled.is_some_and(|it| it.ip() == source.ip());
                if *before == Some(source) {
                    Verdict::Phone
                } else if akin && fits && self.signalled.is_some() {
                    self.candidate(now, source, header)
                } else {
                    Verdict::Stranger
                }
            }
        }
    }

    fn of_before(before: Option<SocketAddr>, source: SocketAddr) -> Verdict {
        if before == Some(source) { Verdict::Phone } else { Verdict::Stranger }
    }

    /// One candidate at a time: a second sender cannot keep the first from being locked.
    fn candidate(&mut self, now: Instant, source: SocketAddr, header: &Header) -> Verdict {
        let held = self.candidate.filter(|run| run.source != source && run.is_alive(now));
        if held.is_some() {
            return Verdict::Stranger;
        }
        let run = Run::follow(self.candidate, now, source, header);
        self.candidate = Some(run);
        self.lock_if_sure(run)
    }

    fn lock_if_sure(&mut self, run: Run) -> Verdict {
        if run.packets < self.settings.lock_after {
            return Verdict::Phone;
        }
        self.candidate = None;
        self.state = State::Locked { address: run.source, heard: run.at };
        Verdict::Locked
    }
}

impl Run {
    fn is_alive(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < PAUSE
    }

    /// The run with one more packet, or a new one where the packet does not continue it.
    fn follow(run: Option<Self>, now: Instant, source: SocketAddr, header: &Header) -> Self {
        let continued = run.filter(|run| {
            let step = header.sequence.wrapping_sub(run.sequence);
            run.source == source && run.ssrc == header.ssrc && (1..=CONSISTENT_STEP).contains(&step)
        });
        let packets = continued.map_or(0, |run| run.packets).saturating_add(1);
        Self { source, ssrc: header.ssrc, sequence: header.sequence, packets, at: now }
    }
}
