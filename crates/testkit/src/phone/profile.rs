//! What a scripted phone is like: who it is, how it registers, how it treats a call.

use std::net::IpAddr;
use std::time::Duration;

use kiestoon_sip::Transport;
use kiestoon_sip::digest::Algorithm;

use super::device::Device;
use super::door::{Asks, Grants, LONGEST, Whom};
use super::manners::{Faxes, Reinvites, Reliably, Reply, SessionTimer};
use crate::story::PhoneId;

/// A phone before it stands on the network.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(crate) number: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) transport: Transport,
    pub(crate) expires: u32,
    pub(crate) q: Option<String>,
    pub(crate) script: Vec<(Duration, Reply)>,
    pub(crate) reinvite: Reinvites,
    pub(crate) faxes: Faxes,
    pub(crate) hangs_up_after: Option<Duration>,
    pub(crate) hears_nothing: bool,
    pub(crate) takes_events: bool,
    pub(crate) answers_cancelled: bool,
    pub(crate) waits_for_ack: bool,
    pub(crate) owes_answer: bool,
    pub(crate) reliable: Reliably,
    pub(crate) forgets_prack: bool,
    pub(crate) offers_in_prack: bool,
    pub(crate) updates: bool,
    pub(crate) from_change: bool,
    pub(crate) timer: Option<SessionTimer>,
    pub(crate) forks: Vec<Vec<(Duration, Reply)>>,
    pub(crate) site: Site,
    pub(crate) beside: Option<PhoneId>,
    pub(crate) host: Option<String>,
    pub(crate) second: Option<IpAddr>,
    pub(crate) device: Option<Device>,
    pub(crate) asks: Option<Asks>,
    pub(crate) grants: Grants,
    pub(crate) carrier: bool,
    /// What it answers to OPTIONS.
    pub(crate) options: u16,
    pub(crate) proxied: bool,
    pub(crate) browser: bool,
    pub(crate) shows: bool,
    pub(crate) named: Option<(Named, String)>,
}

/// In which of its messages a phone says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// When it registers.
    Registering,
    /// In all others.
    Calling,
}

/// Where a phone stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    Office,
    Nat,
    Ipv6,
}

/// A phone of an extension: registers for an hour over UDP, rings at once and answers after a second.
pub fn phone(number: &str) -> Profile {
    Profile {
        number: number.to_owned(),
        user: None,
        password: None,
        transport: Transport::Udp,
        expires: 3600,
        q: None,
        script: vec![(Duration::ZERO, Reply::Ringing), (Duration::from_secs(1), Reply::Answer)],
        reinvite: Reinvites::Accepted,
        faxes: Faxes::Refused(488),
        hangs_up_after: None,
        hears_nothing: false,
        takes_events: true,
        answers_cancelled: false,
        waits_for_ack: true,
        owes_answer: false,
        reliable: Reliably::Unknown,
        forgets_prack: false,
        offers_in_prack: false,
        updates: false,
        from_change: false,
        timer: None,
        forks: Vec::new(),
        site: Site::Office,
        beside: None,
        host: None,
        second: None,
        device: None,
        asks: None,
        grants: Grants::Most(LONGEST),
        carrier: false,
        options: 200,
        proxied: false,
        browser: false,
        named: None,
        shows: false,
    }
}

/// The far end of a trunk: registers nowhere, answers whatever number it is called by.
pub fn carrier(name: &str) -> Profile {
    Profile { carrier: true, ..phone(name) }
}

/// A page of an extension, as JsSIP has it: over WebSocket, at a name that leads nowhere, one flow of a device of its own.
pub fn browser(number: &str) -> Profile {
    Profile { transport: Transport::Ws, browser: true, ..phone(number) }
        .tab(&format!("00000000-0000-4000-8000-000000000{number}"))
}

impl Profile {
    /// Answers OPTIONS with this status.
    #[must_use]
    pub fn says_to_options(mut self, status: u16) -> Self {
        self.options = status;
        self
    }

    /// Knows no telephone events (RFC 4733).
    #[must_use]
    pub fn without_events(mut self) -> Self {
        self.takes_events = false;
        self
    }

    /// Is the tab of this UUID, of which its contact is made too.
    #[must_use]
    pub fn tab(self, uuid: &str) -> Self {
        self.named(&format!("{}.invalid", uuid.replace('-', ""))).flow_of(uuid, 1)
    }

    /// Offers video and a data channel too.
    #[must_use]
    pub fn shows(mut self) -> Self {
        self.shows = true;
        self
    }

    /// Uses TCP, over a connection of its own.
    #[must_use]
    pub fn over_tcp(mut self) -> Self {
        self.transport = Transport::Tcp;
        self
    }

    /// Whether it is a browser.
    pub fn is_browser(&self) -> bool {
        self.browser
    }

    /// Whether it uses TCP.
    pub fn is_over_tcp(&self) -> bool {
        self.transport == Transport::Tcp
    }

    /// Stands behind a NAT that it knows nothing of: what it writes is a private address.
    #[must_use]
    pub fn behind_nat(mut self) -> Self {
        self.site = Site::Nat;
        self
    }

    /// Is seen at the address of another phone, on a port of its own: both stand behind one router.
    #[must_use]
    pub fn at_address_of(mut self, other: PhoneId) -> Self {
        self.beside = Some(other);
        self
    }

    /// Has a second address, and that is its contact: the hosts of a provider that answer are not always those that are called.
    #[must_use]
    pub fn reached_at(mut self, address: IpAddr) -> Self {
        self.second = Some(address);
        self.named(&address.to_string())
    }

    /// Registers a name of a host as its contact, not its address.
    #[must_use]
    pub fn named(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Registers as the device of this UUID, and asks for GRUUs.
    #[must_use]
    pub fn device(mut self, uuid: &str) -> Self {
        self.device = Some(Device { uuid: uuid.to_owned(), flow: None });
        self
    }

    /// Registers as one flow of the device of this UUID.
    #[must_use]
    pub fn flow_of(mut self, uuid: &str, reg_id: u32) -> Self {
        self.device = Some(Device { uuid: uuid.to_owned(), flow: Some(reg_id) });
        self
    }

    /// Registers through a proxy, which stands at its own address.
    #[must_use]
    pub fn through_proxy(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// Has an IPv6 address only.
    #[must_use]
    pub fn over_ipv6(mut self) -> Self {
        self.site = Site::Ipv6;
        self
    }

    /// Knows another password than its extension's.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Answers challenges with another user name than its extension's number, and that one's password.
    #[must_use]
    pub fn with_login(mut self, user: &str, password: &str) -> Self {
        self.user = Some(user.to_owned());
        self.with_password(password)
    }

    /// Says what it is (User-Agent) in some of its messages.
    #[must_use]
    pub fn calls_itself(mut self, name: &str, named: Named) -> Self {
        self.named = Some((named, name.to_owned()));
        self
    }

    /// Lets no INVITE pass that does not answer its challenge with this name and password.
    #[must_use]
    pub fn asks_for(mut self, login: &str, password: &str, algorithm: Algorithm) -> Self {
        let (login, password) = (login.to_owned(), password.to_owned());
        self.asks = Some(Asks { login, password, algorithm, whom: Whom::Callers, each_time: false });
        self
    }

    /// Asks for bindings of this many seconds.
    #[must_use]
    pub fn registers_for(mut self, seconds: u32) -> Self {
        self.expires = seconds;
        self
    }

    /// Registers with this preference, such as "0.5".
    #[must_use]
    pub fn prefers(mut self, q: &str) -> Self {
        self.q = Some(q.to_owned());
        self
    }

    /// Rings at once and answers after a while.
    #[must_use]
    pub fn answers_after(self, after: Duration) -> Self {
        self.follows(vec![(Duration::ZERO, Reply::Ringing), (after, Reply::Answer)])
    }

    /// Answers without ringing.
    #[must_use]
    pub fn answers_at_once(self) -> Self {
        self.follows(vec![(Duration::ZERO, Reply::Answer)])
    }

    /// Rings and is never picked up.
    #[must_use]
    pub fn never_answers(self) -> Self {
        self.follows(vec![(Duration::ZERO, Reply::Ringing)])
    }

    /// Says 486 at once.
    #[must_use]
    pub fn is_busy(self) -> Self {
        self.follows(vec![(Duration::ZERO, Reply::Refuse(486))])
    }

    /// Rings, then says 603.
    #[must_use]
    pub fn declines_after(self, after: Duration) -> Self {
        self.follows(vec![(Duration::ZERO, Reply::Ringing), (after, Reply::Refuse(603))])
    }

    /// Refuses with a status at once.
    #[must_use]
    pub fn refuses(self, status: u16) -> Self {
        self.follows(vec![(Duration::ZERO, Reply::Refuse(status))])
    }

    /// Sends early media (183) at once and answers after a while.
    #[must_use]
    pub fn early_media_then_answers(self, after: Duration) -> Self {
        self.follows(vec![(Duration::ZERO, Reply::EarlyMedia), (after, Reply::Answer)])
    }

    /// Treats an INVITE by these steps, each so long after the INVITE.
    #[must_use]
    pub fn follows(mut self, script: Vec<(Duration, Reply)>) -> Self {
        self.script = script;
        self
    }

    /// Receives and never reacts, not even with 100: a phone whose program hangs.
    #[must_use]
    pub fn hears_nothing(mut self) -> Self {
        self.hears_nothing = true;
        self
    }

    /// Does this with the offer of a fax; a phone refuses it with 488.
    #[must_use]
    pub fn faxes(mut self, faxes: Faxes) -> Self {
        self.faxes = faxes;
        self
    }

    /// Refuses re-INVITEs with a status.
    #[must_use]
    pub fn refuses_reinvites(mut self, status: u16) -> Self {
        self.reinvite = Reinvites::Refused(status);
        self
    }

    /// Refuses so many re-INVITEs, and UPDATEs with an offer, with a status that asks to try again.
    #[must_use]
    pub fn puts_off_offers(mut self, status: u16, times: u32) -> Self {
        self.reinvite = Reinvites::PutOff { status, times };
        self
    }

    /// Hangs up this long after an answer.
    #[must_use]
    pub fn hangs_up_after(mut self, after: Duration) -> Self {
        self.hangs_up_after = Some(after);
        self
    }

    /// Hangs up even before its 200 was acknowledged, against RFC 3261 section 15.
    #[must_use]
    pub fn does_not_wait_for_ack(mut self) -> Self {
        self.waits_for_ack = false;
        self
    }

    /// Acknowledges an offer without answering it, against RFC 3261 section 13.2.2.4.
    #[must_use]
    pub fn answers_no_offer(mut self) -> Self {
        self.owes_answer = true;
        self
    }

    /// Says in its INVITEs that it knows reliable provisional responses.
    #[must_use]
    pub fn knows_100rel(mut self) -> Self {
        self.reliable = Reliably::Supported;
        self
    }

    /// Requires reliable provisional responses.
    #[must_use]
    pub fn requires_100rel(mut self) -> Self {
        self.reliable = Reliably::Required;
        self
    }

    /// Acknowledges no provisional response, against RFC 3262 section 4.
    #[must_use]
    pub fn sends_no_prack(mut self) -> Self {
        self.forgets_prack = true;
        self
    }

    /// Makes a new offer, a hold, in the PRACK of an answer.
    #[must_use]
    pub fn holds_in_prack(mut self) -> Self {
        self.offers_in_prack = true;
        self
    }

    /// Takes UPDATE, and says so.
    #[must_use]
    pub fn takes_update(mut self) -> Self {
        self.updates = true;
        self
    }

    /// Lets the PBX change who it says it is in a call (RFC 4916), and says so.
    #[must_use]
    pub fn takes_from_change(mut self) -> Self {
        self.from_change = true;
        self
    }

    /// Has session timers of this interval.
    #[must_use]
    pub fn session_timer(self, secs: u32) -> Self {
        self.with_timer(SessionTimer { secs, min: 90, refresher: None, refreshes: true })
    }

    /// Has these session timers.
    #[must_use]
    pub fn with_timer(mut self, timer: SessionTimer) -> Self {
        self.timer = Some(timer);
        self
    }

    /// Is behind a proxy that forks: another phone treats the INVITE by these steps.
    #[must_use]
    pub fn forks_to(mut self, script: Vec<(Duration, Reply)>) -> Self {
        self.forks.push(script);
        self
    }

    /// When cancelled, answers the call all the same: its 200 was already on its way.
    #[must_use]
    pub fn answers_when_cancelled(mut self) -> Self {
        self.answers_cancelled = true;
        self
    }
}
