//! A media engine without sound: it gives out ports, remembers who is bridged to whom, and tells where a packet
//! would go.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_media::engine::{CallKey, LegId, MediaCommand, MediaEvent, OpenError};
use kiestoon_media::quality::LegQuality;
use kiestoon_media::sdp::{LocalMedia, LocalPeer, RemoteAudio, RemoteFax};
use kiestoon_media::srtp::LocalKeys;
use kiestoon_media::webrtc::Fingerprint;

use crate::phone::place_of;

/// How long what is played lasts, however many prompts it is.
pub const PROMPT_TIME: Duration = Duration::from_secs(2);

/// One leg as the call core has asked for it.
#[derive(Debug, Clone)]
pub struct Leg {
    /// Legs of one call share it.
    pub call: CallKey,
    /// Where its phone sends to.
    pub local: SocketAddr,
    /// What its phone last described.
    pub remote: Option<RemoteAudio>,
    /// The fax that it has described since.
    pub fax: Option<RemoteFax>,
    /// Of a browser: its name in ICE, and for which credentials of ours; None before its first description.
    pub ice: Option<(Box<str>, u32)>,
    /// Whether it is a browser's.
    pub is_browser: bool,
    /// What is done with its sound.
    pub sound: Sound,
    /// What it hears of us while bridged to one who is silent.
    pub music: Option<String>,
}

/// What is done with the sound of a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    /// Nothing.
    Idle,
    /// Relayed to and from another leg.
    Bridged(LegId),
    /// Sent back.
    Echo,
    /// Prompts are played to it.
    Prompt {
        /// Their names, with spaces between.
        name: String,
        /// When it ends, and the name of its play; `None` where it starts again at its end.
        ends: Option<(Instant, u64)>,
    },
}

/// The legs of all calls.
#[derive(Debug)]
pub struct Engine {
    addresses: [IpAddr; 2],
    next_port: u16,
    legs: BTreeMap<LegId, Leg>,
    opened: BTreeMap<LegId, CallKey>,
    /// Closed by command: nothing may be asked of them any more.
    closed: BTreeSet<LegId>,
    events: VecDeque<MediaEvent>,
    refuse: u32,
    /// Keys for the legs, where SRTP is on.
    keys: Option<Arc<LocalKeys>>,
    /// How long it takes to open ports, and what will be told then.
    wait: Duration,
    opening: VecDeque<(Instant, LegId, MediaEvent)>,
    /// Commands in the order they came.
    pub commands: Vec<MediaCommand>,
    /// Commands that no correct call core gives.
    pub complaints: Vec<String>,
}

impl Engine {
    /// An engine whose ports are on these addresses; a peer is given the one of its family.
    pub fn new(addresses: [IpAddr; 2]) -> Self {
        Self {
            addresses,
            next_port: 20_000,
            legs: BTreeMap::new(),
            opened: BTreeMap::new(),
            closed: BTreeSet::new(),
            events: VecDeque::new(),
            refuse: 0,
            keys: None,
            wait: Duration::ZERO,
            opening: VecDeque::new(),
            commands: Vec::new(),
            complaints: Vec::new(),
        }
    }

    /// The next `count` legs find no free port.
    pub fn refuse_next(&mut self, count: u32) {
        self.refuse = count;
    }

    /// Has keys for every leg from now on; one secret serves all.
    pub fn protect(&mut self) {
        self.keys = Some(Arc::new(LocalKeys::generate(|bytes| bytes.fill(0x5a))));
    }

    /// From now on it takes this long to open ports.
    pub fn open_after(&mut self, wait: Duration) {
        self.wait = wait;
    }

    /// Reports that a leg's media panicked, for every leg whose local address this is.
    pub fn fail_leg(&mut self, leg: LegId) {
        if self.legs.remove(&leg).is_some() {
            self.events.push_back(MediaEvent::Failed { leg });
        }
    }

    /// Reports anything else, such as a digit or what the doctor has found.
    pub fn report(&mut self, event: MediaEvent) {
        self.events.push_back(event);
    }

    /// Reports that no RTP came on a leg for a while.
    pub fn report_silence(&mut self, leg: LegId, for_: Duration) {
        self.events.push_back(MediaEvent::Silent { leg, for_ });
    }

    /// The keys that were sent to the phone that sends to this address.
    pub fn keys(&self, local: SocketAddr) -> String {
        let leg = self.legs.iter().find(|(_, leg)| leg.local == local).map(|(id, _)| *id);
        let sent = self.commands.iter().filter_map(|command| match command {
            MediaCommand::SendDigit { leg: to, digit, .. } if Some(*to) == leg => Some(*digit),
            _ => None,
        });
        sent.collect()
    }

    /// Open legs.
    pub fn legs(&self) -> impl Iterator<Item = (LegId, &Leg)> {
        self.legs.iter().map(|(id, leg)| (*id, leg))
    }

    /// Obeys a command.
    pub fn obey(&mut self, now: Instant, command: MediaCommand) {
        self.commands.push(command.clone());
        let leg = command.leg();
        if !matches!(command, MediaCommand::Open { .. }) && !self.opened.contains_key(&leg) {
            self.complaints.push(format!("{command:?} for a leg that never was"));
        }
        if self.closed.contains(&leg) {
            self.complaints.push(format!("{command:?} for a leg that was closed"));
        }
        match command {
            MediaCommand::Open { call, leg, peer, browser } => self.open(now, call, leg, peer, browser),
            MediaCommand::SetRemote { leg, remote } => {
                self.check_transport(leg, &remote);
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.remote = Some(remote);
                    leg.fax = None;
                }
            }
            MediaCommand::SetFax { leg, remote } => {
                if self.legs.get(&leg).is_some_and(|leg| leg.is_browser) {
                    self.complaints.push(format!("a fax of {leg:?}, a browser"));
                }
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.fax = Some(remote);
                }
            }
            MediaCommand::Connect { a, b } => self.connect(a, b),
            MediaCommand::Disconnect { leg } => self.disconnect(leg),
            MediaCommand::Play { leg, play, prompts, repeat } => {
                let ends = (!repeat).then(|| (now + PROMPT_TIME, play));
                self.set_sound(leg, Sound::Prompt { name: prompts.join(" "), ends });
            }
            MediaCommand::StopPlay { leg } => {
                if self.legs.get(&leg).is_some_and(|leg| matches!(leg.sound, Sound::Prompt { .. })) {
                    self.set_sound(leg, Sound::Idle);
                }
            }
            MediaCommand::HoldMusic { leg, prompt } => {
                if let Some(leg) =
                    self.legs.get_mut(&leg).filter(|leg| matches!(leg.sound, Sound::Bridged(_)))
                {
                    leg.music = prompt;
                }
            }
            // The virtual network carries no digits; a story looks at the command itself.
            MediaCommand::SendDigit { .. } => {}
            MediaCommand::Echo { leg } => self.set_sound(leg, Sound::Echo),
            MediaCommand::Move { leg, to, call } => self.move_leg(leg, to, call),
            MediaCommand::Close { leg } => {
                self.closed.insert(leg);
                self.finish_opening(|_, opening| opening == leg);
                self.disconnect(leg);
                if self.legs.remove(&leg).is_some() {
                    self.events.push_back(MediaEvent::Closed { leg, quality: LegQuality::default() });
                }
            }
        }
    }

    fn move_leg(&mut self, from: LegId, to: LegId, call: CallKey) {
        if self.opened.insert(to, call).is_some() {
            self.complaints.push(format!("{from:?} moved to {to:?}, which was there"));
        }
        self.closed.insert(from);
        self.disconnect(from);
        let Some(leg) = self.legs.remove(&from) else {
            return self.events.push_back(MediaEvent::Failed { leg: to });
        };
        self.events.push_back(MediaEvent::Closed { leg: from, quality: LegQuality::default() });
        self.legs.insert(to, Leg { call, sound: Sound::Idle, music: None, ..leg });
    }

    /// Ends prompts that are over, and opens what is to be open.
    pub fn tick(&mut self, now: Instant) {
        self.finish_opening(|at, _| at <= now);
        for (id, leg) in &mut self.legs {
            if let Sound::Prompt { ends: Some((ends, play)), .. } = leg.sound
                && ends <= now
            {
                leg.sound = Sound::Idle;
                self.events.push_back(MediaEvent::PlayFinished { leg: *id, play });
            }
        }
    }

    /// What the call core is to be told next.
    pub fn poll(&mut self) -> Option<MediaEvent> {
        self.events.pop_front()
    }

    fn finish_opening(&mut self, which: impl Fn(Instant, LegId) -> bool) {
        let (due, later) = self.opening.drain(..).partition(|(at, leg, _)| which(*at, *leg));
        self.opening = later;
        let due: VecDeque<_> = due;
        self.events.extend(due.into_iter().map(|(_, _, event)| event));
    }

    /// When the next prompt ends, or ports are open.
    pub fn deadline(&self) -> Option<Instant> {
        let opening = self.opening.iter().map(|(at, ..)| *at);
        self.legs
            .values()
            .filter_map(|leg| match leg.sound {
                Sound::Prompt { ends, .. } => ends.map(|(at, _)| at),
                _ => None,
            })
            .chain(opening)
            .min()
    }

    /// Where a packet that reaches one of our addresses goes on to; `None` where it is dropped.
    pub fn route(&self, local: SocketAddr) -> Option<SocketAddr> {
        let leg = self.legs.values().find(|leg| leg.local == local)?;
        let out = match leg.sound {
            Sound::Bridged(other) => self.legs.get(&other)?,
            Sound::Echo => leg,
            Sound::Idle | Sound::Prompt { .. } => return None,
        };
        match (&leg.fax, &out.fax) {
            (Some(_), Some(fax)) => return fax.direction.receives().then_some(fax.udptl),
            (None, None) => {}
            _ => return None,
        }
        let remote = out.remote.as_ref().filter(|remote| remote.direction.receives())?;
        match &remote.browser {
            Some(browser) => place_of(&browser.credentials.ufrag),
            None => Some(remote.rtp),
        }
    }

    /// The music of the leg that has this address of ours.
    pub fn music(&self, local: SocketAddr) -> Option<&str> {
        self.legs.values().find(|leg| leg.local == local)?.music.as_deref()
    }

    /// The prompt that is played to whoever sends to this address of ours.
    pub fn prompt(&self, local: SocketAddr) -> Option<&str> {
        let leg = self.legs.values().find(|leg| leg.local == local)?;
        match &leg.sound {
            Sound::Prompt { name, .. } => Some(name),
            _ => None,
        }
    }

    fn open(&mut self, now: Instant, call: CallKey, leg: LegId, peer: IpAddr, is_browser: bool) {
        if self.opened.insert(leg, call).is_some() {
            self.complaints.push(format!("{leg:?} opened twice"));
        }
        if self.refuse > 0 {
            self.refuse -= 1;
            self.events.push_back(MediaEvent::OpenFailed { leg, reason: OpenError::PortsExhausted });
            return;
        }
        let address = self.addresses.into_iter().find(|own| own.is_ipv4() == peer.is_ipv4()).unwrap_or(peer);
        let rtp = SocketAddr::new(address, self.next_port);
        let rtcp = SocketAddr::new(address, self.next_port + 1);
        self.next_port = if self.next_port >= 65_000 { 20_000 } else { self.next_port + 2 };
        self.legs.insert(
            leg,
            Leg {
                call,
                local: rtp,
                remote: None,
                fax: None,
                ice: None,
                is_browser,
                sound: Sound::Idle,
                music: None,
            },
        );
        let local = match is_browser {
            true => LocalMedia { browser: Some(Box::new(peer_at(rtp))), ..LocalMedia::new(rtp, rtp) },
            false => LocalMedia { keys: self.keys.clone(), ..LocalMedia::new(rtp, rtcp) },
        };
        let opened = MediaEvent::Opened { leg, local };
        match self.wait.is_zero() {
            true => self.events.push_back(opened),
            false => self.opening.push_back((now + self.wait, leg, opened)),
        }
    }

    /// A browser's description goes to a browser's leg, any other to another's; another name in ICE is for the next credentials of ours.
    fn check_transport(&mut self, id: LegId, remote: &RemoteAudio) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if leg.is_browser != remote.browser.is_some() {
            let text =
                format!("{id:?} of a browser: {}, described as one: {}", leg.is_browser, !leg.is_browser);
            return self.complaints.push(text);
        }
        let Some(browser) = &remote.browser else { return };
        let (name, generation) = (&browser.credentials.ufrag, browser.generation);
        let expected = match &leg.ice {
            None => 0,
            Some((known, generation)) => generation + u32::from(known != name),
        };
        leg.ice = Some((name.clone(), generation));
        if generation != expected {
            self.complaints.push(format!("{id:?}: {name} is for credentials {generation}, not {expected}"));
        }
    }

    fn connect(&mut self, a: LegId, b: LegId) {
        let calls = [self.opened.get(&a), self.opened.get(&b)];
        if calls[0] != calls[1] {
            self.complaints.push(format!("{a:?} and {b:?} connected across calls"));
        }
        if self.legs.contains_key(&a) && self.legs.contains_key(&b) {
            self.disconnect(a);
            self.disconnect(b);
            self.set_sound(a, Sound::Bridged(b));
            self.set_sound(b, Sound::Bridged(a));
        }
    }

    fn disconnect(&mut self, leg: LegId) {
        let Some(Sound::Bridged(other)) = self.legs.get(&leg).map(|leg| leg.sound.clone()) else { return };
        self.set_sound(leg, Sound::Idle);
        self.set_sound(other, Sound::Idle);
    }

    fn set_sound(&mut self, leg: LegId, sound: Sound) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.sound = sound;
            leg.music = None;
        }
    }
}

/// Our side of a browser's leg: all have one certificate, each has an address of its own, so that legs can be told apart.
fn peer_at(rtp: SocketAddr) -> LocalPeer {
    let mut secret = [0; 32];
    secret[..2].copy_from_slice(&rtp.port().to_be_bytes());
    LocalPeer {
        secret,
        generation: 0,
        fingerprint: Fingerprint([0xab; 32]),
        candidates: vec![rtp],
        heard: None,
    }
}
