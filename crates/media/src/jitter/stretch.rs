//! Faster and slower without another pitch (WSOLA): one period of the voice is left out or said twice, faded over where it
//! resembles itself most.

use super::pitch::Search;
use super::samples::{Samples, cross_fade};

/// How much may change, and how alike the two places must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// Samples a second.
    pub(super) rate: usize,
    /// The most samples to leave out or add.
    pub(super) most: usize,
    /// The least correlation.
    pub(super) alike: f32,
}

/// Mean square below which nobody hears what is done: 40 steps of 32,768.
const INAUDIBLE: f32 = 1600.0;

impl Stretch {
    /// Leaves out up to `most` samples of what is to be played; how many.
    pub(super) fn shorten(&self, samples: &mut Samples) -> usize {
        let (all, read) = samples.parts();
        let room = all.len().saturating_sub(read).saturating_sub(self.window());
        let Some(lag) = self.lag(all, read, true, room) else { return 0 };
        let (before, after) = all.split_at_mut(read + lag);
        let from = before.get(read..).unwrap_or_default();
        cross_fade(from.get(..self.window()).unwrap_or(from), after);
        all.drain(read..read + lag);
        lag
    }

    /// Repeats up to `most` samples of what was played before what is to be played; how many.
    pub(super) fn lengthen(&self, samples: &mut Samples) -> usize {
        let (all, read) = samples.parts();
        let Some(lag) = self.lag(all, read, false, read) else { return 0 };
        let end = all.len();
        all.extend(std::iter::repeat_n(0, lag));
        all.copy_within(read..end, read + lag);
        // What stands at `read` now is what was to be played: it fades into the period before it.
        all.copy_within(read - lag..read, read);
        let (before, after) = all.split_at_mut(read + lag);
        let over = self.window().min(lag);
        if let Some(inserted) = before.get_mut(read..) {
            cross_fade(after.get(..over).unwrap_or_default(), inserted);
        }
        lag
    }

    fn lag(&self, all: &[i16], read: usize, after: bool, room: usize) -> Option<usize> {
        let longest = self.most.min(room).min(self.rate / 80);
        let lags = self.rate / 400..=longest;
        let search = Search { at: read, window: self.window(), lags, after, step: self.rate / 8000 };
        let found = search.best(all)?;
        (found.correlation >= self.alike || found.power < INAUDIBLE).then_some(found.lag)
    }

    /// 7.5 ms: long enough to tell a period, short enough for a 20 ms packet.
    fn window(&self) -> usize {
        self.rate * 3 / 400
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A voice of 120 Hz with overtones.
    fn voice(rate: usize, count: usize) -> Vec<i16> {
        let wave = |n: usize, hertz: f32| (n as f32 * hertz * std::f32::consts::TAU / rate as f32).sin();
        (0..count)
            .map(|n| (4000.0 * wave(n, 120.0) + 2000.0 * wave(n, 240.0) + 1000.0 * wave(n, 600.0)) as i16)
            .collect()
    }

    fn steepest(sound: &[i16]) -> i32 {
        sound.windows(2).map(|it| (i32::from(it[1]) - i32::from(it[0])).abs()).max().unwrap()
    }

    fn filled(rate: usize) -> (Samples, Vec<i16>) {
        let sound = voice(rate, rate / 10);
        let mut samples = Samples::default();
        samples.reset(rate / 16, rate);
        samples.tail().extend(&sound);
        samples.play(&mut vec![0; rate / 20]);
        (samples, sound)
    }

    #[test]
    fn a_period_less_and_a_period_more_without_a_click() {
        for rate in [8000, 16_000, 48_000] {
            let stretch = Stretch { rate, most: rate, alike: 0.9 };
            let (mut samples, sound) = filled(rate);
            let ahead = samples.ahead();
            let less = stretch.shorten(&mut samples);
            assert!(less.abs_diff(rate / 120) <= rate / 2000, "{less} at {rate}");
            assert_eq!(samples.ahead(), ahead - less);
            assert!(steepest(&samples.known()[rate / 16..]) <= steepest(&sound) * 11 / 10);
            let more = stretch.lengthen(&mut samples);
            assert!(more.abs_diff(rate / 120) <= rate / 2000, "{more} at {rate}");
            assert_eq!(samples.ahead(), ahead - less + more);
            assert!(steepest(&samples.known()[rate / 16..]) <= steepest(&sound) * 11 / 10);
        }
    }

    #[test]
    fn too_little_sound_stays_as_it_is() {
        let mut samples = Samples::default();
        let stretch = Stretch { rate: 8000, most: 100, alike: -1.0 };
        assert_eq!((stretch.shorten(&mut samples), stretch.lengthen(&mut samples)), (0, 0));
    }
}
