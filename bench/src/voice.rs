//! What the load says where the server must understand it: an artificial voice, encoded once and sent round and round. The
//! codecs are those of the PBX, because what its transcoding adds is measured beside the very same encoder and decoder.

use std::f64::consts::TAU;

use anyhow::Context as _;
use clap::ValueEnum;
use kiestoon_media::Codec;
use kiestoon_media::codec::{Decode, Encode, Encoding, decoder_at, encoder_at};
use kiestoon_media::transcode::rate_between;

/// The codec of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sound {
    #[default]
    Pcmu,
    Pcma,
    G722,
    Opus,
}

/// Milliseconds of a packet.
const PACKET_MS: u32 = 20;
/// The voice repeats itself after so long.
const SECONDS: u32 = 4;

impl Sound {
    pub(crate) fn encoding(self) -> Encoding {
        match self {
            Self::Pcmu => Encoding::Pcmu,
            Self::Pcma => Encoding::Pcma,
            Self::G722 => Encoding::G722,
            Self::Opus => Encoding::Opus,
        }
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) fn payload_type(self) -> u8 {
        self.encoding().payload_type()
    }

    /// RTP clock ticks of a packet.
    pub(crate) fn step(self) -> u32 {
        self.encoding().clock_rate() / 1000 * PACKET_MS
    }

    /// The attribute lines of its session description.
    pub(crate) fn describe(self) -> String {
        let (encoding, number) = (self.encoding(), self.payload_type());
        let (name, rate) = (encoding.name(), encoding.clock_rate());
        match self {
            Self::Opus => format!("a=rtpmap:{number} {name}/{rate}/2\r\na=fmtp:{number} {OPUS}\r\n"),
            _ => format!("a=rtpmap:{number} {name}/{rate}\r\n"),
        }
    }

    /// The payloads of the voice, each 20 ms.
    pub(crate) fn payloads(self) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut encoder = encoder_at(&self.codec(), PACKET_MS, 48_000).context("no encoder")?;
        let sound = voice(encoder.sample_rate());
        let frames = sound.chunks_exact(samples(encoder.sample_rate()));
        frames
            .map(|frame| {
                let mut payload = Vec::new();
                encoder.encode(frame, &mut payload)?;
                Ok(payload)
            })
            .collect()
    }

    fn codec(self) -> Codec {
        let encoding = self.encoding();
        Codec {
            payload_type: encoding.payload_type(),
            name: encoding.name().into(),
            clock_rate: encoding.clock_rate(),
            channels: encoding.channels(),
            fmtp: (self == Self::Opus).then(|| OPUS.into()),
        }
    }
}

/// What most phones with Opus say of it.
const OPUS: &str = "useinbandfec=1";

/// A decoder and an encoder as a transcoded leg has them, with something to do for both.
pub(crate) struct Pair {
    decoder: Box<dyn Decode>,
    encoder: Box<dyn Encode>,
    decoded: Vec<i16>,
    encoded: Vec<u8>,
}

impl Pair {
    /// From the one to the other, at the rate that the PBX chooses between them.
    pub(crate) fn new(from: Sound, to: Sound) -> anyhow::Result<Self> {
        let rate = rate_between(from.encoding(), to.encoding());
        Ok(Self {
            decoder: decoder_at(&from.codec(), rate).context("no decoder")?,
            encoder: encoder_at(&to.codec(), PACKET_MS, rate).context("no encoder")?,
            decoded: Vec::new(),
            encoded: Vec::new(),
        })
    }

    /// Samples a second that the encoder takes.
    pub(crate) fn encoder_rate(&self) -> u32 {
        self.encoder.sample_rate()
    }

    /// Decodes the one and encodes what came of it; where the rates differ, `frame` in its place.
    pub(crate) fn work(&mut self, payload: &[u8], frame: &[i16]) -> anyhow::Result<()> {
        self.decoded.clear();
        self.encoded.clear();
        self.decoder.decode(payload, &mut self.decoded)?;
        let same = self.decoder.sample_rate() == self.encoder.sample_rate();
        let frame = if same && self.decoded.len() == frame.len() { &self.decoded } else { frame };
        self.encoder.encode(frame, &mut self.encoded)?;
        Ok(())
    }
}

/// Samples of a packet.
pub(crate) fn samples(rate: u32) -> usize {
    (rate / 1000 * PACKET_MS) as usize
}

/// Four seconds of syllables: harmonics of a gliding pitch under formants that move, hissing now and then, with pauses.
pub(crate) fn voice(rate: u32) -> Vec<i16> {
    let rate = f64::from(rate);
    let count = (rate * f64::from(SECONDS)) as usize;
    let (mut phase, mut noise) = (0.0, 1u32);
    let mut sound = Vec::with_capacity(count);
    for number in 0..count {
        let at = number as f64 / rate;
        let syllable = (at * 4.0).fract();
        let loudness = if (at * 0.5).fract() > 0.8 { 0.0 } else { (syllable * TAU / 2.0).sin() };
        let pitch = 120.0 + 25.0 * (at * 1.3 * TAU).sin();
        phase = (phase + pitch / rate).fract();
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let hiss = f64::from(noise >> 16) / 32_768.0 - 1.0;
        let formants = [500.0 + 250.0 * (at * 2.1 * TAU).sin(), 1500.0 + 500.0 * (at * 1.7 * TAU).cos()];
        let mut voiced = 0.0;
        for harmonic in 1..=25 {
            let frequency = pitch * f64::from(harmonic);
            let near = |formant: f64| 1.0 / (1.0 + ((frequency - formant) / 180.0).powi(2));
            let weight: f64 = 0.02 + formants.iter().map(|formant| near(*formant)).sum::<f64>();
            voiced += weight * (phase * f64::from(harmonic) * TAU).sin();
        }
        let share = if syllable < 0.15 { 0.6 } else { 0.02 };
        let sample = loudness * (2200.0 * voiced * (1.0 - share) + 5000.0 * hiss * share) + 8.0 * hiss;
        sound.push(sample.clamp(-30_000.0, 30_000.0) as i16);
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_voice_is_audible_and_pauses() {
        let sound = voice(8000);
        let loud = |frame: &[i16]| frame.iter().any(|sample| sample.unsigned_abs() > 2000);
        let frames: Vec<bool> = sound.chunks_exact(samples(8000)).map(loud).collect();
        let talking = frames.iter().filter(|loud| **loud).count();
        assert_eq!(frames.len(), 200);
        assert!((100..180).contains(&talking), "{talking} of 200 frames talk");
    }

    #[test]
    fn every_codec_says_it_and_is_understood() {
        for sound in [Sound::Pcmu, Sound::Pcma, Sound::G722, Sound::Opus] {
            let payloads = sound.payloads().unwrap();
            assert_eq!(payloads.len(), 200, "{sound:?}");
            let mut pair = Pair::new(sound, Sound::Pcma).unwrap();
            let frame = vec![0; samples(pair.encoder_rate())];
            payloads.iter().for_each(|payload| pair.work(payload, &frame).unwrap());
            assert_eq!(pair.encoded.len(), 160);
        }
    }
}
