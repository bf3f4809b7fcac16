//! The crypto suites that we take, by the names of SDP.

use serde::{Deserialize, Serialize};

/// A crypto suite (RFC 4568 section 6.2, RFC 6188 section 4, RFC 7714 section 14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Suite {
    /// AES-128 in counter mode, tags of 80 bits: what every phone with SRTP has.
    AesCm128Sha1_80,
    /// The same with tags of 32 bits for RTP.
    AesCm128Sha1_32,
    /// AES-256 in counter mode, tags of 80 bits.
    AesCm256Sha1_80,
    /// The same with tags of 32 bits for RTP.
    AesCm256Sha1_32,
    /// AES-128 in Galois counter mode.
    AesGcm128,
    /// AES-256 in Galois counter mode.
    AesGcm256,
}

impl Suite {
    /// All of them, in the order that we offer them. Few phones know more than the first, and some read only that one.
    pub const ALL: [Self; 6] = [
        Self::AesCm128Sha1_80,
        Self::AesGcm256,
        Self::AesGcm128,
        Self::AesCm256Sha1_80,
        Self::AesCm128Sha1_32,
        Self::AesCm256Sha1_32,
    ];

    /// The name in `a=crypto`.
    pub fn name(self) -> &'static str {
        match self {
            Self::AesCm128Sha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128Sha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AesCm256Sha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::AesCm256Sha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AesGcm128 => "AEAD_AES_128_GCM",
            Self::AesGcm256 => "AEAD_AES_256_GCM",
        }
    }

    /// The suite of a name; None for one that we do not have.
    pub fn of_name(name: &str) -> Option<Self> {
        // Phones of before RFC 6188 wrote the key length at the other place.
        if name.eq_ignore_ascii_case("AES_CM_256_HMAC_SHA1_80") {
            return Some(Self::AesCm256Sha1_80);
        }
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Bytes of the master key.
    pub(crate) fn key_bytes(self) -> usize {
        match self {
            Self::AesCm128Sha1_80 | Self::AesCm128Sha1_32 | Self::AesGcm128 => 16,
            Self::AesCm256Sha1_80 | Self::AesCm256Sha1_32 | Self::AesGcm256 => 32,
        }
    }

    /// Bytes of the master salt.
    pub(crate) fn salt_bytes(self) -> usize {
        if self.is_gcm() { 12 } else { 14 }
    }

    /// Bytes of the tag of an RTP packet.
    pub(super) fn rtp_tag_bytes(self) -> usize {
        match self {
            Self::AesCm128Sha1_80 | Self::AesCm256Sha1_80 => 10,
            Self::AesCm128Sha1_32 | Self::AesCm256Sha1_32 => 4,
            Self::AesGcm128 | Self::AesGcm256 => 16,
        }
    }

    /// Bytes of the tag of an RTCP packet: never the short one (RFC 3711 section 5.2).
    pub(super) fn rtcp_tag_bytes(self) -> usize {
        if self.is_gcm() { 16 } else { 10 }
    }

    /// Whether cipher and authentication are one.
    pub(super) fn is_gcm(self) -> bool {
        matches!(self, Self::AesGcm128 | Self::AesGcm256)
    }
}
