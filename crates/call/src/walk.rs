//! Drives the steps of the dialplan rule that the call got: does one, waits for its result, takes the next.

use kiestoon_dialplan::{Action, Circumstances, Dial, Run, StepResult, Target};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::End;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::forward::History;
use crate::outcome::Outcome;
use crate::reason::{EndReason, status_of_cause};
use crate::transfer::Transfers;

/// Where the call stands in its rule.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Walk {
    run: Option<Run>,
    /// What the last dial step came to; the call ends with it when no step is left.
    last: Option<Outcome>,
    /// The rules that a forwarded call goes back to when that of its new destination is done.
    returns: Vec<Run>,
    /// The extension that a dial step rings alone.
    rung: Option<Box<str>>,
    /// How the call came to where it is.
    pub(crate) history: History,
    /// On whose behalf it goes, where that is not the caller's.
    pub(crate) transfers: Transfers,
}

impl Walk {
    /// The walk of a rule; None where no rule took the call.
    pub(crate) fn new(run: Option<Run>) -> Self {
        Self {
            run,
            last: None,
            returns: Vec::new(),
            rung: None,
            history: History::default(),
            transfers: Transfers::default(),
        }
    }
}

impl Walk {
    /// The end by a `reject`: in the branch of a dial step that came to the same, it is that step's.
    fn rejected(&self, status: u16) -> End {
        let reason = match self.last {
            Some(last) if last.end.reason.says(status) => last.end.reason,
            _ => EndReason::Dialplan,
        };
        End { reason, status: Some(status), q850: None }
    }

    /// Follows the rule of another destination; what it comes to is what the present dial step has come to.
    pub(crate) fn enter(&mut self, run: Run) {
        self.rung = None;
        self.returns.extend(self.run.replace(run));
    }

    /// Goes back to the rule before; None where there is none.
    fn leave(&mut self) -> Option<StepResult> {
        self.run = Some(self.returns.pop()?);
        self.rung = None;
        Some(self.last.map_or(StepResult::Unavailable, |last| last.result))
    }

    /// A dial step is about to begin: where another one failed before it, the call was forwarded.
    fn dials(&mut self, dial: &Dial) {
        let alone = match dial.targets.as_slice() {
            [Target::Extension(number)] => Some(number.as_str()),
            _ => None,
        };
        if let (Some(by), Some(to), Some(last)) = (&self.rung, alone, &self.last) {
            self.history.went_on(by, to, last.result);
        }
        self.rung = alone.map(Into::into);
    }
}

/// What doing a step came to.
pub(crate) enum Step {
    /// It takes its time; its end calls [`Call::walk_on`].
    Begun,
    /// It is over already.
    Over(StepResult),
}

impl Call {
    /// Takes the next steps, until one takes time or the call ends. `result` is how the last one ended; None at the start.
    pub(crate) fn walk_on(&mut self, x: &mut Exchange, mut result: Option<StepResult>) {
        self.stage = Stage::Between;
        loop {
            let Some(run) = self.walk.run.as_mut() else {
                return self.walk_ends(x, EndReason::NoRoute.into());
            };
            let overrides = x.overrides(&self.cdr.record.organisation);
            let now = Circumstances { plan: self.snapshot.plan(), at: x.timestamp(), overrides };
            match run.next(result, &now) {
                Action::Done => match self.walk.leave() {
                    Some(over) => result = Some(over),
                    None => return self.walk_is_over(x),
                },
                action => match self.step(x, action) {
                    Step::Begun => return,
                    Step::Over(over) => result = Some(over),
                },
            }
        }
    }

    /// Goes on after a dial step that nobody answered.
    pub(crate) fn walk_on_unanswered(&mut self, x: &mut Exchange, outcome: Outcome) {
        self.walk.last = Some(outcome);
        self.walk_on(x, Some(outcome.result));
    }

    fn step(&mut self, x: &mut Exchange, action: Action) -> Step {
        match action {
            Action::Dial(dial) => {
                self.walk.dials(&dial);
                match self.dial(x, &dial) {
                    Some(outcome) => {
                        self.walk.last = Some(outcome);
                        Step::Over(outcome.result)
                    }
                    None => Step::Begun,
                }
            }
            Action::Play { prompt } => self.play(x, &prompt, None),
            Action::Echo => self.echo(x),
            Action::Reject { status } if !self.walk.returns.is_empty() => {
                let (result, end) = (StepResult::Rejected { status }, self.walk.rejected(status));
                self.walk.last = Some(Outcome { result, end });
                Step::Over(result)
            }
            Action::Reject { status } => {
                self.walk_ends(x, self.walk.rejected(status));
                Step::Begun
            }
            Action::Hangup { cause } => {
                let status = cause.map(status_of_cause).or_else(|| Some(self.walk.last?.end.status()));
                self.walk_ends(x, End { reason: EndReason::Dialplan, status, q850: cause });
                Step::Begun
            }
            Action::NotBuilt { step } => self.not_built(x, step),
            // Nobody has been granted anything yet.
            Action::Require { .. } => {
                self.walk_ends(x, EndReason::Forbidden.into());
                Step::Begun
            }
            Action::Say { .. } => self.not_built(x, "say"),
            Action::Collect(_) => self.not_built(x, "collect"),
            Action::Webhook(_) => self.not_built(x, "webhook"),
            Action::Override { .. } => self.not_built(x, "override"),
            // Telling somebody is beside the call's way: the call goes on.
            Action::Notify { .. } => Step::Over(StepResult::Done),
            Action::Done => Step::Begun,
        }
    }

    /// No step is left: an answered call is hung up, another one gets the result of the last dial step.
    fn walk_is_over(&mut self, x: &mut Exchange) {
        let is_unanswered = !self.cdr.is_answered() || self.walk.transfers.search.is_some();
        let end = self.walk.last.map(|last| last.end).filter(|_| is_unanswered);
        self.walk_ends(x, end.unwrap_or_else(|| EndReason::Dialplan.into()));
    }

    /// Says so, where there is a prompt for it, and ends the call.
    fn not_built(&mut self, x: &mut Exchange, step: &'static str) -> Step {
        x.event(Event::StepNotBuilt { call: self.id(), step });
        let end = End::from(EndReason::StepNotBuilt);
        if self.snapshot.has_prompt(NOT_AVAILABLE)
            && let Step::Begun = self.play(x, NOT_AVAILABLE, Some(end))
        {
            return Step::Begun;
        }
        self.walk_ends(x, end);
        Step::Begun
    }
}

/// The prompt that is played for a step that this version cannot do.
const NOT_AVAILABLE: &str = "niet-beschikbaar";
