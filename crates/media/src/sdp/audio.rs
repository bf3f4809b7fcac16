//! The typed audio of a session description: codecs, direction, addresses.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::browser::LocalPeer;
use crate::srtp::{LocalKeys, PeerKey};
use crate::webrtc::RemotePeer;

/// Which way audio flows, seen from the side that wrote the description (RFC 3264 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Both ways; what is meant when nothing is said.
    #[default]
    SendRecv,
    /// The writer only sends: it has put the other side on hold.
    SendOnly,
    /// The writer only receives.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// Whether the writer sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer receives.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same flow seen from the other side.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self::of(self.receives(), self.sends())
    }

    /// The flow that both allow: neither sends what the other did not.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    pub(crate) fn parse(attribute: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|direction| attribute.eq_ignore_ascii_case(direction.as_str()))
    }

    fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }
}

/// One format of an audio stream, as mapped by `a=rtpmap` or by the static table of RFC 3551.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Codec {
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// Encoding name as written, such as `PCMA` or `opus`.
    pub name: Box<str>,
    /// RTP clock rate in Hz (8000 for G722, RFC 3551 section 4.5.2).
    pub clock_rate: u32,
    /// Audio channels.
    pub channels: u8,
    /// The `a=fmtp` parameters, passed through untouched.
    pub fmtp: Option<Box<str>>,
}

impl Codec {
    /// Whether both name the same encoding, whatever the payload type: names compare without case.
    pub fn same_encoding(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && self.clock_rate == other.clock_rate
            && self.channels == other.channels
    }

    /// Whether this is `telephone-event` (RFC 4733).
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }

    /// Whether this is PCMU or PCMA at 8 kHz, mono: what prompts and echo are sent in.
    pub fn is_g711(&self) -> bool {
        (self.name.eq_ignore_ascii_case("PCMU") || self.name.eq_ignore_ascii_case("PCMA"))
            && self.clock_rate == 8000
            && self.channels == 1
    }

    /// Whether this carries speech, not only events or comfort noise.
    pub fn is_audio(&self) -> bool {
        !self.is_telephone_event() && !self.name.eq_ignore_ascii_case("CN")
    }
}

/// What the other side of a leg wants: where it receives RTP and RTCP, and in which formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteAudio {
    /// Where it receives RTP. The address is unspecified (`0.0.0.0`) for hold in the old style.
    pub rtp: SocketAddr,
    /// Where it receives RTCP: the next port unless `a=rtcp` says otherwise (RFC 3605).
    pub rtcp: SocketAddr,
    /// Its direction; an unspecified address counts as "does not receive" (RFC 3264 section 8.4).
    pub direction: Direction,
    /// Formats in its order of preference.
    pub codecs: Vec<Codec>,
    /// The payload type of the first `telephone-event`.
    pub telephone_event: Option<u8>,
    /// The packet time it wishes to receive, in milliseconds.
    pub ptime: Option<u32>,
    /// The longest packet that it takes, in milliseconds.
    pub maxptime: Option<u32>,
    /// Whether it put the other side on hold: it does not receive.
    pub on_hold: bool,
    /// What it protects its packets with; None for plain RTP.
    pub key: Option<PeerKey>,
    /// Whether it wants RTCP on the port of RTP (RFC 5761).
    pub mux: bool,
    /// Whether it wants its sound passed as a modem needs it: nothing left out in pauses (`a=silenceSupp:off`).
    pub voiceband: bool,
    /// Whether a router on the way seems to have rewritten the description; for whoever knows the phone's signalling
    /// to say.
    pub rewritten: bool,
    /// Who a browser is, and how its checks are known: its address and its keys come of those, not from here.
    pub browser: Option<Box<RemotePeer>>,
}

/// Our side of a leg, as written into a session description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalMedia {
    /// The advertised RTP address.
    pub rtp: SocketAddr,
    /// The advertised RTCP address.
    pub rtcp: SocketAddr,
    /// Our keys for this leg, made by the engine; None where SRTP is off.
    pub keys: Option<Arc<LocalKeys>>,
    /// Whether offers to this phone are protected. Answers follow the offer.
    pub secure_offers: bool,
    /// Whether offers to this phone keep RTCP on the port of RTP. Answers follow the offer.
    pub mux: bool,
    /// For a browser: its leg has no ports of its own.
    pub browser: Option<Box<LocalPeer>>,
}

impl LocalMedia {
    /// The addresses alone: plain RTP, and RTCP on a port of its own.
    pub fn new(rtp: SocketAddr, rtcp: SocketAddr) -> Self {
        Self { rtp, rtcp, keys: None, secure_offers: false, mux: false, browser: None }
    }
}
