//! One turn of a cadence as samples: computed once, when the prompts are loaded.

use std::f64::consts::TAU;

use super::Part;
use crate::prompt::Prompt;

/// The peak of a single tone: -10 dBm0 (ITU-T E.180 section 7), which each of two shares.
const PEAK: f64 = 7200.0;
const RATE: u32 = 8000;
/// Sound swells and dies in so many samples, so that it does not click: 5 ms.
const EDGE: u32 = 40;
/// A tone that is not repeated for ever is heard for at least so long, in milliseconds.
const HEARD_MS: u32 = 8000;

pub(super) fn prompt(cadence: &[Part]) -> Prompt {
    let total: u32 = cadence.iter().map(|part| u32::from(part.ms)).sum();
    let steady = cadence.len() == 1;
    let mut samples = Vec::new();
    for part in cadence {
        append(*part, steady, &mut samples);
    }
    Prompt::of_rounds(&samples, HEARD_MS.div_ceil(total.max(1)))
}

fn append(part: Part, steady: bool, out: &mut Vec<i16>) {
    let count = RATE / 1000 * u32::from(part.ms);
    let (low, high) = part.hertz;
    let tones = u8::from(low > 0) + u8::from(high > 0);
    let peak = PEAK / f64::from(tones.max(1));
    for at in 0..count {
        let time = f64::from(at) / f64::from(RATE) * TAU;
        let swell = if steady { EDGE } else { at.min(count.saturating_sub(at)).min(EDGE) };
        let value = (time * f64::from(low)).sin() + (time * f64::from(high)).sin();
        out.push(rounded(value * peak * f64::from(swell) / f64::from(EDGE)));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float that is cast to an integer saturates")]
fn rounded(value: f64) -> i16 {
    value.round() as i16
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::prompt::{Player, Prompts};
    use crate::tone::{COUNTRIES, Country, Tone};

    /// Ten seconds of a tone, as played for ever.
    fn heard(country: &str, tone: Tone) -> Vec<i16> {
        let prompt = prompt(Country::find(country).unwrap().cadence(tone));
        let mut player = Player::new(Arc::new(prompt), true);
        let (mut out, mut all) = (Vec::new(), Vec::new());
        for _ in 0..500 {
            assert!(player.next(&mut out));
            all.extend_from_slice(&out);
        }
        all
    }

    fn amplitude(samples: &[i16], hertz: f64) -> f64 {
        let step = hertz / 8000.0 * TAU;
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (n, sample) in (0_u32..).zip(samples) {
            real += f64::from(*sample) * (f64::from(n) * step).cos();
            imaginary += f64::from(*sample) * (f64::from(n) * step).sin();
        }
        2.0 * real.hypot(imaginary) / samples.len() as f64
    }

    #[test]
    fn dutch_ringback_is_one_second_in_five() {
        let samples = heard("nl", Tone::Ringback);
        let level = 20.0 * (amplitude(&samples[400..7600], 425.0) / PEAK).log10();
        assert!(level.abs() < 0.1, "{level}");
        assert!(samples[8000..40_000].iter().all(|sample| *sample == 0));
        assert!(amplitude(&samples[40_400..47_600], 425.0) > PEAK * 0.98);
    }

    #[test]
    fn two_tones_sound_at_once() {
        let samples = heard("gb", Tone::Dial);
        for hertz in [350.0, 440.0] {
            assert!((amplitude(&samples, hertz) - PEAK / 2.0).abs() < 20.0, "{hertz}");
        }
    }

    #[test]
    fn a_steady_tone_has_no_seam() {
        for (country, most) in [("nl", 425.0), ("gb", 440.0)] {
            let samples = heard(country, Tone::Dial);
            let steepest = PEAK * TAU * most / 8000.0 + 2.0;
            for pair in samples.windows(2) {
                assert!((f64::from(pair[1]) - f64::from(pair[0])).abs() <= steepest, "{country}: {pair:?}");
            }
        }
    }

    #[test]
    fn every_country_has_every_tone() {
        for country in &COUNTRIES {
            let mut prompts = Prompts::default();
            prompts.insert_tones(country);
            for tone in Tone::ALL {
                let prompt = prompts.find(&format!("tone:{}", tone.name())).unwrap();
                let total: usize = country.cadence(tone).iter().map(|part| usize::from(part.ms) * 8).sum();
                assert_eq!(prompt.samples(), total, "{} {tone:?}", country.code);
                assert!(country.cadence(tone).iter().any(|part| part.hertz.0 > 0));
            }
        }
        assert_eq!(Country::find("NL").map(|country| country.code), Some("nl"));
        assert!(Country::find("xx").is_none());
    }
}
