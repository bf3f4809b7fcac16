//! Goes through a prompt, 20 ms at a time.

use std::sync::Arc;

use super::Prompt;
use crate::transcode::TICK_MS;

/// The place in a prompt that is being played.
#[derive(Debug, Clone)]
pub struct Player {
    prompt: Arc<Prompt>,
    /// How often it is still played from its beginning; None: for ever.
    rounds: Option<u32>,
    at: usize,
}

impl Player {
    /// Starts at the beginning.
    pub fn new(prompt: Arc<Prompt>, repeat: bool) -> Self {
        let rounds = (!repeat).then_some(prompt.rounds.saturating_sub(1));
        Self { prompt, rounds, at: 0 }
    }

    /// Samples a second.
    pub fn sample_rate(&self) -> u32 {
        self.prompt.rate
    }

    /// Writes the next 20 ms over `out`; false, and nothing, at the end. What lies behind the end is silence.
    pub fn next(&mut self, out: &mut Vec<i16>) -> bool {
        let length = usize::try_from(self.prompt.rate / 1000 * TICK_MS).unwrap_or_default();
        out.clear();
        while out.len() < length {
            let rest = self.prompt.samples.get(self.at..).unwrap_or_default();
            let taken = rest.len().min(length.saturating_sub(out.len()));
            out.extend_from_slice(rest.get(..taken).unwrap_or_default());
            self.at = self.at.saturating_add(taken);
            if out.len() < length && !self.again() {
                break;
            }
        }
        let heard = !out.is_empty();
        if heard {
            out.resize(length, 0);
        }
        heard
    }

    /// Goes back to the beginning, if it shall be heard once more.
    fn again(&mut self) -> bool {
        match &mut self.rounds {
            Some(0) => return false,
            Some(rounds) => *rounds = rounds.saturating_sub(1),
            None => {}
        }
        self.at = 0;
        !self.prompt.samples.is_empty()
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
        let prompt = Prompt { rate: 8000, samples: vec![1; 80].into(), rounds: 4 };
        let mut player = Player::new(Arc::new(prompt), false);
        let mut out = Vec::new();
        assert!(player.next(&mut out) && player.next(&mut out) && !player.next(&mut out));
    }
}
