//! Contexts with the rules of those that they include, each where the include stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rule::Item;
use crate::condition::Condition;
use crate::plan::{Context, Rule};
use crate::problem::Severity;
use crate::reader::Notes;
use crate::source::Source;
use crate::words;

pub(super) type Written = BTreeMap<String, Vec<Item>>;

pub(super) fn contexts(
    written: &Written,
    sources: &[Source],
    notes: &mut Notes,
    complete: bool,
) -> BTreeMap<String, Context> {
    let (context, way, told) = (Context::default(), Vec::new(), BTreeSet::new());
    let mut flat =
        Flat { written, sources, notes, complete, context, way, told, includes_left: MOST_INCLUDES };
    let mut contexts = BTreeMap::new();
    for name in written.keys() {
        flat.includes_left = MOST_INCLUDES;
        flat.take(name, &[]);
        contexts.insert(name.clone(), std::mem::take(&mut flat.context));
    }
    contexts
}

struct Flat<'a> {
    written: &'a Written,
    sources: &'a [Source],
    notes: &'a mut Notes,
    complete: bool,
    context: Context,
    /// The contexts under way, the innermost last.
    way: Vec<&'a str>,
    /// The faults that were told, by source and offset.
    told: BTreeSet<(usize, usize)>,
    /// Contexts that only include others multiply without one rule.
    includes_left: u16,
}

impl<'a> Flat<'a> {
    fn take(&mut self, name: &'a str, conditions: &[Arc<Condition>]) {
        let Some(items) = self.written.get(name) else { return };
        self.way.push(name);
        for item in items {
            match item {
                Item::Rule(rule) => self.rule(rule, conditions),
                Item::Include(include) => {
                    if let Some(fault) = self.fault(&include.context) {
                        // A context that others include meets it again and again.
                        if self.told.insert((include.source, include.span.start)) {
                            let known = self.written.keys().take(1_000).map(String::as_str);
                            let hint = words::did_you_mean(&include.context, known)
                                .filter(|_| !self.written.contains_key(&include.context));
                            self.problem(include.source, &include.span, Severity::Error, fault, hint);
                        }
                        continue;
                    }
                    self.includes_left = self.includes_left.saturating_sub(1);
                    let mut inner = conditions.to_vec();
                    inner.extend(include.condition.clone());
                    if let Some((name, _)) = self.written.get_key_value(&include.context) {
                        self.take(name, &inner);
                    }
                }
            }
        }
        self.way.pop();
    }

    /// Why a context cannot be included here.
    fn fault(&self, name: &str) -> Option<String> {
        if !self.written.contains_key(name) {
            let fault =
                format!("unknown context {}, expected the name of a [[context.*]]", words::quote(name));
            return self.complete.then_some(fault);
        }
        if self.way.contains(&name) {
            return Some(format!("context {} includes itself", words::quote(name)));
        }
        if self.includes_left == 0 {
            return Some(format!("a context has at most {MOST_INCLUDES} includes, with those within them"));
        }
        (self.way.len() >= DEEPEST).then(|| format!("contexts include each other more than {DEEPEST} deep"))
    }

    fn rule(&mut self, rule: &Rule, conditions: &[Arc<Condition>]) {
        let number = self.context.rules.len();
        if number >= MOST_RULES {
            if number == MOST_RULES {
                let message = format!("a context has at most {MOST_RULES} rules, with those it includes");
                self.problem(rule.source, &rule.span, Severity::Error, message, None);
            }
            return;
        }
        if rule.emergency && !conditions.is_empty() {
            let message = format!("emergency rule {} is included under a condition", rule.reference.name);
            let hint =
                Some("an emergency rule always counts: include it without `when` and `from`".to_string());
            self.problem(rule.source, &rule.span, Severity::Error, message, hint);
        }
        let Ok(at) = u32::try_from(number) else { return };
        for pattern in rule.patterns.iter() {
            self.context.index.add(at, pattern);
        }
        if self.way.len() == 1 {
            self.context.names.entry(Arc::clone(&rule.reference.name)).or_insert(number);
        }
        let mut rule = rule.clone();
        rule.conditions.splice(0..0, conditions.iter().cloned());
        self.context.rules.push(rule);
    }

    fn problem(
        &mut self,
        source: usize,
        span: &std::ops::Range<usize>,
        severity: Severity,
        message: String,
        hint: Option<String>,
    ) {
        if let Some(source) = self.sources.get(source) {
            self.notes.add(source.problem(span, severity, message, hint));
        }
    }
}

const DEEPEST: usize = 8;
const MOST_INCLUDES: u16 = 1_000;
const MOST_RULES: usize = 10_000;
