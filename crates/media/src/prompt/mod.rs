//! Prompts in G.711: read from WAV beforehand, played in packets of 20 ms.

mod player;
mod resample;
mod wav;

use std::collections::HashMap;
use std::sync::Arc;

use audio_codec::pcma::{PcmaDecoder, PcmaEncoder};
use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder as _, Encoder as _};
pub use player::{PACKET_BYTES, Player};
pub use wav::PromptError;

/// A prompt, encoded in both laws of G.711 at 8 kHz, one byte a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    a_law: Box<[u8]>,
    mu_law: Box<[u8]>,
}

/// The loaded prompts by name. Built whole, then shared with the media threads.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    by_name: HashMap<Box<str>, Arc<Prompt>>,
}

impl Prompt {
    /// Reads a WAV file: PCM of 8 to 32 bits or float, one or two channels, 8 to 48 kHz, at most ten minutes.
    pub fn from_wav(file: &[u8]) -> Result<Self, PromptError> {
        wav::read(file).map(|samples| Self::from_samples(&samples))
    }

    /// Encodes samples at 8 kHz, mono.
    pub fn from_samples(samples: &[i16]) -> Self {
        Self { a_law: encode_a_law(samples).into(), mu_law: encode_mu_law(samples).into() }
    }

    /// Length in samples at 8 kHz.
    pub fn samples(&self) -> usize {
        self.a_law.len()
    }

    pub(crate) fn bytes(&self, a_law: bool) -> &[u8] {
        if a_law { &self.a_law } else { &self.mu_law }
    }
}

impl Prompts {
    /// Adds a prompt, in place of one with the same name.
    pub fn insert(&mut self, name: &str, prompt: Prompt) {
        self.by_name.insert(name.into(), Arc::new(prompt));
    }

    /// The prompt of that name.
    pub fn find(&self, name: &str) -> Option<Arc<Prompt>> {
        self.by_name.get(name).cloned()
    }

    /// The names, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(|name| &**name)
    }
}

/// G.711 A-law of linear samples.
pub fn encode_a_law(samples: &[i16]) -> Vec<u8> {
    PcmaEncoder::new().encode(samples)
}

/// G.711 µ-law of linear samples.
pub fn encode_mu_law(samples: &[i16]) -> Vec<u8> {
    PcmuEncoder::new().encode(samples)
}

/// Linear samples of G.711 A-law.
pub fn decode_a_law(bytes: &[u8]) -> Vec<i16> {
    PcmaDecoder::new().decode(bytes)
}

/// Linear samples of G.711 µ-law.
pub fn decode_mu_law(bytes: &[u8]) -> Vec<i16> {
    PcmuDecoder::new().decode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_laws_keep_a_sample_within_their_step() {
        for sample in [-30_000_i16, -1000, -100, 0, 100, 1000, 30_000] {
            for decoded in [decode_a_law(&encode_a_law(&[sample])), decode_mu_law(&encode_mu_law(&[sample]))]
            {
                let error = (i32::from(decoded[0]) - i32::from(sample)).abs();
                assert!(error <= i32::from(sample).abs() / 16 + 16, "{sample} became {decoded:?}");
            }
        }
    }

    #[test]
    fn silence_has_the_well_known_codes() {
        assert_eq!((encode_a_law(&[0]), encode_mu_law(&[0])), (vec![0xd5], vec![0xff]));
    }

    #[test]
    fn a_prompt_is_found_by_its_name() {
        let mut prompts = Prompts::default();
        prompts.insert("welkom", Prompt::from_samples(&[0; 80]));
        assert_eq!(prompts.find("welkom").map(|prompt| prompt.samples()), Some(80));
        assert!(prompts.find("gesloten").is_none());
        assert_eq!(prompts.names().collect::<Vec<_>>(), ["welkom"]);
    }
}
