//! Nonces that carry their own proof: the time and a sequence number, signed together with the realm and the source that
//! they were made for. The server keeps nothing for a challenge, so strangers cost no memory; and who writes a foreign
//! source address into a datagram never sees a nonce that is good from there.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::flow::source_of;

/// What a nonce says once its signature has been checked: it is unique to one challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nonce {
    /// When it was issued, in seconds since 1970.
    pub(super) issued: u32,
    /// Tells the nonces of one second apart.
    pub(super) sequence: u32,
}

/// Signs and checks nonces with one key.
#[derive(Clone)]
pub(super) struct Signer {
    keyed: Hmac<Sha256>,
}

impl Signer {
    pub(super) fn new(key: [u8; 32]) -> Self {
        // HMAC pads a key with zeros to its block; done here, the constructor cannot fail.
        let mut block = [0; 64];
        let (head, _) = block.split_at_mut(32);
        head.copy_from_slice(&key);
        Self { keyed: Hmac::new(&block.into()) }
    }

    /// The text of a nonce: 32 characters of base64url, safe inside a quoted string.
    pub(super) fn sign(&self, nonce: Nonce, realm: &str, source: IpAddr) -> String {
        let mut raw = [0; RAW];
        let (head, tail) = raw.split_at_mut(8);
        head.copy_from_slice(&nonce.packed().to_be_bytes());
        let signature = self.mac(nonce, realm, source).finalize().into_bytes();
        for (to, from) in tail.iter_mut().zip(signature) {
            *to = from;
        }
        URL_SAFE_NO_PAD.encode(raw)
    }

    /// The nonce in a text that this key signed for this realm and source; `None` for anything else.
    pub(super) fn open(&self, text: &str, realm: &str, source: IpAddr) -> Option<Nonce> {
        let mut raw = [0; RAW];
        if text.len() != TEXT || URL_SAFE_NO_PAD.decode_slice(text, &mut raw).ok()? != RAW {
            return None;
        }
        let (head, signature) = raw.split_first_chunk::<8>()?;
        let nonce = Nonce::unpacked(u64::from_be_bytes(*head));
        self.mac(nonce, realm, source).verify_truncated_left(signature).ok()?;
        Some(nonce)
    }

    fn mac(&self, nonce: Nonce, realm: &str, source: IpAddr) -> Hmac<Sha256> {
        let source = match source_of(source) {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(network) => network,
        };
        let mut mac = self.keyed.clone();
        mac.update(&nonce.packed().to_be_bytes());
        mac.update(&source.octets());
        mac.update(realm.as_bytes());
        mac
    }
}

impl Nonce {
    fn packed(self) -> u64 {
        (u64::from(self.issued) << 32) | u64::from(self.sequence)
    }

    fn unpacked(value: u64) -> Self {
        let (high, low) = (value >> 32, value & u64::from(u32::MAX));
        Self { issued: u32::try_from(high).unwrap_or(0), sequence: u32::try_from(low).unwrap_or(0) }
    }
}

/// Eight bytes of content and sixteen of signature, and their base64 length.
const RAW: usize = 24;
const TEXT: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_nonce_opens_with_its_key_realm_and_source_only() {
        let signer = Signer::new([7; 32]);
        let nonce = Nonce { issued: 1_790_000_000, sequence: 42 };
        let source = "2001:db8::1".parse().unwrap();
        let text = signer.sign(nonce, "kantoor", source);
        assert_eq!(text.len(), TEXT);
        assert_eq!(signer.open(&text, "kantoor", source), Some(nonce));
        assert_eq!(signer.open(&text, "kantoor", "2001:db8::ffff".parse().unwrap()), Some(nonce), "one /64");
        assert_eq!(signer.open(&text, "kantoor", "2001:db8:0:1::1".parse().unwrap()), None);
        assert_eq!(signer.open(&text, "elders", source), None);
        assert_eq!(Signer::new([8; 32]).open(&text, "kantoor", source), None);
    }

    #[test]
    fn a_changed_nonce_does_not_open() {
        let signer = Signer::new([7; 32]);
        let source = "192.0.2.1".parse().unwrap();
        let text = signer.sign(Nonce { issued: 1_790_000_000, sequence: 42 }, "kantoor", source);
        let open = |text: &str| signer.open(text, "kantoor", source);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(open(std::str::from_utf8(&changed).unwrap()), None, "at {at}");
        }
        assert_eq!(open(""), None);
        assert_eq!(open(&text[1..]), None);
    }
}
