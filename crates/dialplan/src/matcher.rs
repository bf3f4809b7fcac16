//! Numbers that are meant: patterns, sets by name, callers who hide theirs, and `!` for those that are not.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::mask::without_dashes;
use crate::pattern::Pattern;
use crate::plan::Plan;
use crate::template::Template;

/// `from = ["set:vip", "_06XXXXXXXX", "!0612345678"]`: one that is meant fits, and none that is not.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Matcher {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Term {
    /// As written, with its `!`.
    text: String,
    negated: bool,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Pattern(Pattern),
    /// By name; the set itself is with the plan.
    Set(Box<str>),
    Anonymous,
}

/// `[set.NAME]`: numbers and patterns under one name.
#[derive(Debug, Default)]
pub(crate) struct NumberSet {
    plain: HashSet<Box<str>>,
    /// Those that are not plain.
    patterns: Vec<Pattern>,
    /// All, in their order: for rules that match on a set.
    all: Vec<Pattern>,
}

impl Matcher {
    pub(crate) fn new(terms: Vec<Term>) -> Self {
        Self { terms }
    }

    /// Its terms as they are written.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| term.text.as_str())
    }

    /// Whether no text of so many characters can fit; false where that is not known.
    pub(crate) fn excludes_lengths(&self, min: usize, max: usize) -> bool {
        let fits = |(least, most): (usize, usize)| least <= max && most >= min;
        !self.is_empty() && self.terms.iter().all(|term| term.lengths().is_some_and(|range| !fits(range)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the number is one of those that are meant. Without any that are meant, all are.
    pub(crate) fn matches(&self, number: &str, plan: &Plan) -> bool {
        self.fits(number, true, plan)
    }

    /// Whether a text is one of those that are meant. Only a caller's number is hidden where it is empty.
    pub(crate) fn matches_text(&self, text: &str, of: &Template, plan: &Plan) -> bool {
        self.fits(text, !text.is_empty() || of.is_caller(), plan)
    }

    fn fits(&self, number: &str, may_be_hidden: bool, plan: &Plan) -> bool {
        let (mut wanted, mut found) = (false, false);
        for term in &self.terms {
            let fits = || (may_be_hidden || !term.is_anonymous()) && term.fits(number, plan);
            match term.negated {
                true if fits() => return false,
                true => {}
                false => {
                    wanted = true;
                    found = found || fits();
                }
            }
        }
        found || !wanted
    }
}

impl Term {
    /// Reads one; `text` may begin with `!`.
    ///
    /// # Errors
    /// The offset and width of the fault, and what it is.
    pub(crate) fn parse(text: &str) -> Result<Self, (usize, usize, String)> {
        let (negated, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest.trim_start()));
        let skipped = text.len() - rest.len();
        if negated && rest.starts_with('!') {
            return Err((skipped, 1, "more than one `!`, which means not".to_string()));
        }
        let kind = match rest.strip_prefix("set:") {
            Some("") => return Err((skipped, 4, "`set:` without the name of a set".to_string())),
            Some(name) => Kind::Set(name.into()),
            None if rest.eq_ignore_ascii_case(ANONYMOUS) => Kind::Anonymous,
            None => Kind::Pattern(
                Pattern::parse(rest).map_err(|error| (skipped + error.offset, error.width, error.message))?,
            ),
        };
        Ok(Self { text: text.to_string(), negated, kind })
    }

    pub(crate) fn set(&self) -> Option<&str> {
        if let Kind::Set(name) = &self.kind { Some(name) } else { None }
    }

    pub(crate) fn pattern(&self) -> Option<&Pattern> {
        if let Kind::Pattern(pattern) = &self.kind { Some(pattern) } else { None }
    }

    /// The fewest and the most characters that fit; None where that is not known.
    pub(crate) fn lengths(&self) -> Option<(usize, usize)> {
        self.pattern().and_then(Pattern::lengths).filter(|_| !self.negated)
    }

    fn is_anonymous(&self) -> bool {
        matches!(self.kind, Kind::Anonymous)
    }

    fn fits(&self, number: &str, plan: &Plan) -> bool {
        match &self.kind {
            Kind::Pattern(pattern) => pattern.matches(number),
            Kind::Set(name) => plan.sets.get(&**name).is_some_and(|set| set.contains(number)),
            Kind::Anonymous => number.is_empty() || number.eq_ignore_ascii_case(ANONYMOUS),
        }
    }
}

impl NumberSet {
    pub(crate) fn new(all: Vec<Pattern>) -> Self {
        let mut set = Self::default();
        for pattern in &all {
            match pattern.plain() {
                Some(number) => {
                    set.plain.insert(number.into());
                }
                None => set.patterns.push(pattern.clone()),
            }
        }
        Self { all, ..set }
    }

    pub(crate) fn all(&self) -> &[Pattern] {
        &self.all
    }

    fn contains(&self, number: &str) -> bool {
        self.plain.contains(&*without_dashes(number))
            || self.patterns.iter().any(|pattern| pattern.matches(number))
    }
}

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl TryFrom<String> for Term {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).map_err(|(_, _, message)| message)
    }
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.text
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            write!(f, "{}{}", if at > 0 { ", " } else { "" }, term.text)?;
        }
        Ok(())
    }
}

/// A caller who does not say their number.
pub(crate) const ANONYMOUS: &str = "anonymous";
