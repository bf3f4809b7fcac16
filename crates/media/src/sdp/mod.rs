//! Session descriptions (RFC 4566, RFC 8866) and offer/answer (RFC 3264) for a B2BUA: what one phone wrote is
//! read into types, and what the other phone gets is written anew from those, so that no address, name or
//! unknown attribute leaks from one side to the other. Audio over RTP/AVP, with keys in the description over RTP/SAVP, and of
//! browsers over DTLS is relayed or transcoded, and fax by T.38 is relayed; all else is refused.

mod attributes;
mod audio;
mod browser;
mod crypto;
mod error;
mod fax;
mod local;
mod numbering;
mod origin;
mod parse;
mod policy;
mod relay;
mod selection;
mod write;

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

pub(crate) use attributes::static_format;
pub use audio::{Codec, Direction, LocalMedia, RemoteAudio};
pub use browser::LocalPeer;
use browser::Transport;
pub use crypto::{CryptoAttribute, SrtpPolicy};
pub use error::SdpError;
use fax::FaxAttribute;
pub use fax::RemoteFax;
pub use local::{local_answer, local_offer, voiceband_offer};
pub use origin::Origin;
pub use policy::Policy;
pub use relay::{refuse_offer, relay_answer, relay_offer, with_direction};
pub use selection::Selection;

/// A session description: what a phone wrote, or what we write to one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdp {
    /// The `o=` line; of a phone's description it is not kept.
    pub(crate) origin: Option<OriginLine>,
    /// The session-level `c=` address.
    pub(crate) connection: Option<Host>,
    /// The session-level direction attribute.
    pub(crate) direction: Option<Direction>,
    pub(crate) media: Vec<MediaLine>,
}

/// The values of our own `o=` line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct OriginLine {
    pub(crate) session_id: u64,
    pub(crate) version: u64,
    pub(crate) address: IpAddr,
}

/// A `c=` address; a host name is legal but cannot be sent to without a lookup, which media never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Host {
    Ip(IpAddr),
    Name,
}

/// One `m=` section.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct MediaLine {
    pub(crate) kind: Box<str>,
    pub(crate) port: u16,
    pub(crate) proto: Box<str>,
    /// The formats as written, for lines that are refused.
    pub(crate) formats: Box<str>,
    pub(crate) connection: Option<Host>,
    pub(crate) rtcp: Option<RtcpAttribute>,
    pub(crate) direction: Option<Direction>,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) ptime: Option<u32>,
    pub(crate) maxptime: Option<u32>,
    /// The keys that can be used, in the writer's order.
    pub(crate) crypto: Vec<CryptoAttribute>,
    /// `a=rtcp-mux` (RFC 5761): RTCP goes to the port of RTP.
    pub(crate) mux: bool,
    /// `a=silenceSupp:off` (RFC 3108 section 5.6.3.2): the audio is the sound of a modem.
    pub(crate) voiceband: bool,
    /// The attributes of T.38.
    pub(crate) fax: Vec<FaxAttribute>,
    /// What a browser says of its transport.
    pub(crate) transport: Option<Box<Transport>>,
}

/// `a=rtcp:` (RFC 3605).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct RtcpAttribute {
    pub(crate) port: u16,
    pub(crate) address: Option<IpAddr>,
}

const UNKNOWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

impl Sdp {
    /// The audio that can be relayed: the first accepted `m=audio` over RTP, or SRTP with a key that we can use, with an
    /// IP address and a known codec. None when there is none, which in an answer means that audio was refused.
    pub fn audio(&self) -> Option<RemoteAudio> {
        let (_, line) = self.audio_line()?;
        self.remote_audio(line)
    }

    /// Whether audio is taken at all, of whatever kind: a section for it has a port.
    pub fn takes_audio(&self) -> bool {
        self.media.iter().any(|line| line.kind.eq_ignore_ascii_case("audio") && line.port != 0)
    }

    /// The index and the section of the audio that [`Self::audio`] describes.
    pub(crate) fn audio_line(&self) -> Option<(usize, &MediaLine)> {
        self.media.iter().enumerate().find(|(_, line)| self.is_usable(line))
    }

    /// The direction of a section: its own attribute, else that of the session; an unspecified address
    /// (RFC 2543 hold) takes "receives" away.
    pub(crate) fn direction_of(&self, line: &MediaLine) -> Direction {
        let written = line.direction.or(self.direction).unwrap_or_default();
        match self.address_of(line) {
            // A browser that has not found out its address writes so too.
            Some(address) if address.is_unspecified() && !line.is_browsers() => {
                written.and(Direction::SendOnly)
            }
            _ => written,
        }
    }

    fn address_of(&self, line: &MediaLine) -> Option<IpAddr> {
        match line.connection.or(self.connection)? {
            Host::Ip(address) => Some(address),
            Host::Name => None,
        }
    }

    fn is_usable(&self, line: &MediaLine) -> bool {
        let has_address = || line.is_rtp_audio() && self.address_of(line).is_some();
        line.port != 0 && line.has_speech() && (line.is_browser_audio() || has_address())
    }

    fn remote_audio(&self, line: &MediaLine) -> Option<RemoteAudio> {
        let browser = line.browser();
        // Where a browser is comes from its checks.
        let address = if browser.is_some() { UNKNOWN } else { self.address_of(line)? };
        let next_port = RtcpAttribute { port: line.port.saturating_add(1), address: None };
        let same_port = RtcpAttribute { port: line.port, address: None };
        let rtcp = if line.mux { same_port } else { line.rtcp.unwrap_or(next_port) };
        let direction = self.direction_of(line);
        Some(RemoteAudio {
            rtp: SocketAddr::new(address, line.port),
            rtcp: SocketAddr::new(rtcp.address.unwrap_or(address), rtcp.port),
            direction,
            codecs: line.codecs.clone(),
            telephone_event: line
                .codecs
                .iter()
                .find(|codec| codec.is_telephone_event())
                .map(|codec| codec.payload_type),
            ptime: line.ptime,
            maxptime: line.maxptime,
            on_hold: !direction.receives(),
            // The first is the one that we take: the writer prefers it.
            key: line.crypto.first().map(|crypto| crypto.peer.clone()),
            mux: line.mux,
            voiceband: line.voiceband,
            rewritten: false,
            browser: browser.map(Box::new),
        })
    }
}

impl MediaLine {
    /// Whether this is audio over plain RTP, with or without the feedback profile.
    pub(crate) fn is_plain_audio(&self) -> bool {
        self.kind.eq_ignore_ascii_case("audio")
            && (self.proto.eq_ignore_ascii_case("RTP/AVP") || self.proto.eq_ignore_ascii_case("RTP/AVPF"))
    }
}
