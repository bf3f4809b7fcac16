//! Browsers that come, and go as browsers do: some talk and hang up, some fail in one of the ways that there are, some are killed. Each
//! has a connection, a call and a phone of its own; what the server has not freed within its time is counted.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddrV4;
use std::time::Duration;

use kiestoon_testkit::webrtc::{Certificate, Conduct};

use super::Generator;
use super::line::Line;
use super::media::Stamp;
use super::page::Page;
use super::phones::Phones;
use super::slab::Key;
use super::socket::{Batch, Endpoint};
use crate::clock;
use crate::report::VisitReport;

/// How a visit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It calls, talks and hangs up.
    Calls,
    /// It is called, and the phone hangs up.
    IsCalled,
    /// It never answers in ICE.
    Unreached,
    /// Its certificate is not the one that it told of.
    Liar,
    /// It finds a path, and shakes no hands.
    NoHandshake,
    /// It says ClientHello, and nothing more.
    HelloOnly,
    /// It talks, and then its process is killed: its connection closes.
    Killed,
    /// It talks, and then its machine stands still: nothing closes.
    Frozen,
    /// It is killed while it rings.
    KilledRinging,
}

/// One browser, from its connection until the server has forgotten it.
struct Visit {
    kind: Kind,
    /// The browser; its phone is the next user.
    user: u32,
    page: Page,
    /// Of its sound, until it is gone.
    endpoint: Option<Endpoint>,
    phone: Endpoint,
    call: Option<Key>,
    begun: u64,
    state: State,
    said: u32,
    heard: u32,
    /// A connection that is open and that nobody reads.
    frozen: Option<Line>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Registering,
    Calling,
    Talking {
        since: u64,
    },
    /// It does nothing more, or what it does is of no use: the server has to end it.
    Leaving,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Calls,
        Self::Unreached,
        Self::Killed,
        Self::IsCalled,
        Self::NoHandshake,
        Self::Liar,
        Self::Frozen,
        Self::HelloOnly,
        Self::KilledRinging,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::IsCalled => "is called",
            Self::Unreached => "unreached",
            Self::Liar => "wrong fingerprint",
            Self::NoHandshake => "no handshake",
            Self::HelloOnly => "ClientHello only",
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::KilledRinging => "killed ringing",
        }
    }

    /// Seconds after which nothing of it may be left: the PBX's deadlines (30 s for a path and for a handshake, 60 s of absence, 30 s of ringing)
    /// and a few for the call itself.
    const fn bound(self) -> u64 {
        match self {
            Self::Calls | Self::IsCalled | Self::Liar => 10,
            Self::Unreached | Self::NoHandshake | Self::HelloOnly | Self::KilledRinging => 36,
            Self::Killed => 67,
            Self::Frozen => 98,
        }
    }

    const fn is_called(self) -> bool {
        matches!(self, Self::IsCalled | Self::KilledRinging)
    }

    fn page(self, page: Page) -> Page {
        match self {
            Self::Unreached => page.with_conduct(Conduct::NoChecks),
            Self::NoHandshake => page.with_conduct(Conduct::NoHandshake),
            Self::HelloOnly => page.with_conduct(Conduct::HelloOnly),
            Self::Liar => page.that_lies(),
            Self::KilledRinging => page.that_rings(),
            _ => page,
        }
    }
}

const TALK: u64 = 3 * clock::SECOND;
const FRAME: u64 = 20 * clock::MILLISECOND;
/// When somebody is killed, after it has begun to talk or to ring.
const LIFE: u64 = clock::SECOND;
/// Between looks at the visits' sockets.
const SWEEP: u64 = 10 * clock::MILLISECOND;
const BUFFER: usize = 1 << 17;
/// Beyond its bound, a visit is given up so much later.
const GRACE: u64 = 60;
/// Between looks at who still has a call.
const LOOK: u64 = 100 * clock::MILLISECOND;

impl Generator {
    /// As many visits as arrive in the given seconds, each to its end.
    pub(crate) fn visits(&mut self) -> anyhow::Result<BTreeMap<String, VisitReport>> {
        let certificate = Certificate::new();
        let rate = u64::from(self.phones.settings.rate.max(1));
        let total = rate * u64::from(self.phones.settings.seconds);
        let mut visits: Vec<Visit> = Vec::new();
        let mut reports: BTreeMap<String, VisitReport> = BTreeMap::new();
        let (begun, mut started, mut looked, mut swept) = (clock::now(), 0, 0, 0);
        while started < total || !visits.is_empty() {
            let now = clock::now();
            if started < total && now >= begun + started * clock::SECOND / rate {
                visits.push(self.arrive(u32::try_from(started)?, &certificate)?);
                started += 1;
            }
            self.pump(2);
            if now >= swept + SWEEP {
                swept = now;
                for visit in &mut visits {
                    let phone = self.phones.destinations.get(visit.user as usize + 1);
                    visit.hear(&mut self.batch, phone.copied().flatten());
                    self.act(visit);
                }
            }
            if now >= looked + LOOK {
                looked = now;
                let busy = self.phones.busy();
                let (over, stay): (Vec<_>, _) =
                    visits.into_iter().partition(|visit| visit.is_over(&busy, now));
                visits = stay;
                for mut visit in over {
                    visit.account(reports.entry(visit.kind.name().to_owned()).or_default(), now);
                    self.leave(&mut visit);
                }
            }
        }
        Ok(reports)
    }

    /// A browser comes, and registers.
    fn arrive(&mut self, number: u32, certificate: &Certificate) -> anyhow::Result<Visit> {
        let user = 2 * (number % self.phones.settings.pairs());
        let kind = Kind::ALL[number as usize % Kind::ALL.len()];
        let (host, first) = (self.phones.settings.host, self.phones.settings.first_rtp_port());
        // Not at once where a former one was: its server may still speak to it.
        let port = first + u16::try_from(number % 2500)? * 4;
        let (endpoint, phone) = (Endpoint::bind(host, port, BUFFER)?, Endpoint::bind(host, port, BUFFER)?);
        let page = kind.page(Page::new(certificate, endpoint.address, number));
        if let Some(rtp) = self.phones.rtp.get_mut(user as usize + 1) {
            *rtp = phone.address;
        }
        self.phones.pages.insert(user, page.clone());
        self.connect(user)?;
        self.phones.register(user);
        Ok(Visit {
            kind,
            user,
            page,
            endpoint: Some(endpoint),
            phone,
            call: None,
            begun: clock::now(),
            state: State::Registering,
            said: 0,
            heard: 0,
            frozen: None,
        })
    }

    /// What a visit does by itself.
    fn act(&mut self, visit: &mut Visit) {
        let now = clock::now();
        match visit.state {
            State::Registering if self.phones.came.remove(&visit.user) => {
                let (caller, callee) = match visit.kind.is_called() {
                    true => (visit.user + 1, visit.user),
                    false => (visit.user, visit.user + 1),
                };
                visit.call = self.phones.call(caller, callee);
                visit.state = State::Calling;
            }
            State::Calling if visit.page.is_through() => visit.state = State::Talking { since: now },
            State::Calling if visit.kind == Kind::KilledRinging && now > visit.begun + LIFE => {
                self.kill(visit);
            }
            // What fails never gets further.
            State::Calling if now > visit.begun + 5 * clock::SECOND => visit.state = State::Leaving,
            State::Talking { since } => {
                visit.talk(since, now);
                match visit.kind {
                    Kind::Killed if now > since + LIFE => self.kill(visit),
                    Kind::Frozen if now > since + LIFE => self.freeze(visit),
                    _ if now > since + TALK => {
                        visit.call.into_iter().for_each(|call| self.phones.hang_up(call));
                        visit.state = State::Leaving;
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// A browser's process ends: its sockets close, and that is all.
    fn kill(&mut self, visit: &mut Visit) {
        self.leave(visit);
        visit.endpoint = None;
    }

    /// A browser's machine stands still.
    fn freeze(&mut self, visit: &mut Visit) {
        visit.frozen = Some(self.leave(visit));
    }

    /// Nobody is there any more: its connection is the caller's to close.
    fn leave(&mut self, visit: &mut Visit) -> Line {
        visit.state = State::Leaving;
        self.phones.forget_user(visit.user);
        let index = self.phones.endpoint_of(visit.user);
        let line = self.phones.endpoints.get_mut(index);
        line.map_or(Line::Gone, |line| std::mem::replace(line, Line::Gone))
    }
}

impl Visit {
    /// Takes what has come for both sides; the phone sends back what it hears.
    fn hear(&mut self, batch: &mut Batch<32, 4096>, phone: Option<SocketAddrV4>) {
        let is_there = self.frozen.is_none();
        if let Some(endpoint) = self.endpoint.as_ref().filter(|_| is_there) {
            self.page.tick(endpoint);
            let (page, heard) = (&self.page, &mut self.heard);
            batch.drain(endpoint.fd(), |datagram, _| {
                *heard += u32::from(page.receive(endpoint, datagram).is_some());
            });
        }
        batch.drain(self.phone.fd(), |packet, _| {
            if let Some(destination) = phone {
                self.phone.send(packet, destination);
            }
        });
    }

    /// Says what has become due.
    fn talk(&mut self, since: u64, now: u64) {
        let Some(endpoint) = &self.endpoint else { return };
        while since + u64::from(self.said) * FRAME <= now {
            self.said += 1;
            self.page.send(endpoint, &Stamp::unmeasured(self.user, self.said));
        }
    }

    /// Whether nothing of it is left, or it is given up.
    fn is_over(&self, busy: &HashSet<u32>, now: u64) -> bool {
        let has_call = busy.contains(&self.user) || busy.contains(&(self.user + 1));
        let is_late = now > self.begun + (self.kind.bound() + GRACE) * clock::SECOND;
        (matches!(self.state, State::Leaving | State::Calling) && !has_call) || is_late
    }

    fn account(&self, report: &mut VisitReport, now: u64) {
        let seconds = Duration::from_nanos(now - self.begun).as_secs_f64();
        report.visits += 1;
        report.longest_s = report.longest_s.max(seconds);
        report.bound_s = self.kind.bound();
        report.late += u64::from(seconds > self.kind.bound() as f64);
        let talks = matches!(self.kind, Kind::Calls | Kind::IsCalled | Kind::Killed | Kind::Frozen);
        report.unheard += u64::from(talks && self.heard < self.said / 2);
        report.untold += u64::from(talks && self.said == 0);
    }
}

impl Phones {
    /// Users that have a call.
    fn busy(&self) -> HashSet<u32> {
        let calling = self.calls.keys().filter_map(|key| Some(self.calls.get(key)?.caller));
        let answered = self.answered.keys().filter_map(|key| Some(self.answered.get(key)?.user));
        calling.chain(answered).collect()
    }

    /// Forgets the calls of somebody who is gone, as it has forgotten them itself.
    fn forget_user(&mut self, user: u32) {
        let calls: Vec<Key> = self.calls.keys().collect();
        for key in calls {
            if self.calls.get(key).is_some_and(|call| call.caller == user) {
                self.forget_call(key);
            }
        }
        let answered: Vec<Key> = self.answered.keys().collect();
        for key in answered {
            if self.answered.get(key).is_some_and(|answered| answered.user == user) {
                self.answered.remove(key);
            }
        }
    }
}
