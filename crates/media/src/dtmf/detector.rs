//! Digits in the sound, for phones that send them in no other way. Two tones count as a digit only where they are nearly
//! all there is to hear, of like strength and without the overtones that a voice has.

use std::f64::consts::TAU;

use super::{COLUMNS, Digit, Pressed, ROWS};
use crate::rtp::statistics::narrow;

/// One direction's detector, at 8 or 16 kHz.
#[derive(Debug, Clone)]
pub struct Detector {
    /// Samples of a block.
    block: usize,
    tones: Bank,
    overtones: Bank,
    pending: Vec<i16>,
    /// What the blocks before were taken for.
    last: Option<Digit>,
    held: Option<Held>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    digit: Digit,
    blocks: u32,
    misses: u32,
}

/// Microseconds of a block: long enough to part the tones, short enough that two lie within a digit of 40 ms.
const BLOCK_MICROS: u32 = 12_750;
/// The least power of a tone, as its amplitude: -30 dBm0 or so.
const LEAST: f64 = 350.0;
/// How much stronger a column may be than its row, and a row than its column (ITU-T Q.24), as ratios of power.
const TWIST: (f64, f64) = (4.0, 8.0);
/// How much stronger a tone is than the next one of its group.
const PEAK: f64 = 5.0;
/// The share of the whole that the two make up.
const SHARE: f64 = 0.82;
/// The share that an overtone of either may have.
const OVERTONE: f64 = 0.1;
/// Blocks of silence that end a digit; fewer are a gap in it.
const GAP: u32 = 2;

impl Detector {
    /// For samples at `rate` Hz.
    pub fn new(rate: u32) -> Self {
        let block = usize::try_from(rate / 1000 * BLOCK_MICROS / 1000).unwrap_or(102);
        let hertz = [ROWS, COLUMNS].concat();
        Self {
            block,
            tones: Bank::new(rate, &hertz, 1.0),
            overtones: Bank::new(rate, &hertz, 2.0),
            pending: Vec::new(),
            last: None,
            held: None,
        }
    }

    /// Takes samples; what is given back was pressed and is over.
    pub fn listen(&mut self, samples: &[i16]) -> Option<Pressed> {
        let mut told = None;
        self.pending.extend_from_slice(samples);
        while self.pending.len() >= self.block {
            let found = self.pending.get(..self.block).and_then(|block| self.digit(block));
            self.pending.drain(..self.block);
            told = self.block(found).or(told);
        }
        told
    }

    fn digit(&self, block: &[i16]) -> Option<Digit> {
        let count = f64::from(u32::try_from(block.len()).ok()?);
        let total = energy(block);
        if total < count * LEAST * LEAST {
            return None;
        }
        let (rows, columns) = self.tones.powers(block);
        let (row, low) = strongest(rows)?;
        let (column, high) = strongest(columns)?;
        let least = (count * LEAST / 2.0).powi(2);
        let alike = high <= low * TWIST.0 && low <= high * TWIST.1;
        // A tone of amplitude a has a power of (a n / 2)^2 here, and n a^2 / 2 as a sum of squares.
        let share = (low + high) * 2.0 / (total * count);
        if low < least || high < least || !alike || share < SHARE {
            return None;
        }
        let (rows, columns) = self.overtones.powers(block);
        let overtone = |powers: [f64; 4], place: usize| powers.get(place).copied().unwrap_or_default();
        // The overtones of some rows lie near a column, so only those of the column tell; a voice has both.
        let clean = overtone(columns, column) < high * OVERTONE
            && overtone(rows, row) < low.max(high) * OVERTONE * 5.0;
        if clean { Digit::at(row, column) } else { None }
    }

    fn block(&mut self, found: Option<Digit>) -> Option<Pressed> {
        let steady = found.filter(|_| found == self.last);
        self.last = found;
        match (&mut self.held, found) {
            (Some(held), Some(digit)) if held.digit == digit => {
                held.blocks = held.blocks.saturating_add(held.misses).saturating_add(1);
                held.misses = 0;
                None
            }
            (Some(held), _) => {
                held.misses = held.misses.saturating_add(1);
                if held.misses < GAP && steady.is_none() {
                    return None;
                }
                let over = self.held.take().map(Held::pressed);
                self.held = steady.map(Held::begins);
                over
            }
            (None, _) => {
                self.held = steady.map(Held::begins);
                None
            }
        }
    }
}

impl Held {
    fn begins(digit: Digit) -> Self {
        Self { digit, blocks: 2, misses: 0 }
    }

    fn pressed(self) -> Pressed {
        Pressed { digit: self.digit, duration_ms: self.blocks.saturating_mul(BLOCK_MICROS) / 1000 }
    }
}

/// Eight frequencies, by Goertzel's recursion: those of the rows and those of the columns. All of them at a time, in floats of
/// 32 bits, because so a processor has them in two registers.
#[derive(Debug, Clone)]
struct Bank {
    turns: [f32; TONES],
}

const TONES: usize = 8;

impl Bank {
    /// The tones in Hz times `factor`.
    fn new(rate: u32, hertz: &[f64], factor: f64) -> Self {
        let mut turns = [0.0; TONES];
        for (turn, hertz) in turns.iter_mut().zip(hertz) {
            *turn = narrow(2.0 * (TAU * hertz * factor / f64::from(rate)).cos());
        }
        Self { turns }
    }

    /// The powers of rows and columns in a block.
    fn powers(&self, block: &[i16]) -> ([f64; 4], [f64; 4]) {
        let (mut one, mut two) = ([0.0_f32; TONES], [0.0_f32; TONES]);
        for sample in block {
            let sample = f32::from(*sample);
            let mut next = [0.0; TONES];
            for (((next, one), two), turn) in next.iter_mut().zip(&one).zip(&two).zip(&self.turns) {
                *next = (sample - two) + turn * one;
            }
            (two, one) = (one, next);
        }
        let mut powers = one.iter().zip(&two).zip(&self.turns).map(|((one, two), turn)| {
            let [one, two, turn] = [*one, *two, *turn].map(f64::from);
            one * one + two * two - turn * one * two
        });
        let mut four = || std::array::from_fn(|_| powers.next().unwrap_or_default());
        (four(), four())
    }
}

/// The sum of squares.
fn energy(block: &[i16]) -> f64 {
    // A block has 204 samples at most; its sum needs 38 bits, which a float of 64 holds exactly.
    let squares = block.iter().map(|sample| i64::from(i32::from(*sample) * i32::from(*sample)));
    squares.sum::<i64>() as f64
}

/// The strongest of four tones, where it stands out.
fn strongest(powers: [f64; 4]) -> Option<(usize, f64)> {
    let (place, most) = powers.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let others = powers.iter().enumerate().filter(|(other, _)| *other != place);
    others.map(|(_, power)| *power).all(|other| most > other * PEAK).then_some((place, most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtmf::{KEYS, ToneGenerator};

    fn heard(samples: &[i16], rate: u32) -> String {
        let mut detector = Detector::new(rate);
        let silence = vec![0; 1600];
        let frames = samples.chunks(160).chain(silence.chunks(160));
        frames.filter_map(|frame| detector.listen(frame)).map(|pressed| pressed.digit.as_char()).collect()
    }

    fn pressed(keys: &str, duration_ms: u32, rate: u32) -> Vec<i16> {
        let mut out = Vec::new();
        for key in keys.chars() {
            let mut tone = ToneGenerator::new(Digit::of_char(key).unwrap(), duration_ms);
            let mut frame = vec![0; 160];
            while tone.fill(&mut frame, rate) {
                out.extend_from_slice(&frame);
                frame.fill(0);
            }
        }
        out
    }

    fn scaled(samples: &[i16], gain: f64) -> Vec<i16> {
        samples.iter().map(|sample| (f64::from(*sample) * gain) as i16).collect()
    }

    fn noisy(samples: &[i16], rms: f64) -> Vec<i16> {
        let mut state = 12_345_u32;
        samples
            .iter()
            .map(|sample| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let white = (f64::from(state >> 8) / f64::from(1 << 23) - 1.0) * rms * 3_f64.sqrt();
                (f64::from(*sample) + white) as i16
            })
            .collect()
    }

    #[test]
    fn every_key_is_heard_once_at_both_rates() {
        let keys: String = KEYS.iter().collect();
        for rate in [8000, 16_000] {
            assert_eq!(heard(&pressed(&keys, 100, rate), rate), keys, "at {rate}");
            assert_eq!(heard(&pressed("11255", 50, rate), rate), "11255", "at {rate}");
        }
    }

    #[test]
    fn faint_and_noisy_digits_are_heard() {
        let digits = pressed("1470258#", 100, 8000);
        assert_eq!(heard(&scaled(&digits, 0.12), 8000), "1470258#", "18 dB weaker");
        // The tones together are 6,140 RMS: 20 and 15 dB above the noise.
        assert_eq!(heard(&noisy(&digits, 614.0), 8000), "1470258#");
        assert_eq!(heard(&noisy(&digits, 1090.0), 8000), "1470258#");
    }

    #[test]
    fn twist_is_borne_within_its_bounds() {
        let twisted = |row_db: f64, column_db: f64| {
            let gain = |db: f64| 6000.0 * 10_f64.powf(db / 20.0);
            let samples: Vec<i16> = (0..1200)
                .map(|n| {
                    let time = f64::from(n) / 8000.0 * TAU;
                    (gain(row_db) * (time * 770.0).sin() + gain(column_db) * (time * 1336.0).sin()) as i16
                })
                .collect();
            heard(&samples, 8000)
        };
        assert_eq!((twisted(0.0, 4.0).as_str(), twisted(0.0, -7.0).as_str()), ("5", "5"));
        assert_eq!((twisted(-10.0, 0.0).as_str(), twisted(0.0, -14.0).as_str()), ("", ""));
    }

    #[test]
    fn single_tones_chords_and_overtones_are_no_digits() {
        let chord = |hertz: &[f64]| {
            let samples: Vec<i16> = (0..8000)
                .map(|n| {
                    let time = f64::from(n) / 8000.0 * TAU;
                    (hertz.iter().map(|hertz| (time * hertz).sin()).sum::<f64>() * 4000.0) as i16
                })
                .collect();
            heard(&samples, 8000)
        };
        assert_eq!(chord(&[770.0]), "");
        assert_eq!(chord(&[425.0]), "");
        assert_eq!(chord(&[770.0, 1336.0, 440.0]), "");
        assert_eq!(chord(&[770.0, 1336.0, 2672.0]), "");
        assert_eq!(chord(&[730.0, 1280.0]), "");
    }
}
