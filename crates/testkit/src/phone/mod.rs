//! A scripted phone: a small user agent of its own that shares nothing with the switch but the message types and
//! the digest arithmetic. It does what its profile and the story say, and complains of what a correct PBX would
//! not send.

mod act;
mod browser;
mod device;
mod door;
mod line;
mod login;
mod manners;
mod outcome;
mod profile;
mod react;
mod reliable;
mod session;
mod timer;
mod transfer;
mod update;
mod wire;

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use kiestoon_sip::{Flow, Message, Method, NameAddr, Request, Response, Uri};

pub(crate) use browser::place_of;
pub use browser::{Browser, Section};
pub use line::{Ended, LineState};
pub use manners::{Faxes, Reinvites, Reliably, Reply, SessionTimer};
pub(crate) use profile::Site;
pub use profile::{Named, Profile, browser, carrier, phone};
pub use session::{Fax, Flowing, Session};

use crate::chance::Chance;
use line::Line;
use login::Login;
use wire::{Branch, Overdue, Wire};

/// A phone on the network.
#[derive(Debug)]
pub struct Phone {
    pub(crate) name: String,
    pub(crate) profile: Profile,
    pub(crate) domain: String,
    pub(crate) flow: Flow,
    pub(crate) address: SocketAddr,
    chance: Chance,
    wire: Wire,
    login: Login,
    lines: Vec<Line>,
    purposes: Vec<(Branch, Purpose)>,
    timers: Vec<(Instant, Timer)>,
    register_call_id: String,
    register_seq: u32,
    register_refused: Option<u16>,
    registered: Vec<NameAddr>,
    next_media_port: u16,
    heard: Vec<Message>,
    answers: Vec<(Method, u16)>,
    complaints: Vec<String>,
    door: Option<door::Door>,
    /// The statuses that NOTIFYs have told of a transfer of this phone's.
    notified: Vec<u16>,
    dead: bool,
}

/// Where a phone stands: what the story gives it when it is plugged in.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) password: String,
    pub(crate) flow: Flow,
    /// What the phone believes its address to be.
    pub(crate) address: SocketAddr,
    pub(crate) chance: Chance,
}

impl Phone {
    pub(crate) fn new(profile: Profile, place: Place) -> Self {
        let Place { name, domain, password, flow, address, mut chance } = place;
        let password = profile.password.clone().unwrap_or(password);
        Self {
            login: Login::new(profile.user.as_deref().unwrap_or(&profile.number), &password),
            address,
            register_call_id: chance.token(),
            door: profile.asks.clone().map(door::Door::new),
            wire: Wire::named(profile.named.clone()),
            name,
            profile,
            domain,
            flow,
            chance,
            lines: Vec::new(),
            purposes: Vec::new(),
            timers: Vec::new(),
            register_seq: 0,
            register_refused: None,
            registered: Vec::new(),
            next_media_port: 40_000,
            heard: Vec::new(),
            answers: Vec::new(),
            complaints: Vec::new(),
            notified: Vec::new(),
            dead: false,
        }
    }

    /// Every message that was new to this phone, in order.
    pub fn heard(&self) -> &[Message] {
        &self.heard
    }

    /// The requests that were new to this phone.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.heard.iter().filter_map(|message| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        })
    }

    /// The responses to requests of this phone.
    pub fn responses(&self) -> impl Iterator<Item = &Response> {
        self.heard.iter().filter_map(|message| match message {
            Message::Request(_) => None,
            Message::Response(response) => Some(response),
        })
    }

    /// What this phone finally answered to requests, in order.
    pub fn answers(&self) -> &[(Method, u16)] {
        &self.answers
    }

    /// What no correct PBX would have sent.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// The contacts that the registrar listed in its last 200.
    pub fn registered(&self) -> &[NameAddr] {
        &self.registered
    }

    /// The status that the last REGISTER was finally refused with.
    pub fn register_refused(&self) -> Option<u16> {
        self.register_refused
    }

    /// The number of the other side and the state of every call so far.
    pub fn calls(&self) -> impl Iterator<Item = (&str, LineState)> {
        self.lines.iter().map(|line| (line.peer.as_str(), line.state))
    }

    /// The state of the latest call.
    pub fn last_call(&self) -> Option<(&str, LineState)> {
        self.lines.last().map(|line| (line.peer.as_str(), line.state))
    }

    /// Our session and theirs in the call that is not over.
    pub fn sessions(&self) -> Option<(&Session, Option<&Session>)> {
        let line = self.lines.iter().rev().find(|line| !line.is_over())?;
        Some((&line.session, line.theirs.as_ref()))
    }

    /// Our description, the state and the PBX's description of every call so far.
    pub(crate) fn all_sessions(&self) -> impl Iterator<Item = (&Session, LineState, Option<&Session>)> {
        self.lines.iter().map(|line| (&line.session, line.state, line.theirs.as_ref()))
    }

    /// What is still open, in words.
    pub fn leftovers(&self) -> Vec<String> {
        let lines = self.lines.iter().filter(|line| !line.is_over());
        let lines = lines.map(|line| format!("{}: call with {} {:?}", self.name, line.peer, line.state));
        let wire = self.wire.leftovers().into_iter().map(|text| format!("{}: {text}", self.name));
        lines.chain(wire).collect()
    }

    pub(crate) fn poll(&mut self) -> Option<(Flow, Bytes)> {
        self.wire.poll()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.dead {
            return None;
        }
        self.timers.iter().map(|(at, _)| *at).chain(self.wire.deadline()).min()
    }

    pub(crate) fn tick(&mut self, now: Instant) {
        if self.dead {
            return;
        }
        for overdue in self.wire.tick(now) {
            match overdue {
                Overdue::NoResponse(branch) => self.no_response(now, &branch),
                Overdue::NoAck(asked) => self.no_ack(now, &asked),
            }
        }
        while let Some(index) = self.timers.iter().position(|(at, _)| *at <= now) {
            let (_, timer) = self.timers.remove(index);
            self.fire(now, timer);
        }
    }

    /// The phone is gone: it forgets all and says nothing any more.
    pub(crate) fn die(&mut self) {
        self.dead = true;
        self.wire.clear();
        self.timers.clear();
        self.purposes.clear();
        for line in &mut self.lines {
            if !line.is_over() {
                line.state = LineState::Ended(Ended::Silence);
            }
        }
    }

    /// The phone's program begins again: it remembers no call and no challenge. What still comes for what it had asked is
    /// ignored, as it would be.
    pub(crate) fn boot(&mut self, same_call_id: bool) {
        self.die();
        self.dead = false;
        self.login.forget();
        self.registered.clear();
        self.register_seq = 0;
        if !same_call_id {
            self.register_call_id = self.chance.token();
        }
    }

    /// Whether the story has killed it.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Whether it hears nothing, by its profile.
    pub fn is_deaf(&self) -> bool {
        self.profile.hears_nothing
    }

    /// Whether it accepts re-INVITEs, by its profile.
    pub(crate) fn takes_reinvites(&self) -> bool {
        !matches!(self.profile.reinvite, Reinvites::Refused(_))
    }

    /// A contact that reaches this phone, with a user part of its own for a second contact.
    fn contact(&self, nth: u32) -> NameAddr {
        let user =
            if nth == 0 { self.profile.number.clone() } else { format!("{}-{nth}", self.profile.number) };
        let transport = match self.flow.transport {
            kiestoon_sip::Transport::Udp => String::new(),
            other => format!(";transport={}", other.uri_token()),
        };
        let host = self.profile.host.clone().unwrap_or_else(|| self.address.to_string());
        let outbound = if self.profile.browser && nth == 0 { ";ob" } else { "" };
        NameAddr::new(uri(&format!("sip:{user}@{host}{transport}{outbound}")))
    }

    fn address_of(&self, number: &str) -> NameAddr {
        NameAddr::new(uri(&format!("sip:{number}@{}", self.domain)))
    }

    /// A number at home, or a URI as it is.
    fn place_of(&self, place: &str) -> String {
        if place.contains(':') { format!("<{place}>") } else { self.address_of(place).to_string() }
    }

    fn complain(&mut self, text: impl Into<String>) {
        self.complaints.push(format!("{}: {}", self.name, text.into()));
    }

    fn fire(&mut self, now: Instant, timer: Timer) {
        match timer {
            Timer::Reply { line, step } => self.follow_script(now, line, step),
            Timer::HangUp { line } => self.hang_up_line(now, line),
            Timer::Reinvite { line } => self.reinvite_line(now, line),
            Timer::Unpracked { line, rseq, after } => self.repeat_reliable(now, line, rseq, after),
            Timer::Refresh { line, secs } => self.refresh_line(now, line, secs),
            Timer::Update { line } => self.update_line(now, line, true),
            Timer::Unanswered { line } => {
                if self.lines.get(line).is_some_and(|line| line.state == LineState::Talking) {
                    self.complain("an ACK without the answer to my offer");
                }
            }
        }
    }
}

/// What a request of this phone was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Register,
    Invite { line: usize },
    Reinvite { line: usize },
    Bye { line: usize },
    Unwatched,
    Within { line: usize },
    Update { line: usize, offers: bool },
    Alone,
}

/// What this phone does later.
#[derive(Debug, Clone, Copy)]
enum Timer {
    Reply { line: usize, step: usize },
    HangUp { line: usize },
    Reinvite { line: usize },
    Unanswered { line: usize },
    Unpracked { line: usize, rseq: u32, after: std::time::Duration },
    Refresh { line: usize, secs: u32 },
    Update { line: usize },
}

/// A URI of the story's own making.
pub(crate) fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text} is no URI: {error}"))
}

#[cfg(test)]
mod tests;
