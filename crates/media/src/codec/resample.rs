//! Between 8 and 16 kHz, packet after packet without a seam: a half-band filter, flat to 3.4 kHz and 70 dB down from
//! 4.6 kHz, of which every other tap is zero. Opus brings its own rates and comes not by here.

/// One direction's converter. Its delay is 2 ms.
#[derive(Debug, Clone)]
pub struct Resampler {
    way: Way,
    /// The last samples that came in, for the next packet.
    history: Vec<f32>,
    taps: [f32; TAPS],
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

impl Resampler {
    /// From one rate to another; None where these are not 8 or 16 kHz or the same.
    pub fn new(from: u32, to: u32) -> Option<Self> {
        let way = match (from, to) {
            (from, to) if from == to => Way::Same,
            (8000, 16_000) => Way::Up,
            (16_000, 8000) => Way::Down,
            _ => return None,
        };
        let history = match way {
            Way::Same => 0,
            Way::Up => TAPS - 1,
            Way::Down => 2 * (TAPS - 1),
        };
        Some(Self { way, history: vec![0.0; history], taps: half_band() })
    }

    /// Appends the converted samples: twice or half as many as came. Downwards an even number must come.
    pub fn convert(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        if self.way == Way::Same {
            out.extend_from_slice(samples);
            return;
        }
        let kept = self.history.len();
        self.history.extend(samples.iter().map(|sample| f32::from(*sample)));
        match self.way {
            Way::Up => up(&self.history, &self.taps, out),
            Way::Down => down(&self.history, &self.taps, out),
            Way::Same => {}
        }
        let done = self.history.len().saturating_sub(kept);
        self.history.drain(..done);
    }
}

/// Each window of samples gives the one in its middle and the one after it.
fn up(samples: &[f32], taps: &[f32; TAPS], out: &mut Vec<i16>) {
    for window in samples.windows(TAPS) {
        let between: f32 = window.iter().zip(taps).map(|(sample, tap)| sample * tap).sum();
        let kept = window.get(MIDDLE).copied().unwrap_or_default();
        out.push(to_i16(kept));
        out.push(to_i16(2.0 * between));
    }
}

fn down(samples: &[f32], taps: &[f32; TAPS], out: &mut Vec<i16>) {
    for window in samples.windows(2 * TAPS).step_by(2) {
        let around: f32 = window.iter().step_by(2).zip(taps).map(|(sample, tap)| sample * tap).sum();
        let middle = window.get(2 * MIDDLE + 1).copied().unwrap_or_default();
        out.push(to_i16(around + 0.5 * middle));
    }
}

/// The taps at odd distances from the middle of a half-band low-pass under a Kaiser window. Their sum is made a half,
/// so that nothing changes its level.
fn half_band() -> [f32; TAPS] {
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
    taps.map(|tap| crate::rtp::statistics::narrow(tap * 0.5 / sum))
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
fn to_i16(sample: f32) -> i16 {
    sample.round() as i16
}
