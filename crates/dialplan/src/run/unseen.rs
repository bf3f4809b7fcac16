//! Secrets of a call that was recorded: what was pressed is not known, only how many keys and what came of it.

use super::{Run, StepResult};
use crate::step::{Does, Goto, Step};

impl Run {
    /// Takes in an answer that the record has stars for, with the result that it had.
    pub(crate) fn collected_unseen(&mut self, keys: usize, result: StepResult) -> StepResult {
        let Some(variable) = self.asks_for() else { return StepResult::Failed };
        let stars = "*".repeat(keys.min(MOST_KEYS));
        self.trail.note(format!("digits:{stars}"), None);
        self.variables.set(&variable, stars, true);
        self.visited.get_or_insert_default().has_unseen = true;
        result
    }

    /// Whether the walk has come to a step that only a secret decides that nobody knows any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.visited.as_ref().is_some_and(|visited| visited.is_lost)
    }

    /// Ends the walk where the step is such a one.
    pub(super) fn loses_its_way(&mut self, step: &Step) -> bool {
        let asks_a_secret = match &step.does {
            Does::Choose(choose) => choose.text.is_secret(&self.variables),
            Does::If(step) => step.value.as_ref().is_some_and(|(text, _)| text.is_secret(&self.variables)),
            Does::Goto(goto) => match &**goto {
                Goto::Context { number: Some(number), .. } => number.is_secret(&self.variables),
                Goto::Context { number: None, .. } => self.variables.number_is_secret(),
                Goto::Rule { .. } => false,
            },
            _ => false,
        };
        let Some(visited) = self.visited.as_mut().filter(|visited| visited.has_unseen && asks_a_secret)
        else {
            return false;
        };
        visited.is_lost = true;
        self.end();
        true
    }
}

/// As many as a question takes.
const MOST_KEYS: usize = 64;
