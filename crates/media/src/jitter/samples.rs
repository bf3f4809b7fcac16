//! Decoded samples: those to be played, and behind them those that were, which concealment and stretching read.

/// A stretch of sound with a reading position.
#[derive(Debug, Default)]
pub(super) struct Samples {
    all: Vec<i16>,
    read: usize,
    keep: usize,
}

impl Samples {
    /// Begins anew, with `keep` samples of silence behind; room for `room` ahead is made once.
    pub(super) fn reset(&mut self, keep: usize, room: usize) {
        self.all.clear();
        self.all.reserve(3 * keep + room);
        self.all.resize(keep, 0);
        (self.read, self.keep) = (keep, keep);
    }

    /// What is to be played.
    pub(super) fn ahead(&self) -> usize {
        self.all.len().saturating_sub(self.read)
    }

    /// All samples, and where those to be played begin.
    pub(super) fn parts(&mut self) -> (&mut Vec<i16>, usize) {
        (&mut self.all, self.read)
    }

    /// Where something is appended.
    pub(super) fn tail(&mut self) -> &mut Vec<i16> {
        &mut self.all
    }

    /// All that is known, the latest last.
    pub(super) fn known(&self) -> &[i16] {
        &self.all
    }

    /// Samples that there is room for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.all.capacity()
    }

    /// Plays; what is missing is silence.
    pub(super) fn play(&mut self, out: &mut [i16]) {
        let ahead = self.all.get(self.read..).unwrap_or_default();
        let count = ahead.len().min(out.len());
        let (sound, silence) = out.split_at_mut(count);
        sound.copy_from_slice(ahead.get(..count).unwrap_or_default());
        silence.fill(0);
        self.read += count;
        self.all.extend_from_slice(silence);
        self.read += silence.len();
        if self.read > 3 * self.keep {
            self.all.drain(..self.read - self.keep);
            self.read = self.keep;
        }
    }
}

/// Fades linearly from `from` to `to` over their common length, into `to`.
pub(super) fn cross_fade(from: &[i16], to: &mut [i16]) {
    let steps = i32::try_from(from.len().min(to.len())).unwrap_or(i32::MAX).saturating_add(1);
    for (step, (from, to)) in (1..).zip(from.iter().zip(to)) {
        *to = mix(*from, *to, step, steps);
    }
}

/// `step` of `steps` on the way from one sample to another.
fn mix(from: i16, to: i16, step: i32, steps: i32) -> i16 {
    let sum = i64::from(from) * i64::from(steps - step) + i64::from(to) * i64::from(step);
    i16::try_from(sum / i64::from(steps)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plays_what_was_appended_and_then_silence() {
        let mut samples = Samples::default();
        samples.reset(10, 10);
        let mut out = [0; 4];
        for round in 0..20_i16 {
            samples.tail().extend([round, round + 1, round + 2]);
            samples.play(&mut out);
            assert_eq!(out, [round, round + 1, round + 2, 0]);
        }
        assert!(samples.known().len() <= 40);
    }

    #[test]
    fn fades_between_the_two() {
        let mut to = [0_i16; 3];
        cross_fade(&[400; 3], &mut to);
        assert_eq!(to, [300, 200, 100]);
        let mut to = [i16::MAX; 2];
        cross_fade(&[i16::MAX; 2], &mut to);
        assert_eq!(to, [i16::MAX; 2]);
    }
}
