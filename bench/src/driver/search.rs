//! The highest rate that a target stands.

use std::time::{Duration, Instant};

use super::figure::Measured;
use super::run::Run;

/// Tries rates from `start`, multiplied by `factor` until one fails (or divided by two until one succeeds), then halves
/// the gap twice. Begins no new try after `budget`.
pub(crate) fn highest(
    start: u32,
    factor: f64,
    budget: Duration,
    mut attempt: impl FnMut(u32) -> anyhow::Result<(bool, Run)>,
) -> anyhow::Result<Measured> {
    let begun = Instant::now();
    let mut measured = Measured::default();
    let mut range = Range { good: None, bad: None, bisections: 2 };
    let mut next = Some(start);
    while let Some(rate) = next.filter(|_| begun.elapsed() < budget) {
        let (good, run) = attempt(rate)?;
        println!("    {rate}: {}", if good { "good" } else { "too much" });
        if good && range.good.is_none_or(|best| rate > best) {
            measured.set_one("cpu_ms_at_max", run.cpu_ms_each().unwrap_or_default());
            measured.set_one("server_cpu_at_max", run.cost.cpu_s / run.cost.wall_s);
        }
        measured.runs.push(run);
        next = range.after(rate, good, factor);
    }
    measured.set_one("max", f64::from(range.good.unwrap_or_default()));
    if range.bad.is_none() {
        measured.doubt("the search ended before anything failed: the maximum is higher".to_owned());
    }
    Ok(measured)
}

struct Range {
    good: Option<u32>,
    bad: Option<u32>,
    bisections: u32,
}

impl Range {
    /// The next rate to try, None when near enough.
    fn after(&mut self, rate: u32, good: bool, factor: f64) -> Option<u32> {
        if good {
            self.good = Some(self.good.map_or(rate, |best| best.max(rate)));
        } else {
            self.bad = Some(self.bad.map_or(rate, |worst| worst.min(rate)));
        }
        match (self.good, self.bad) {
            (Some(good), None) => Some((f64::from(good) * factor) as u32),
            (None, Some(bad)) => (bad / 2 > 0).then_some(bad / 2),
            (Some(good), Some(bad)) if self.bisections > 0 && f64::from(bad) > f64::from(good) * 1.08 => {
                self.bisections -= 1;
                Some(u32::midpoint(good, bad))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(limit: u32) -> (u32, Vec<u32>) {
        let mut range = Range { good: None, bad: None, bisections: 2 };
        let (mut tried, mut next) = (Vec::new(), Some(1000));
        while let Some(rate) = next {
            tried.push(rate);
            next = range.after(rate, rate <= limit, 2.0);
        }
        (range.good.unwrap_or_default(), tried)
    }

    #[test]
    fn doubles_then_closes_in() {
        assert_eq!(found(7000), (7000, vec![1000, 2000, 4000, 8000, 6000, 7000]));
    }

    #[test]
    fn halves_until_something_works() {
        assert_eq!(found(300), (250, vec![1000, 500, 250, 375, 312]));
        assert_eq!(found(0).0, 0);
    }
}
