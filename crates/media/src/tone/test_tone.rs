//! A tone to test a line with, and the ear that knows it again: 1,000 Hz, which every line carries and no speech holds for long.

use std::f64::consts::TAU;
use std::time::Duration;

use super::purity::Purity;

/// The tone, at any rate.
#[derive(Debug, Clone)]
pub struct TestTone {
    rate: u32,
    /// Samples made so far.
    at: u32,
}

/// What is heard of a line, and whether the tone is in it.
#[derive(Debug, Clone)]
pub struct TestEar {
    rate: u32,
    squares: f64,
    samples: u32,
    /// Samples of the frames that are nearly the tone alone.
    of_tone: u32,
}

const HERTZ: f64 = 1000.0;
/// The peak: as a tone of the network has it (ITU-T E.180 section 7).
const PEAK: f64 = 7200.0;
/// The share of a frame that the tone has to be; codecs for speech bend it.
const SHARE: f64 = 0.7;
/// The least mean square of a sound, -60 dBov or so: the silence of A-law is -72.
const LEAST: f64 = 1_000.0;
/// How much of it has to be heard to be sure, in milliseconds.
const SURE_MS: u32 = 400;
/// The mean square of the loudest square wave: 0 dBov (ITU-T G.100.1).
const OVERLOAD: f64 = 32_768.0 * 32_768.0;

impl TestTone {
    /// For samples at `rate` Hz.
    pub fn new(rate: u32) -> Self {
        Self { rate, at: 0 }
    }

    /// Overwrites samples with what comes next.
    pub fn fill(&mut self, samples: &mut [i16]) {
        for sample in samples {
            let time = f64::from(self.at) / f64::from(self.rate);
            *sample = rounded(PEAK * (TAU * HERTZ * time).sin());
            // A whole second has whole periods.
            self.at = (self.at + 1) % self.rate.max(1);
        }
    }
}

impl TestEar {
    /// For samples at `rate` Hz.
    pub fn new(rate: u32) -> Self {
        Self { rate, squares: 0.0, samples: 0, of_tone: 0 }
    }

    /// Takes a frame of some 20 ms.
    pub fn listen(&mut self, frame: &[i16]) {
        let count = u32::try_from(frame.len()).unwrap_or(u32::MAX);
        let Purity { mean_square, share } = Purity::of(frame, self.rate, HERTZ);
        self.squares += mean_square * f64::from(count);
        self.samples = self.samples.saturating_add(count);
        if share >= SHARE && mean_square >= LEAST {
            self.of_tone = self.of_tone.saturating_add(count);
        }
    }

    /// How much was heard.
    pub fn heard(&self) -> Duration {
        Duration::from_secs_f64(f64::from(self.samples) / f64::from(self.rate.max(1)))
    }

    /// How loud it was on average, in dB of the loudest there is; None where it was silence, or nothing.
    pub fn level(&self) -> Option<f64> {
        let mean = self.squares / f64::from(self.samples.max(1));
        (mean >= LEAST).then(|| 10.0 * (mean / OVERLOAD).log10())
    }

    /// Whether the tone was among it.
    pub fn knows_tone(&self) -> bool {
        u64::from(self.of_tone) * 1000 >= u64::from(SURE_MS) * u64::from(self.rate)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float that is cast to an integer saturates")]
fn rounded(value: f64) -> i16 {
    value.round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decoder_at, encoder_at};
    use crate::sdp::Policy;
    use crate::{LocalMedia, Origin, local_offer};

    fn heard(rate: u32, frames: usize, mut make: impl FnMut(&mut [i16])) -> TestEar {
        let mut ear = TestEar::new(rate);
        let mut frame = vec![0; usize::try_from(rate / 50).unwrap()];
        for _ in 0..frames {
            make(&mut frame);
            ear.listen(&frame);
        }
        ear
    }

    #[test]
    fn the_tone_is_known_again_at_every_rate() {
        for rate in [8_000, 16_000, 48_000] {
            let mut tone = TestTone::new(rate);
            let ear = heard(rate, 50, |frame| tone.fill(frame));
            assert!(ear.knows_tone() && ear.heard() == Duration::from_secs(1), "{rate} {ear:?}");
            let level = ear.level().unwrap();
            assert!((level + 16.2).abs() < 0.1, "{level}");
        }
    }

    #[test]
    fn and_behind_every_codec_that_we_speak() {
        let policy = Policy { codecs: [Policy::usual().codecs, vec![crate::codec::Encoding::G729]].concat() };
        let at = "192.0.2.1:4000".parse().unwrap();
        let mut origin = Origin::with_policy(1, std::sync::Arc::new(policy));
        let offer = local_offer(&LocalMedia::new(at, at), &mut origin).audio().unwrap();
        let codecs: Vec<_> = offer.codecs.into_iter().filter(crate::Codec::is_audio).collect();
        assert_eq!(codecs.len(), 5);
        for codec in codecs {
            let mut encoder = encoder_at(&codec, 20, 8_000).unwrap();
            let mut decoder = decoder_at(&codec, 8_000).unwrap();
            let mut tone = TestTone::new(encoder.sample_rate());
            let mut ear = TestEar::new(decoder.sample_rate());
            let mut frame = vec![0; usize::try_from(encoder.sample_rate() / 50).unwrap()];
            for _ in 0..50 {
                tone.fill(&mut frame);
                let (mut payload, mut back) = (Vec::new(), Vec::new());
                encoder.encode(&frame, &mut payload).unwrap();
                decoder.decode(&payload, &mut back).unwrap();
                ear.listen(&back);
            }
            assert!(ear.knows_tone(), "{} {ear:?}", codec.name);
        }
    }

    #[test]
    fn what_is_none() {
        let silence = heard(8_000, 50, |_| {});
        assert!(!silence.knows_tone() && silence.level().is_none());
        let of_a_law = heard(8_000, 50, |frame| frame.fill(8));
        assert!(of_a_law.level().is_none() && of_a_law.heard() == Duration::from_secs(1));
        let mut tone = TestTone::new(8_000);
        assert!(!heard(8_000, 15, |frame| tone.fill(frame)).knows_tone(), "too short to be sure");
        let mut other = TestTone::new(8_000);
        let mut is_odd = false;
        let swung = heard(8_000, 50, |frame| {
            other.fill(frame);
            for sample in frame.iter_mut() {
                is_odd = !is_odd;
                *sample = if is_odd { *sample } else { 0 };
            }
            frame.iter_mut().step_by(3).for_each(|sample| *sample = 9_000);
        });
        assert!(!swung.knows_tone() && swung.level().is_some(), "{swung:?}");
        assert!(TestEar::new(8_000).level().is_none());
    }
}
