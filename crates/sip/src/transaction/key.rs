//! What finds a transaction: our own branches for responses, a keyed hash for requests (RFC 3261 sections 17.1.3
//! and 17.2.3).

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;

use rand_chacha::ChaCha12Rng;
use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::header::Via;
use crate::message::{Method, Request};

/// A branch that we made: it names its transaction, and no stranger can guess it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OwnBranch {
    pub(super) id: u64,
    pub(super) secret: u64,
}

impl OwnBranch {
    /// `None` for a branch of somebody else.
    pub(super) fn parse(branch: &str) -> Option<Self> {
        let text = branch.strip_prefix(Via::MAGIC_COOKIE)?;
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let (id, secret) = text.split_at_checked(16)?;
        Some(Self { id: u64::from_str_radix(id, 16).ok()?, secret: u64::from_str_radix(secret, 16).ok()? })
    }
}

impl fmt::Display for OwnBranch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:016x}{:016x}", Via::MAGIC_COOKIE, self.id, self.secret)
    }
}

/// The matching rules of section 17.2.3 as one value: 128 bits of a hash whose key no peer knows, so that
/// two requests cannot be made to collide, and a table of them needs no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ServerKey(u128);

/// Makes [`ServerKey`]s.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeyMaker {
    seeds: [[u64; 2]; 2],
    /// What is hashed; kept so that no request allocates for it.
    #[serde(skip)]
    text: Vec<u8>,
}

impl KeyMaker {
    pub(super) fn new(rng: &mut ChaCha12Rng) -> Self {
        let seeds = [[rng.next_u64(), rng.next_u64()], [rng.next_u64(), rng.next_u64()]];
        Self { seeds, text: Vec::new() }
    }

    /// The transaction that a request belongs to. `method` is INVITE for ACK and CANCEL, which are looked up
    /// as the INVITE that they follow.
    ///
    /// The source's address is part of it, beyond the RFC: nobody else can then meddle with a transaction, and
    /// phones behind different NATs that choose the same weak branch stay apart.
    pub(super) fn transaction(
        &mut self,
        request: &Request,
        via: &Via,
        source: IpAddr,
        method: &Method,
    ) -> ServerKey {
        let text = &mut self.text;
        text.clear();
        put_address(text, source);
        via.host.write(text);
        text.extend_from_slice(&via.port.unwrap_or_default().to_be_bytes());
        put_part(text, method.as_str());
        match via.rfc3261_branch() {
            Some(branch) => put_part(text, branch),
            None => put_rfc2543(text, request, via),
        }
        // Hosts and branches compare without case.
        text.make_ascii_lowercase();
        self.key()
    }

    /// The same request, by whatever way it came (RFC 3261 section 8.2.2.2).
    pub(super) fn merge(&mut self, request: &Request) -> ServerKey {
        let text = &mut self.text;
        text.clear();
        put_part(text, request.from.tag().unwrap_or_default());
        put_part(text, &request.call_id);
        put_part(text, request.method.as_str());
        text.extend_from_slice(&request.cseq.number.to_be_bytes());
        self.key()
    }

    fn key(&self) -> ServerKey {
        let half = |seeds: [u64; 2]| {
            let mut hash = DefaultHasher::new();
            for seed in seeds {
                hash.write_u64(seed);
            }
            hash.write(&self.text);
            hash.finish()
        };
        let [first, second] = self.seeds;
        ServerKey(u128::from(half(first)) << 64 | u128::from(half(second)))
    }
}

/// Elements of RFC 2543 make no unique branches: Request-URI, From tag, Call-ID, CSeq number and the whole
/// top Via decide. The To tag is left out, since the ACK has one and its INVITE has not.
fn put_rfc2543(text: &mut Vec<u8>, request: &Request, via: &Via) {
    request.uri.write(text);
    put_part(text, request.from.tag().unwrap_or_default());
    put_part(text, &request.call_id);
    text.extend_from_slice(&request.cseq.number.to_be_bytes());
    for (name, value) in via.params.iter().filter(|(name, _)| !matches!(*name, "received" | "rport")) {
        put_part(text, name);
        put_part(text, value.unwrap_or_default());
    }
}

/// Adds a part with an end that cannot stand in it.
fn put_part(text: &mut Vec<u8>, part: &str) {
    text.extend_from_slice(part.as_bytes());
    text.push(0);
}

fn put_address(text: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => text.extend_from_slice(&v4.octets()),
        IpAddr::V6(v6) => text.extend_from_slice(&v6.octets()),
    }
    text.push(0);
}

/// For keys that no peer chooses: our counters, and [`ServerKey`]s, which are hashes already.
#[derive(Default)]
pub(super) struct OwnKeyHasher(u64);

/// A map over such keys.
pub(super) type OwnKeyMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<OwnKeyHasher>>;

impl Hasher for OwnKeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        // The golden ratio spreads counters over the high bits, the rotation brings them down again.
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }

    fn write_u128(&mut self, value: u128) {
        let [low, high] =
            [value, value >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0));
        self.0 ^= low ^ high.rotate_left(17);
    }
}
