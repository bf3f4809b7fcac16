//! Checks that need all rules of a context at once: rules that can never be reached, and emergency numbers that
//! another rule could catch.

mod emergency;

use crate::condition::Condition;
use crate::pattern::Pattern;
use crate::plan::{Bound, Context, Rule};
use crate::problem::Severity;
use crate::reader::Notes;
use crate::source::Source;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn contexts(contexts: &BTreeMap<String, Context>, sources: &[Arc<Source>], notes: &mut Notes) {
    emergency::needs_no_permission(contexts, sources, notes);
    emergency::is_reached(contexts, sources, notes);
    for context in contexts.values() {
        for (at, rule) in context.rules.iter().enumerate() {
            let Some(source) = sources.get(rule.source) else { continue };
            let above = context.rules.get(..at).unwrap_or_default();
            if rule.emergency {
                if let Some(catcher) = above.iter().find(|above| !above.emergency && may_catch(above, rule)) {
                    let message = format!(
                        "emergency rule {} could be shadowed by rule {} above it ({}:{})",
                        rule.reference.name,
                        catcher.reference.name,
                        catcher.reference.file,
                        catcher.reference.line
                    );
                    let hint = Some("put emergency rules first".to_string());
                    notes.add(source.problem(&rule.span, Severity::Error, message, hint));
                }
            } else if let Some(names) = shadows(context, at, rule) {
                let message = format!("rule {} is never reached: shadowed by {names}", rule.reference.name);
                notes.add(source.problem(&rule.span, Severity::Warning, message, None));
            }
        }
    }
}

fn may_catch(above: &Rule, rule: &Rule) -> bool {
    rule.patterns.iter().any(|pattern| above.patterns.iter().any(|above| above.may_overlap(pattern)))
}

/// The earlier rules that together catch every pattern of this one, if they do.
fn shadows(context: &Context, at: usize, rule: &Bound) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for pattern in rule.patterns.iter() {
        let catcher = candidates(context, pattern, at).find(|above| {
            always_when(above, rule) && above.patterns.iter().any(|above| above.covers(pattern))
        })?;
        let name =
            format!("{} ({}:{})", catcher.reference.name, catcher.reference.file, catcher.reference.line);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(" and "))
}

/// The rules above `at` that can cover the pattern: those that the index gives for some number of it. A pattern that
/// covers another does so for each of its numbers, so one is enough.
fn candidates<'a>(
    context: &'a Context,
    pattern: &Pattern,
    at: usize,
) -> impl Iterator<Item = &'a Bound> + use<'a> {
    let sample = match pattern {
        Pattern::Mask(mask) => mask.sample(),
        // What covers an expression covers everything, or is the same expression.
        Pattern::Regex { .. } => "0".to_string(),
    };
    let rules = context
        .index
        .candidates(&sample)
        .filter_map(|rule| context.rules.get(rule as usize).map(|r| (rule, r)));
    rules.take_while(move |(rule, _)| (*rule as usize) < at).map(|(_, rule)| rule)
}

/// Whether the rule above counts whenever the other does: each of its conditions is one of the other's, or wider.
fn always_when(above: &Bound, rule: &Bound) -> bool {
    let is_wider = |wide: &Condition, narrow: &Condition| {
        let hours = wide.when.is_empty()
            || (!narrow.when.is_empty() && narrow.when.iter().all(|when| wide.when.contains(when)));
        hours && (wide.from.is_empty() || wide.from == narrow.from)
    };
    above.conditions().all(|wide| rule.conditions().any(|narrow| is_wider(wide, narrow)))
}
