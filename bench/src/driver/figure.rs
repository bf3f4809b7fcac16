//! Measured values, and what a measure leaves behind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::run::Run;

/// One value over several runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) n: usize,
}

/// Everything that one measure says of one target.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) figures: BTreeMap<String, Figure>,
    /// Why the figures deserve distrust: failures, retransmissions, a late generator. Empty is good.
    pub(crate) doubts: Vec<String>,
    pub(crate) runs: Vec<Run>,
}

impl Figure {
    /// None without values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len();
        let (upper, lower) = (values.get(n / 2)?, values.get((n.checked_sub(1)?) / 2)?);
        Some(Self { median: f64::midpoint(*upper, *lower), min: *values.first()?, max: *values.last()?, n })
    }
}

impl Measured {
    /// A figure of what every run gave a value for.
    pub(crate) fn set(&mut self, name: &str, value: impl Fn(&Run) -> Option<f64>) {
        if let Some(figure) = Figure::of(self.runs.iter().filter_map(value)) {
            self.figures.insert(name.to_owned(), figure);
        }
    }

    /// A figure of these values, if there are any.
    pub(crate) fn set_all(&mut self, name: &str, values: Vec<f64>) {
        if let Some(figure) = Figure::of(values) {
            self.figures.insert(name.to_owned(), figure);
        }
    }

    /// A figure of a single value.
    pub(crate) fn set_one(&mut self, name: &str, value: f64) {
        self.figures.insert(name.to_owned(), Figure { median: value, min: value, max: value, n: 1 });
    }

    pub(crate) fn doubt(&mut self, doubt: String) {
        if !self.doubts.contains(&doubt) {
            self.doubts.push(doubt);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(Figure::of([]), None);
        assert_eq!(Figure::of([3.0, 1.0, 2.0]), Some(Figure { median: 2.0, min: 1.0, max: 3.0, n: 3 }));
        assert_eq!(Figure::of([4.0, 1.0]).map(|figure| figure.median), Some(2.5));
    }
}
