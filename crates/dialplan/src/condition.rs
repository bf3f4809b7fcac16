//! When a rule or a branch counts: at some hours, and for some callers.

use std::fmt;
use std::sync::Arc;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::explain::NotThen;
use crate::hours::{Hours, HoursReason};
use crate::matcher::Matcher;
use crate::overrides::Overrides;
use crate::plan::Plan;

/// All of its parts have to hold; one that is not written holds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Condition {
    /// One of these.
    pub(crate) when: Vec<When>,
    pub(crate) from: Matcher,
}

/// `kantoor`, `!kantoor` or `za 10:00-12:00`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) struct When {
    /// As written.
    text: Arc<str>,
    negated: bool,
    /// None in a call that another process began: looked for in the plan by its text.
    hours: Option<Arc<Hours>>,
}

/// A moment as rules see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) local: DateTime,
    pub(crate) overrides: &'a Overrides,
}

impl Condition {
    pub(crate) fn is_always(&self) -> bool {
        self.when.is_empty() && self.from.is_empty()
    }

    /// All that it asks for: what is written alike is judged alike.
    pub(crate) fn as_written(&self) -> String {
        let when: Vec<&str> = self.when.iter().map(|when| &*when.text).collect();
        format!("{when:?}{:?}", self.from.texts().collect::<Vec<_>>())
    }

    /// Whether the hours hold; where they do, by which of them.
    pub(crate) fn hours_hold(&self, moment: Moment<'_>) -> Option<Option<&When>> {
        match self.when.iter().find(|when| when.holds(moment)) {
            Some(when) => Some(Some(when)),
            None => self.when.is_empty().then_some(None),
        }
    }

    /// Why none of the hours holds.
    pub(crate) fn not_then(&self, moment: Moment<'_>) -> Vec<NotThen> {
        let of = |when: &When| NotThen {
            when: when.text.to_string(),
            forced: moment.overrides.get(when.name()),
            by_the_clock: when.hours(moment).map_or(HoursReason::Outside, |hours| hours.why(moment.local)),
        };
        self.when.iter().map(of).collect()
    }
}

impl When {
    pub(crate) fn new(text: &str, hours: Arc<Hours>) -> Self {
        Self { text: text.into(), negated: text.starts_with('!'), hours: Some(hours) }
    }

    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The name of the hours, or the range that is written out.
    pub(crate) fn name(&self) -> &str {
        self.text.trim_start_matches('!').trim_start()
    }

    pub(crate) fn holds(&self, moment: Moment<'_>) -> bool {
        let by_the_clock = || self.hours(moment).map_or(self.negated, |hours| hours.is_open(moment.local));
        moment.overrides.open(self.name(), by_the_clock) != self.negated
    }

    fn hours<'a>(&'a self, moment: Moment<'a>) -> Option<&'a Arc<Hours>> {
        self.hours.as_ref().or_else(|| moment.plan.spans.get(self.name()))
    }
}

impl PartialEq for When {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl From<String> for When {
    fn from(text: String) -> Self {
        Self { negated: text.starts_with('!'), text: text.into(), hours: None }
    }
}

impl From<When> for String {
    fn from(when: When) -> Self {
        when.text.to_string()
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
