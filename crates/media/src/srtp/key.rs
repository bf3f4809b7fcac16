//! Master keys: read from SDP or made for a leg, wiped when they are dropped, and never shown.

use std::fmt;

use zeroize::Zeroize;

use serde::{Deserialize, Serialize};

use super::Suite;

/// The longest master key with its salt: AES-256 in counter mode.
const LONGEST: usize = 46;

/// A master key and its salt. Its `Debug` shows neither.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "(Suite, Vec<u8>)", try_from = "(Suite, Vec<u8>)")]
pub struct MasterKey {
    suite: Suite,
    bytes: [u8; LONGEST],
}

impl MasterKey {
    /// A key of the key bytes and the salt after them; None where their number is not that of the suite.
    pub fn new(suite: Suite, key_and_salt: &[u8]) -> Option<Self> {
        let length = suite.key_bytes().saturating_add(suite.salt_bytes());
        if key_and_salt.len() != length {
            return None;
        }
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..length)?.copy_from_slice(key_and_salt);
        Some(Self { suite, bytes })
    }

    /// The suite that the key is for.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// The key and the salt after it, as SDP carries them.
    pub fn expose(&self) -> &[u8] {
        let length = self.suite.key_bytes().saturating_add(self.suite.salt_bytes());
        self.bytes.get(..length).unwrap_or_default()
    }

    pub(super) fn key(&self) -> &[u8] {
        self.bytes.get(..self.suite.key_bytes()).unwrap_or_default()
    }

    pub(super) fn salt(&self) -> &[u8] {
        self.expose().get(self.suite.key_bytes()..).unwrap_or_default()
    }
}

impl From<MasterKey> for (Suite, Vec<u8>) {
    fn from(key: MasterKey) -> Self {
        (key.suite, key.expose().to_vec())
    }
}

impl TryFrom<(Suite, Vec<u8>)> for MasterKey {
    type Error = &'static str;

    fn try_from((suite, bytes): (Suite, Vec<u8>)) -> Result<Self, &'static str> {
        Self::new(suite, &bytes).ok_or("a key of another length")
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, redacted)", self.suite.name())
    }
}

/// The keys that we protect one leg with: one for each suite, because a key may serve one suite only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalKeys {
    keys: Vec<MasterKey>,
}

impl LocalKeys {
    /// Fresh keys. `fill` writes random bytes that nobody can guess.
    pub fn generate(mut fill: impl FnMut(&mut [u8])) -> Self {
        let keys = Suite::ALL.into_iter().filter_map(|suite| {
            let mut bytes = [0; LONGEST];
            let length = suite.key_bytes().saturating_add(suite.salt_bytes());
            let random = bytes.get_mut(..length)?;
            fill(random);
            let key = MasterKey::new(suite, random);
            bytes.zeroize();
            key
        });
        Self { keys: keys.collect() }
    }

    /// The key of a suite.
    pub fn of(&self, suite: Suite) -> Option<&MasterKey> {
        self.keys.iter().find(|key| key.suite == suite)
    }

    /// All of them, in the order that they are offered.
    pub fn iter(&self) -> impl Iterator<Item = &MasterKey> {
        self.keys.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown() {
        let key = MasterKey::new(Suite::AesCm128Sha1_80, &[0x5a; 30]).unwrap();
        let shown = format!("{key:?} {key:#?}");
        assert!(!shown.contains("90") && !shown.contains("5a"), "{shown}");
    }

    #[test]
    fn a_key_has_the_length_of_its_suite() {
        for (suite, length) in [
            (Suite::AesCm128Sha1_32, 30),
            (Suite::AesCm256Sha1_80, 46),
            (Suite::AesGcm128, 28),
            (Suite::AesGcm256, 44),
        ] {
            assert_eq!(MasterKey::new(suite, &vec![7; length]).unwrap().expose().len(), length);
            assert_eq!(MasterKey::new(suite, &vec![7; length + 1]), None);
            assert_eq!(MasterKey::new(suite, &vec![7; length - 1]), None);
        }
    }

    #[test]
    fn every_suite_gets_a_key_of_its_own() {
        let mut next = 0;
        let keys = LocalKeys::generate(|bytes| {
            bytes.fill_with(|| {
                next += 1;
                next
            });
        });
        assert_eq!(keys.iter().count(), Suite::ALL.len());
        assert_ne!(
            keys.of(Suite::AesCm128Sha1_80).unwrap().key(),
            keys.of(Suite::AesCm128Sha1_32).unwrap().key()
        );
    }
}
