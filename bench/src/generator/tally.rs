//! Counts and samples of one run.

use std::collections::BTreeMap;

use crate::report::{Counts, Latency};
use crate::samples::{Percentiles, Samples};

/// Everything that a run counts.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) counts: Counts,
    pub(crate) codes: BTreeMap<u16, u64>,
    samples: BTreeMap<Latency, Samples>,
    /// Preparation is not sampled.
    pub(crate) paused: bool,
}

impl Tally {
    pub(crate) fn sample(&mut self, which: Latency, nanos: u64) {
        if !self.paused {
            self.samples.entry(which).or_default().add(nanos);
        }
    }

    pub(crate) fn code(&mut self, status: u16) {
        *self.codes.entry(status).or_default() += 1;
    }

    /// Forgets the counts of the preparation.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn latencies(&mut self) -> BTreeMap<String, Percentiles> {
        let named = |(which, samples): (&Latency, &mut Samples)| {
            samples.percentiles().map(|percentiles| (which.name().to_owned(), percentiles))
        };
        self.samples.iter_mut().filter_map(named).collect()
    }
}
