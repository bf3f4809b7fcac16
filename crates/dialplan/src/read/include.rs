//! Contexts with the rules of those that they include, each where the include stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rule::Item;
use crate::alike::Met;
use crate::condition::Condition;
use crate::plan::{Bound, Context, Rule};
use crate::problem::Severity;
use crate::reader::Notes;
use crate::source::Source;
use crate::words;

pub(super) type Written = BTreeMap<String, Vec<Item>>;

pub(super) fn contexts(
    written: &Written,
    sources: &[Arc<Source>],
    notes: &mut Notes,
    complete: bool,
) -> BTreeMap<String, Context> {
    let (context, way, told) = (Context::default(), Vec::new(), BTreeSet::new());
    let mut flat = Flat {
        written,
        sources,
        notes,
        complete,
        context,
        met: Met::default(),
        way,
        told,
        includes_left: 0,
        room: Some(MOST_INCLUDED),
    };
    let mut contexts = BTreeMap::new();
    for name in written.keys() {
        flat.includes_left = MOST_INCLUDES;
        flat.take(name, None);
        contexts.insert(name.clone(), std::mem::take(&mut flat.context));
    }
    contexts
}

struct Flat<'a> {
    written: &'a Written,
    sources: &'a [Arc<Source>],
    notes: &'a mut Notes,
    complete: bool,
    context: Context,
    met: Met,
    /// The contexts under way, the innermost last.
    way: Vec<&'a str>,
    /// The faults that were told, by source and offset.
    told: BTreeSet<(usize, usize)>,
    /// Contexts that only include others multiply without one rule.
    includes_left: u16,
    /// What all contexts together may still have from others: patterns, and includes. None: that was too much.
    room: Option<usize>,
}

/// The conditions of includes, each list shared by the rules below it.
type Under = Option<Arc<[Arc<Condition>]>>;

impl<'a> Flat<'a> {
    fn take(&mut self, name: &'a str, under: Under) {
        let Some(items) = self.written.get(name) else { return };
        self.way.push(name);
        for item in items {
            match item {
                Item::Rule(rule) => self.rule(rule, under.clone()),
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
                    if !self.has_room(1, include.source, &include.span) {
                        continue;
                    }
                    let inner = match &include.condition {
                        Some(own) => {
                            Some(under.iter().flat_map(|u| u.iter()).chain([own]).cloned().collect())
                        }
                        None => under.clone(),
                    };
                    if let Some((name, _)) = self.written.get_key_value(&include.context) {
                        self.take(name, inner);
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
        (self.way.len() > DEEPEST).then(|| format!("contexts include each other more than {DEEPEST} deep"))
    }

    fn rule(&mut self, rule: &Arc<Rule>, under: Under) {
        let number = self.context.rules.len();
        if number >= MOST_RULES {
            if number == MOST_RULES {
                let message = format!("a context has at most {MOST_RULES} rules, with those it includes");
                self.problem(rule.source, &rule.span, Severity::Error, message, None);
            }
            return;
        }
        if rule.emergency && under.is_some() {
            let message = format!("emergency rule {} is included under a condition", rule.reference.name);
            let hint =
                Some("an emergency rule always counts: include it without `when` and `from`".to_string());
            self.problem(rule.source, &rule.span, Severity::Error, message, hint);
        }
        if self.way.len() > 1 && !self.has_room(rule.patterns.len(), rule.source, &rule.span) {
            return;
        }
        let Ok(at) = u32::try_from(number) else { return };
        for pattern in rule.patterns.iter() {
            self.context.index.add(at, pattern);
        }
        if self.way.len() == 1 {
            self.context.names.entry(Arc::clone(&rule.reference.name)).or_insert(number);
        }
        let bound = Bound { rule: Arc::clone(rule), under };
        self.context.alike.add(bound.conditions(), &mut self.met);
        self.context.rules.push(bound);
    }

    /// Takes so much of what includes may bring in; false, with one complaint, where it is used up.
    fn has_room(&mut self, count: usize, source: usize, span: &std::ops::Range<usize>) -> bool {
        if let Some(left) = self.room.and_then(|room| room.checked_sub(count)) {
            self.room = Some(left);
            return true;
        }
        if self.room.take().is_some() {
            let message = format!(
                "includes bring in more than {MOST_INCLUDED} patterns and includes, all contexts together"
            );
            let hint = "let `goto = \"context:NAME\"` lead there instead".to_string();
            self.problem(source, span, Severity::Error, message, Some(hint));
        }
        false
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
/// An entry of the index costs some hundred bytes.
const MOST_INCLUDED: usize = 50_000;
const MOST_RULES: usize = 10_000;
