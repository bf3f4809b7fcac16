//! Concealment of lost speech in the manner of G.711 appendix I: the last pitch period goes on, then the last two and three, ever
//! softer, until silence after 60 ms; what comes after fades in over it.

use super::pitch::Search;
use super::samples::cross_fade;

/// One loss being concealed.
#[derive(Debug, Default)]
pub(super) struct Concealment {
    /// The last 3.25 pitch periods that were heard.
    heard: Vec<i16>,
    pitch: usize,
    rate: usize,
    /// Periods in use, and the position in them.
    periods: usize,
    position: usize,
    /// Samples made so far; None when nothing is being concealed.
    made: Option<usize>,
    /// The step from what was heard to the repetition, which fades away.
    step: f32,
    scratch: Vec<i16>,
}

/// What the longest pitch period needs: 3.25 times 15 ms.
pub(super) const HISTORY_MS: usize = 60;
/// From here on concealment is silence.
pub(super) const SILENT_AFTER_MS: usize = 60;

impl Concealment {
    /// Whether a loss is being concealed.
    pub(super) fn is_active(&self) -> bool {
        self.made.is_some()
    }

    /// Appends `count` samples to `sound`, whose end is what was heard last.
    pub(super) fn extend(&mut self, sound: &mut Vec<i16>, count: usize, rate: usize) {
        if self.made.is_none() {
            self.begin(sound, rate);
        }
        for _ in 0..count {
            let sample = self.next();
            sound.push(sample);
        }
    }

    /// Fades from concealment into the sound that begins at `at`; from silence quickly, or the beginning of a word is lost.
    pub(super) fn merge(&mut self, sound: &mut [i16], at: usize) {
        let Some(made) = self.made else { return };
        let Some(fresh) = sound.get_mut(at..) else { return };
        let lost_ms = made * 1000 / self.rate.max(1);
        let over = match lost_ms {
            SILENT_AFTER_MS.. => self.rate / 250,
            // A quarter period and 4 ms more for each 10 ms lost (appendix I), at most 10 ms.
            _ => (self.pitch / 4 + self.rate * 4 / 1000 * (lost_ms / 10)).min(self.rate / 100),
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.extend((0..over.min(fresh.len())).map(|_| self.next()));
        cross_fade(&scratch, fresh);
        self.scratch = scratch;
        self.made = None;
    }

    /// Bytes held.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        2 * (self.heard.capacity() + self.scratch.capacity())
    }

    /// Ends without anything to fade into.
    pub(super) fn end(&mut self) {
        self.made = None;
    }

    fn begin(&mut self, sound: &[i16], rate: usize) {
        (self.rate, self.periods, self.position, self.made) = (rate, 1, 0, Some(0));
        let window = rate / 50;
        let at = sound.len().saturating_sub(window);
        let lags = rate / 200..=rate * 3 / 200;
        let search = Search { at, window, lags, after: false, step: rate / 8000 };
        // Without a pitch the longest period sounds least like one.
        let voice = search.best(sound).filter(|it| it.correlation > UNVOICED);
        self.pitch = voice.map_or(rate * 3 / 200, |it| it.lag).max(4);
        let history = self.pitch * 3 + self.pitch / 4;
        self.heard.clear();
        self.heard.resize(history.saturating_sub(sound.len()), 0);
        self.heard.extend_from_slice(sound.get(sound.len().saturating_sub(history)..).unwrap_or_default());
        self.step = f32::from(self.back(1)) - f32::from(self.back(self.pitch + 1));
    }

    /// The sample `count` before the loss.
    fn back(&self, count: usize) -> i16 {
        self.heard.len().checked_sub(count).and_then(|at| self.heard.get(at)).copied().unwrap_or(0)
    }

    /// The repetition of the last `periods` periods at `position`; its end fades into what was before its beginning.
    fn repeated(&self, periods: usize, position: usize) -> f32 {
        let (length, quarter) = (periods * self.pitch, self.pitch / 4);
        let here = f32::from(self.back(length - position));
        let into = position + quarter;
        if into < length {
            return here;
        }
        let part = (into - length + 1) as f32 / (quarter + 1) as f32;
        let before = f32::from(self.back(2 * length - position));
        here * (1.0 - part) + before * part
    }

    fn next(&mut self) -> i16 {
        let made = self.made.unwrap_or(0);
        let ten = self.rate / 100;
        self.made = Some(made.saturating_add(1));
        if made >= ten * (SILENT_AFTER_MS / 10) {
            return 0;
        }
        let quarter = self.pitch / 4;
        let wanted = (made / ten.max(1) + 1).min(3);
        let mut value = self.repeated(self.periods, self.position);
        // More periods at 10 and 20 ms, or the ear hears a tone: fade into them where the phase is the same.
        if wanted > self.periods {
            let into = made - ten * (wanted - 1);
            let other = self.position % self.pitch;
            if into >= quarter {
                (self.periods, self.position) = (wanted, other);
                value = self.repeated(self.periods, self.position);
            } else {
                let part = (into + 1) as f32 / (quarter + 1) as f32;
                value = value * (1.0 - part) + self.repeated(wanted, other) * part;
            }
        }
        self.position = (self.position + 1) % (self.periods * self.pitch);
        if made < quarter {
            value += self.step * (1.0 - (made + 1) as f32 / (quarter + 1) as f32);
        }
        let fade = made.saturating_sub(ten) as f32 / (ten * 5) as f32;
        (value * (1.0 - fade)).clamp(-32_768.0, 32_767.0) as i16
    }
}

/// Below this correlation there is no voice.
const UNVOICED: f32 = 0.3;

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: usize, hertz: f32, from: usize, count: usize) -> Vec<i16> {
        let turn = hertz * std::f32::consts::TAU / rate as f32;
        (from..from + count).map(|n| ((n as f32 * turn).sin() * 10_000.0) as i16).collect()
    }

    fn steepest(sound: &[i16]) -> i32 {
        sound.windows(2).map(|it| (i32::from(it[1]) - i32::from(it[0])).abs()).max().unwrap()
    }

    #[test]
    fn a_voice_goes_on_fades_and_comes_back_without_a_click() {
        for rate in [8000, 16_000, 48_000] {
            for lost_ms in [10, 20, 45, 60, 120] {
                let lost = rate * lost_ms / 1000;
                let mut sound = tone(rate, 150.0, 0, rate / 10);
                let smooth = steepest(&sound);
                let mut concealment = Concealment::default();
                concealment.extend(&mut sound, lost, rate);
                let at = sound.len();
                assert_eq!(at, rate / 10 + lost);
                sound.extend(tone(rate, 150.0, at, rate / 50));
                concealment.merge(&mut sound, at);
                assert!(!concealment.is_active());
                let steep = steepest(&sound);
                let fade = 10_000 / i32::try_from(rate / 250).unwrap();
                assert!(
                    steep <= smooth * 5 / 4 + fade,
                    "{steep}, not {smooth}, at {rate} Hz after {lost_ms} ms"
                );
                assert_eq!(&sound[at + rate / 100..], &tone(rate, 150.0, at, rate / 50)[rate / 100..]);
            }
        }
    }

    #[test]
    fn a_loss_of_20_ms_of_a_voice_is_hardly_heard() {
        let mut sound = tone(8000, 125.0, 0, 800);
        Concealment::default().extend(&mut sound, 160, 8000);
        let real = tone(8000, 125.0, 800, 160);
        let error: i64 =
            sound[800..].iter().zip(&real).map(|(a, b)| (i64::from(*a) - i64::from(*b)).pow(2)).sum();
        let power: i64 = real.iter().map(|it| i64::from(*it).pow(2)).sum();
        assert!(error * 20 < power, "error {error} of {power}");
    }

    #[test]
    fn silence_stays_silence_and_too_little_is_enough() {
        for known in [0, 1, 100] {
            let mut sound = vec![0; known];
            Concealment::default().extend(&mut sound, 500, 8000);
            assert_eq!(sound, vec![0; known + 500]);
        }
    }
}
