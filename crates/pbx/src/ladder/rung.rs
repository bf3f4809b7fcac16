//! A rung while it is climbed.

use std::time::Instant;

use kiestoon_call::Trunk;
use kiestoon_control::{Rung, RungName, RungResult, Sentence, SipText};

use super::mask::masked;

pub(super) use crate::language::both;

/// What is known of a rung so far.
pub(super) struct Draft {
    rung: Rung,
    began: Instant,
    /// The header field whose value nobody may see.
    hidden: Option<Box<str>>,
}

impl Draft {
    /// It begins now. What the trunk's carrier is known by is shown to nobody.
    pub(super) fn new(name: RungName, host: &str, trunk: &Trunk) -> Self {
        let hidden = trunk.identified_by.as_ref().map(|rule| rule.name.as_str().into());
        Self { hidden, ..Self::without_messages(name, host) }
    }

    /// One that keeps no messages; of no trunk, or of one that is not reached.
    pub(super) fn without_messages(name: RungName, host: &str) -> Self {
        let rung = Rung {
            rung: name,
            host: host.to_owned(),
            result: RungResult::Skipped,
            ms: 0.0,
            found: Sentence::default(),
            advice: None,
            details: Default::default(),
            messages: Vec::new(),
        };
        Self { rung, began: Instant::now(), hidden: None }
    }

    /// Notes something that was seen.
    pub(super) fn detail(&mut self, name: &str, value: impl ToString) {
        self.rung.details.insert(name.to_owned(), plain(&value.to_string()));
    }

    /// Keeps a message that went over the line.
    pub(super) fn message(&mut self, sent: bool, bytes: &[u8]) {
        if self.rung.messages.len() < MOST_MESSAGES {
            let at_ms = millis(self.began);
            self.rung.messages.push(SipText { sent, at_ms, text: masked(bytes, self.hidden.as_deref()) });
        }
    }

    pub(super) fn ok(self, found: Sentence) -> Rung {
        self.done(RungResult::Ok, found, None)
    }

    pub(super) fn warning(self, found: Sentence, advice: Sentence) -> Rung {
        self.done(RungResult::Warning, found, Some(advice))
    }

    pub(super) fn failed(self, found: Sentence, advice: Sentence) -> Rung {
        self.done(RungResult::Failed, found, Some(advice))
    }

    pub(super) fn skipped(self, why: Sentence) -> Rung {
        Rung { found: why, ..self.rung }
    }

    fn done(self, result: RungResult, found: Sentence, advice: Option<Sentence>) -> Rung {
        let ms = millis(self.began);
        let plain = |Sentence { en, nl }: Sentence| Sentence { en: plain(&en), nl: plain(&nl) };
        Rung { result, ms, found: plain(found), advice: advice.map(plain), ..self.rung }
    }
}

/// Words of a peer may be among it: nothing in it moves a cursor, and there is not too much.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// Since then, to a tenth.
fn millis(began: Instant) -> f64 {
    (began.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}

/// Characters of a text.
const LONGEST: usize = 1_000;
const MOST_MESSAGES: usize = 32;
