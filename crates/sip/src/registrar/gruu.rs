//! Temporary GRUUs (RFC 5627): addresses of one phone that do not show whose it is. They are made and read with a key alone:
//! nothing is kept of them, and each is good as long as its phone stays registered under the same Call-ID.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Makes and reads temporary GRUUs with one key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "[u8; 32]", from = "[u8; 32]")]
pub struct Gruus {
    key: [u8; 32],
    keyed: Hmac<Sha256>,
}

/// One registration of one phone, as a temporary GRUU names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device([u8; DEVICE]);

impl From<Gruus> for [u8; 32] {
    fn from(gruus: Gruus) -> Self {
        gruus.key
    }
}

impl From<[u8; 32]> for Gruus {
    fn from(key: [u8; 32]) -> Self {
        Self::new(key)
    }
}

impl Gruus {
    /// With a secret key; another key makes the GRUUs of before unreadable.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        // HMAC pads a key with zeros to its block; done here, the constructor cannot fail.
        let mut block = [0; 64];
        let (head, _) = block.split_at_mut(32);
        head.copy_from_slice(&key);
        Self { key, keyed: Hmac::new(&block.into()) }
    }

    /// The name of a registration: of the instance that made it, and its Call-ID.
    #[must_use]
    pub fn device(&self, instance: &str, call_id: &str) -> Device {
        let hash = self.hash(&[b"device", instance.as_bytes(), b"\0", call_id.as_bytes()]);
        Device(first(&hash))
    }

    /// The user part of a temporary GRUU. Two of them with another `salt` cannot be told to be of one phone.
    #[must_use]
    pub fn temporary(&self, number: &str, device: Device, salt: u64) -> String {
        let salt = salt.to_be_bytes();
        let mut hidden: Vec<u8> = device.0.iter().copied().chain(number.bytes()).collect();
        self.cover(salt, &mut hidden);
        let seal: [u8; SEAL] = first(&self.hash(&[b"seal", &salt, &hidden]));
        let raw: Vec<u8> = salt.into_iter().chain(seal).chain(hidden).collect();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(raw))
    }

    /// The number and the registration that a user part names; None where it is no temporary GRUU of this key.
    #[must_use]
    pub fn open(&self, user: &str) -> Option<(String, Device)> {
        let text = user.strip_prefix(PREFIX).filter(|text| text.len() <= LONGEST)?;
        let raw = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (salt, rest) = raw.split_first_chunk::<8>()?;
        let (seal, hidden) = rest.split_first_chunk::<SEAL>()?;
        if first::<SEAL>(&self.hash(&[b"seal", salt, hidden])) != *seal {
            return None;
        }
        let mut clear = hidden.to_vec();
        self.cover(*salt, &mut clear);
        let (device, number) = clear.split_first_chunk::<DEVICE>()?;
        Some((String::from_utf8(number.to_vec()).ok()?, Device(*device)))
    }

    /// Whether a user part looks like one.
    #[must_use]
    pub fn is_temporary(user: &str) -> bool {
        user.starts_with(PREFIX)
    }

    /// Covers what is clear, and the other way round.
    fn cover(&self, salt: [u8; 8], bytes: &mut [u8]) {
        for (index, block) in bytes.chunks_mut(32).enumerate() {
            let counter = u64::try_from(index).unwrap_or(u64::MAX).to_be_bytes();
            let stream = self.hash(&[b"cover", &salt, &counter]);
            block.iter_mut().zip(stream).for_each(|(byte, cover)| *byte ^= cover);
        }
    }

    fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.keyed.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for Gruus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gruus(..)")
    }
}

fn first<const N: usize>(hash: &[u8; 32]) -> [u8; N] {
    let mut head = [0; N];
    head.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
    head
}

/// RFC 5627 section 3.2 leaves the form open.
const PREFIX: &str = "tgruu.";
const DEVICE: usize = 10;
const SEAL: usize = 12;
/// Longer than that of any number.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_its_own_key_reads_it_and_no_two_look_alike() {
        let gruus = Gruus::new([7; 32]);
        let device = gruus.device("<urn:uuid:1>", "call");
        assert_ne!(device, gruus.device("<urn:uuid:1>", "another call"));
        let (one, two) = (gruus.temporary("201", device, 1), gruus.temporary("201", device, 2));
        assert!(one != two && !one.contains("201"));
        for user in [&one, &two] {
            assert_eq!(gruus.open(user), Some(("201".to_owned(), device)));
            assert_eq!(Gruus::new([8; 32]).open(user), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_and_what_is_changed_is_not(number in "[0-9a-z.]{1,40}", salt: u64, at: usize) {
            let gruus = Gruus::new([7; 32]);
            let device = gruus.device("x", "y");
            let user = gruus.temporary(&number, device, salt);
            prop_assert_eq!(gruus.open(&user), Some((number, device)));
            let mut changed = user.into_bytes();
            let place = PREFIX.len() + at % (changed.len() - PREFIX.len() - 1);
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            prop_assert_eq!(gruus.open(std::str::from_utf8(&changed).unwrap()), None);
        }

        #[test]
        fn no_text_panics(user in "(tgruu\\.)?\\PC{0,300}") {
            let _ = Gruus::new([7; 32]).open(&user);
        }
    }
}
