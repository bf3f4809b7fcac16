//! Secrets at rest: XChaCha20-Poly1305 with a random nonce, bound to the row and column that hold them, so that
//! a sealed value copied to another row does not open there.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::password::random;
use crate::{Key, StoreError};

/// Where a sealed value lives; authenticated with it.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Table and column, such as `extensions.password`.
    pub(crate) column: &'static str,
    /// The row's id.
    pub(crate) row: &'a str,
}

/// Seals and opens values under one key.
#[derive(Clone)]
pub(crate) struct Seal {
    cipher: XChaCha20Poly1305,
}

impl Seal {
    pub(crate) fn new(key: &Key) -> Self {
        Self { cipher: XChaCha20Poly1305::new(key.bytes().into()) }
    }

    /// The sealed form of `clear`, as text for a column.
    pub(crate) fn seal(&self, place: Place<'_>, clear: &[u8]) -> Result<String, StoreError> {
        let nonce: [u8; NONCE] = random()?;
        let aad = place.to_string();
        let payload = Payload { msg: clear, aad: aad.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Sealed { place: aad.clone() })?;
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        Ok(format!("{VERSION}{}", STANDARD_NO_PAD.encode(bytes)))
    }

    /// The value that was sealed at this place.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when it was changed, moved, or sealed under another key.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &str) -> Result<Vec<u8>, StoreError> {
        self.try_open(place, sealed).ok_or_else(|| StoreError::Sealed { place: place.to_string() })
    }

    fn try_open(&self, place: Place<'_>, sealed: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD_NO_PAD.decode(sealed.strip_prefix(VERSION)?).ok()?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE>()?;
        let aad = place.to_string();
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad: aad.as_bytes() }).ok()
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.column, self.row)
    }
}

const NONCE: usize = 24;
/// Names the algorithm, so that another one can follow beside it.
const VERSION: &str = "x1:";

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { column: "extensions.password", row: "1" };

    #[test]
    fn opens_only_in_its_own_row_and_column() {
        let seal = Seal::new(&Key::from_bytes([1; 32]));
        let sealed = seal.seal(HERE, b"geheim").unwrap();
        assert_eq!(seal.open(HERE, &sealed).unwrap(), b"geheim");
        assert!(seal.open(Place { row: "2", ..HERE }, &sealed).is_err());
        assert!(seal.open(Place { column: "extensions.ha1_md5", ..HERE }, &sealed).is_err());
    }

    #[test]
    fn does_not_open_under_another_key_or_when_changed() {
        let seal = Seal::new(&Key::from_bytes([1; 32]));
        let sealed = seal.seal(HERE, b"geheim").unwrap();
        assert!(Seal::new(&Key::from_bytes([2; 32])).open(HERE, &sealed).is_err());
        let mut changed = sealed.clone();
        changed.replace_range(10..11, if &sealed[10..11] == "A" { "B" } else { "A" });
        assert!(seal.open(HERE, &changed).is_err());
        for broken in ["", "x1:", "x1:AAAA", "y1:AAAA", "x1:\u{fffd}"] {
            assert!(seal.open(HERE, broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn never_seals_the_same_way_twice() {
        let seal = Seal::new(&Key::from_bytes([1; 32]));
        assert_ne!(seal.seal(HERE, b"geheim").unwrap(), seal.seal(HERE, b"geheim").unwrap());
    }
}
