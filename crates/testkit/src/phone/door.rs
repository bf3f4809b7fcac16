//! The far end of a trunk: a registrar, and a door that asks who calls, by the digest server that the PBX has too.

use std::net::IpAddr;
use std::time::Instant;

use kiestoon_sip::digest::{Algorithm, Credentials, DigestServer, DigestSettings, Ha1Set};
use kiestoon_sip::{HeaderName, Request};

use super::Phone;
use super::wire::Asked;

/// What is asked, and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asks {
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) algorithm: Algorithm,
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
            given.username == *login && self.digest.verify(0, source, request, &given, &ha1).is_ok()
        });
        if is_known {
            return None;
        }
        self.digest.challenge(0, REALM, source, false).pop()
    }
}

impl Phone {
    /// The registrar of a trunk: binds whatever contact comes, for as long as it wants, but no longer than two minutes.
    pub(super) fn registers(&mut self, now: Instant, asked: &Asked, request: &Request) {
        let source = self.flow.remote.ip();
        if let Some(challenge) = self.door.as_mut().and_then(|door| door.stops(request, source)) {
            let headers = [(HeaderName::WwwAuthenticate, challenge)];
            return self.answer_with(now, asked, request, 401, &headers);
        }
        let contact = request.headers.get(&HeaderName::Contact).unwrap_or_default();
        let expires = request.headers.expires().unwrap_or(120).min(120);
        let headers = [(HeaderName::Contact, format!("{contact};expires={expires}"))];
        self.answer_with(now, asked, request, 200, &headers);
    }
}

const REALM: &str = "carrier.example";
