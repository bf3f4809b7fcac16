//! A digit as its two tones, for phones that take nothing else.

use std::f64::consts::TAU;

use super::{COLUMNS, Digit, ROWS};

/// The tones of one press, followed by the pause that parts it from the next.
#[derive(Debug, Clone)]
pub struct ToneGenerator {
    row: f64,
    column: f64,
    /// Milliseconds of sound.
    duration_ms: u32,
    /// Samples made so far.
    at: u32,
}

/// Peaks of the two tones: -9 and -7 dBm0, the high one stronger because lines weaken it.
const AMPLITUDES: (f64, f64) = (5400.0, 6800.0);
/// Silence behind a digit, in milliseconds (ITU-T Q.24).
const PAUSE_MS: u32 = 60;
/// The tone swells and dies in so long, in milliseconds, so that it does not click.
const EDGE_MS: u32 = 3;

impl ToneGenerator {
    /// A press of `duration_ms`, cut to 50 to 2,000 ms.
    pub fn new(digit: Digit, duration_ms: u32) -> Self {
        let (row, column) = digit.place();
        let hertz = |tones: [f64; 4], place: usize| tones.get(place).copied().unwrap_or_default();
        Self {
            row: hertz(ROWS, row),
            column: hertz(COLUMNS, column),
            duration_ms: duration_ms.clamp(50, 2000),
            at: 0,
        }
    }

    /// Overwrites samples at `rate` Hz with what comes next; false once the pause is over.
    pub fn fill(&mut self, samples: &mut [i16], rate: u32) -> bool {
        let per_ms = rate / 1000;
        let (sound, edge) = (self.duration_ms * per_ms, EDGE_MS * per_ms);
        let over = sound.saturating_add(PAUSE_MS * per_ms);
        for sample in samples.iter_mut() {
            let at = self.at;
            if at >= over {
                return false;
            }
            self.at = at.saturating_add(1);
            let time = f64::from(at) / f64::from(rate) * TAU;
            let swell = at.min(sound.saturating_sub(at)).min(edge);
            let (low, high) = AMPLITUDES;
            let value = low * (time * self.row).sin() + high * (time * self.column).sin();
            *sample = rounded(value * f64::from(swell) / f64::from(edge.max(1)));
        }
        self.at < over
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float that is cast to an integer saturates")]
fn rounded(value: f64) -> i16 {
    value.round() as i16
}
