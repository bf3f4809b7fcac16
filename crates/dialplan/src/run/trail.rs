//! What a call did, step by step, in the words of test files: `dial:ext:201`, `play:gesloten`.

use serde::{Deserialize, Serialize};

use super::{Action, Dial, StepResult};
use crate::plan::RuleRef;
use crate::step::{DialOrder, Does, Step, StepPlace};
use crate::template::Variables;

/// The steps that were taken: of more than fifty the first 25 and the last 25.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trail {
    steps: Vec<TrailStep>,
    left_out: u32,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrailStep {
    /// What it was, with this call's numbers.
    pub text: Box<str>,
    /// How it ended; None while it has not, and for what has no end.
    pub result: Option<StepResult>,
    /// Where it stands; None for what is no step of a file.
    pub place: Option<StepPlace>,
}

impl Trail {
    /// Where some are left out, they followed so many.
    pub const FIRST: usize = 25;

    /// In the order in which they were taken.
    #[must_use]
    pub fn steps(&self) -> &[TrailStep] {
        &self.steps
    }

    /// How many were left out after the first [`Trail::FIRST`] of them.
    #[must_use]
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    /// The text of the last step of a file.
    pub(crate) fn last_done(&self) -> Option<&str> {
        self.steps.last().filter(|step| step.place.is_some()).map(|step| &*step.text)
    }

    /// How many steps were taken, those that are left out too.
    pub(crate) fn taken(&self) -> usize {
        self.steps.len() + self.left_out as usize
    }

    /// Where the step that was the `taken`th stands among [`Trail::steps`], counted from 0; None where it is left out.
    pub(crate) fn place_of(&self, taken: usize) -> Option<usize> {
        let at = taken.checked_sub(1)?;
        if at < Self::FIRST {
            return Some(at);
        }
        at.checked_sub(self.left_out as usize).filter(|at| *at >= Self::FIRST)
    }

    pub(super) fn act(&mut self, action: &Action, step: &Step, variables: &Variables) {
        let text = match (action, &step.does) {
            (Action::NotBuilt { step }, Does::NotBuilt { argument: Some(argument), .. }) => {
                format!("{step}:{}", argument.starred(variables))
            }
            (Action::Say { saying, .. }, Does::Say { text: Some(text), .. }) => {
                format!("say:{}:{}", saying.kind.word(), text.starred(variables))
            }
            // A target may be a secret only where somebody has written it so; it may be none with stars in it.
            (Action::Dial(_), Does::Dial(dial)) => match variables.masked() {
                Some(masked) => super::action::dial(dial, &masked)
                    .map_or_else(|| "dial:*".to_string(), |action| action.to_string()),
                None => action.to_string(),
            },
            _ => action.to_string(),
        };
        self.push(TrailStep { text: bounded(text), result: None, place: Some(step.place.clone()) });
    }

    pub(super) fn note(&mut self, text: String, result: Option<StepResult>) {
        self.push(TrailStep { text: bounded(text), result, place: None });
    }

    pub(super) fn rule(&mut self, rule: &RuleRef) {
        self.note(format!("rule:{}/{}", rule.context, rule.name), None);
    }

    /// How the step that was taken last ended.
    pub(super) fn ended(&mut self, result: StepResult) {
        let last = self.steps.iter_mut().rev().find(|step| step.place.is_some());
        if let Some(step) = last.filter(|step| step.result.is_none()) {
            step.result = Some(result);
        }
    }

    fn push(&mut self, step: TrailStep) {
        // The end of a call says most about it.
        if self.steps.len() >= MOST {
            self.steps.remove(Self::FIRST);
            self.left_out += 1;
        }
        self.steps.push(step);
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dial(dial) => dial.fmt(f),
            Self::Play { prompt } => write!(f, "play:{prompt}"),
            Self::Say { saying, .. } => match saying.text.as_str() {
                "" => write!(f, "say:{}", saying.kind.word()),
                text => write!(f, "say:{}:{text}", saying.kind.word()),
            },
            Self::Collect(collect) => match &collect.prompt {
                Some(prompt) => write!(f, "collect:{prompt}"),
                None => f.write_str("collect"),
            },
            Self::Webhook(webhook) => write!(f, "webhook:{}", webhook.name),
            Self::Override { hours, to } => write!(f, "override:{hours}:{to}"),
            Self::Notify { whom } => write!(f, "notify:{whom}"),
            Self::Require { permission } => write!(f, "require:{permission}"),
            Self::Echo => f.write_str("echo"),
            Self::Reject { status } => write!(f, "reject:{status}"),
            Self::Hangup { cause: Some(cause) } => write!(f, "hangup:{cause}"),
            Self::Hangup { cause: None } => f.write_str("hangup"),
            Self::NotBuilt { step } => f.write_str(step),
            Self::Done => f.write_str("done"),
        }
    }
}

impl std::fmt::Display for Dial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dial:")?;
        match &self.group {
            Some(group) => write!(f, "group:{group}")?,
            None => {
                let between = if self.order == DialOrder::Parallel { "+" } else { "," };
                for (at, target) in self.targets.iter().enumerate() {
                    write!(f, "{}{target}", if at > 0 { between } else { "" })?;
                }
            }
        }
        self.to.as_ref().map_or(Ok(()), |to| write!(f, ":{to}"))
    }
}

fn bounded(mut text: String) -> Box<str> {
    if text.len() > LONGEST {
        let mut end = LONGEST;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text.into()
}

const MOST: usize = 50;
/// Bytes of one step: a variable that a service sets has its place whole.
const LONGEST: usize = 400;
