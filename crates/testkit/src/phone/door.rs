//! The far end of a trunk: a registrar, and a door that asks who calls, by the digest server that the PBX has too.

use std::net::IpAddr;
use std::time::Instant;

use kiestoon_sip::digest::{Algorithm, Credentials, DigestServer, DigestSettings, Ha1Set};
use kiestoon_sip::{HeaderName, Request};

use super::wire::Asked;
use super::{Phone, Profile};

/// What is asked, and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asks {
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) whom: Whom,
    /// Whether a nonce is good for one request only.
    pub(crate) each_time: bool,
}

/// What the registrar of a trunk grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grants {
    /// What it is asked for, but no longer than so many seconds.
    Most(u32),
    /// So many seconds, whatever it is asked for.
    Whatever(u32),
    /// Nothing that is not one second longer than what it is asked for.
    More,
}

/// Which requests are challenged, besides REGISTER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// INVITEs that begin a call.
    Callers,
    /// Those in a dialog too.
    All,
    /// Those in a dialog alone.
    Talkers,
    /// The same, whatever they answer.
    TalkersForever,
}

impl Whom {
    pub(crate) fn are_callers(self) -> bool {
        matches!(self, Self::Callers | Self::All)
    }

    pub(crate) fn are_talkers(self) -> bool {
        self != Self::Callers
    }
}

/// Lets those pass who know the password.
#[derive(Debug)]
pub(crate) struct Door {
    digest: DigestServer,
    asks: Asks,
}

impl Door {
    pub(crate) fn new(asks: Asks) -> Self {
        let settings = DigestSettings { algorithms: vec![asks.algorithm], ..DigestSettings::default() };
        Self { digest: DigestServer::new([3; 32], settings), asks }
    }

    /// The challenge of a request that may not pass.
    pub(crate) fn stops(&mut self, request: &Request, source: IpAddr) -> Option<String> {
        let Asks { login, password, .. } = &self.asks;
        let ha1 = Ha1Set::from_password(login, REALM, password);
        let names = [HeaderName::ProxyAuthorization, HeaderName::Authorization];
        let given = names.iter().find_map(|name| request.headers.get(name));
        let given = given.and_then(|value| Credentials::parse(value).ok());
        let is_known = given.is_some_and(|given| {
            let is_worn = self.asks.each_time && given.qop.as_ref().is_some_and(|qop| qop.count > 1);
            given.username == *login
                && !is_worn
                && self.digest.verify(0, source, request, &given, &ha1).is_ok()
        });
        if is_known && (request.to.tag().is_none() || self.asks.whom != Whom::TalkersForever) {
            return None;
        }
        self.digest.challenge(0, REALM, source, false).pop()
    }
}

impl Profile {
    /// Asks so in dialogs too.
    #[must_use]
    pub fn in_dialogs_too(self) -> Self {
        self.asking(Whom::All)
    }

    /// Asks so in dialogs, and nobody who calls.
    #[must_use]
    pub fn in_dialogs_alone(self) -> Self {
        self.asking(Whom::Talkers)
    }

    /// Asks so in dialogs, nobody who calls, and again and again.
    #[must_use]
    pub fn in_dialogs_forever(self) -> Self {
        self.asking(Whom::TalkersForever)
    }

    /// Asks anew each time: one nonce serves one request.
    #[must_use]
    pub fn each_time(mut self) -> Self {
        self.asks.as_mut().expect("who asks for a name and a password").each_time = true;
        self
    }

    /// Its registrar grants so many seconds, whatever it is asked for.
    #[must_use]
    pub fn grants(mut self, seconds: u32) -> Self {
        self.grants = Grants::Whatever(seconds);
        self
    }

    /// Its registrar wants to be asked for one second more each time (423).
    #[must_use]
    pub fn wants_ever_longer_bindings(mut self) -> Self {
        self.grants = Grants::More;
        self
    }

    fn asking(mut self, whom: Whom) -> Self {
        self.asks.as_mut().expect("who asks for a name and a password").whom = whom;
        self
    }
}

impl Phone {
    /// The challenge of a request in a dialog.
    pub(super) fn challenges_within(&mut self, request: &Request) -> Option<String> {
        let source = self.flow.remote.ip();
        let door = self.door.as_mut().filter(|door| door.asks.whom.are_talkers())?;
        door.stops(request, source)
    }

    /// The challenge of an INVITE that begins a call.
    pub(super) fn challenges_caller(&mut self, request: &Request) -> Option<String> {
        let source = self.flow.remote.ip();
        let door = self.door.as_mut().filter(|door| door.asks.whom.are_callers())?;
        door.stops(request, source)
    }

    /// The registrar of a trunk: binds whatever contact comes.
    pub(super) fn registers(&mut self, now: Instant, asked: &Asked, request: &Request) {
        let source = self.flow.remote.ip();
        if let Some(challenge) = self.door.as_mut().and_then(|door| door.stops(request, source)) {
            let headers = [(HeaderName::WwwAuthenticate, challenge)];
            return self.answer_with(now, asked, request, 401, &headers);
        }
        let contact = request.headers.get(&HeaderName::Contact).unwrap_or_default();
        let asked_for = request.headers.expires().unwrap_or(LONGEST);
        let expires = match self.profile.grants {
            _ if asked_for == 0 => 0,
            Grants::Most(most) => asked_for.min(most),
            Grants::Whatever(seconds) => seconds,
            Grants::More => {
                let least = (HeaderName::MinExpires, asked_for.saturating_add(1).to_string());
                return self.answer_with(now, asked, request, 423, &[least]);
            }
        };
        let headers = [(HeaderName::Contact, format!("{contact};expires={expires}"))];
        self.answer_with(now, asked, request, 200, &headers);
    }
}

const REALM: &str = "carrier.example";
/// Seconds that a registrar grants who is told nothing else.
pub(super) const LONGEST: u32 = 120;
