//! The server side: challenges that cost no memory, and the check of what comes back.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::message::Request;
use crate::uri::Uri;

use super::algorithm::Hash;
use super::nonce::{Nonce, Signer};
use super::replay::Replay;
use super::{Algorithm, Credentials, DigestFailure, Ha1Set};

/// How a [`DigestServer`] challenges.
#[derive(Debug, Clone)]
pub struct DigestSettings {
    /// Offered in this order, one challenge each. As shipped MD5 alone: Debian's baresip and JsSIP give up on
    /// any other challenge, even when it stands second.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce may be used, in seconds.
    pub nonce_lifetime_secs: u32,
    /// How many used nonces are remembered against replay. When full, the oldest are forgotten and count as
    /// stale: their clients retry with a fresh nonce.
    pub remembered_nonces: usize,
}

impl Default for DigestSettings {
    fn default() -> Self {
        Self { algorithms: vec![Algorithm::Md5], nonce_lifetime_secs: 300, remembered_nonces: 262_144 }
    }
}

/// Challenges requests and checks their credentials. Times are seconds since 1970; a clock that is set back
/// stands still here until it has caught up.
#[derive(Serialize)]
pub struct DigestServer {
    #[serde(skip)]
    settings: DigestSettings,
    key: [u8; 32],
    #[serde(skip)]
    signer: Signer,
    replay: Replay,
    sequence: u32,
    clock: u32,
    compared: u64,
    /// Where Request-URIs are written for comparison; kept so that no request allocates for it.
    #[serde(skip)]
    scratch: Vec<u8>,
}

/// What a [`DigestServer`] serialises to; [`DigestServer::thaw`] takes it back. It holds the key of its nonces.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenDigestServer {
    key: [u8; 32],
    replay: Replay,
    sequence: u32,
    clock: u32,
    compared: u64,
}

impl DigestServer {
    /// `nonce_key` is secret; a key that outlives a restart keeps the nonces of before it valid.
    #[must_use]
    pub fn new(nonce_key: [u8; 32], settings: DigestSettings) -> Self {
        let replay = Replay::new(settings.remembered_nonces);
        Self {
            settings,
            key: nonce_key,
            signer: Signer::new(nonce_key),
            replay,
            sequence: 0,
            clock: 0,
            compared: 0,
            scratch: Vec::new(),
        }
    }

    /// The server that was frozen: its nonces are good, and their uses known.
    #[must_use]
    pub fn thaw(frozen: FrozenDigestServer, settings: DigestSettings) -> Self {
        let FrozenDigestServer { key, replay, sequence, clock, compared } = frozen;
        let replay = replay.thawed(settings.remembered_nonces);
        Self { replay, sequence, clock, compared, ..Self::new(key, settings) }
    }

    /// The values of the `WWW-Authenticate` or `Proxy-Authenticate` header fields, one an algorithm. The nonce is good for
    /// answers from `source` (its network, for IPv6). `stale` says that only the nonce was no good.
    pub fn challenge(&mut self, unix_secs: u64, realm: &str, source: IpAddr, stale: bool) -> Vec<String> {
        let issued = self.advance_clock(unix_secs);
        self.sequence = self.sequence.wrapping_add(1);
        let nonce = self.signer.sign(Nonce { issued, sequence: self.sequence }, realm, source);
        self.settings.algorithms.iter().map(|algorithm| challenge(*algorithm, realm, &nonce, stale)).collect()
    }

    /// Checks the credentials that came with a request from `source`, and enters the use of their nonce. The password counts
    /// only over a nonce that is good: a guess needs a challenge that was received.
    ///
    /// The caller has looked `ha1` up by `credentials.username` and `credentials.realm`. For an unknown user it
    /// still calls this, with any HA1, so that the time taken does not tell who exists.
    ///
    /// # Errors
    /// See [`DigestFailure`]; each variant says what the caller answers.
    pub fn verify(
        &mut self,
        unix_secs: u64,
        source: IpAddr,
        request: &Request,
        credentials: &Credentials<'_>,
        ha1: &Ha1Set,
    ) -> Result<(), DigestFailure> {
        let now = self.advance_clock(unix_secs);
        if !self.settings.algorithms.contains(&credentials.algorithm) {
            return Err(DigestFailure::Unsupported("algorithm"));
        }
        let ha1 = ha1.hash(credentials.algorithm).ok_or(DigestFailure::Unsupported("algorithm"))?;
        if !covers(&credentials.uri, &request.uri, &mut self.scratch) {
            return Err(DigestFailure::WrongUri);
        }
        let nonce = self.signer.open(&credentials.nonce, &credentials.realm, source);
        let Some(nonce) = nonce.filter(|nonce| !self.is_stale(*nonce, now)) else {
            return Err(DigestFailure::Stale);
        };
        self.compared = self.compared.saturating_add(1);
        if !response(credentials, request.method.as_str(), ha1).hex().equals(&credentials.response) {
            return Err(DigestFailure::WrongResponse);
        }
        // RFC 2069 clients send neither qop nor nc, and RFC 3261 section 22.4 accepts them. Nothing in their
        // digest counts, so each of their nonces works once.
        let count = credentials.qop.as_ref().map(|qop| qop.count);
        if self.replay.enter(nonce, count) { Ok(()) } else { Err(DigestFailure::Replayed) }
    }

    /// How many responses were computed and compared so far: the work that credentials cause.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.compared
    }

    fn is_stale(&self, nonce: Nonce, now: u32) -> bool {
        let lifetime = self.settings.nonce_lifetime_secs;
        nonce.issued < self.replay.floor()
            || now.saturating_sub(nonce.issued) > lifetime
            || nonce.issued.saturating_sub(now) > lifetime
    }

    /// Time never runs backwards, and stays above what the replay table has forgotten, so that a nonce
    /// issued now is always good.
    fn advance_clock(&mut self, unix_secs: u64) -> u32 {
        let now = u32::try_from(unix_secs).unwrap_or(u32::MAX);
        if now > self.clock {
            self.clock = now;
            self.replay.forget_before(now.saturating_sub(self.settings.nonce_lifetime_secs));
        }
        self.clock = self.clock.max(self.replay.floor());
        self.clock
    }
}

impl fmt::Debug for FrozenDigestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenDigestServer").finish_non_exhaustive()
    }
}

impl fmt::Debug for DigestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestServer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The response that the credentials should carry (RFC 7616 section 3.4.1).
fn response(credentials: &Credentials<'_>, method: &str, ha1: Hash) -> Hash {
    let algorithm = credentials.algorithm;
    let ha1 = ha1.hex();
    let ha2 = algorithm.hash(&[method.as_bytes(), credentials.uri.as_bytes()]).hex();
    let nonce = credentials.nonce.as_bytes();
    match &credentials.qop {
        None => algorithm.hash(&[ha1.as_bytes(), nonce, ha2.as_bytes()]),
        Some(qop) => {
            let (nc, cnonce) = (qop.nc.as_bytes(), qop.cnonce.as_bytes());
            algorithm.hash(&[ha1.as_bytes(), nonce, nc, cnonce, qop.qop.as_bytes(), ha2.as_bytes()])
        }
    }
}

fn challenge(algorithm: Algorithm, realm: &str, nonce: &str, stale: bool) -> String {
    let mut value = String::with_capacity(96 + realm.len());
    value.push_str("Digest realm=\"");
    for character in realm.chars() {
        if matches!(character, '"' | '\\') {
            value.push('\\');
        }
        value.push(character);
    }
    value.push_str("\", nonce=\"");
    value.push_str(nonce);
    value.push_str("\", qop=\"auth\", algorithm=");
    value.push_str(algorithm.token());
    if stale {
        value.push_str(", stale=true");
    }
    value
}

/// Whether the URI in the credentials is the one that the request asks for (RFC 7616 section 3.4.6). Some phones leave
/// parameters or the default port out of one of the two, so for SIP URIs user, host and port decide; SIPp and some
/// phones name the server alone, which is let through: a nonce and its count are good for one request anyhow.
fn covers(text: &str, uri: &Uri, scratch: &mut Vec<u8>) -> bool {
    scratch.clear();
    uri.write(scratch);
    if scratch == text.as_bytes() {
        return true;
    }
    let Ok(covered) = Uri::parse(text) else { return false };
    match (&covered, uri) {
        (Uri::Sip(a), Uri::Sip(b)) => {
            let same_user = a.user.is_none() || a.user == b.user;
            same_user && a.host == b.host && a.port_or_default() == b.port_or_default()
        }
        _ => covered.equivalent(uri),
    }
}
