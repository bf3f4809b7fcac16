//! G.722 at 64 kbit/s: two samples at 16 kHz in a byte, while the RTP clock counts 8,000 (RFC 3551 section 4.5.2).

use audio_codec::g722::{G722Decoder, G722Encoder};
use audio_codec::{Decoder as _, Encoder as _};

use super::{CodecError, Decode, Encode};

pub(super) struct Decoder {
    inner: G722Decoder,
}

pub(super) struct Encoder {
    inner: G722Encoder,
}

/// A quarter of a second.
const MOST: usize = 2000;

impl Decoder {
    pub(super) fn new() -> Self {
        Self { inner: G722Decoder::new() }
    }
}

impl Decode for Decoder {
    fn sample_rate(&self) -> u32 {
        16_000
    }

    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), CodecError> {
        let refused = CodecError::Payload { codec: "G722", bytes: payload.len() };
        if payload.is_empty() || payload.len() > MOST {
            return Err(refused);
        }
        let start = out.len();
        out.resize(start.saturating_add(self.inner.max_decode_samples(payload.len())), 0);
        let decoded = self.inner.decode_into(payload, out.get_mut(start..).unwrap_or_default());
        let written = decoded.as_ref().map_or(0, |written| *written);
        out.truncate(start.saturating_add(written));
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
    pub(super) fn new() -> Self {
        Self { inner: G722Encoder::new() }
    }
}

impl Encode for Encoder {
    fn sample_rate(&self) -> u32 {
        16_000
    }

    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let refused = CodecError::Samples { codec: "G722", samples: pcm.len() };
        if !pcm.len().is_multiple_of(2) {
            return Err(refused);
        }
        let start = out.len();
        out.resize(start.saturating_add(self.inner.max_encode_bytes(pcm.len())), 0);
        let encoded = self.inner.encode_into(pcm, out.get_mut(start..).unwrap_or_default());
        let written = encoded.as_ref().map_or(0, |written| *written);
        out.truncate(start.saturating_add(written));
        encoded.map(drop).map_err(|_| refused)
    }
}
