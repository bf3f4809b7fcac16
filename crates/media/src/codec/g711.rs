//! G.711 in both laws: a byte a sample, no state.

use audio_codec::pcma::{PcmaDecoder, PcmaEncoder};
use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder as _, Encoder as _};

use super::{CodecError, Decode, Encode};

pub(super) struct Decoder {
    a_law: bool,
}

pub(super) struct Encoder {
    a_law: bool,
}

/// A packet of a quarter of a second; no phone sends longer ones.
const MOST: usize = 2000;

impl Decoder {
    pub(super) fn a_law() -> Self {
        Self { a_law: true }
    }

    pub(super) fn mu_law() -> Self {
        Self { a_law: false }
    }
}

impl Decode for Decoder {
    fn sample_rate(&self) -> u32 {
        8000
    }

    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), CodecError> {
        let refused = CodecError::Payload { codec: "G.711", bytes: payload.len() };
        if payload.is_empty() || payload.len() > MOST {
            return Err(refused);
        }
        let start = out.len();
        out.resize(start.saturating_add(payload.len()), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        let decoded = if self.a_law {
            PcmaDecoder::new().decode_into(payload, room)
        } else {
            PcmuDecoder::new().decode_into(payload, room)
        };
        decoded.map(drop).map_err(|_| refused)
    }

    fn recover(&mut self, _: &[u8], _: usize, _: &mut Vec<i16>) -> bool {
        false
    }

    fn conceal(&mut self, _: usize, _: &mut Vec<i16>) -> bool {
        false
    }
}

impl Encoder {
    pub(super) fn a_law() -> Self {
        Self { a_law: true }
    }

    pub(super) fn mu_law() -> Self {
        Self { a_law: false }
    }
}

impl Encode for Encoder {
    fn sample_rate(&self) -> u32 {
        8000
    }

    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let start = out.len();
        out.resize(start.saturating_add(pcm.len()), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        let encoded = if self.a_law {
            PcmaEncoder::new().encode_into(pcm, room)
        } else {
            PcmuEncoder::new().encode_into(pcm, room)
        };
        encoded.map(drop).map_err(|_| CodecError::Samples { codec: "G.711", samples: pcm.len() })
    }
}
