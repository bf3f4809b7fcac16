//! The causes, by the words of log, record, command line and metrics.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a phone is not heard, or does not hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Its session description names a private address while its signalling comes from a public one, and nothing came.
    PrivateAddress,
    /// Nothing ever came: a firewall, or a port that is not forwarded.
    PortBlocked,
    /// Packets come in a format that was not agreed on.
    CodecMismatch,
    /// A router rewrote the session description (SIP ALG), and nothing came.
    Alg,
    /// Silence was agreed. Not a fault.
    OnHold,
    /// Packets come, but from an address that is not the phone's.
    StrangersOnly,
    /// It was heard before.
    StoppedSending,
    /// Packets come that are not protected with the key that was agreed on.
    WrongKey,
    /// It is heard, but nothing of what is sent to it arrives, by its own reports or by ICMP errors: the way to it is blocked.
    HearsNothing,
}

impl Cause {
    /// All of them, in the order of the counters.
    pub const ALL: [Self; 9] = [
        Self::PrivateAddress,
        Self::PortBlocked,
        Self::CodecMismatch,
        Self::Alg,
        Self::OnHold,
        Self::StrangersOnly,
        Self::StoppedSending,
        Self::WrongKey,
        Self::HearsNothing,
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrivateAddress => "private_address",
            Self::PortBlocked => "port_blocked",
            Self::CodecMismatch => "codec_mismatch",
            Self::Alg => "alg",
            Self::OnHold => "on_hold",
            Self::StrangersOnly => "strangers_only",
            Self::StoppedSending => "stopped_sending",
            Self::WrongKey => "wrong_key",
            Self::HearsNothing => "hears_nothing",
        }
    }

    /// Whether somebody should do something about it.
    pub fn is_fault(self) -> bool {
        self != Self::OnHold
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Box::<str>::deserialize(deserializer)?;
        Self::ALL
            .into_iter()
            .find(|cause| cause.as_str() == &*word)
            .ok_or_else(|| D::Error::custom("no cause"))
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
