//! The names that a plan defines or asks for, to hold against what a test or an operator writes.

use std::collections::{BTreeMap, BTreeSet};

use super::given::{GivenError, KINDS};
use crate::plan::{Plan, ReferenceKind, Rule};
use crate::run::WebhookAnswer;
use crate::step::{Does, Step, Steps};
use crate::words;

/// Names by what they stand for.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) contexts: BTreeSet<String>,
    pub(crate) hours: BTreeSet<String>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) trunks: BTreeSet<String>,
    pub(crate) webhooks: BTreeSet<String>,
    /// The variables that the answer of each may set.
    answers: BTreeMap<String, BTreeSet<String>>,
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
                Does::Webhook(webhook) => {
                    known.webhooks.insert(webhook.name.to_string());
                    let may_set = webhook.variables.iter().map(ToString::to_string).collect();
                    known.answers.insert(webhook.name.to_string(), may_set);
                }
                _ => {}
            });
        }
        known
    }

    /// Whether something of that name can be given a result.
    ///
    /// # Errors
    /// With the nearest name where the plan has none.
    pub(crate) fn has(&self, kind: &str, name: &str) -> Result<(), GivenError> {
        let Some(names) = self.names(kind).filter(|names| !names.contains(name)) else { return Ok(()) };
        let near = nearest(name, names)
            .or_else(|| words::nearest(name, KINDS).filter(|_| kind == "digits").map(str::to_string));
        let what = if kind == "digits" { "question for" } else { kind };
        Err(GivenError::Unknown { what: what.to_string(), name: name.to_string(), nearest: near })
    }

    /// Whether the service can answer so.
    ///
    /// # Errors
    /// Where a live call would take no notice of it: a variable that is not the webhook's, a destination that is none.
    pub(crate) fn may_answer(
        &self,
        plan: &Plan,
        webhook: &str,
        answer: &WebhookAnswer,
    ) -> Result<(), GivenError> {
        let may_set = self.answers.get(webhook);
        let is_unknown = |name: &str| !may_set.is_some_and(|may_set| may_set.contains(name));
        if let Some((name, _)) = answer.variables.iter().find(|(name, _)| is_unknown(name)) {
            let what = format!("variable in `variables` of [webhook.{webhook}]");
            let nearest = may_set.and_then(|may_set| nearest(name, may_set));
            return Err(GivenError::Unknown { what, name: name.clone(), nearest });
        }
        match &answer.destination {
            Some(destination) => plan.steps_to(destination).map(drop).map_err(GivenError::Destination),
            None => Ok(()),
        }
    }

    /// The names that may stand behind `kind:` of a given result; None where any may.
    fn names(&self, kind: &str) -> Option<&BTreeSet<String>> {
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

fn nearest(name: &str, names: &BTreeSet<String>) -> Option<String> {
    words::nearest(name, names.iter().take(1_000).map(String::as_str)).map(str::to_string)
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
