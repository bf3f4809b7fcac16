//! Which rules and steps of a plan its tests reach.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::known::rules;
use super::simulate::Simulated;
use crate::plan::{Plan, RuleRef};
use crate::step::{StepPlace, Steps};
use crate::template::Variables;

/// What calls reached, taken together.
#[derive(Debug, Default)]
pub struct Coverage {
    steps: BTreeSet<StepPlace>,
    rules: BTreeSet<(std::sync::Arc<str>, u32)>,
}

/// What of a plan was reached.
#[derive(Debug, Clone, Serialize)]
pub struct Reached {
    /// How many rules there are, each once however often it is included.
    pub rules: usize,
    /// How many steps there are, those in branches too.
    pub steps: usize,
    /// How many of these were taken.
    pub steps_reached: usize,
    /// The share of the steps that was taken, in percent, rounded down; 100 for a plan without any.
    pub percent: u8,
    /// The rules that no call reached.
    pub rules_missed: Vec<RuleRef>,
    /// The steps that no call took, of rules that were reached.
    pub steps_missed: Vec<MissedStep>,
}

/// A step that no call took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissedStep {
    /// Where it stands.
    pub place: StepPlace,
    /// The rule that it belongs to.
    pub rule: RuleRef,
    /// The branches that lead to it, such as `on_busy` or `on_busy/then`; empty for a step of `do`.
    pub branch: String,
    /// For example `dial ext:201 for 25 s`.
    pub text: String,
}

impl Coverage {
    /// Takes in the way of a call.
    pub fn add(&mut self, simulated: &Simulated) {
        self.steps.extend(simulated.reached.iter().cloned());
        self.rules.extend(simulated.rule.iter().map(|rule| (std::sync::Arc::clone(&rule.file), rule.line)));
    }

    /// What of these plans was reached. What they share counts once.
    #[must_use]
    pub fn of<'p>(&self, plans: impl IntoIterator<Item = &'p Plan>) -> Reached {
        // A rule that is included stands in several contexts, and its first stands for all.
        let mut written: BTreeMap<(std::sync::Arc<str>, u32), _> = BTreeMap::new();
        for rule in plans.into_iter().flat_map(rules) {
            let place = (std::sync::Arc::clone(&rule.reference.file), rule.reference.line);
            written.entry(place).or_insert(rule);
        }
        let mut reached = Reached {
            rules: written.len(),
            steps: 0,
            steps_reached: 0,
            percent: 100,
            rules_missed: Vec::new(),
            steps_missed: Vec::new(),
        };
        for (place, rule) in written {
            let mut all = Vec::new();
            list(&rule.steps, "", &rule.reference, &mut all);
            let missed: Vec<MissedStep> =
                all.iter().filter(|step| !self.steps.contains(&step.place)).cloned().collect();
            reached.steps += all.len();
            reached.steps_reached += all.len() - missed.len();
            // A rule that is gone to was reached as well.
            if missed.len() == all.len() && !self.rules.contains(&place) {
                reached.rules_missed.push(rule.reference.clone());
            } else {
                reached.steps_missed.extend(missed);
            }
        }
        if let Some(percent) = (reached.steps_reached * 100).checked_div(reached.steps) {
            reached.percent = u8::try_from(percent).unwrap_or(100);
        }
        reached
    }
}

fn list(steps: &Steps, branch: &str, rule: &RuleRef, all: &mut Vec<MissedStep>) {
    for step in steps.iter() {
        all.push(MissedStep {
            place: step.place.clone(),
            rule: rule.clone(),
            branch: branch.to_string(),
            // Their names stand for what a call would put there.
            text: step.describe(&Variables::of("${number}", "${from}", "${from_name}")),
        });
        for (name, steps) in step.branches() {
            let branch = if branch.is_empty() { name } else { format!("{branch}/{name}") };
            list(steps, &branch, rule, all);
        }
    }
}
