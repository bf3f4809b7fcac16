//! Where a sound repeats itself: normalised cross-correlation, first on one sample in several, then exactly around the best.

use std::ops::RangeInclusive;

/// What to compare with what, in samples.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// Where the pattern begins.
    pub(super) at: usize,
    /// How long it is.
    pub(super) window: usize,
    /// How far away its likeness may be.
    pub(super) lags: RangeInclusive<usize>,
    /// Whether the likeness lies after the pattern, or before it.
    pub(super) after: bool,
    /// Samples that count as one in the first, coarse round.
    pub(super) step: usize,
}

/// The best likeness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    /// How far away it is.
    pub(super) lag: usize,
    /// From -1 to 1; 0 for silence.
    pub(super) correlation: f32,
    /// The pattern's mean square.
    pub(super) power: f32,
}

impl Search {
    /// The best lag; None where there is too little sound for any.
    pub(super) fn best(&self, sound: &[i16]) -> Option<Likeness> {
        let step = self.step.max(1);
        let coarse = self.lags.clone().step_by(step);
        let (near, _) = self.strongest(sound, coarse, step)?;
        let fine =
            near.saturating_sub(step - 1).max(*self.lags.start())..=(near + step - 1).min(*self.lags.end());
        let (lag, correlation) = self.strongest(sound, fine, 1)?;
        let pattern = sound.get(self.at..self.at.checked_add(self.window)?)?;
        let power =
            pattern.iter().map(|it| f32::from(*it) * f32::from(*it)).sum::<f32>() / self.window as f32;
        Some(Likeness { lag, correlation, power })
    }

    fn strongest(
        &self,
        sound: &[i16],
        lags: impl Iterator<Item = usize>,
        step: usize,
    ) -> Option<(usize, f32)> {
        let pattern = sound.get(self.at..self.at.checked_add(self.window)?)?;
        let mut best: Option<(usize, f32)> = None;
        for lag in lags {
            let begin = if self.after { self.at.checked_add(lag) } else { self.at.checked_sub(lag) };
            let Some(likeness) = begin.and_then(|begin| sound.get(begin..begin.checked_add(self.window)?))
            else {
                continue;
            };
            let correlation = correlation(pattern, likeness, step);
            if best.is_none_or(|(_, most)| correlation > most) {
                best = Some((lag, correlation));
            }
        }
        best
    }
}

/// Normalised cross-correlation of two sounds of one length, of sums of `step` samples each.
fn correlation(a: &[i16], b: &[i16], step: usize) -> f32 {
    let (mut product, mut left, mut right) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (a, b) in a.chunks_exact(step).zip(b.chunks_exact(step)) {
        let a: i32 = a.iter().map(|it| i32::from(*it)).sum();
        let b: i32 = b.iter().map(|it| i32::from(*it)).sum();
        let (a, b) = (a as f32, b as f32);
        product += a * b;
        left += a * a;
        right += b * b;
    }
    let norm = (left * right).sqrt();
    if norm > 0.0 { product / norm } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(period: f32, count: usize) -> Vec<i16> {
        (0..count).map(|n| ((n as f32 / period * std::f32::consts::TAU).sin() * 8000.0) as i16).collect()
    }

    #[test]
    fn finds_the_period_before_and_after() {
        for step in [1, 6] {
            let sound = tone(331.0, 4000);
            let search = Search { at: 1000, window: 480, lags: 200..=500, after: true, step };
            let found = search.best(&sound).unwrap();
            assert!(found.lag.abs_diff(331) <= 1 && found.correlation > 0.99, "{found:?}");
            let found = Search { after: false, ..search }.best(&sound).unwrap();
            assert!(found.lag.abs_diff(331) <= 1 && found.correlation > 0.99, "{found:?}");
        }
    }

    #[test]
    fn too_little_sound_has_no_period() {
        let search = Search { at: 10, window: 100, lags: 20..=50, after: true, step: 1 };
        assert_eq!(search.best(&[0; 100]), None);
        assert_eq!(search.best(&[0; 200]).map(|it| it.correlation), Some(0.0));
    }
}
