//! The names that a plan defines or asks for, to hold against what a test or an operator writes.

use std::collections::BTreeSet;

use crate::plan::{Plan, ReferenceKind, Rule};
use crate::step::{Does, Step, Steps};

/// Names by what they stand for.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) contexts: BTreeSet<String>,
    pub(crate) hours: BTreeSet<String>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) trunks: BTreeSet<String>,
    pub(crate) webhooks: BTreeSet<String>,
    /// Variables of questions.
    pub(crate) questions: BTreeSet<String>,
    pub(crate) permissions: BTreeSet<String>,
    /// As `context/name`.
    pub(crate) rules: BTreeSet<String>,
}

impl Known {
    pub(crate) fn of(plan: &Plan) -> Self {
        let trunks = plan.references.keys().filter(|(kind, _)| *kind == ReferenceKind::Trunk);
        let mut known = Self {
            contexts: plan.contexts.keys().cloned().collect(),
            hours: plan.hours.keys().cloned().collect(),
            groups: plan.groups.keys().cloned().collect(),
            trunks: trunks.map(|(_, name)| name.clone()).collect(),
            ..Self::default()
        };
        for rule in rules(plan) {
            known.rules.insert(format!("{}/{}", rule.reference.context, rule.reference.name));
            known.permissions.extend(rule.require.clone());
            each_step(&rule.steps, &mut |step| match &step.does {
                Does::Collect(collect) => drop(known.questions.insert(collect.variable.to_string())),
                Does::Webhook(webhook) => drop(known.webhooks.insert(webhook.name.to_string())),
                _ => {}
            });
        }
        known
    }

    /// The names that may stand behind `kind:` of a given result; None where any may.
    pub(crate) fn names(&self, kind: &str) -> Option<&BTreeSet<String>> {
        match kind {
            "group" => Some(&self.groups),
            "trunk" => Some(&self.trunks),
            "webhook" => Some(&self.webhooks),
            "digits" => Some(&self.questions),
            "require" => Some(&self.permissions),
            _ => None,
        }
    }
}

/// Every rule of every context; one that is included stands in several.
pub(crate) fn rules(plan: &Plan) -> impl Iterator<Item = &Rule> {
    plan.contexts.values().flat_map(|context| &context.rules).map(|bound| &*bound.rule)
}

/// Each step with those of its branches below it. The language bounds how deep they nest.
pub(crate) fn each_step(steps: &Steps, see: &mut impl FnMut(&Step)) {
    for step in steps.iter() {
        see(step);
        for (_, branch) in step.branches() {
            each_step(branch, see);
        }
    }
}
