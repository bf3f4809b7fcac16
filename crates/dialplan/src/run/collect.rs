//! Asking for digits, again where they are no answer.

use serde::{Deserialize, Serialize};

use super::{Action, Collect, Run, StepResult, Taken};
use crate::plan::Plan;
use crate::step::{CollectStep, Does};

/// A question that is put to the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Asking {
    /// How often it may be put again.
    left: u8,
}

impl Run {
    pub(super) fn ask(&mut self, step: &CollectStep) -> Action {
        self.asking = Some(Box::new(Asking { left: step.retries }));
        question(step)
    }

    /// Takes in the digits that the caller pressed; its result is to be handed to [`Run::next`].
    pub fn collected(&mut self, digits: &str, plan: &Plan) -> StepResult {
        let done = self.done();
        let Some(step) = done.as_ref().and_then(asked) else { return StepResult::Failed };
        self.set(&step.variable, digits.to_string(), step.is_secret);
        let shown = if step.is_secret { "*".repeat(digits.len()) } else { digits.to_string() };
        self.trail.note(format!("digits:{shown}"), None);
        if digits.len() < usize::from(step.min) {
            StepResult::TimedOut
        } else if !step.valid.is_empty() && !step.valid.matches(digits, plan) {
            StepResult::Invalid
        } else {
            StepResult::Collected
        }
    }

    /// The variable that the answer of the question just put goes to.
    pub(crate) fn asks_for(&self) -> Option<Box<str>> {
        asked(&self.done()?).map(|step| step.variable.clone())
    }

    /// The question once more, where the answer was none and there are tries left; else goes into the branch, of which one
    /// stands in for the other. A question that could not be put is not answered.
    pub(super) fn ask_again(&mut self, previous: Option<StepResult>) -> Option<Action> {
        let asking = self.asking.as_mut()?;
        let left = asking.left;
        let is_answered = matches!(previous, None | Some(StepResult::Collected));
        let again = matches!(previous, Some(StepResult::TimedOut | StepResult::Invalid));
        let done = self.done();
        let Some((step, done)) =
            done.as_ref().filter(|_| !is_answered).and_then(|done| Some((asked(done)?, done.step()?)))
        else {
            self.asking = None;
            return None;
        };
        if let Some(left) = left.checked_sub(1).filter(|_| again)
            && let Some(steps_left) = self.steps_left.checked_sub(1)
        {
            self.steps_left = steps_left;
            self.asking = Some(Box::new(Asking { left }));
            let action = question(step);
            self.trail.act(&action, done, &self.variables);
            return Some(action);
        }
        self.asking = None;
        // What was pressed is no answer: no later step may take it for one.
        self.variables.set(&step.variable, String::new(), step.is_secret);
        let (first, second) = match previous {
            Some(StepResult::TimedOut) => (&step.on_timeout, &step.on_invalid),
            _ => (&step.on_invalid, &step.on_timeout),
        };
        if let Some(steps) = first.as_ref().or(second.as_ref()).cloned() {
            self.replace(steps);
        }
        None
    }
}

/// The question that a step puts.
fn asked(taken: &Taken) -> Option<&CollectStep> {
    match &taken.step()?.does {
        Does::Collect(step) => Some(step),
        _ => None,
    }
}

fn question(step: &CollectStep) -> Action {
    Action::Collect(Collect {
        prompt: step.prompt.clone(),
        min: step.min,
        max: step.max,
        timeout: step.timeout,
        pause: step.pause,
        end: step.end,
        is_secret: step.is_secret,
    })
}
