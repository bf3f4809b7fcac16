//! Keys in a session description: `a=crypto` (RFC 4568), which suite is taken, and what a policy makes of a description.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use serde::{Deserialize, Serialize};

use super::{Codec, LocalMedia, MediaLine, Sdp, SdpError};
use crate::srtp::{MasterKey, PeerKey, Suite};

/// What an operator allows (`[media] srtp`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum SrtpPolicy {
    /// Keys are passed over; a description that has nothing but SRTP is refused.
    Off,
    /// Phones that offer SRTP get it. It is offered where signalling is encrypted too, else a key is no secret.
    #[default]
    Optional,
    /// Speech without SRTP is refused, and never offered.
    Required,
}

/// One `a=crypto` line that we can obey.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CryptoAttribute {
    /// What answers name it by: up to nine digits.
    pub tag: u32,
    /// The key, and the identifier that its packets carry.
    pub peer: PeerKey,
}

/// More lines than any phone writes; the rest is passed over.
const MOST_LINES: usize = 16;
/// A key that is good for fewer packets (20 hours at 50 a second would need 2^22) would end in mid-call.
const SHORTEST_LIFETIME: u64 = 1 << 22;
/// Phones leave out the padding, or write it where none belongs.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl CryptoAttribute {
    /// Reads the value of a line. None for what we cannot obey: another suite or key method, several keys, a short
    /// lifetime, a long identifier, or session parameters that change how packets are protected (section 6.3).
    pub fn parse(value: &str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace();
        let tag =
            fields.next().filter(|tag| tag.len() <= 9 && tag.bytes().all(|byte| byte.is_ascii_digit()))?;
        let suite = Suite::of_name(fields.next()?)?;
        let peer = peer_key(suite, fields.next()?)?;
        fields.all(is_harmless).then_some(Self { tag: tag.parse().ok()?, peer })
    }

    /// The line of one of our own keys.
    fn of_ours(tag: u32, key: &MasterKey) -> Self {
        Self { tag, peer: PeerKey { key: key.clone(), mki: None } }
    }

    /// The value of the line, key and all: for the session description and nothing else.
    pub(super) fn value(&self) -> String {
        let key = Zeroizing::new(BASE64.encode(self.peer.key.expose()));
        let mut value = String::with_capacity(128);
        // Writing into a string cannot fail.
        let _ = write!(value, "{} {} inline:{}", self.tag, self.peer.key.suite().name(), *key);
        value
    }
}

/// `inline:KEY[|LIFETIME][|MKI:LENGTH]`, one of them (section 6.1).
fn peer_key(suite: Suite, parameters: &str) -> Option<PeerKey> {
    let (method, rest) = parameters.split_once(':')?;
    if !method.eq_ignore_ascii_case("inline") || rest.contains(';') {
        return None;
    }
    let mut parts = rest.split('|');
    let bytes = Zeroizing::new(BASE64.decode(parts.next()?).ok()?);
    let key = MasterKey::new(suite, &bytes)?;
    let mut mki = None;
    for part in parts {
        match part.split_once(':') {
            Some((value, length)) => {
                let length: u8 = length.parse().ok().filter(|length| (1..=4).contains(length))?;
                let value: u32 = value.parse().ok()?;
                let room = 32_u32.saturating_sub(u32::from(length).saturating_mul(8));
                if value.leading_zeros() < room || mki.is_some() {
                    return None;
                }
                mki = Some((value, length));
            }
            None => {
                lifetime(part).filter(|packets| *packets >= SHORTEST_LIFETIME)?;
            }
        }
    }
    Some(PeerKey { key, mki })
}

/// A number of packets, or a power of two.
fn lifetime(text: &str) -> Option<u64> {
    match text.split_once('^') {
        Some(("2", power)) => 1_u64.checked_shl(power.parse().ok()?),
        Some(_) => None,
        None => text.parse().ok(),
    }
}

/// A hint at the size of the replay window changes nothing on the wire; what begins with a dash may be passed over
/// (section 6.3.7).
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with('-') || parameter.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("WSH="))
}

/// The lines of a section that can be obeyed, in its order.
pub(super) fn cryptos(media: &sdp_types::Media) -> Vec<CryptoAttribute> {
    let values = media.get_attribute_values("crypto").flatten();
    values.take(MOST_LINES).filter_map(CryptoAttribute::parse).collect()
}

impl Sdp {
    /// The description as a policy lets us see it: without keys, or without what is not protected.
    #[must_use]
    pub fn under(mut self, policy: SrtpPolicy) -> Self {
        for line in &mut self.media {
            match policy {
                SrtpPolicy::Off => line.crypto.clear(),
                SrtpPolicy::Optional => {}
                // A fax goes in the clear.
                SrtpPolicy::Required if line.is_fax() => line.port = 0,
                // A section without a codec is refused.
                // A browser has no other.
                SrtpPolicy::Required if line.is_browsers() => {}
                SrtpPolicy::Required if line.crypto.is_empty() => line.codecs.clear(),
                SrtpPolicy::Required => {}
            }
        }
        self
    }
}

impl MediaLine {
    /// Whether this is audio over SRTP with keys in the description: `RTP/SAVP`, with or without feedback. DTLS-SRTP
    /// (`UDP/TLS/RTP/SAVPF`) is another thing.
    pub(crate) fn is_secure_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio") && is_secure(&self.proto)
    }

    /// Whether this is audio that we can take: plain, or protected with a key that we can use.
    pub(crate) fn is_rtp_audio(&self) -> bool {
        self.is_plain_audio() || (self.is_secure_audio() && !self.crypto.is_empty())
    }

    /// Whether two sections are protected alike, so that one may keep the other's profile.
    pub(crate) fn is_protected_like(&self, proto: &str) -> bool {
        match (is_secure(proto), self.crypto.is_empty()) {
            (true, is_plain) => !is_plain,
            // A phone that offered keys with the plain profile is offered them so again.
            (false, _) => !is_secure(&self.proto) || !self.crypto.is_empty(),
        }
    }

    /// Makes the section of an offer a protected one, where this leg is to be offered that.
    #[must_use]
    pub(crate) fn offering(mut self, us: &LocalMedia) -> Self {
        if let Some(own) = &us.browser {
            return self.offering_to_browser(own);
        }
        self.mux = us.mux;
        if let Some(keys) = us.keys.as_deref().filter(|_| us.secure_offers) {
            self.proto = "RTP/SAVP".into();
            self.crypto =
                (1..).zip(keys.iter()).map(|(tag, key)| CryptoAttribute::of_ours(tag, key)).collect();
        }
        self
    }

    /// Makes the section of an answer a protected one where the offered section is: with the tag that was taken and our
    /// own key. Fails with 488 where only SRTP is offered and we have no key for it.
    pub(crate) fn answering(mut self, offered: &Self, us: &LocalMedia) -> Result<Self, SdpError> {
        if offered.is_browsers() {
            let own = us.browser.as_deref().ok_or(SdpError::NoUsableAudio)?;
            return Ok(self.answering_browser(offered, own));
        }
        if us.browser.is_some() {
            return Err(SdpError::NoUsableAudio);
        }
        self.mux = offered.mux;
        let taken = offered
            .crypto
            .first()
            .and_then(|taken| Some((taken.tag, taken.peer.key.suite(), us.keys.as_deref()?)));
        match taken.and_then(|(tag, suite, keys)| Some(CryptoAttribute::of_ours(tag, keys.of(suite)?))) {
            Some(ours) => self.crypto = vec![ours],
            None if offered.is_secure_audio() => return Err(SdpError::NoUsableAudio),
            None => {}
        }
        Ok(self)
    }

    /// Whether there is a codec that carries speech.
    pub(crate) fn has_speech(&self) -> bool {
        self.codecs.iter().any(Codec::is_audio)
    }
}

fn is_secure(proto: &str) -> bool {
    proto.eq_ignore_ascii_case("RTP/SAVP") || proto.eq_ignore_ascii_case("RTP/SAVPF")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "WbTBosdVUZqEb6Htqhn+m3z7wUh4RJVR8nE15GbN";

    fn parse(rest: &str) -> Option<CryptoAttribute> {
        CryptoAttribute::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{rest}"))
    }

    #[test]
    fn reads_what_phones_write() {
        assert_eq!(parse(KEY).unwrap().peer.key.expose().len(), 30);
        assert_eq!(parse(&format!("{KEY}|2^48")).unwrap().peer.mki, None);
        assert_eq!(parse(&format!("{KEY}|2^31|1:1")).unwrap().peer.mki, Some((1, 1)));
        assert_eq!(parse(&format!("{KEY}|66051:4")).unwrap().peer.mki, Some((66_051, 4)));
        assert!(parse(&format!("{KEY}|4294967296 WSH=128 -FUTURE=1")).is_some());
        // The example of RFC 7714 is 28 bytes long; the padding may be missing.
        let gcm = |key: &str| CryptoAttribute::parse(&format!("3 AEAD_AES_128_GCM inline:{key}"));
        assert!(gcm("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==").is_some());
        assert!(gcm("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").is_some());
    }

    #[test]
    fn refuses_what_it_cannot_obey() {
        for rest in [
            format!("{KEY}|2^10"),
            format!("{KEY}|2^999"),
            format!("{KEY}|1:5"),
            format!("{KEY}|300:1"),
            format!("{KEY}|1:1|2:1"),
            format!("{KEY};inline:{KEY}"),
            format!("{KEY} UNENCRYPTED_SRTP"),
            format!("{KEY} KDR=1"),
            "WbTB".to_owned(),
            "not base64!".to_owned(),
        ] {
            assert_eq!(parse(&rest), None, "{rest}");
        }
        for line in [
            format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 other:{KEY}"),
            format!("-1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
            "1".to_owned(),
            String::new(),
        ] {
            assert_eq!(CryptoAttribute::parse(&line), None, "{line}");
        }
    }

    #[test]
    fn a_line_is_not_shown_by_its_debug() {
        let shown = format!("{:?}", parse(KEY).unwrap());
        assert!(!shown.contains("WbTB") && shown.contains("redacted"), "{shown}");
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(tag in 0_u32..1_000_000_000, which in 0..6_usize, byte in any::<u8>()) {
            let suite = Suite::ALL[which];
            let key = (28..=46).find_map(|length| MasterKey::new(suite, &vec![byte; length])).unwrap();
            let ours = CryptoAttribute::of_ours(tag, &key);
            prop_assert_eq!(CryptoAttribute::parse(&ours.value()), Some(ours));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9]{1,3} (AES_CM_128_HMAC_SHA1_80|AEAD_AES_256_GCM) inline:[A-Za-z0-9+/=|:^;]{0,80}.{0,20}") {
            let _ = CryptoAttribute::parse(&text);
        }
    }
}
