//! Codecs: from payload to linear samples and back, one direction of one leg each, mono. Which codec a leg speaks is
//! negotiated in [`crate::sdp`]; lost and late packets are the jitter buffer's.

mod fmtp;
mod g711;
mod g722;
mod g729;
mod opus;
mod redundancy;
mod resample;

pub use fmtp::OpusParameters;
pub use resample::Resampler;

use serde::{Deserialize, Serialize};

use crate::sdp::Codec;

/// One direction's decoder, from payload to linear PCM at its own rate, mono.
pub trait Decode: Send {
    /// Samples a second of what is decoded: 16,000 for G.722, what was asked for Opus, else 8,000.
    fn sample_rate(&self) -> u32;

    /// Appends the samples of one payload. Fails on a payload that is none of this codec's; nothing is appended then,
    /// and the decoder stays usable.
    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), CodecError>;

    /// Appends the lost packet before `next`, of `samples`, from its in-band redundancy; false, and nothing, where that holds none.
    fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) -> bool;

    /// Appends `samples` of concealment of the codec's own; false, and nothing, where it has none.
    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool;
}

/// One direction's encoder.
pub trait Encode: Send {
    /// Samples a second of what is encoded.
    fn sample_rate(&self) -> u32;

    /// Appends the payload of one packet. Fails where `pcm` is no packet length of the codec; nothing is appended then.
    /// An empty or at most two bytes long payload of Opus says that nothing need be sent (RFC 7587 section 3.1.3).
    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// The receiver loses so many packets in a hundred: where it takes redundancy, it is sent as much as that is worth. Most codecs have none.
    fn expect_loss(&mut self, _percent: u8) {}
}

/// Why a payload was not decoded, or samples were not encoded. The packet is lost; the call goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The payload is no whole number of frames, or holds more than any packet does.
    #[error("{codec} payload of {bytes} bytes")]
    Payload {
        /// The encoding name.
        codec: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// The samples are no packet length of this codec.
    #[error("{samples} samples are no {codec} packet")]
    Samples {
        /// The encoding name.
        codec: &'static str,
        /// How many there were.
        samples: usize,
    },
    /// libopus refused.
    #[error("opus: {0}")]
    Opus(&'static str),
}

/// An encoding that can be decoded and encoded here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722 at 64 kbit/s.
    G722,
    /// Opus (RFC 6716, RFC 7587).
    Opus,
    /// G.729 with annex A.
    G729,
}

impl Encoding {
    /// Which of them a negotiated format is; None for one that can only be passed on.
    pub fn of(codec: &Codec) -> Option<Self> {
        Self::named(&codec.name, codec.clock_rate, codec.channels)
    }

    pub(crate) fn named(name: &str, clock_rate: u32, channels: u8) -> Option<Self> {
        let all = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus, Self::G729];
        all.into_iter().find(|encoding| {
            encoding.name().eq_ignore_ascii_case(name)
                && encoding.clock_rate() == clock_rate
                && encoding.channels() == channels
        })
    }

    /// The encoding name of its `a=rtpmap`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
            Self::G729 => "G729",
        }
    }

    /// The RTP clock in Hz: 8000 for G.722 too (RFC 3551 section 4.5.2).
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            _ => 8000,
        }
    }

    /// The channels of its `a=rtpmap`: always two for Opus, whatever is sent (RFC 7587 section 7).
    pub fn channels(self) -> u8 {
        match self {
            Self::Opus => 2,
            _ => 1,
        }
    }

    /// The payload type of RFC 3551, or the one that we give it.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::G729 => 18,
            Self::Opus => 111,
        }
    }

    /// How long a payload of so many bytes lasts, in milliseconds; None for Opus, which says it only inside.
    pub fn lasts_ms(self, bytes: usize) -> Option<u32> {
        let bytes = u32::try_from(bytes).ok()?;
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => Some(bytes / 8),
            Self::G729 => Some(bytes),
            Self::Opus => None,
        }
    }

    /// The packet time that it can be sent in, at most `ptime_ms`: Opus knows no 30 and 50 ms.
    pub fn packet_time(self, ptime_ms: u32) -> u32 {
        let whole = (ptime_ms / 10 * 10).clamp(10, LONGEST_MS);
        match (self, whole) {
            (Self::Opus, 30) => 20,
            (Self::Opus, 50) => 40,
            _ => whole,
        }
    }
}

/// The longest packet that we send, in milliseconds.
pub const LONGEST_MS: u32 = 60;

/// A decoder at the codec's full rate (Opus 48 kHz); None for a format that can only be passed on.
pub fn decoder(codec: &Codec) -> Option<Box<dyn Decode>> {
    decoder_at(codec, 48_000)
}

/// A decoder that gives `sample_rate` where it can choose: Opus does 8, 12, 16, 24 and 48 kHz without a resampler.
pub fn decoder_at(codec: &Codec, sample_rate: u32) -> Option<Box<dyn Decode>> {
    Some(match Encoding::of(codec)? {
        Encoding::Pcmu => Box::new(g711::Decoder::mu_law()),
        Encoding::Pcma => Box::new(g711::Decoder::a_law()),
        Encoding::G722 => Box::new(g722::Decoder::new()),
        Encoding::G729 => Box::new(g729::Decoder::new()),
        Encoding::Opus => Box::new(opus::Decoder::new(sample_rate).ok()?),
    })
}

/// An encoder for packets of `ptime_ms`; None for a format that can only be passed on.
pub fn encoder(codec: &Codec, ptime_ms: u32) -> Option<Box<dyn Encode>> {
    encoder_at(codec, ptime_ms, 48_000)
}

/// An encoder that takes `sample_rate` where it can choose. The parameters of an Opus format are the receiver's wishes
/// and are honoured (RFC 7587 section 6.1).
pub fn encoder_at(codec: &Codec, ptime_ms: u32, sample_rate: u32) -> Option<Box<dyn Encode>> {
    Some(match Encoding::of(codec)? {
        Encoding::Pcmu => Box::new(g711::Encoder::mu_law()),
        Encoding::Pcma => Box::new(g711::Encoder::a_law()),
        Encoding::G722 => Box::new(g722::Encoder::new()),
        Encoding::G729 => Box::new(g729::Encoder::new()),
        Encoding::Opus => {
            let wishes = OpusParameters::parse(codec.fmtp.as_deref().unwrap_or_default());
            Box::new(opus::Encoder::new(sample_rate, ptime_ms, &wishes).ok()?)
        }
    })
}

#[cfg(test)]
pub(crate) mod tests;
