//! Brings samples down to 8 or 16 kHz with a windowed-sinc low-pass, once at loading.

/// The rates of what is played: telephony, and what G.722 and Opus carry.
pub(super) const NARROW: u32 = 8000;
pub(super) const WIDE: u32 = 16_000;

/// Zero crossings of the filter on each side, and table steps between two of them.
const CROSSINGS: usize = 12;
const STEPS: usize = 256;
/// The pass band as a share of the lower half rate: 3.6 kHz of 4, 7.2 of 8.
const PASS: f64 = 0.9;

/// Samples between -1 and 1 at `rate` as 16-bit samples at `target` Hz, which is no more.
pub(super) fn resample(samples: &[f32], rate: u32, target: u32) -> Vec<i16> {
    if rate == target {
        return samples.iter().map(|sample| to_i16(f64::from(*sample))).collect();
    }
    let ratio = f64::from(rate) / f64::from(target);
    // How fast the kernel is walked: slower when more samples fall under it.
    let cutoff = PASS / ratio;
    let kernel = kernel();
    let reach = index(ratio_of(CROSSINGS) / cutoff).saturating_add(1);
    let length = index(ratio_of(samples.len()) / ratio);
    (0..length)
        .map(|n| {
            let centre = ratio_of(n) * ratio;
            let first = index(centre).saturating_sub(reach);
            let last = index(centre).saturating_add(reach).min(samples.len());
            let under = samples.get(first..last).unwrap_or_default();
            let sum: f64 = (first..)
                .zip(under)
                .map(|(at, sample)| {
                    f64::from(*sample) * weight(&kernel, (ratio_of(at) - centre).abs() * cutoff)
                })
                .sum();
            to_i16(sum * cutoff)
        })
        .collect()
}

/// Half a sinc under a Hann window, as a table over `0..CROSSINGS`.
fn kernel() -> Vec<f64> {
    let steps = CROSSINGS * STEPS;
    (0..=steps)
        .map(|step| {
            let x = ratio_of(step) / ratio_of(STEPS) * std::f64::consts::PI;
            let sinc = if step == 0 { 1.0 } else { x.sin() / x };
            let window = 0.5 + 0.5 * (ratio_of(step) / ratio_of(steps) * std::f64::consts::PI).cos();
            sinc * window
        })
        .collect()
}

/// The kernel at a distance in crossings, between two steps of the table.
fn weight(kernel: &[f64], distance: f64) -> f64 {
    let at = distance * ratio_of(STEPS);
    let step = index(at);
    let (Some(low), Some(high)) = (kernel.get(step), kernel.get(step.saturating_add(1))) else { return 0.0 };
    low + (high - low) * (at - ratio_of(step))
}

#[expect(clippy::cast_possible_truncation, reason = "a float that is cast to an integer saturates")]
fn to_i16(sample: f64) -> i16 {
    (sample * 32_768.0).round() as i16
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that is cast to an integer saturates"
)]
fn index(value: f64) -> usize {
    value as usize
}

#[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
fn ratio_of(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The level of one second of a tone after resampling, as a share of what went in.
    fn gain(rate: u32, hertz: f64) -> f64 {
        let step = hertz / f64::from(rate) * std::f64::consts::TAU;
        let tone: Vec<f32> = (0..rate).map(|n| 0.5 * (f64::from(n) * step).sin() as f32).collect();
        let out = resample(&tone, rate, NARROW);
        assert_eq!(out.len(), 8000);
        let middle = &out[1000..7000];
        let power: f64 = middle.iter().map(|sample| (f64::from(*sample) / 32_768.0).powi(2)).sum();
        (power / 6000.0).sqrt() / (0.5 / 2.0_f64.sqrt())
    }

    #[test]
    fn speech_passes_at_its_level() {
        for rate in [11_025, 16_000, 22_050, 44_100, 48_000] {
            for hertz in [200.0, 1000.0, 3000.0] {
                let gain = gain(rate, hertz);
                assert!((0.95..1.05).contains(&gain), "{hertz} Hz at {rate}: {gain}");
            }
        }
    }

    #[test]
    fn what_would_fold_back_is_taken_out() {
        for rate in [16_000, 44_100, 48_000] {
            assert!(gain(rate, 5000.0) < 0.02, "5 kHz at {rate}: {}", gain(rate, 5000.0));
        }
    }
}
