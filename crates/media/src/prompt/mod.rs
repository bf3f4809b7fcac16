//! Prompts, music and tones: read from WAV or Ogg Opus beforehand, played 20 ms at a time in whatever the phone speaks.

mod ogg;
mod packed;
mod player;
mod resample;
mod wav;

use std::collections::HashMap;
use std::sync::Arc;

use audio_codec::pcma::{PcmaDecoder, PcmaEncoder};
use audio_codec::pcmu::{PcmuDecoder, PcmuEncoder};
use audio_codec::{Decoder as _, Encoder as _};
use packed::Packed;
pub use player::Player;
pub use wav::PromptError;

use crate::tone::Country;

/// A prompt: linear samples at 8 or 16 kHz, or Opus.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prompt {
    rate: u32,
    sound: Sound,
    /// How often it is played where it is not to be repeated for ever.
    rounds: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Sound {
    Samples(Box<[i16]>),
    Packed(Packed),
}

/// The loaded prompts by name. Built whole, then shared with the media threads.
#[derive(Debug, Clone, Default)]
pub struct Prompts {
    by_name: HashMap<Box<str>, Arc<Prompt>>,
}

/// Ten minutes: 19 MB at 16 kHz.
const LIMIT_SECS: u32 = 600;
/// Samples of the longest prompt that stays packed, eight seconds: music that a hundred hear is decoded once, not a hundred times.
const PACKED_MOST: usize = 128_000;

impl Prompt {
    /// Reads a file of either kind, told apart by how it begins; at most ten minutes.
    pub fn from_file(file: &[u8]) -> Result<Self, PromptError> {
        if ogg::is_ogg(file) { Self::from_ogg_opus(file) } else { Self::from_wav(file) }
    }

    /// Reads a WAV file: PCM of 8 to 32 bits or float, one or two channels, 8 to 48 kHz. What is above 8 kHz wide is kept
    /// at 16 kHz.
    pub fn from_wav(file: &[u8]) -> Result<Self, PromptError> {
        let (rate, samples) = wav::read(file, LIMIT_SECS)?;
        Ok(Self { rate, sound: Sound::Samples(samples.into()), rounds: 1 })
    }

    /// Reads an Ogg Opus file of one or two channels. One of at most eight seconds is decoded while it plays.
    pub fn from_ogg_opus(file: &[u8]) -> Result<Self, PromptError> {
        let packed = ogg::read(file, LIMIT_SECS)?;
        let sound = match packed.samples() {
            ..=PACKED_MOST => Sound::Packed(packed),
            _ => Sound::Samples(packed.unpack().map_err(|error| PromptError::Ogg(error.to_string()))?.into()),
        };
        Ok(Self { rate: ogg::RATE, sound, rounds: 1 })
    }

    /// Samples at 8 kHz, mono.
    pub fn from_samples(samples: &[i16]) -> Self {
        Self::of_rounds(samples, 1)
    }

    /// Samples at 8 kHz that are played so often.
    pub(crate) fn of_rounds(samples: &[i16], rounds: u32) -> Self {
        Self { rate: 8000, sound: Sound::Samples(samples.into()), rounds: rounds.max(1) }
    }

    /// Length in samples.
    pub fn samples(&self) -> usize {
        match &self.sound {
            Sound::Samples(samples) => samples.len(),
            Sound::Packed(packed) => packed.samples(),
        }
    }

    /// Bytes of memory that it takes.
    pub fn bytes(&self) -> usize {
        match &self.sound {
            Sound::Samples(samples) => samples.len().saturating_mul(2),
            Sound::Packed(packed) => packed.bytes(),
        }
    }

    /// All of its samples, decoded where they are packed: whether that works is known only then.
    pub fn decoded(&self) -> Result<Vec<i16>, PromptError> {
        match &self.sound {
            Sound::Samples(samples) => Ok(samples.to_vec()),
            Sound::Packed(packed) => packed.unpack().map_err(|error| PromptError::Ogg(error.to_string())),
        }
    }
}

impl Default for Sound {
    fn default() -> Self {
        Self::Samples(Box::default())
    }
}

impl Prompts {
    /// Adds the tones of a country, as `tone:dial`, `tone:ringback` and so on.
    pub fn insert_tones(&mut self, country: &Country) {
        for (name, prompt) in country.prompts() {
            self.insert(&format!("tone:{name}"), prompt);
        }
    }

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
