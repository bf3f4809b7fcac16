//! The checked plan, immutable and shared, and the one question it answers: which rule does this call get?

use crate::hours::Hours;
use crate::index::Index;
use crate::pattern::Pattern;
use crate::problem::Problem;
use crate::read;
use crate::run::Run;
use crate::source::SourceFile;
use crate::step::Steps;
use crate::template::Variables;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// All dialplan files together, checked. Reading never changes it, so an `Arc` of it serves every call.
#[derive(Debug)]
pub struct Plan {
    pub(crate) hash: String,
    pub(crate) timezone: TimeZone,
    pub(crate) contexts: BTreeMap<String, Context>,
    pub(crate) hours: BTreeMap<String, Arc<Hours>>,
    pub(crate) prompts: BTreeSet<String>,
    pub(crate) references: BTreeMap<(ReferenceKind, String), Problem>,
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
    /// The caller's number.
    pub from: &'a str,
    /// The number dialled.
    pub dialled: &'a str,
    /// The moment at which hours are judged.
    pub at: Timestamp,
}

/// The rule that a call got, and its walk, not yet begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Which rule it is.
    pub rule: RuleRef,
    /// The permission that the caller needs, such as `call.international`. The plan does not know who has it.
    pub require: Option<String>,
    /// An emergency call: limits do not apply.
    pub emergency: bool,
    /// The steps.
    pub run: Run,
}

/// A rule by name and place. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) rules: Vec<Rule>,
    pub(crate) index: Index,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) reference: RuleRef,
    /// Which source, and where in it: for problems found after reading.
    pub(crate) source: usize,
    pub(crate) span: Range<usize>,
    pub(crate) patterns: Vec<Pattern>,
    /// The rule counts when one of these holds; always where there is none.
    pub(crate) when: Vec<When>,
    pub(crate) require: Option<String>,
    pub(crate) emergency: bool,
    pub(crate) steps: Steps,
}

#[derive(Debug, Clone)]
pub(crate) struct When {
    /// As written: `kantoor`, `!kantoor` or `za 10:00-12:00`.
    pub(crate) text: String,
    pub(crate) negated: bool,
    pub(crate) hours: Arc<Hours>,
}

impl Plan {
    /// Reads and checks all files, merged in the order of their paths.
    ///
    /// # Errors
    /// Every problem of every file, warnings included, when at least one is an error; then nothing is taken. The
    /// caller keeps the plan it has.
    pub fn load(files: &[SourceFile]) -> Result<Loaded, Vec<Problem>> {
        read::load(files)
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

    /// A warning, at the place of its first use, for everything that the plan relies on and `known` denies.
    #[must_use]
    pub fn unresolved(&self, mut known: impl FnMut(ReferenceKind, &str) -> bool) -> Vec<Problem> {
        let missing = self.references.iter().filter(|((kind, name), _)| !known(*kind, name));
        missing.map(|(_, problem)| problem.clone()).collect()
    }

    /// The first rule of the call's context that matches; `None` where there is none.
    #[must_use]
    pub fn decide(&self, call: &CallFacts<'_>) -> Option<Decision> {
        let context = self.contexts.get(call.context)?;
        if !valid_number(call.dialled) {
            return None;
        }
        let mut moment = None;
        let rule = context.index.candidates(call.dialled).find_map(|at| {
            let rule = context.rules.get(at as usize)?;
            let fits = rule.pattern_for(call.dialled).is_some()
                && (rule.when.is_empty() || rule.holds(*moment.get_or_insert_with(|| self.local(call.at))));
            fits.then_some(rule)
        })?;
        Some(Decision {
            rule: rule.reference.clone(),
            require: rule.require.clone(),
            emergency: rule.emergency,
            run: Run::new(Arc::clone(&rule.steps), variables(call)),
        })
    }

    /// A moment on the plan's own clock.
    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        self.timezone.to_datetime(at)
    }
}

impl Rule {
    pub(crate) fn pattern_for(&self, number: &str) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| pattern.matches(number))
    }

    pub(crate) fn holds(&self, at: DateTime) -> bool {
        self.when.is_empty() || self.when.iter().any(|when| when.hours.is_open(at) != when.negated)
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

pub(crate) fn variables(call: &CallFacts<'_>) -> Variables {
    let from = if call.from.len() <= LONGEST_NUMBER { call.from } else { "" };
    Variables { number: call.dialled.to_string(), from: from.to_string() }
}

/// Bytes.
const LONGEST_NUMBER: usize = 256;
