//! How much of a frame is one tone.

use std::f64::consts::TAU;

/// What a frame holds of a tone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Purity {
    /// Of all that there is to hear.
    pub(super) mean_square: f64,
    /// What of that the tone is, from 0 to 1.
    pub(super) share: f64,
}

impl Purity {
    /// By the Goertzel algorithm, of samples at `rate` Hz.
    pub(super) fn of(frame: &[i16], rate: u32, hertz: f64) -> Self {
        let turn = 2.0 * (TAU * hertz / f64::from(rate)).cos();
        let (mut a, mut b, mut all) = (0.0, 0.0, 0.0);
        for sample in frame {
            let sample = f64::from(*sample);
            (a, b) = (sample + turn * a - b, a);
            all += sample * sample;
        }
        let samples = f64::from(u32::try_from(frame.len()).unwrap_or(u32::MAX)).max(1.0);
        let power = 2.0 * (a * a + b * b - turn * a * b) / samples;
        // Of silence nothing is a tone.
        Self { mean_square: all / samples, share: if all > 0.0 { power / all } else { 0.0 } }
    }
}
