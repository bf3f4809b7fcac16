//! The way of a call through the dialplan: which rules it got and why, and what each of their steps came to.

use std::borrow::Cow;

use kiestoon_dialplan::{Decision, RuleRef, Run, Trail, Why};
use serde::{Deserialize, Serialize};

/// A rule that a call got, and what was done of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// The number that a rule was asked for.
    pub number: Box<str>,
    /// On whose behalf: the caller's number, or that of who forwarded or transferred.
    pub by: Box<str>,
    /// When, in microseconds since 1970, UTC.
    pub at: i64,
    /// The context that was asked.
    pub context: Box<str>,
    /// The rule; None where none took the number.
    pub rule: Option<RuleRef>,
    /// Why it is this one.
    pub why: Why,
    /// Whether it is one of emergency numbers, or has led to one.
    pub emergency: bool,
    /// What was done.
    pub trail: Trail,
}

/// What was asked of the dialplan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AskedFor<'a> {
    pub(crate) number: &'a str,
    pub(crate) by: &'a str,
    pub(crate) at: i64,
    pub(crate) context: &'a str,
}

/// A rule that is being followed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Followed {
    pub(crate) run: Run,
    /// Its trail stands in the run, until that is over.
    way: Way,
}

/// Rules that were followed before, in their order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ways {
    over: Vec<Way>,
}

impl Way {
    fn new(asked: AskedFor<'_>) -> Self {
        Self {
            number: asked.number.into(),
            by: asked.by.into(),
            at: asked.at,
            context: asked.context.into(),
            rule: None,
            why: Why::default(),
            emergency: false,
            trail: Trail::default(),
        }
    }
}

impl Followed {
    pub(crate) fn new(asked: AskedFor<'_>, decision: Decision) -> Self {
        let Decision { rule, why, emergency, run, .. } = decision;
        Self { run, way: Way { rule: Some(rule), why, emergency, ..Way::new(asked) } }
    }

    pub(crate) fn number(&self) -> Cow<'_, str> {
        self.run.number()
    }

    pub(crate) fn is_emergency(&self) -> bool {
        self.way.emergency || self.run.is_emergency()
    }

    /// Whether what it does now is done for an emergency.
    pub(crate) fn is_for_help(&self) -> bool {
        self.run.is_for_help()
    }

    /// Whether it will come to a rule of emergency numbers before anybody is rung or asked.
    pub(crate) fn leads_to_help(&self) -> bool {
        self.way.emergency && !self.run.is_emergency()
    }

    /// The way so far.
    fn way(&self) -> Way {
        Way { trail: self.run.trail().clone(), emergency: self.is_emergency(), ..self.way.clone() }
    }
}

impl Ways {
    /// No rule took the number.
    pub(crate) fn note_none(&mut self, asked: AskedFor<'_>) {
        self.push(Way::new(asked));
    }

    /// A rule is followed no more.
    pub(crate) fn note(&mut self, followed: &Followed) {
        self.push(followed.way());
    }

    /// All of them, with those that are being followed, in the order in which they began.
    pub(crate) fn with<'a>(&self, followed: impl Iterator<Item = &'a Followed>) -> Vec<Way> {
        let mut all = self.over.clone();
        all.extend(followed.map(Followed::way));
        all.sort_by_key(|way| way.at);
        all
    }

    fn push(&mut self, way: Way) {
        if self.over.len() < MOST {
            self.over.push(way);
        }
    }
}

/// Ways of one call that are kept: more than it may be forwarded.
const MOST: usize = 16;
