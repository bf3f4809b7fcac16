//! A negotiated format as the media path needs it: without its parameters, because legs are many.

use crate::codec::Encoding;
use crate::sdp::{Codec, static_format};

/// One format of a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// RTP payload type.
    pub payload_type: u8,
    /// Audio channels.
    pub channels: u8,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Encoding name as written.
    pub name: Box<str>,
}

impl Format {
    /// A format of a session description.
    pub fn of(codec: &Codec) -> Self {
        Self {
            payload_type: codec.payload_type,
            channels: codec.channels,
            clock_rate: codec.clock_rate,
            name: codec.name.clone(),
        }
    }

    /// What a payload type means: as negotiated, else by the static table.
    pub fn find(formats: &[Self], payload_type: u8) -> Option<Self> {
        let negotiated = formats.iter().find(|format| format.payload_type == payload_type);
        negotiated.cloned().or_else(|| {
            let (name, clock_rate, channels) = static_format(payload_type)?;
            Some(Self { payload_type, channels, clock_rate, name: name.into() })
        })
    }

    /// Whether both name the same encoding, whatever the payload type.
    pub fn same_encoding(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && self.clock_rate == other.clock_rate
            && self.channels == other.channels
    }

    /// The encoding, where it is one that we know.
    pub fn encoding(&self) -> Option<Encoding> {
        Encoding::named(&self.name, self.clock_rate, self.channels)
    }

    /// Whether this is `telephone-event`.
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }

    /// Whether this is comfort noise (RFC 3389).
    pub fn is_comfort_noise(&self) -> bool {
        self.name.eq_ignore_ascii_case("CN")
    }

    /// Whether this carries speech.
    pub fn is_audio(&self) -> bool {
        !self.is_telephone_event() && !self.is_comfort_noise()
    }

    /// As the codecs are made from, with these parameters.
    pub fn codec(&self, fmtp: Option<&str>) -> Codec {
        Codec {
            payload_type: self.payload_type,
            name: self.name.clone(),
            clock_rate: self.clock_rate,
            channels: self.channels,
            fmtp: fmtp.map(Into::into),
        }
    }
}
