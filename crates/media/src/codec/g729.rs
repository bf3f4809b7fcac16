//! G.729 with annex A: 10 bytes a frame of 10 ms. A frame of two bytes is a description of silence (annex B).

use audio_codec::g729::{G729Decoder, G729Encoder};
use audio_codec::{Decoder as _, Encoder as _};

use super::{CodecError, Decode, Encode};

pub(super) struct Decoder {
    inner: G729Decoder,
}

pub(super) struct Encoder {
    inner: G729Encoder,
}

/// Bytes and samples of a frame.
const FRAME: (usize, usize) = (10, 80);
/// Bytes of a description of silence, which can only be the last frame of a packet.
const SILENCE: usize = 2;
/// A fifth of a second.
const MOST: usize = 202;

impl Decoder {
    pub(super) fn new() -> Self {
        Self { inner: G729Decoder::new() }
    }
}

impl Decode for Decoder {
    fn sample_rate(&self) -> u32 {
        8000
    }

    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), CodecError> {
        let (bytes, samples) = FRAME;
        let refused = CodecError::Payload { codec: "G729", bytes: payload.len() };
        let rest = payload.len() % bytes;
        if payload.is_empty() || payload.len() > MOST || !(rest == 0 || rest == SILENCE) {
            return Err(refused);
        }
        let start = out.len();
        let speech = payload.len() / bytes * samples;
        // The noise of the sender's room is left out: a frame of silence takes its time.
        let silence = if rest == 0 { 0 } else { samples };
        out.resize(start.saturating_add(speech).saturating_add(silence), 0);
        let room = out.get_mut(start..start.saturating_add(speech)).unwrap_or_default();
        match self.inner.decode_into(payload, room) {
            Ok(_) => Ok(()),
            Err(_) => {
                out.truncate(start);
                Err(refused)
            }
        }
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
        Self { inner: G729Encoder::new() }
    }
}

impl Encode for Encoder {
    fn sample_rate(&self) -> u32 {
        8000
    }

    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let refused = CodecError::Samples { codec: "G729", samples: pcm.len() };
        if !pcm.len().is_multiple_of(FRAME.1) {
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
