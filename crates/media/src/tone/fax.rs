//! The tones by which fax machines find each other (ITU-T T.30 section 4): one calls, the other answers. Heard in sound
//! that is decoded anyway.

use super::purity::Purity;

/// Who was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaxTone {
    /// CNG: 1100 Hz for half a second, every three and a half.
    Calling,
    /// CED, or the answer tone of any modem (ITU-T V.25, V.8): 2100 Hz for more than two seconds.
    Answering,
}

impl FaxTone {
    /// The word of the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calling => "calling",
            Self::Answering => "answering",
        }
    }

    fn frequency(self) -> f64 {
        match self {
            Self::Calling => 1100.0,
            Self::Answering => 2100.0,
        }
    }

    /// How long it must last: less than it does, longer than a voice or a key holds a tone so pure.
    fn lasting_ms(self) -> u32 {
        match self {
            Self::Calling => 360,
            Self::Answering => 600,
        }
    }
}

/// Listens to one direction of a leg, for as long as fax machines call: a minute at most.
#[derive(Debug, Clone)]
pub struct FaxEar {
    rate: u32,
    /// Milliseconds that it still listens.
    left_ms: u32,
    heard: Option<FaxTone>,
    lasted_ms: u32,
    /// Frames in a row without the tone: the turns of the phase in V.8 cost one each.
    missed: u8,
}

/// T.30 gives a calling machine 35 seconds.
const LISTENS_MS: u32 = 40_000;
/// The share of all there is to hear: in 20 ms a tone that is 15 Hz off (T.30 allows an answering one that) still has 0.74.
const SHARE: f64 = 0.7;
/// The least mean square of a tone: -40 dBm0 or so.
const LEAST: f64 = 10_000.0;
/// Frames that a tone may miss.
const GAP: u8 = 2;

impl FaxEar {
    /// For samples at `rate` Hz.
    pub fn new(rate: u32) -> Self {
        Self { rate, left_ms: LISTENS_MS, heard: None, lasted_ms: 0, missed: 0 }
    }

    /// Whether it listens no longer.
    pub fn is_done(&self) -> bool {
        self.left_ms == 0
    }

    /// Takes a frame of some 20 ms: the tone, once it has lasted.
    pub fn listen(&mut self, frame: &[i16]) -> Option<FaxTone> {
        let ms =
            u32::try_from(frame.len()).unwrap_or(u32::MAX).saturating_mul(1000).checked_div(self.rate)?;
        self.left_ms = self.left_ms.saturating_sub(ms);
        let found = [FaxTone::Calling, FaxTone::Answering].into_iter().find(|tone| self.holds(frame, *tone));
        if found.is_some() && found == self.heard {
            self.lasted_ms = self.lasted_ms.saturating_add(ms);
            self.missed = 0;
        } else if found.is_none() && self.heard.is_some() && self.missed < GAP {
            self.missed = self.missed.saturating_add(1);
        } else {
            (self.heard, self.lasted_ms, self.missed) = (found, ms, 0);
        }
        let tone = self.heard.filter(|tone| self.lasted_ms >= tone.lasting_ms())?;
        self.left_ms = 0;
        Some(tone)
    }

    /// Whether the frame is nearly this tone alone.
    fn holds(&self, frame: &[i16], tone: FaxTone) -> bool {
        let Purity { mean_square, share } = Purity::of(frame, self.rate, tone.frequency());
        mean_square >= LEAST && share >= SHARE
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::dtmf::{Digit, ToneGenerator};

    const RATE: u32 = 8000;

    /// So many milliseconds of what a tone of this frequency, strength and phase is at each moment.
    fn heard(ear: &mut FaxEar, ms: u32, wave: impl Fn(f64) -> f64) -> Option<FaxTone> {
        let samples = ms * ear.rate / 1000;
        let sound: Vec<i16> = (0..samples).map(|n| wave(f64::from(n) / f64::from(ear.rate)) as i16).collect();
        sound
            .chunks(usize::try_from(ear.rate / 50).unwrap())
            .fold(None, |told, frame| ear.listen(frame).or(told))
    }

    fn sine(frequency: f64, strength: f64) -> impl Fn(f64) -> f64 {
        move |at| strength * (TAU * frequency * at).sin()
    }

    #[test]
    fn the_calling_and_the_answering_tone() {
        for rate in [RATE, 16_000] {
            for strength in [400.0, 8_000.0, 30_000.0] {
                for off in [-15.0, 0.0, 15.0] {
                    let told = heard(&mut FaxEar::new(rate), 500, sine(1100.0 + off, strength));
                    assert_eq!(told, Some(FaxTone::Calling), "{rate} {strength} {off}");
                    let told = heard(&mut FaxEar::new(rate), 1000, sine(2100.0 + off, strength));
                    assert_eq!(told, Some(FaxTone::Answering), "{rate} {strength} {off}");
                }
            }
        }
    }

    #[test]
    fn an_answering_tone_whose_phase_turns_and_whose_strength_sways() {
        let wave = |at: f64| {
            let turned = if ((at / 0.45) as u32).is_multiple_of(2) { 1.0 } else { -1.0 };
            turned * 8_000.0 * (1.0 + 0.2 * (TAU * 15.0 * at).sin()) * (TAU * 2100.0 * at).sin()
        };
        assert_eq!(heard(&mut FaxEar::new(RATE), 1500, wave), Some(FaxTone::Answering));
    }

    #[test]
    fn what_is_none() {
        let mut ear = FaxEar::new(RATE);
        assert_eq!(heard(&mut ear, 300, sine(1100.0, 8_000.0)), None, "too short");
        assert_eq!(heard(&mut ear, 2000, sine(1000.0, 8_000.0)), None, "another tone");
        assert_eq!(heard(&mut ear, 2000, sine(1100.0, 80.0)), None, "too faint");
        let chord = |at| sine(1100.0, 4_000.0)(at) + sine(440.0, 4_000.0)(at);
        assert_eq!(heard(&mut ear, 2000, chord), None, "not alone");
        let mut noise = 1_u32;
        let mut random = move || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from(noise >> 18).unwrap()
        };
        let hiss: Vec<i16> = (0..16_000).map(|_| random()).collect();
        assert!(hiss.chunks(160).all(|frame| ear.listen(frame).is_none()), "noise");
        for digit in "0123456789*#ABCD".chars() {
            let mut keys = vec![0; 8_000];
            ToneGenerator::new(Digit::of_char(digit).unwrap(), 1000).fill(&mut keys, RATE);
            assert!(keys.chunks(160).all(|frame| ear.listen(frame).is_none()), "a key: {digit}");
        }
    }

    #[test]
    fn it_listens_once_and_not_for_ever() {
        let mut ear = FaxEar::new(RATE);
        assert_eq!(heard(&mut ear, 500, sine(1100.0, 8_000.0)), Some(FaxTone::Calling));
        assert!(ear.is_done());
        let mut ear = FaxEar::new(RATE);
        heard(&mut ear, 39_000, |_| 0.0);
        assert!(!ear.is_done());
        heard(&mut ear, 1_000, |_| 0.0);
        assert!(ear.is_done());
    }
}
