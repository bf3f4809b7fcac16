//! What a picture shows, before anything has a place: contexts, their rules in order, and the steps of each.

use std::fmt;
use std::sync::Arc;

use super::GraphOptions;
use super::block::{Block, Budget};
use crate::condition::Condition;
use crate::live::{ENTERED, INBOUND};
use crate::plan::{Bound, Context, Plan, Rule};

#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub(super) sections: Vec<Section>,
    /// The plan's hash, for whoever wonders which files are drawn.
    pub(super) hash: String,
}

/// A context.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) entered: &'static str,
    pub(super) rows: Vec<Row>,
    /// Rules that are not drawn.
    pub(super) left_out: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Row {
    Rule(Card),
    /// The rules of another context stand here.
    Include {
        context: String,
        rules: usize,
        conditions: Vec<String>,
    },
}

/// A rule.
#[derive(Debug, Clone)]
pub(super) struct Card {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) patterns: Vec<String>,
    /// `when` and `from`, in words.
    pub(super) conditions: Vec<String>,
    pub(super) require: Option<String>,
    pub(super) emergency: bool,
    pub(super) steps: Vec<Block>,
}

/// Where a step leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Rule { context: String, name: String },
    Context(String),
}

impl Chart {
    pub(super) fn of(plan: &Plan, options: GraphOptions<'_>) -> Option<Self> {
        if options.context.is_some_and(|name| !plan.contexts.contains_key(name)) {
            return None;
        }
        let wanted = |name: &str| options.context.is_none_or(|only| only == name);
        let mut names: Vec<&String> = plan.contexts.keys().filter(|name| wanted(name)).collect();
        names.sort_by_key(|name| {
            ENTRANCES.iter().position(|(entrance, _)| entrance == name).unwrap_or(ENTRANCES.len())
        });
        let mut budget = Budget::default();
        let section = |name: &String| {
            section(plan, name, plan.contexts.get(name)?, options.most_rules, &mut budget).into()
        };
        Some(Self { sections: names.into_iter().filter_map(section).collect(), hash: plan.hash.clone() })
    }

    /// Whether a rule or context is drawn.
    pub(super) fn draws(&self, way: &Way) -> bool {
        match way {
            Way::Context(name) => self.sections.iter().any(|section| section.name == *name),
            Way::Rule { context, name } => self
                .sections
                .iter()
                .filter(|section| section.name == *context)
                .flat_map(|section| &section.rows)
                .any(|row| matches!(row, Row::Rule(card) if card.name == *name)),
        }
    }
}

fn section(plan: &Plan, name: &str, context: &Context, most_rules: usize, budget: &mut Budget) -> Section {
    let entered = ENTRANCES
        .iter()
        .find(|(entrance, _)| *entrance == name)
        .map_or("reached by goto or include", |(_, words)| words);
    let mut section = Section { name: name.to_string(), entered, rows: Vec::new(), left_out: 0 };
    let mut runs =
        context.rules.chunk_by(|a, b| a.reference.context == b.reference.context && is_foreign(a, name));
    for run in runs.by_ref() {
        if section.rows.len() >= most_rules || budget.is_spent() {
            section.left_out += run.len();
            continue;
        }
        let Some(first) = run.first() else { continue };
        section.rows.push(if is_foreign(first, name) {
            include(first, run)
        } else {
            Row::Rule(card(plan, first, budget))
        });
    }
    section
}

fn is_foreign(rule: &Rule, context: &str) -> bool {
    *rule.reference.context != *context
}

fn include(first: &Bound, run: &[Bound]) -> Row {
    // Those that all of its rules share come from the include.
    let shared = first.conditions().filter(|condition| {
        run.iter().all(|rule| rule.conditions().any(|other| Arc::ptr_eq(condition, other)))
    });
    let conditions =
        if run.len() > 1 { shared.flat_map(|condition| words(condition)).collect() } else { Vec::new() };
    Row::Include { context: first.reference.context.to_string(), rules: run.len(), conditions }
}

fn card(plan: &Plan, rule: &Bound, budget: &mut Budget) -> Card {
    Card {
        name: rule.reference.name.to_string(),
        place: format!("{}:{}", rule.reference.file, rule.reference.line),
        patterns: rule.patterns.iter().map(ToString::to_string).collect(),
        conditions: rule.conditions().flat_map(|condition| words(condition)).collect(),
        require: rule.require.clone(),
        emergency: rule.emergency,
        steps: super::block::blocks(plan, &rule.steps, budget),
    }
}

/// A condition, one line for each of its parts.
pub(super) fn words(condition: &Condition) -> Vec<String> {
    let when: Vec<String> = condition.when.iter().map(ToString::to_string).collect();
    let when = (!when.is_empty()).then(|| format!("when {}", when.join(" or ")));
    let from = (!condition.from.is_empty()).then(|| format!("from {}", condition.from));
    when.into_iter().chain(from).collect()
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { context, name } => write!(f, "rule:{context}/{name}"),
            Self::Context(name) => write!(f, "context:{name}"),
        }
    }
}

/// The contexts that calls enter by themselves, in the order in which they are drawn.
const ENTRANCES: [(&str, &str); 2] =
    [(ENTERED, "calls of our own extensions"), (INBOUND, "calls from outside, by a trunk")];
