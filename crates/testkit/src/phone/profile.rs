//! What a scripted phone is like: who it is, how it registers, how it treats a call.

use std::time::Duration;

use kiestoon_sip::Transport;

use crate::story::PhoneId;

/// A phone before it stands on the network.
#[derive(Debug, Clone)]
pub struct Profile {
    pub(crate) number: String,
    pub(crate) password: Option<String>,
    pub(crate) transport: Transport,
    pub(crate) expires: u32,
    pub(crate) q: Option<String>,
    pub(crate) script: Vec<(Duration, Reply)>,
    pub(crate) reinvite: Reinvites,
    pub(crate) hangs_up_after: Option<Duration>,
    pub(crate) hears_nothing: bool,
    pub(crate) answers_cancelled: bool,
    pub(crate) waits_for_ack: bool,
    pub(crate) owes_answer: bool,
    pub(crate) site: Site,
    pub(crate) beside: Option<PhoneId>,
}

/// Where a phone stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    Office,
    Nat,
    Ipv6,
}

/// One step of what a phone does with an INVITE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// 100 Trying.
    Trying,
    /// 180 Ringing without a body.
    Ringing,
    /// 183 with a session description: the caller already hears something.
    EarlyMedia,
    /// 200 with a session description.
    Answer,
    /// A final refusal.
    Refuse(u16),
    /// 302 with this number, or URI, as the contact.
    Redirect(String),
}

/// What a phone does with a re-INVITE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reinvites {
    /// 200.
    Accepted,
    /// This status.
    Refused(u16),
}

/// A phone of an extension: registers for an hour over UDP, rings at once and answers after a second.
pub fn phone(number: &str) -> Profile {
    Profile {
        number: number.to_owned(),
        password: None,
        transport: Transport::Udp,
        expires: 3600,
        q: None,
        script: vec![(Duration::ZERO, Reply::Ringing), (Duration::from_secs(1), Reply::Answer)],
        reinvite: Reinvites::Accepted,
        hangs_up_after: None,
        hears_nothing: false,
        answers_cancelled: false,
        waits_for_ack: true,
        owes_answer: false,
        site: Site::Office,
        beside: None,
    }
}

impl Profile {
    /// Uses TCP, over a connection of its own.
    #[must_use]
    pub fn over_tcp(mut self) -> Self {
        self.transport = Transport::Tcp;
        self
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

    /// Refuses re-INVITEs with a status.
    #[must_use]
    pub fn refuses_reinvites(mut self, status: u16) -> Self {
        self.reinvite = Reinvites::Refused(status);
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

    /// When cancelled, answers the call all the same: its 200 was already on its way.
    #[must_use]
    pub fn answers_when_cancelled(mut self) -> Self {
        self.answers_cancelled = true;
        self
    }
}
