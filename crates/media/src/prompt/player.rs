//! Goes through prompts, one after the other without a gap, 20 ms at a time.

use std::sync::Arc;

use super::packed::Unpacker;
use super::resample::WIDE;
use super::{Prompt, Sound};
use crate::codec::Resampler;
use crate::transcode::TICK_MS;

/// The place in the prompts that are being played.
#[derive(Debug)]
pub struct Player {
    prompts: Box<[Arc<Prompt>]>,
    /// Begins anew at the end, for ever.
    repeat: bool,
    rate: u32,
    /// The prompt that is playing.
    place: usize,
    /// How often that one is still played from its beginning.
    rounds: u32,
    /// The next sample of it, where it is not packed.
    at: usize,
    /// For what is not simply copied.
    bench: Option<Box<Bench>>,
}

/// What unpacking and bringing to another rate need.
#[derive(Debug, Default)]
struct Bench {
    unpacker: Option<Unpacker>,
    /// From 8 to 16 kHz.
    resampler: Option<Resampler>,
    /// Samples at the player's rate, not yet played.
    ready: Vec<i16>,
}

impl Player {
    /// Starts at the beginning of one prompt.
    pub fn new(prompt: Arc<Prompt>, repeat: bool) -> Self {
        Self::of([prompt], repeat)
    }

    /// Starts at the beginning of the first of several. Prompts of two rates are brought to the higher one.
    pub fn of(prompts: impl IntoIterator<Item = Arc<Prompt>>, repeat: bool) -> Self {
        let prompts: Box<[_]> = prompts.into_iter().filter(|prompt| prompt.samples() > 0).collect();
        let rate = prompts.iter().map(|prompt| prompt.rate).max().unwrap_or_default();
        let mut player = Self { prompts, repeat, rate, place: 0, rounds: 0, at: 0, bench: None };
        player.begin();
        player
    }

    /// Whether there is nothing to play.
    pub fn is_empty(&self) -> bool {
        self.prompts.is_empty()
    }

    /// Samples a second.
    pub fn sample_rate(&self) -> u32 {
        self.rate
    }

    /// Writes the next 20 ms over `out`; false, and nothing, at the end. What lies behind the end is silence.
    pub fn next(&mut self, out: &mut Vec<i16>) -> bool {
        let length = usize::try_from(self.rate / 1000 * TICK_MS).unwrap_or_default();
        out.clear();
        // Prompts that turn out to hold nothing are not gone through for ever.
        let mut barren = 0;
        while out.len() < length && barren <= self.prompts.len() {
            let before = out.len();
            let goes_on = self.more(length.saturating_sub(before), out);
            if out.len() > before {
                barren = 0;
            }
            if !goes_on {
                barren = barren.saturating_add(1);
                if !self.again() {
                    break;
                }
            }
        }
        let heard = !out.is_empty();
        if heard {
            out.resize(length, 0);
        }
        heard
    }

    /// Appends up to so many samples of the prompt that is playing; false at its end.
    fn more(&mut self, most: usize, out: &mut Vec<i16>) -> bool {
        if let Some(bench) = self.bench.as_deref_mut().filter(|bench| !bench.ready.is_empty()) {
            let taken = bench.ready.len().min(most);
            out.extend(bench.ready.drain(..taken));
            return true;
        }
        let Some(prompt) = self.prompts.get(self.place) else { return false };
        match &prompt.sound {
            Sound::Samples(samples) if prompt.rate == self.rate => {
                let rest = samples.get(self.at..).unwrap_or_default();
                let taken = rest.get(..rest.len().min(most)).unwrap_or_default();
                out.extend_from_slice(taken);
                self.at = self.at.saturating_add(taken.len());
                !taken.is_empty()
            }
            Sound::Samples(samples) => {
                let rest = samples.get(self.at..).unwrap_or_default();
                let taken = rest.get(..rest.len().min(most)).unwrap_or_default();
                self.at = self.at.saturating_add(taken.len());
                let bench = self.bench.get_or_insert_default();
                if bench.resampler.is_none() {
                    bench.resampler = Resampler::new(prompt.rate, WIDE);
                }
                if let Some(resampler) = &mut bench.resampler {
                    resampler.convert(taken, &mut bench.ready);
                }
                !taken.is_empty()
            }
            Sound::Packed(packed) => {
                let bench = self.bench.get_or_insert_default();
                if bench.unpacker.is_none() {
                    bench.unpacker = Unpacker::new(packed).ok();
                }
                let Some(unpacker) = &mut bench.unpacker else { return false };
                // What cannot be decoded is passed over: the rest is still worth hearing.
                unpacker.next(packed, &mut bench.ready).unwrap_or(true)
            }
        }
    }

    /// Goes to what is heard next: the same prompt once more, or another one; false at the end of all.
    fn again(&mut self) -> bool {
        match self.rounds.checked_sub(1) {
            Some(rounds) => {
                self.restart();
                self.rounds = rounds;
            }
            None => {
                self.place = self.place.saturating_add(1);
                if self.repeat && self.place >= self.prompts.len() {
                    self.place = 0;
                }
                self.begin();
            }
        }
        self.place < self.prompts.len()
    }

    fn begin(&mut self) {
        self.rounds = self.prompts.get(self.place).map_or(0, |prompt| prompt.rounds.saturating_sub(1));
        self.restart();
    }

    fn restart(&mut self) {
        self.at = 0;
        let Some(bench) = &mut self.bench else { return };
        if let (Some(unpacker), Some(Sound::Packed(packed))) =
            (&mut bench.unpacker, self.prompts.get(self.place).map(|prompt| &prompt.sound))
            && unpacker.restart(packed).is_err()
        {
            bench.unpacker = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn player(samples: &[i16], repeat: bool) -> Player {
        Player::new(Arc::new(Prompt::from_samples(samples)), repeat)
    }

    #[test]
    fn frames_follow_each_other_and_the_last_is_filled_up() {
        let mut player = player(&[1000; 200], false);
        let mut out = Vec::new();
        assert!(player.next(&mut out));
        assert_eq!(out, [1000; 160]);
        assert!(player.next(&mut out));
        assert_eq!((&out[..40], &out[40..]), (&[1000; 40][..], &[0; 120][..]));
        assert!(!player.next(&mut out));
    }

    #[test]
    fn a_repeated_prompt_has_no_seam_and_an_empty_one_ends() {
        let samples: Vec<i16> = (0..250).collect();
        let mut repeated = player(&samples, true);
        let (mut out, mut heard) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            assert!(repeated.next(&mut out));
            heard.extend_from_slice(&out);
        }
        assert!(heard.iter().zip((0..250).cycle()).all(|(heard, wanted)| *heard == wanted));
        assert!(!player(&[], true).next(&mut out));
    }

    #[test]
    fn a_tone_is_played_for_its_rounds() {
        let prompt = Prompt { rate: 8000, sound: Sound::Samples(vec![1; 80].into()), rounds: 4 };
        let mut player = Player::new(Arc::new(prompt), false);
        let mut out = Vec::new();
        assert!(player.next(&mut out) && player.next(&mut out) && !player.next(&mut out));
    }

    /// The whole of what is played, frame by frame.
    fn heard(mut player: Player) -> Vec<i16> {
        let (mut out, mut heard) = (Vec::new(), Vec::new());
        while player.next(&mut out) {
            heard.extend_from_slice(&out);
        }
        heard
    }

    #[test]
    fn several_prompts_follow_each_other_without_a_gap() {
        let prompts = [150_usize, 1, 0, 333]
            .map(|length| Arc::new(Prompt::from_samples(&vec![i16::try_from(length).unwrap(); length])));
        let wanted: Vec<i16> = prompts.iter().flat_map(|prompt| prompt.decoded().unwrap()).collect();
        let heard = heard(Player::of(prompts.clone(), false));
        assert_eq!((&heard[..484], heard.len()), (&wanted[..], 640), "the last frame is filled up");
        assert!(heard[484..].iter().all(|sample| *sample == 0));
        let mut twice = Player::of(prompts, true);
        let (mut out, mut repeated) = (Vec::new(), Vec::new());
        while repeated.len() < 1000 {
            assert!(twice.next(&mut out));
            repeated.extend_from_slice(&out);
        }
        assert!(repeated.iter().zip(wanted.iter().cycle()).all(|(heard, wanted)| heard == wanted));
        assert!(!Player::of([], true).next(&mut out));
    }

    #[test]
    fn packed_prompts_sound_as_if_each_were_decoded_alone() {
        let packed = [(50, 47_000), (3, 2880), (10, 9_000)].map(|(packets, end)| {
            Arc::new(Prompt::from_ogg_opus(&crate::prompt::ogg::tests::file(packets, 1, end)).unwrap())
        });
        assert!(packed.iter().all(|prompt| matches!(prompt.sound, Sound::Packed(_))));
        assert!(packed[0].bytes() * 8 < packed[0].samples() * 2, "{} bytes", packed[0].bytes());
        let wanted: Vec<i16> = packed.iter().flat_map(|prompt| prompt.decoded().unwrap()).collect();
        let heard = heard(Player::of(packed, false));
        assert_eq!(&heard[..wanted.len()], wanted);
        assert!(heard.len() - wanted.len() < 320);
    }

    #[test]
    fn a_narrow_prompt_beside_a_wide_one_keeps_its_pitch() {
        let tone = |rate: f64, length: usize| -> Vec<i16> {
            (0..length)
                .map(|n| ((n as f64 / rate * 440.0 * std::f64::consts::TAU).sin() * 8000.0) as i16)
                .collect()
        };
        let wide = Prompt { rate: 16_000, sound: Sound::Samples(tone(16_000.0, 1600).into()), rounds: 1 };
        let narrow = Prompt::from_samples(&tone(8000.0, 800));
        let player = Player::of([Arc::new(narrow), Arc::new(wide)], false);
        assert_eq!(player.sample_rate(), 16_000);
        let heard = heard(player);
        assert_eq!(heard.len(), 3200);
        // Without the ripple of the filter before the first sound.
        let crossings = heard[64..].windows(2).filter(|two| two[0] < 0 && two[1] >= 0).count();
        assert!((85..=88).contains(&crossings), "{crossings} periods of 86");
    }
}
