//! Between 8 and 16 kHz, packet after packet without a seam: a half-band filter, flat to 3.4 kHz and 70 dB down from
//! 4.6 kHz, of which every other tap is zero. Opus brings its own rates and comes not by here.

use std::sync::LazyLock;

/// One direction's converter. Its delay is 2 ms.
#[derive(Debug, Clone)]
pub struct Resampler {
    way: Way,
    /// The last samples that came in, for the next packet; downwards every other one of them.
    history: Vec<i16>,
    /// Downwards, the samples between those.
    between: Vec<i16>,
    taps: [i16; TAPS],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Same,
    Up,
    Down,
}

/// The taps that are not zero, beside the one in the middle. They lie two samples apart at 16 kHz.
const TAPS: usize = 32;
/// Where the middle tap lies between those taps.
const MIDDLE: usize = TAPS / 2 - 1;
/// The shape of the Kaiser window: 70 dB.
const BETA: f64 = 7.0;
/// Binary digits behind the point of a tap. Sums of 16-bit products in 32 bits are what a processor does eight at a time.
const DIGITS: u32 = 15;

impl Resampler {
    /// From one rate to another; None where these are not 8 or 16 kHz or the same.
    pub fn new(from: u32, to: u32) -> Option<Self> {
        let way = match (from, to) {
            (from, to) if from == to => Way::Same,
            (8000, 16_000) => Way::Up,
            (16_000, 8000) => Way::Down,
            _ => return None,
        };
        let kept = |is_kept: bool| vec![0; if is_kept { TAPS - 1 } else { 0 }];
        Some(Self { way, history: kept(way != Way::Same), between: kept(way == Way::Down), taps: *HALF_BAND })
    }

    /// Appends the converted samples: twice or half as many as came. Downwards an even number must come.
    pub fn convert(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        match self.way {
            Way::Same => out.extend_from_slice(samples),
            Way::Up => {
                self.history.extend_from_slice(samples);
                self.up(out);
                keep(&mut self.history);
            }
            Way::Down => {
                let (pairs, _) = samples.as_chunks::<2>();
                self.history.extend(pairs.iter().map(|[even, _]| even));
                self.between.extend(pairs.iter().map(|[_, odd]| odd));
                self.down(out);
                keep(&mut self.history);
                keep(&mut self.between);
            }
        }
    }

    /// Each window of samples gives the one in its middle and the one after it.
    fn up(&self, out: &mut Vec<i16>) {
        let start = out.len();
        let windows = self.history.array_windows::<TAPS>();
        out.resize(start.saturating_add(windows.len().saturating_mul(2)), 0);
        let (room, _) = out.get_mut(start..).unwrap_or_default().as_chunks_mut::<2>();
        for (window, made) in windows.zip(room) {
            *made = [window[MIDDLE], rounded(sum(window, &self.taps), DIGITS - 1)];
        }
    }

    fn down(&self, out: &mut Vec<i16>) {
        let start = out.len();
        let windows = self.history.array_windows::<TAPS>();
        out.resize(start.saturating_add(windows.len()), 0);
        let middles = self.between.get(MIDDLE..).unwrap_or_default();
        let room = out.get_mut(start..).unwrap_or_default();
        for ((window, middle), made) in windows.zip(middles).zip(room) {
            *made = rounded(sum(window, &self.taps) + (i32::from(*middle) << (DIGITS - 1)), DIGITS);
        }
    }
}

/// What the next packet needs of the last one.
fn keep(samples: &mut Vec<i16>) {
    let done = samples.len().saturating_sub(TAPS - 1);
    samples.drain(..done);
}

/// The taps together stay so far below two that no sum of full-scale samples overflows.
fn sum(window: &[i16; TAPS], taps: &[i16; TAPS]) -> i32 {
    window.iter().zip(taps).map(|(sample, tap)| i32::from(*sample) * i32::from(*tap)).sum()
}

#[expect(clippy::cast_possible_truncation, reason = "it is within the bounds of what it is cast to")]
fn rounded(sum: i32, digits: u32) -> i16 {
    let nearest = (sum + (1 << (digits - 1))) >> digits;
    nearest.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Worked out once: many legs may begin at the same moment.
static HALF_BAND: LazyLock<[i16; TAPS]> = LazyLock::new(half_band);

/// The taps at odd distances from the middle of a half-band low-pass under a Kaiser window. Their sum is made a half,
/// so that nothing changes its level.
fn half_band() -> [i16; TAPS] {
    let mut taps = [0.0; TAPS];
    let mut sum = 0.0;
    let reach = f64::from(u32::try_from(TAPS).unwrap_or_default());
    for (number, tap) in (0_u32..).zip(&mut taps) {
        let distance = 2.0 * f64::from(number) - (reach - 1.0);
        let phase = distance * std::f64::consts::FRAC_PI_2;
        let share = distance / reach;
        let value = phase.sin() / (2.0 * phase) * bessel(BETA * (1.0 - share * share).sqrt()) / bessel(BETA);
        sum += value;
        *tap = value;
    }
    taps.map(|tap| fixed(tap * 0.5 / sum))
}

/// The modified Bessel function of order zero, by its series.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..30 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

#[expect(clippy::cast_possible_truncation, reason = "a float that is cast to an integer saturates")]
fn fixed(tap: f64) -> i16 {
    (tap * f64::from(1 << DIGITS)).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_scale_neither_overflows_nor_wraps() {
        let taps = half_band();
        let reach: i32 = taps.iter().map(|tap| i32::from(*tap).abs()).sum();
        assert!((reach + (1 << (DIGITS - 1))) < (1 << (DIGITS + 1)) - 1, "{reach}");
        // The signs of the taps themselves are the worst that can come.
        let worst: Vec<i16> =
            taps.iter().flat_map(|tap| [if *tap < 0 { i16::MIN } else { i16::MAX }; 2]).collect();
        for (from, to) in [(8000, 16_000), (16_000, 8000)] {
            let mut out = Vec::new();
            let mut resampler = Resampler::new(from, to).unwrap();
            resampler.convert(&worst, &mut out);
            resampler.convert(&[i16::MAX; 200], &mut out);
            assert!(out[out.len() - 50..].iter().all(|sample| *sample > 32_700), "{out:?}");
        }
    }
}
