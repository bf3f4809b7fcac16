//! What calls cost while they stand and are paid for: the server pays each leg over a trunk six seconds ahead, again and again, and
//! where its payers have budgets, it looks each time what is left of these.

use std::thread::sleep;
use std::time::Duration;

use super::figure::Measured;
use super::paid::COST_A_SECOND;
use super::run::Run;
use super::target::{Product, Target, Traffic};
use super::{Bench, Options};

/// As many calls as there are users, first of payers with budgets, then of the same without.
pub(super) fn standing_calls(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let (mut budgets, mut plain) = (Measured::default(), Measured::default());
    for (measured, has_budgets) in [(&mut budgets, true), (&mut plain, false)] {
        let target = product.start(bench, Traffic::Paid { has_budgets }, bench.options.users)?;
        let load = bench.options.standing(&target);
        for _ in 0..bench.options.repeat {
            let before = target.spent(bench)?;
            let run = bench.signalling(&target, &load)?;
            // The server writes it within two seconds.
            sleep(Duration::from_secs(2));
            let spent = target.spent(bench)?.saturating_sub(before);
            run.standing_doubt(spent).into_iter().for_each(|doubt| measured.doubt(doubt));
            measured.runs.push(run);
        }
        measured.judge_signalling();
    }
    let ratios = budgets.runs.iter().zip(&plain.runs);
    let ratios = ratios.filter_map(|(with, without)| Some(with.cpu_ms_per_s()? / without.cpu_ms_per_s()?));
    budgets.set_all("ratio", ratios.collect());
    for (name, value) in
        [("cpu_ms_per_s", Run::cpu_ms_per_s as fn(&Run) -> _), ("setup_cpu_ms_per_call", Run::setup_cpu_ms)]
    {
        budgets.set(name, value);
        budgets.set_all(&format!("plain_{name}"), plain.runs.iter().filter_map(value).collect());
    }
    plain.doubts.into_iter().for_each(|doubt| budgets.doubt(format!("without budgets: {doubt}")));
    budgets.runs.append(&mut plain.runs);
    Ok(budgets)
}

impl Options {
    /// All calls begin within the six seconds that a leg is paid ahead, so that the paying is spread evenly, and stand for twice as
    /// long. That is shorter than `media.silence_secs`, after which the server would look after phones that say nothing.
    fn standing(&self, target: &Target) -> String {
        let rate = self.users.div_ceil(6);
        format!(
            "held --calls {} --setup-rate {rate} --seconds {SECONDS} --trunk-port {}",
            self.users, target.trunk_port
        )
    }
}

/// How long the standing calls are measured.
const SECONDS: u64 = 12;

impl Run {
    /// Milliseconds of the target's CPU a second.
    fn cpu_ms_per_s(&self) -> Option<f64> {
        (self.cost.wall_s > 0.0).then(|| 1000.0 * self.cost.cpu_s / self.cost.wall_s)
    }

    /// Milliseconds of the target's CPU for setting up each of the last calls, while the others stood.
    fn setup_cpu_ms(&self) -> Option<f64> {
        let calls = self.report.held?.last_calls;
        (calls > 0).then_some(1000.0 * self.setup?.cpu_s / calls as f64)
    }

    /// What says that calls did not stand, or were not paid for as long as they stood. `spent` is what all have cost.
    fn standing_doubt(&self, spent: u64) -> Option<String> {
        let Some(held) = self.report.held else { return Some("no report of calls that stand".to_owned()) };
        let least = held.calls * SECONDS * COST_A_SECOND;
        if held.standing != held.calls || held.at_provider != held.calls {
            Some(format!(
                "of {} calls {} stood at the end, {} at the provider, responses {:?}",
                held.calls, held.standing, held.at_provider, self.report.codes
            ))
        } else if spent < least {
            Some(format!("{spent} millionths were paid for calls that cost at least {least}"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::driver::process::Cost;
    use crate::report::{HeldReport, Report};

    fn run(held: HeldReport) -> Run {
        Run {
            load: Vec::new(),
            report: Report { held: Some(held), ..Report::default() },
            cost: Cost { cpu_s: 0.5, wall_s: 12.5, ..Cost::default() },
            setup: Some(Cost { cpu_s: 0.2, ..Cost::default() }),
            memory: BTreeMap::new(),
            load_average: 0.0,
        }
    }

    const ALL: HeldReport = HeldReport { calls: 400, last_calls: 100, standing: 400, at_provider: 400 };
    const PAID: u64 = 400 * SECONDS * COST_A_SECOND;

    #[test]
    fn cost_of_standing_and_of_setting_up() {
        assert_eq!(run(ALL).cpu_ms_per_s(), Some(40.0));
        assert_eq!(run(ALL).setup_cpu_ms(), Some(2.0));
        assert_eq!(run(HeldReport::default()).setup_cpu_ms(), None);
    }

    #[test]
    fn calls_that_do_not_stand_or_are_not_paid_raise_doubt() {
        assert_eq!(run(ALL).standing_doubt(PAID), None);
        assert!(run(ALL).standing_doubt(PAID - 1).is_some_and(|doubt| doubt.contains("were paid")));
        for held in [HeldReport { standing: 399, ..ALL }, HeldReport { at_provider: 399, ..ALL }] {
            assert!(run(held).standing_doubt(PAID).is_some_and(|doubt| doubt.contains("399")));
        }
        assert!(Run { report: Report::default(), ..run(ALL) }.standing_doubt(PAID).is_some());
    }
}
