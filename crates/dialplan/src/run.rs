//! The walk over the steps of the rule that a call got: plain data that says, result by result, what to do next.

use serde::{Deserialize, Serialize};

use crate::step::{DialOrder, DialStep, Step, Steps};
use crate::template::Variables;
use std::fmt;
use std::time::Duration;

/// Where a call stands in the steps of its rule. Ask [`Run::next`] for the first action, carry it out, and hand its
/// result to the next `next`. It always ends, whatever the results are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    steps: Steps,
    /// The step that comes next.
    at: usize,
    variables: Variables,
    budget: u16,
}

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ring these.
    Dial(Dial),
    /// Play a prompt to its end.
    Play {
        /// Its name, such as `welkom`: letters, digits, `-`, `_`, `.` and `/` only, never leading upwards.
        prompt: String,
    },
    /// Answer and send the caller's own sound back until the caller hangs up.
    Echo,
    /// Refuse the call; the walk is over.
    Reject {
        /// SIP status, 400 to 699.
        status: u16,
    },
    /// End the call; the walk is over.
    Hangup {
        /// Q.850 cause, 1 to 127.
        cause: Option<u16>,
    },
    /// A step that this version cannot carry out.
    NotBuilt {
        /// Its word in the language.
        step: &'static str,
    },
    /// No step is left: the call ends with its last result.
    Done,
}

/// Whom to ring, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// At least one, each once.
    pub targets: Vec<Target>,
    /// Together or in turn.
    pub order: DialOrder,
    /// How long to ring; per target when in sequence.
    pub timeout: Duration,
    /// Whose number to show: a number, or the words `site` or `user`.
    pub caller_id: Option<String>,
    /// The number to dial at a trunk, where it is not the one the caller dialled.
    pub to: Option<String>,
}

/// Somebody to ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// By number. It may come from what the caller dialled and need not exist.
    Extension(String),
    /// By name.
    Trunk(String),
}

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepResult {
    /// The call was answered and has ended: the walk is over.
    Answered,
    /// Every target was busy.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// Nobody to ring: unknown, or not registered.
    Unavailable,
    /// Refused in another way.
    Rejected {
        /// The SIP status that came.
        status: u16,
    },
    /// The prompt or echo has ended.
    Played,
    /// The action could not be carried out.
    Failed,
}

impl Run {
    pub(crate) fn new(steps: Steps, variables: Variables) -> Self {
        Self { steps, at: 0, variables, budget: BUDGET }
    }

    /// The action after `previous`, which is `None` only at the first call. After [`Action::Done`], a rejection or a
    /// hang-up it stays at `Done`.
    pub fn next(&mut self, previous: Option<StepResult>) -> Action {
        match previous {
            Some(StepResult::Answered) => self.end(),
            Some(result) => self.branch(result),
            None => {}
        }
        while self.budget > 0 && self.at < self.steps.len() {
            self.budget -= 1;
            let at = self.at;
            self.at += 1;
            if let Some(action) = self.action(at) {
                return action;
            }
        }
        self.end();
        Action::Done
    }

    /// The action of a step, unless there is nothing to do for it.
    fn action(&mut self, at: usize) -> Option<Action> {
        match self.steps.get(at)? {
            Step::Dial(dial) => {
                let dial = self.dial(dial);
                if dial.is_none() {
                    self.branch(StepResult::Unavailable);
                }
                dial
            }
            Step::Play { prompt } => Some(Action::Play { prompt: prompt.clone() }),
            Step::Echo => Some(Action::Echo),
            // Telling somebody is beside the call's way: the call goes on.
            Step::NotBuilt { step: "notify", .. } => None,
            Step::NotBuilt { step, .. } => Some(Action::NotBuilt { step }),
            Step::Reject { status } => {
                let action = Action::Reject { status: *status };
                self.end();
                Some(action)
            }
            Step::Hangup { cause } => {
                let action = Action::Hangup { cause: *cause };
                self.end();
                Some(action)
            }
        }
    }

    fn dial(&self, dial: &DialStep) -> Option<Action> {
        let targets = dial.targets(&self.variables);
        let expand = |template: &Option<crate::template::Template>| {
            template.as_ref().map(|template| template.expand(&self.variables))
        };
        (!targets.is_empty()).then(|| {
            Action::Dial(Dial {
                targets,
                order: dial.order,
                timeout: dial.timeout,
                caller_id: expand(&dial.caller_id),
                to: expand(&dial.to),
            })
        })
    }

    /// Goes into the branch that the step just done has for this result. A branch replaces the steps that follow.
    fn branch(&mut self, result: StepResult) {
        let done = self.at.checked_sub(1).and_then(|at| self.steps.get(at));
        let Some(Step::Dial(dial)) = done else { return };
        let branch = match result {
            StepResult::Busy => &dial.on_busy,
            StepResult::NoAnswer => &dial.on_no_answer,
            StepResult::Unavailable => &dial.on_unavailable,
            _ => &None,
        };
        if let Some(steps) = branch.clone() {
            self.steps = steps;
            self.at = 0;
        }
    }

    fn end(&mut self) {
        self.at = self.steps.len();
        self.budget = 0;
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(number) => write!(f, "ext:{number}"),
            Self::Trunk(name) => write!(f, "trunk:{name}"),
        }
    }
}

/// Steps that one call may take.
const BUDGET: u16 = 200;
