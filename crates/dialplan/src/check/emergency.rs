//! Emergency rules among the others: what they lead to, and whether any call comes to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::plan::{Context, Rule};
use crate::problem::Severity;
use crate::reader::Notes;
use crate::source::Source;
use crate::step::{Does, Goto, StepPlace, Steps};

type Contexts = BTreeMap<String, Context>;
/// A rule by where it is written; included, it stands in several contexts.
type Written = (usize, usize);

/// An emergency rule leads to no rule that needs a permission.
pub(super) fn needs_no_permission(contexts: &Contexts, sources: &[Arc<Source>], notes: &mut Notes) {
    let mut checked = BTreeSet::new();
    for rule in rules(contexts).filter(|rule| rule.emergency) {
        if !checked.insert(written(rule)) {
            continue;
        }
        each_goto(&rule.steps, &mut |place, goto| {
            let Some(source) = sources.get(rule.source) else { return };
            if let Some((needs, permission)) = permission_behind(contexts, rule, goto) {
                let message = format!(
                    "emergency rule {} leads to rule {} ({}:{}), which needs the permission `{permission}`",
                    rule.reference.name, needs.reference.name, needs.reference.file, needs.reference.line
                );
                let hint = Some("lead it to a rule without `require`".to_string());
                let span = source.span_of(place, "goto").unwrap_or_else(|| rule.span.clone());
                notes.add(source.problem(&span, Severity::Error, message, hint));
            }
        });
    }
}

/// The first rule with a `require` that a `goto` leads to, itself or through others.
fn permission_behind<'a>(contexts: &'a Contexts, rule: &'a Rule, goto: &Goto) -> Option<(&'a Rule, &'a str)> {
    let mut seen = BTreeSet::new();
    let mut due = targets(contexts, rule, goto);
    while let Some(next) = due.pop() {
        if !seen.insert(written(next)) {
            continue;
        }
        if let Some(permission) = &next.require {
            return Some((next, permission));
        }
        each_goto(&next.steps, &mut |_, goto| due.extend(targets(contexts, next, goto)));
    }
    None
}

/// The rules that a `goto` of `from` may lead to, as far as its number is known before the call.
fn targets<'a>(contexts: &'a Contexts, from: &Rule, goto: &Goto) -> Vec<&'a Rule> {
    match goto {
        Goto::Rule { context, name } => {
            contexts.get(&**context).and_then(|c| c.rule(name)).into_iter().collect()
        }
        Goto::Context { context, number } => {
            let literal = number.as_ref().map(|number| number.literal());
            let fits = |rule: &&Rule| match literal {
                Some(None) => false,
                Some(Some(number)) => rule.pattern_for(number).is_some(),
                None => {
                    rule.patterns.iter().any(|pattern| from.patterns.iter().any(|of| of.may_overlap(pattern)))
                }
            };
            let rules = contexts.get(&**context).map(|context| context.rules.iter()).unwrap_or_default();
            rules.map(|rule| &**rule).filter(fits).collect()
        }
    }
}

/// Warns of every emergency rule that no call of a phone comes to.
pub(super) fn is_reached(contexts: &Contexts, sources: &[Arc<Source>], notes: &mut Notes) {
    if !rules(contexts).any(|rule| rule.emergency) {
        return;
    }
    let mut reached: BTreeSet<Written> = BTreeSet::new();
    let mut entered: BTreeSet<&str> = BTreeSet::new();
    let (mut to_enter, mut to_follow) = (vec![ENTRANCE], Vec::new());
    loop {
        if let Some(name) = to_enter.pop() {
            if entered.insert(name)
                && let Some(context) = contexts.get(name)
            {
                to_follow.extend(context.rules.iter().map(|rule| &**rule));
            }
        } else if let Some(rule) = to_follow.pop() {
            if !reached.insert(written(rule)) {
                continue;
            }
            each_goto(&rule.steps, &mut |_, goto| match goto {
                Goto::Rule { context, name } => {
                    to_follow.extend(contexts.get(&**context).and_then(|context| context.rule(name)));
                }
                Goto::Context { context, .. } => {
                    to_enter.extend(contexts.get_key_value(&**context).map(|(name, _)| name.as_str()));
                }
            });
        } else {
            break;
        }
    }
    for rule in rules(contexts).filter(|rule| rule.emergency) {
        let Some(source) = sources.get(rule.source).filter(|_| reached.insert(written(rule))) else {
            continue;
        };
        let (name, context) = (&rule.reference.name, &rule.reference.context);
        let message = format!("no call of a phone comes to emergency rule {name} in context {context}");
        let hint = format!(
            "calls of phones enter `{ENTRANCE}`: write `[[context.{ENTRANCE}]]`, or include `{context}` there"
        );
        notes.add(source.problem(&rule.span, Severity::Warning, message, Some(hint)));
    }
}

fn rules(contexts: &Contexts) -> impl Iterator<Item = &Rule> {
    contexts.values().flat_map(|context| &context.rules).map(|rule| &**rule)
}

fn written(rule: &Rule) -> Written {
    (rule.source, rule.span.start)
}

fn each_goto(steps: &Steps, see: &mut impl FnMut(&StepPlace, &Goto)) {
    for step in steps.iter() {
        if let Does::Goto(goto) = &step.does {
            see(&step.place, goto);
        }
        for (_, branch) in step.branches() {
            each_goto(branch, see);
        }
    }
}

/// The context that calls of phones enter.
const ENTRANCE: &str = "intern";
