//! Latency samples and what is reported of them.

use serde::{Deserialize, Serialize};

/// A growing list of durations in nanoseconds; each is clamped to 4.29 s.
#[derive(Default)]
pub(crate) struct Samples(Vec<u32>);

/// Percentiles of one list, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Percentiles {
    pub(crate) n: usize,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) max_us: f64,
}

impl Samples {
    pub(crate) fn add(&mut self, nanos: u64) {
        self.0.push(u32::try_from(nanos).unwrap_or(u32::MAX));
    }

    /// None without a sample: absent is not zero.
    pub(crate) fn percentiles(&mut self) -> Option<Percentiles> {
        self.0.sort_unstable();
        let n = self.0.len();
        let at = |index: usize| self.0.get(index).map(|nanos| f64::from(*nanos) / 1e3);
        Some(Percentiles { n, p50_us: at(n / 2)?, p99_us: at(n * 99 / 100)?, max_us: at(n.checked_sub(1)?)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_a_hundred() {
        let mut samples = Samples::default();
        (1..=100).rev().for_each(|micros| samples.add(micros * 1000));
        let expected = Percentiles { n: 100, p50_us: 51.0, p99_us: 100.0, max_us: 100.0 };
        assert_eq!(samples.percentiles(), Some(expected));
    }

    #[test]
    fn one_sample_is_all_percentiles() {
        let mut samples = Samples::default();
        samples.add(1500);
        assert_eq!(samples.percentiles(), Some(Percentiles { n: 1, p50_us: 1.5, p99_us: 1.5, max_us: 1.5 }));
    }

    #[test]
    fn none_without_samples_and_long_ones_clamped() {
        let mut samples = Samples::default();
        assert_eq!(samples.percentiles(), None);
        samples.add(u64::MAX);
        assert!(samples.percentiles().is_some_and(|p| p.max_us > 4e6 && p.max_us < 5e6));
    }
}
