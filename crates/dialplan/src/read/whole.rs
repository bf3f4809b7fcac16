//! What is judged of all steps of a rule together: how many variables they set, and whether they lead anywhere.

use std::collections::BTreeSet;

use crate::reader::Reader;
use crate::step::{Does, Goto, Steps};
use crate::template::MOST_NAMED;
use crate::tree::Entry;

/// `entry` is the `do` of the rule.
pub(super) fn check(reader: &mut Reader<'_>, entry: &Entry, steps: &Steps, context: &str, name: &str) {
    let mut names = BTreeSet::new();
    variables(steps, &mut names);
    if names.len() > MOST_NAMED {
        let message =
            format!("a call has at most {MOST_NAMED} variables, and this rule sets {}", names.len());
        reader.error(&entry.key_span, message);
    }
    if let Some(Does::Goto(goto)) = steps.first().map(|step| &step.does)
        && matches!(&**goto, Goto::Rule { context: to, name: rule } if **to == *context && **rule == *name)
    {
        reader.warn(&entry.key_span, "this rule leads only to itself", None);
    }
}

fn variables<'a>(steps: &'a Steps, names: &mut BTreeSet<&'a str>) {
    for step in steps.iter() {
        match &step.does {
            Does::Set { values } => names.extend(values.iter().map(|(name, _)| &**name)),
            Does::Collect(collect) => names.extend([&*collect.variable]),
            Does::Webhook(webhook) => names.extend(webhook.variables.iter().map(|name| &**name)),
            _ => {}
        }
        for (_, branch) in step.branches() {
            variables(branch, names);
        }
    }
}
