//! Why a call goes where it goes: the rule, what was passed over and why, and the steps with this call's numbers.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::hours::HoursReason;
use crate::live::NotLive;
use crate::overrides::Forced;
use crate::pattern::Pattern;
use crate::plan::{Bound, CallFacts, Plan, Rule, RuleRef, valid_number};
use crate::run::Run;
use crate::step::Steps;
use crate::template::Variables;
use crate::words;

/// The whole answer to "what happens with this call, and why".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The context asked about.
    pub context: String,
    /// Whether the plan has that context.
    pub context_known: bool,
    /// Where it has not: the one that was probably meant.
    pub nearest_context: Option<String>,
    /// The number dialled.
    pub dialled: String,
    /// The caller's number.
    pub from: String,
    /// The moment on the plan's clock, such as `2026-11-20T10:00:00`.
    pub local_time: String,
    /// The rules above the one that matched, in their order; all rules where none did.
    pub passed: Vec<Passed>,
    /// The rule that matched.
    pub matched: Option<Explained>,
    /// Where none did: the rules that other contexts have for this call.
    pub elsewhere: Vec<Elsewhere>,
}

/// A rule that would take the call if it entered another context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// That context.
    pub context: String,
    /// Its first rule that matches.
    pub rule: RuleRef,
}

/// A rule that did not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// Which.
    pub rule: RuleRef,
    /// Why not.
    pub reason: Reason,
}

/// Why a rule did not match. Serialises as its `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// None of its patterns, joined here by commas, fits the number.
    Number(String),
    /// The number fits, but not the time: none of its `when` holds.
    Time(Vec<NotThen>),
    /// Number and time fit, but it is not for this caller; its `from`.
    Caller(String),
}

/// A `when` that does not hold at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotThen {
    /// As written: `kantoor`, `!kantoor`, `za 10:00-12:00`.
    pub when: String,
    /// What the hours are set to by hand, which then is why.
    pub forced: Option<Forced>,
    /// What the clock says of them.
    pub by_the_clock: HoursReason,
}

/// The rule that a call gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Which.
    pub rule: RuleRef,
    /// The pattern that fits.
    pub pattern: String,
    /// The permission that the caller needs.
    pub require: Option<String>,
    /// Whether it is an emergency rule, or leads to one at once.
    pub emergency: bool,
    /// All steps, branches indented below their step.
    pub steps: Vec<ExplainedStep>,
}

/// A step in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedStep {
    /// 0 for the steps of `do`, one more per branch.
    pub depth: usize,
    /// The branch that it is in, such as `on_busy`.
    pub branch: Option<String>,
    /// For example `dial ext:201 for 25 s`.
    pub text: String,
    /// What of it a live call cannot do yet.
    pub not_live: Vec<NotLive>,
}

impl Plan {
    /// Explains what [`Plan::decide`] decides.
    #[must_use]
    pub fn explain(&self, call: &CallFacts<'_>) -> Explanation {
        let context = self.contexts.get(call.context);
        let local = self.local(call.at);
        let mut explanation = Explanation {
            context: call.context.to_string(),
            context_known: context.is_some(),
            nearest_context: match context {
                Some(_) => None,
                None => {
                    words::nearest(call.context, self.contexts.keys().map(String::as_str)).map(str::to_string)
                }
            },
            dialled: call.dialled.to_string(),
            from: call.from.to_string(),
            local_time: local.to_string(),
            passed: Vec::new(),
            matched: None,
            elsewhere: Vec::new(),
        };
        for rule in context.map(|context| context.rules.as_slice()).unwrap_or_default() {
            let pattern = rule.pattern_for(call.dialled).filter(|_| valid_number(call.dialled));
            let reason = match pattern {
                None => Reason::Number(self.patterns(&rule.patterns)),
                Some(pattern) => match self.refusal(rule, call) {
                    Some(reason) => reason,
                    None => {
                        let mut variables = Variables::of(call.dialled, call.from, call.from_name);
                        variables.set_groups(pattern.groups(call.dialled));
                        let mut matched = explained(rule, pattern.to_string(), &variables);
                        let run = Run::new(Arc::clone(&rule.steps), variables);
                        matched.emergency |= self.leads_to_emergency(rule, &run, call);
                        explanation.matched = Some(matched);
                        return explanation;
                    }
                },
            };
            explanation.passed.push(Passed { rule: rule.reference.clone(), reason });
        }
        let others = self.contexts.keys().filter(|name| *name != call.context);
        explanation.elsewhere = others
            .filter_map(|name| {
                let (rule, _) = self.find(&CallFacts { context: name, ..*call })?;
                Some(Elsewhere { context: name.clone(), rule: rule.reference.clone() })
            })
            .collect();
        explanation
    }

    /// The rules above the one that a call gets that fit its number and do not take it: as [`Plan::explain`] tells them, without
    /// looking at any other.
    pub(crate) fn passed_over(&self, call: &CallFacts<'_>) -> Vec<Passed> {
        let Some(context) = self.contexts.get(call.context).filter(|_| valid_number(call.dialled)) else {
            return Vec::new();
        };
        let rules = context.index.candidates(call.dialled).filter_map(|at| context.rules.get(at as usize));
        let fitting = rules.filter(|rule| rule.pattern_for(call.dialled).is_some());
        let refused = fitting.map_while(|rule| {
            let reason = self.refusal(rule, call)?;
            Some(Passed { rule: rule.reference.clone(), reason })
        });
        refused.take(MOST_PASSED).collect()
    }

    /// Why a rule whose number fits does not take a call; None where it does.
    fn refusal(&self, rule: &Bound, call: &CallFacts<'_>) -> Option<Reason> {
        Some(match rule.refusal(call.from, self.judged(call))? {
            (condition, true) => Reason::Time(condition.not_then(self.judged(call))),
            (condition, false) => Reason::Caller(condition.from.to_string()),
        })
    }

    /// The patterns of a rule; those of a set by its name and how many they are.
    fn patterns(&self, mut patterns: &[Pattern]) -> String {
        let mut shown = Vec::new();
        while let Some((first, rest)) = patterns.split_first() {
            let starts = |set: &[Pattern]| {
                let known = patterns.get(..set.len()).unwrap_or_default();
                let known = known.iter().map(ToString::to_string);
                known.eq(set.iter().map(ToString::to_string))
            };
            let sets = self.sets.iter().map(|(name, set)| (set.all(), name));
            let set = sets.filter(|(all, _)| all.len() > 1 && starts(all));
            match set.max_by_key(|(all, name)| (all.len(), std::cmp::Reverse(*name))) {
                Some((all, name)) => {
                    shown.push(format!("set:{name} ({})", all.len()));
                    patterns = patterns.get(all.len()..).unwrap_or_default();
                }
                None => {
                    shown.push(first.to_string());
                    patterns = rest;
                }
            }
        }
        shown.join(", ")
    }
}

fn explained(rule: &Rule, pattern: String, variables: &Variables) -> Explained {
    let mut steps = Vec::new();
    list_steps(&rule.steps, None, 0, variables, &mut steps);
    Explained {
        rule: rule.reference.clone(),
        pattern,
        require: rule.require.clone(),
        emergency: rule.emergency,
        steps,
    }
}

fn list_steps(
    steps: &Steps,
    branch: Option<&str>,
    depth: usize,
    variables: &Variables,
    list: &mut Vec<ExplainedStep>,
) {
    for step in steps.iter() {
        list.push(ExplainedStep {
            depth,
            branch: branch.map(str::to_string),
            text: step.describe(variables),
            not_live: step.not_live(),
        });
        for (branch, steps) in step.branches() {
            list_steps(steps, Some(&branch), depth + 1, variables, list);
        }
    }
}

/// Rules that a failed test names at most.
const MOST_PASSED: usize = 100;

fn listed(words: impl Iterator<Item = impl ToString>) -> String {
    words.map(|word| word.to_string()).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for NotThen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.forced {
            Some(forced) => write!(f, "{} (set {forced} by hand)", self.when),
            None => write!(f, "{} ({})", self.when, self.by_the_clock),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(patterns) => write!(f, "the number does not fit {patterns}"),
            Self::Time(when) => write!(f, "when = {} does not hold at that time", listed(when.iter())),
            Self::Caller(from) => write!(f, "from = {from} is not for this caller"),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
