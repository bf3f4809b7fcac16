//! The hash functions of digest authentication, and HA1 in each of them. Nothing here allocates: hashes and
//! their hexadecimal forms live on the stack, for a registrar computes several for every REGISTER.

use std::fmt;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use sha2::{Sha256, Sha512_256};

/// A hash algorithm (RFC 7616 section 3.3), without the `-sess` forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// MD5: what every desk phone speaks, and what is meant where no algorithm is named.
    Md5,
    /// SHA-256 (RFC 8760).
    Sha256,
    /// SHA-512 truncated to 256 bits (RFC 8760).
    Sha512_256,
}

impl Algorithm {
    /// The token of the `algorithm` parameter.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// Reads a token, in any case; `None` for what we do not speak (`-sess` included).
    #[must_use]
    pub fn from_token(token: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256, Self::Sha512_256]
            .into_iter()
            .find(|a| a.token().eq_ignore_ascii_case(token))
    }

    /// The hash over the parts joined by colons.
    pub(super) fn hash(self, parts: &[&[u8]]) -> Hash {
        match self {
            Self::Md5 => {
                let mut bytes = [0; 32];
                let (head, _) = bytes.split_at_mut(16);
                head.copy_from_slice(&joined::<Md5>(parts));
                Hash { bytes, len: 16 }
            }
            Self::Sha256 => Hash { bytes: joined::<Sha256>(parts).into(), len: 32 },
            Self::Sha512_256 => Hash { bytes: joined::<Sha512_256>(parts).into(), len: 32 },
        }
    }

    /// HA1 of a password: the hash over `username:realm:password`.
    pub(super) fn ha1(self, username: &str, realm: &str, password: &str) -> Hash {
        self.hash(&[username.as_bytes(), realm.as_bytes(), password.as_bytes()])
    }
}

/// HA1 of one user in each algorithm that may be asked for; plain hashes, so the password itself can be forgotten.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Ha1Set {
    /// For [`Algorithm::Md5`].
    pub md5: Option<[u8; 16]>,
    /// For [`Algorithm::Sha256`].
    pub sha256: Option<[u8; 32]>,
    /// For [`Algorithm::Sha512_256`].
    pub sha512_256: Option<[u8; 32]>,
}

impl Ha1Set {
    /// All forms of a clear password.
    #[must_use]
    pub fn from_password(username: &str, realm: &str, password: &str) -> Self {
        let parts: &[&[u8]] = &[username.as_bytes(), realm.as_bytes(), password.as_bytes()];
        Self {
            md5: Some(joined::<Md5>(parts).into()),
            sha256: Some(joined::<Sha256>(parts).into()),
            sha512_256: Some(joined::<Sha512_256>(parts).into()),
        }
    }

    pub(super) fn hash(&self, algorithm: Algorithm) -> Option<Hash> {
        match algorithm {
            Algorithm::Md5 => self.md5.map(|md5| {
                let mut bytes = [0; 32];
                let (head, _) = bytes.split_at_mut(16);
                head.copy_from_slice(&md5);
                Hash { bytes, len: 16 }
            }),
            Algorithm::Sha256 => self.sha256.map(|bytes| Hash { bytes, len: 32 }),
            Algorithm::Sha512_256 => self.sha512_256.map(|bytes| Hash { bytes, len: 32 }),
        }
    }
}

/// HA1 is as good as the password: it is not printed.
impl fmt::Debug for Ha1Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1Set(..)")
    }
}

/// A hash of 16 or 32 bytes.
#[derive(Clone, Copy)]
pub(super) struct Hash {
    bytes: [u8; 32],
    len: usize,
}

impl Hash {
    /// Its lower-case hexadecimal form, which is what enters the next hash.
    pub(super) fn hex(&self) -> Hex {
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.bytes) {
            pair.copy_from_slice(&[nibble(byte >> 4), nibble(byte & 15)]);
        }
        Hex { text, len: self.len * 2 }
    }
}

/// The hexadecimal form of a [`struct@Hash`].
pub(super) struct Hex {
    text: [u8; 64],
    len: usize,
}

impl Hex {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Compares in a time that does not depend on where the two differ; upper-case digits are equal.
    pub(super) fn equals(&self, text: &str) -> bool {
        let (ours, theirs) = (self.as_bytes(), text.as_bytes());
        ours.len() == theirs.len()
            && ours.iter().zip(theirs).fold(0, |sum, (a, b)| sum | (a ^ b.to_ascii_lowercase())) == 0
    }
}

fn joined<D: Digest>(parts: &[&[u8]]) -> md5::digest::Output<D> {
    let mut hash = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hash.finalize()
}

fn nibble(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}
