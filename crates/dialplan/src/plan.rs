//! The checked plan, immutable and shared, and the one question it answers: which rule does this call get?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::alike::{Alike, Refused};
use crate::condition::{Condition, Moment};
use crate::destination;
use crate::fault::Fault;
use crate::hours::Hours;
use crate::index::Index;
use crate::live::NotLive;
use crate::matcher::NumberSet;
use crate::overrides::Overrides;
use crate::parsed;
use crate::pattern::Pattern;
use crate::problem::Problem;
use crate::read;
use crate::run::{Action, Circumstances, Run, StepResult};
use crate::say::Language;
use crate::source::SourceFile;
use crate::step::{Does, Group, Step, Steps};
use crate::template::Variables;
use crate::words;

/// All dialplan files together, checked. Reading never changes it, so an `Arc` of it serves every call.
#[derive(Debug)]
pub struct Plan {
    pub(crate) hash: String,
    /// In the order of their paths. Plans that share a file share its text.
    pub(crate) sources: Vec<Arc<SourceFile>>,
    pub(crate) timezone: TimeZone,
    pub(crate) language: Language,
    pub(crate) contexts: BTreeMap<String, Context>,
    pub(crate) hours: BTreeMap<String, Arc<Hours>>,
    /// All hours that a condition names, and the ranges that are written out in one.
    pub(crate) spans: HashMap<Box<str>, Arc<Hours>>,
    pub(crate) sets: HashMap<Box<str>, Arc<NumberSet>>,
    pub(crate) groups: BTreeMap<String, Arc<Group>>,
    pub(crate) prompts: BTreeSet<String>,
    pub(crate) references: BTreeMap<(ReferenceKind, String), Vec<Problem>>,
    /// Whether any rule is one of emergency numbers.
    pub(crate) has_emergency: bool,
    /// The keys of each `[ivr.*]`, and where they lead.
    pub(crate) ivrs: BTreeMap<String, Vec<(String, String)>>,
    /// What live calls cannot do yet, with a warning at its first place.
    pub(crate) not_live: BTreeMap<NotLive, Problem>,
    pub(crate) secret_files: BTreeMap<String, Problem>,
    pub(crate) asks_secrets: bool,
}

/// A plan that may be used, and what is doubtful about it.
#[derive(Debug)]
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// In the order of files and lines.
    pub warnings: Vec<Problem>,
}

/// What is known of a call before any rule is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallFacts<'a> {
    /// `intern` for calls of extensions, `inkomend` for calls from trunks.
    pub context: &'a str,
    /// The caller's number; empty where it is hidden.
    pub from: &'a str,
    /// The caller's name.
    pub from_name: &'a str,
    /// The number dialled.
    pub dialled: &'a str,
    /// The moment at which hours are judged.
    pub at: Timestamp,
    /// What is open or closed whatever the clock says.
    pub overrides: &'a Overrides,
}

/// The rule that a call got, and its walk, not yet begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Which rule it is.
    pub rule: RuleRef,
    /// Why it is this one.
    pub why: Why,
    /// The permission that the caller needs, such as `call.international`. The plan does not know who has it.
    pub require: Option<String>,
    /// An emergency call: limits do not apply. The rule is one of emergency numbers, or leads to such a rule before it does
    /// anything that takes a result.
    pub emergency: bool,
    /// Whom an emergency rule tells before anything else; the steps begin with these.
    pub notify: Vec<String>,
    /// The steps.
    pub run: Run,
}

/// Why a call got its rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Why {
    /// The pattern that the number fits.
    pub pattern: Box<str>,
    /// The hours that held, as the rule and its includes name them; empty where it always counts.
    pub when: Vec<Arc<str>>,
    /// The callers it is for, as written; empty where it is for all.
    pub from: Box<str>,
    /// What was open or closed by hand then.
    pub by_hand: Overrides,
}

/// A rule by name and place. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RuleRef {
    /// The context it stands in.
    pub context: Arc<str>,
    /// Its `name`, or `#3` for the third rule of its context.
    pub name: Arc<str>,
    /// The file, as given to [`Plan::load`].
    pub file: Arc<str>,
    /// The line where the rule starts.
    pub line: u32,
}

/// Something that a plan relies on and that lives elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceKind {
    /// An extension, by number.
    Extension,
    /// A trunk, by name.
    Trunk,
    /// A prompt, by name.
    Prompt,
    /// The recordings of what is said, by the word of its kind.
    Saying,
}

/// What is known of something that a plan relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<'a> {
    /// Whether it is there.
    There(bool),
    /// A trunk is there where it is one of those that are enabled. One that is disabled can be enabled, and else the nearest of all may have
    /// been meant.
    Trunks {
        /// Those that carry calls.
        enabled: &'a [&'a str],
        /// Those that carry none.
        disabled: &'a [&'a str],
    },
}

#[derive(Debug, Default)]
pub(crate) struct Context {
    /// Those that it includes stand where the include does.
    pub(crate) rules: Vec<Bound>,
    pub(crate) index: Index,
    pub(crate) alike: Alike,
    /// Its own rules by name, to go to.
    pub(crate) names: HashMap<Arc<str>, usize>,
}

/// A rule as it stands in a context, which may have it from another one.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) rule: Arc<Rule>,
    /// The conditions of the includes on the way to it, the outermost first; the rules of an include share them.
    pub(crate) under: Option<Arc<[Arc<Condition>]>>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) reference: RuleRef,
    /// Which source, and where in it: for problems found after reading.
    pub(crate) source: usize,
    pub(crate) span: Range<usize>,
    pub(crate) patterns: Arc<[Pattern]>,
    pub(crate) condition: Option<Arc<Condition>>,
    pub(crate) require: Option<String>,
    pub(crate) emergency: bool,
    pub(crate) steps: Steps,
}

impl Plan {
    /// Reads and checks all files, merged in the order of their paths.
    ///
    /// # Errors
    /// Every problem of every file, warnings included, when at least one is an error; then nothing is taken. The
    /// caller keeps the plan it has.
    pub fn load(files: &[SourceFile]) -> Result<Loaded, Vec<Problem>> {
        Self::load_shared(&files.iter().cloned().map(Arc::new).collect::<Vec<_>>())
    }

    /// The same of files that others hold too: a plan keeps its sources.
    ///
    /// # Errors
    /// Those of [`Plan::load`].
    pub fn load_shared(files: &[Arc<SourceFile>]) -> Result<Loaded, Vec<Problem>> {
        Ok(read::load(&parsed::parse(files))?.into())
    }

    /// The files that it was read from, in the order of their paths.
    #[must_use]
    pub fn sources(&self) -> &[Arc<SourceFile>] {
        &self.sources
    }

    /// Twelve hexadecimal digits that stand for the sources.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Every prompt that some step names, each once.
    pub fn prompts(&self) -> impl Iterator<Item = &str> {
        self.prompts.iter().map(String::as_str)
    }

    /// The zone in which hours are judged.
    #[must_use]
    pub fn timezone(&self) -> &TimeZone {
        &self.timezone
    }

    /// The contexts with their numbers of rules.
    pub fn contexts(&self) -> impl Iterator<Item = (&str, usize)> {
        self.contexts.iter().map(|(name, context)| (name.as_str(), context.rules.len()))
    }

    /// A warning, at the place of its first use, for everything that the plan relies on and that is not there.
    #[must_use]
    pub fn unresolved<'a>(&self, mut known: impl FnMut(ReferenceKind, &str) -> Known<'a>) -> Vec<Problem> {
        let first = self.references.iter().filter_map(|(named, places)| Some((named, places.first()?)));
        let missing = first.filter_map(|((kind, name), problem)| match known(*kind, name) {
            Known::There(true) => None,
            Known::There(false) => Some(problem.clone()),
            Known::Trunks { enabled, .. } if enabled.contains(&name.as_str()) => None,
            Known::Trunks { disabled, .. } if disabled.contains(&name.as_str()) => {
                let fault = Fault::Disabled { trunk: words::quote(name) };
                let hint = Some(format!("enable it: `kiestoon trunk enable {name}`"));
                Some(Problem { message: fault.to_string(), hint, fault: Some(fault), ..problem.clone() })
            }
            Known::Trunks { enabled, disabled } => {
                let near = words::nearest(name, enabled.iter().chain(disabled).copied());
                Some(Problem {
                    hint: near.map(words::meant),
                    near: near.map(str::to_owned),
                    ..problem.clone()
                })
            }
        });
        missing.collect()
    }

    /// Where the plan relies on a trunk of this name, as `FILE:LINE`: the first twenty places.
    pub fn places_of_trunk(&self, name: &str) -> impl Iterator<Item = String> {
        let places = self.references.get(&(ReferenceKind::Trunk, name.to_owned()));
        places.into_iter().flatten().map(|place| format!("{}:{}", place.file, place.line))
    }

    /// A warning, at the place of its first use, for every file with a secret that `fault` has something to say of.
    #[must_use]
    pub fn unusable_secrets(&self, mut fault: impl FnMut(&str) -> Option<String>) -> Vec<Problem> {
        let faulty = self.secret_files.iter().filter_map(|(path, problem)| {
            let message = format!("no question to this webhook can be signed: {}", fault(path)?);
            Some(Problem { message, fault: None, ..problem.clone() })
        });
        faulty.collect()
    }

    /// Whether callers are asked for a secret anywhere in it.
    #[must_use]
    pub fn asks_secrets(&self) -> bool {
        self.asks_secrets
    }

    /// The language of prompts and of what is said.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The names of the hours that may be set by hand, and whether the clock has them open at that moment.
    pub fn hours(&self, at: Timestamp) -> impl Iterator<Item = (&str, bool)> {
        let local = self.local(at);
        self.hours.iter().map(move |(name, hours)| (name.as_str(), hours.is_open(local)))
    }

    /// Whether hours of that name are open at that moment, with what is set by hand; None where the plan has none.
    #[must_use]
    pub fn is_open(&self, name: &str, at: Timestamp, overrides: &Overrides) -> Option<bool> {
        let hours = self.hours.get(name)?;
        Some(overrides.open(name, || hours.is_open(self.local(at))))
    }

    /// The day on the plan's own calendar: year, month and day.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> (i16, i8, i8) {
        let local = self.local(at);
        (local.year(), local.month(), local.day())
    }

    /// The first rule of the call's context that matches; `None` where there is none.
    #[must_use]
    pub fn decide(&self, call: &CallFacts<'_>) -> Option<Decision> {
        let (rule, pattern) = self.find(call)?;
        let mut variables = Variables::of(call.dialled, call.from, call.from_name);
        variables.set_groups(pattern.groups(call.dialled));
        let notify = if rule.emergency { rule.notices(&variables) } else { Vec::new() };
        let mut run = Run::new(Arc::clone(&rule.steps), variables);
        if rule.emergency {
            run.begin_emergency();
        }
        Some(Decision {
            rule: rule.reference.clone(),
            why: rule.why(pattern, self.judged(call)),
            require: rule.require.clone(),
            emergency: rule.emergency || self.leads_to_emergency(rule, &run, call),
            notify,
            run,
        })
    }

    /// Whether the rule sends a call on to an emergency rule before anybody is rung or asked.
    pub(crate) fn leads_to_emergency(&self, rule: &Rule, run: &Run, call: &CallFacts<'_>) -> bool {
        if !self.has_emergency || !rule.may_lead_on() {
            return false;
        }
        let now = Circumstances { plan: self, at: call.at, overrides: call.overrides };
        let mut ahead = run.clone();
        let mut previous = None;
        loop {
            let action = ahead.next(previous, &now);
            if ahead.is_emergency() {
                return true;
            }
            previous = Some(match action {
                Action::Notify { .. } => StepResult::Done,
                Action::Play { .. } | Action::Say { .. } => StepResult::Played,
                _ => return false,
            });
        }
    }

    /// The rule for a call, and which of its patterns the number fits.
    pub(crate) fn find(&self, call: &CallFacts<'_>) -> Option<(&Bound, &Pattern)> {
        let context = self.contexts.get(call.context)?;
        if !valid_number(call.dialled) {
            return None;
        }
        let (mut moment, mut refused) = (None, Refused::default());
        context.index.candidates(call.dialled).find_map(|at| {
            let alike = context.alike.of(at);
            if refused.holds(alike) {
                return None;
            }
            let rule = context.rules.get(at as usize)?;
            let pattern = rule.pattern_for(call.dialled)?;
            let mut judged_at = || *moment.get_or_insert_with(|| self.judged(call));
            if alike.is_some() && rule.refusal(call.from, judged_at()).is_some() {
                refused.note(alike);
                return None;
            }
            Some((rule, pattern))
        })
    }

    /// A rule to go to.
    pub(crate) fn rule(&self, context: &str, name: &str) -> Option<&Rule> {
        self.contexts.get(context)?.rule(name)
    }

    /// The steps that lead to a destination, such as `group:balie`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn steps_to(&self, text: &str) -> Result<Steps, String> {
        destination::steps(text, &|name| self.groups.get(name).cloned())
    }

    /// What the conditions of a call are judged by.
    pub(crate) fn judged<'a>(&'a self, call: &CallFacts<'a>) -> Moment<'a> {
        Moment { plan: self, local: self.local(call.at), overrides: call.overrides }
    }

    /// A moment on the plan's own clock.
    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        self.timezone.to_datetime(at)
    }
}

impl Context {
    /// One of its own rules, by name.
    pub(crate) fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.get(*self.names.get(name)?).map(|bound| &*bound.rule)
    }
}

impl Deref for Bound {
    type Target = Rule;

    fn deref(&self) -> &Rule {
        &self.rule
    }
}

impl Bound {
    /// All of these have to hold.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Arc<Condition>> {
        self.under.iter().flat_map(|under| under.iter()).chain(&self.rule.condition)
    }

    /// The condition that does not hold, and whether it is the hours that do not.
    pub(crate) fn refusal(&self, from: &str, moment: Moment<'_>) -> Option<(&Condition, bool)> {
        self.conditions().find_map(|condition| {
            let hours = condition.hours_hold(moment).is_some();
            let holds = hours && condition.from.matches(from, moment.plan);
            (!holds).then_some((&**condition, !hours))
        })
    }

    fn why(&self, pattern: &Pattern, moment: Moment<'_>) -> Why {
        let by_hand = moment.overrides.clone();
        let mut why = Why { pattern: pattern.to_string().into(), by_hand, ..Why::default() };
        for condition in self.conditions() {
            why.when.extend(condition.hours_hold(moment).flatten().map(|when| Arc::clone(when.text())));
            if !condition.from.is_empty() {
                why.from = condition.from.to_string().into();
            }
        }
        why
    }
}

impl Rule {
    pub(crate) fn pattern_for(&self, number: &str) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| pattern.matches(number))
    }

    /// Whether it may send a call to another rule before it does anything that takes a result.
    fn may_lead_on(&self) -> bool {
        let passes = |step: &&Step| {
            !matches!(
                step.does,
                Does::Set { .. } | Does::Notify { .. } | Does::Play { .. } | Does::Say { .. }
            )
        };
        let first = self.steps.iter().find(passes);
        first.is_some_and(|step| matches!(step.does, Does::Goto(_) | Does::If(_) | Does::Choose(_)))
    }

    /// Whom its first steps tell.
    fn notices(&self, variables: &Variables) -> Vec<String> {
        let whom = self.steps.iter().map_while(|step| match &step.does {
            Does::Notify { whom } => Some(whom.expand(variables)),
            _ => None,
        });
        whom.collect()
    }
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} ({}:{})", self.context, self.name, self.file, self.line)
    }
}

/// Whether anything could match it: no phone number or user name is longer.
pub(crate) fn valid_number(number: &str) -> bool {
    !number.is_empty() && number.len() <= LONGEST_NUMBER
}

/// Bytes.
const LONGEST_NUMBER: usize = 256;
