//! Fax over IP in a session description (T.38 annex D): `m=image PORT udptl t38`. It takes the place of the audio, and its
//! attributes go from one phone to the other: what they mean is between the two.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::{Direction, LocalMedia, MediaLine, Origin, Sdp, SdpError};

/// Where the other side of a leg receives UDPTL datagrams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFax {
    /// The address; an unspecified one (`0.0.0.0`) takes "receives" away.
    pub udptl: SocketAddr,
    /// Its direction.
    pub direction: Direction,
}

/// An attribute of T.38.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct FaxAttribute {
    name: FaxName,
    /// None for one that only stands there, such as `T38FaxTranscodingMMR`.
    value: Option<Box<str>>,
}

/// The attributes of T.38 annex D, table D.1, and of its later editions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum FaxName {
    Version,
    MaxBitRate,
    FillBitRemoval,
    TranscodingMmr,
    TranscodingJbig,
    RateManagement,
    MaxBuffer,
    MaxDatagram,
    MaxIfp,
    UdpEc,
    UdpEcDepth,
    UdpFecMaxSpan,
    ModemType,
    VendorInfo,
}

/// More than there are names.
const MOST_ATTRIBUTES: usize = 16;
/// Vendor information is three numbers; all else is shorter.
const LONGEST_VALUE: usize = 64;

impl FaxName {
    const ALL: [Self; 14] = [
        Self::Version,
        Self::MaxBitRate,
        Self::FillBitRemoval,
        Self::TranscodingMmr,
        Self::TranscodingJbig,
        Self::RateManagement,
        Self::MaxBuffer,
        Self::MaxDatagram,
        Self::MaxIfp,
        Self::UdpEc,
        Self::UdpEcDepth,
        Self::UdpFecMaxSpan,
        Self::ModemType,
        Self::VendorInfo,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Version => "T38FaxVersion",
            Self::MaxBitRate => "T38MaxBitRate",
            Self::FillBitRemoval => "T38FaxFillBitRemoval",
            Self::TranscodingMmr => "T38FaxTranscodingMMR",
            Self::TranscodingJbig => "T38FaxTranscodingJBIG",
            Self::RateManagement => "T38FaxRateManagement",
            Self::MaxBuffer => "T38FaxMaxBuffer",
            Self::MaxDatagram => "T38FaxMaxDatagram",
            Self::MaxIfp => "T38FaxMaxIFP",
            Self::UdpEc => "T38FaxUdpEC",
            Self::UdpEcDepth => "T38FaxUdpECDepth",
            Self::UdpFecMaxSpan => "T38FaxUdpFECMaxSpan",
            Self::ModemType => "T38ModemType",
            Self::VendorInfo => "T38VendorInfo",
        }
    }

    /// Phones write the names in several cases.
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name))
    }
}

/// Whether an attribute of this name is one of T.38.
pub(super) fn is_fax_attribute(name: &str) -> bool {
    FaxName::parse(name).is_some()
}

/// The attributes of a section that can be passed on: each once, with a value of visible ASCII and single spaces.
pub(super) fn attributes(media: &sdp_types::Media) -> Vec<FaxAttribute> {
    let mut attributes: Vec<FaxAttribute> = Vec::new();
    for attribute in media.attributes.iter().take(MOST_ATTRIBUTES * 4) {
        let Some(name) = FaxName::parse(&attribute.attribute) else { continue };
        let value = match attribute.value.as_deref().map(value) {
            Some(Some(value)) => Some(value),
            Some(None) => continue,
            None => None,
        };
        if attributes.len() < MOST_ATTRIBUTES && attributes.iter().all(|known| known.name != name) {
            attributes.push(FaxAttribute { name, value });
        }
    }
    attributes
}

fn value(text: &str) -> Option<Box<str>> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let value = words.join(" ");
    let fits = !value.is_empty() && value.len() <= LONGEST_VALUE;
    (fits && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())).then(|| value.into())
}

impl FaxAttribute {
    /// Adds it to a section that is written.
    pub(super) fn write(&self, media: &mut sdp_types::Media) {
        match &self.value {
            Some(value) => media.add_attribute_with_value(self.name.as_str(), value),
            None => media.add_attribute_from_str(self.name.as_str()),
        };
    }
}

impl Sdp {
    /// The fax that can be relayed: the first accepted `m=image` of T.38 over UDPTL, where there is no audio that can. None
    /// where there is none, which in an answer means that it was refused.
    pub fn fax(&self) -> Option<RemoteFax> {
        let (_, line) = self.fax_line()?;
        let udptl = SocketAddr::new(self.address_of(line)?, line.port);
        Some(RemoteFax { udptl, direction: self.direction_of(line) })
    }

    /// The index and the section of the fax that [`Self::fax`] describes. Who offers audio beside it talks first: the fax
    /// follows in an offer of its own.
    pub(crate) fn fax_line(&self) -> Option<(usize, &MediaLine)> {
        if self.audio_line().is_some() {
            return None;
        }
        let usable = |line: &MediaLine| line.is_fax() && line.port != 0 && self.address_of(line).is_some();
        self.media.iter().enumerate().find(|(_, line)| usable(line))
    }

    /// Whether there is anything that can be relayed: audio or fax.
    pub fn is_relayable(&self) -> bool {
        self.audio_line().is_some() || self.fax_line().is_some()
    }

    /// The description as one sees it who does not do T.38.
    #[must_use]
    pub fn without_fax(mut self) -> Self {
        for line in self.media.iter_mut().filter(|line| line.is_fax()) {
            line.port = 0;
        }
        self
    }
}

impl MediaLine {
    /// Whether this is T.38 over UDPTL in the clear. UDPTL over DTLS (RFC 7345) and T.38 over TCP or RTP are other things.
    pub(crate) fn is_fax(&self) -> bool {
        self.kind.eq_ignore_ascii_case("image")
            && self.proto.eq_ignore_ascii_case("udptl")
            && self.formats.split(' ').any(|format| format.eq_ignore_ascii_case("t38"))
    }

    /// Our fax section with the attributes of another: those of the phone that it is passed on for.
    fn fax(proto: &str, us: &LocalMedia, theirs: &Self, direction: Direction) -> Self {
        Self {
            port: us.rtp.port(),
            // Said only where it says something: fax machines write no direction.
            direction: (direction != Direction::SendRecv).then_some(direction),
            fax: theirs.fax.clone(),
            ..Self::refused("image", proto, "t38")
        }
    }
}

/// The offer of a fax as the other leg gets it: in the place of the audio (RFC 3264 section 8.3.3 recommends that for this
/// very case), or where this session had a fax before.
pub(super) fn relay_offer(theirs: &Sdp, line: &MediaLine, us: &LocalMedia, origin: &mut Origin) -> Sdp {
    let fax = MediaLine::fax("udptl", us, line, theirs.direction_of(line));
    let (lines, index) = origin.place(fax);
    origin.stamp(us.rtp.ip(), lines, index)
}

/// The answer to it as the offerer gets it. Fails with 488 where the fax was refused.
pub(super) fn relay_answer(
    offer: &Sdp,
    (index, offered): (usize, &MediaLine),
    answer: &Sdp,
    us: &LocalMedia,
    origin: &mut Origin,
) -> Result<Sdp, SdpError> {
    let (_, answered) = answer.fax_line().ok_or(SdpError::NoFax)?;
    let direction = answer.direction_of(answered).and(offer.direction_of(offered).reversed());
    let fax = MediaLine::fax(&offered.proto, us, answered, direction);
    Ok(super::relay::answer_in_place(offer, index, fax, us, origin))
}
