//! Comfort noise (RFC 3389): a level that one side says and the other renders. The spectrum is left out, as most
//! phones leave it out; white noise through a gentle low-pass is near enough to a room.

/// Noise of a level, without an end.
#[derive(Debug, Clone)]
pub(super) struct ComfortNoise {
    amplitude: f32,
    state: u32,
    last: f32,
}

/// Below this (dB under overload) nothing is heard.
const SILENT: u8 = 90;
/// What a phone that only pauses is taken to have meant: a quiet room.
pub(super) const QUIET: u8 = 70;
/// The share of the last sample that stays: what lies above 2 kHz is halved.
const DARK: f32 = 0.5;

impl ComfortNoise {
    /// Noise at `level` dB below overload (0 to 127).
    pub(super) fn new(level: u8) -> Self {
        let mut noise = Self { amplitude: 0.0, state: 0x9e37_79b9, last: 0.0 };
        noise.set(level);
        noise
    }

    /// Takes another level.
    pub(super) fn set(&mut self, level: u8) {
        let rms = 32_768.0 * 10_f32.powf(-f32::from(level.min(127)) / 20.0);
        // Even numbers between -1 and 1 have a mean square of a third; the filter leaves (1-d)/(1+d) of it.
        let left = (1.0 - DARK) / (1.0 + DARK);
        self.amplitude = if level >= SILENT { 0.0 } else { rms * (3.0 / left).sqrt() };
    }

    pub(super) fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let [high, low, ..] = self.state.to_be_bytes();
            let white = f32::from(i16::from_be_bytes([high, low])) / 32_768.0 * self.amplitude;
            self.last = self.last * DARK + white * (1.0 - DARK);
            *sample = rounded(self.last);
        }
    }
}

/// The level of samples in dB below overload, as RFC 3389 says it.
pub(super) fn level(samples: &[i16]) -> u8 {
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX).max(1);
    let power: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / f64::from(count);
    let below = -10.0 * (power.max(1e-6) / 32_768.0_f64.powi(2)).log10();
    (0..=127).find(|level| f64::from(*level) >= below - 0.5).unwrap_or(127)
}

#[expect(clippy::cast_possible_truncation, reason = "a float that is cast to an integer saturates")]
fn rounded(sample: f32) -> i16 {
    sample.round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_level_that_was_asked() {
        for asked in [30, 50, 60] {
            let mut samples = [0; 16_000];
            ComfortNoise::new(asked).fill(&mut samples);
            let made = level(&samples);
            assert!(made.abs_diff(asked) <= 1, "{asked} became {made}");
        }
        let mut samples = [7; 160];
        ComfortNoise::new(127).fill(&mut samples);
        assert_eq!((samples, level(&samples)), ([0; 160], 127));
    }
}
