//! All phones of the load: their sockets, their requests under way, and their calls. Even users call from the first
//! half of the sockets, odd users answer on the second half.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddrV4;

use super::callee::Answered;
use super::caller::{Call, Transaction};
use super::line::Line;
use super::message::Message;
use super::outside;
use super::page::Page;
use super::sdp;
use super::settings::Settings;
use super::slab::{Key, Slab};
use super::socket::Endpoint;
use super::tally::Tally;
use super::timers::{Due, Timers};
use crate::clock;

/// The SIP side of the load.
pub(crate) struct Phones {
    pub(crate) settings: Settings,
    /// Marks this run's Call-IDs and branches.
    pub(crate) run: u32,
    /// Those that phones share, then one for each browser, then the provider's.
    pub(crate) endpoints: Vec<Line>,
    /// Which of them is the provider's, where the server has a trunk to us.
    pub(crate) provider: Option<usize>,
    /// Browsers that have registered and are not yet asked for.
    pub(crate) came: HashSet<u32>,
    /// The browsers' transports, by user.
    pub(crate) pages: HashMap<u32, Page>,
    pub(crate) server: SocketAddrV4,
    pub(crate) transactions: Slab<Transaction>,
    pub(crate) calls: Slab<Call>,
    pub(crate) answered: Slab<Answered>,
    /// Answered calls by Call-ID.
    pub(crate) dialogs: HashMap<Box<str>, Key>,
    pub(crate) timers: Timers,
    pub(crate) tally: Tally,
    /// REGISTER and OPTIONS under way.
    pub(crate) queries: u64,
    pub(crate) live_calls: u64,
    /// The last CSeq of each user's registration.
    pub(crate) register_cseq: Vec<u32>,
    /// Where each user's RTP goes, as the session descriptions said.
    pub(crate) destinations: Vec<Option<SocketAddrV4>>,
    /// Where each user hears its RTP.
    pub(crate) rtp: Vec<SocketAddrV4>,
    /// Established calls hang up after this long; None: when told to.
    pub(crate) hold: Option<u64>,
}

/// Sockets of callers, and as many of callees.
pub(crate) const SOCKETS: u32 = 16;
pub(super) const SIP_BUFFER: usize = 8 << 20;
const TABLE: u32 = 32_768;
/// T1 of RFC 3261 section 17.1.1.1.
pub(crate) const T1: u64 = 500 * clock::MILLISECOND;
const T2: u64 = 4 * clock::SECOND;
/// Timer B and F: 64 times T1.
const GIVE_UP: u64 = 64 * T1;

impl Phones {
    /// Binds the sockets. `rtp` is where each user hears its sound.
    pub(crate) fn new(settings: Settings, rtp: Vec<SocketAddrV4>) -> io::Result<Self> {
        let mut endpoints = Vec::new();
        let mut port = settings.first_sip_port();
        for _ in 0..2 * SOCKETS {
            let endpoint = Endpoint::bind(settings.host, port, SIP_BUFFER)?;
            port = endpoint.address.port().saturating_add(2);
            endpoints.push(Line::Udp(endpoint));
        }
        if settings.browsers.is_some() {
            endpoints.extend((0..settings.pairs()).map(|_| Line::Gone));
        }
        let provider = settings.trunk_port.map(|_| endpoints.len());
        if let Some(port) = settings.trunk_port {
            endpoints.push(Line::Udp(outside::provider(settings.host, port)?));
        }
        let micros = clock::now() / 1000;
        let users = settings.registered_users() as usize;
        Ok(Self {
            run: u32::try_from(micros & 0x00ff_ffff).unwrap_or_default(),
            endpoints,
            provider,
            came: HashSet::new(),
            pages: HashMap::new(),
            server: SocketAddrV4::new(settings.host, settings.port),
            transactions: Slab::new(TABLE),
            calls: Slab::new(TABLE),
            answered: Slab::new(TABLE),
            dialogs: HashMap::new(),
            timers: Timers::default(),
            tally: Tally::default(),
            queries: 0,
            live_calls: 0,
            // A later run on the same server must not fall behind this one's numbers.
            register_cseq: vec![u32::try_from((micros / 1_000_000) & 0x0fff_ffff).unwrap_or(1) * 8; users],
            destinations: vec![None; users],
            rtp,
            hold: Some(u64::from(settings.hold_ms) * clock::MILLISECOND),
            settings,
        })
    }

    /// The socket of a user.
    pub(crate) fn endpoint_of(&self, user: u32) -> usize {
        if self.settings.is_browser(user) {
            return (2 * SOCKETS + user / 2) as usize;
        }
        let column = user / 2 % SOCKETS;
        (if user & 1 == 1 { SOCKETS + column } else { column }) as usize
    }

    /// What stands in a user's Via and Contact: a transport, and a host that for a browser is none (RFC 7118 section 5).
    pub(crate) fn host_of(&self, user: u32) -> (&'static str, String) {
        match self.endpoints.get(self.endpoint_of(user)) {
            Some(Line::Udp(endpoint)) => ("UDP", endpoint.address.to_string()),
            _ => ("WS", format!("page{user}.invalid")),
        }
    }

    /// A user's Contact.
    pub(crate) fn contact_of(&self, user: u32) -> String {
        let (transport, host) = self.host_of(user);
        let name = self.settings.base + user;
        let parameter = if transport == "WS" { ";transport=ws" } else { "" };
        format!("<sip:{name}@{host}{parameter}>")
    }

    pub(crate) fn rtp_of(&self, user: u32) -> SocketAddrV4 {
        // Without legs of our own nothing is sent; any port will do.
        let nowhere = SocketAddrV4::new(self.settings.host, 42_000);
        self.rtp.get(user as usize).copied().unwrap_or(nowhere)
    }

    /// The session description of a user, an offer or an answer.
    pub(crate) fn describe(&self, user: u32, session: u32, answers: bool) -> String {
        let sound = self.settings.sound_of(user);
        match self.pages.get(&user) {
            Some(page) => page.describe(answers, session, sound),
            None => sdp::describe(self.rtp_of(user), session, sound),
        }
    }

    pub(crate) fn send(&self, endpoint: usize, text: &str) {
        if let Some(endpoint) = self.endpoints.get(endpoint) {
            endpoint.send(text, self.server);
        }
    }

    /// One datagram, and when the kernel received it.
    pub(crate) fn received(&mut self, endpoint: usize, datagram: &[u8], at: u64) {
        let Some(message) = Message::read(datagram) else {
            self.tally.counts.unreadable += 1;
            return;
        };
        let understood = match message.status() {
            Some(status) => self.response(endpoint, &message, status, at),
            None => self.request(endpoint, &message),
        };
        if understood.is_none() {
            self.tally.counts.unreadable += 1;
        }
    }

    /// Does what is due.
    pub(crate) fn run_timers(&mut self, now: u64) {
        while let Some(due) = self.timers.pop(now) {
            match due {
                Due::Retransmit(key, attempt) => self.retransmit(key, attempt, now),
                Due::HangUp(call) => self.hang_up(call),
                Due::Change(call, hold) => self.change(call, hold),
                Due::Refer(answered) => self.refer(answered),
                Due::Answer(key) => self.answer_again(key, now),
            }
        }
    }

    fn retransmit(&mut self, key: Key, attempt: u32, now: u64) {
        let Some(transaction) = self.transactions.get_mut(key).filter(|t| t.attempt == attempt) else {
            return;
        };
        if now.saturating_sub(transaction.sent_at) >= GIVE_UP {
            self.tally.counts.timeouts += 1;
            self.fail(key, None);
            return;
        }
        let is_reliable = self.endpoints.get(transaction.endpoint).is_some_and(Line::is_reliable);
        if is_reliable || transaction.stopped_by_provisional() {
            self.timers.arm(now + clock::SECOND, Due::Retransmit(key, attempt));
            return;
        }
        transaction.retransmissions += 1;
        let pause = T1 << transaction.retransmissions.min(6);
        let pause = if transaction.is_invite() { pause } else { pause.min(T2) };
        let transaction = &*transaction;
        self.tally.counts.retransmissions += 1;
        if let Some(endpoint) = self.endpoints.get(transaction.endpoint) {
            endpoint.send(&transaction.text, self.server);
        }
        self.timers.arm(now + pause, Due::Retransmit(key, attempt));
    }
}
