//! Drives the steps of the dialplan rule that the call got: does one, waits for its result, takes the next.

use std::borrow::Cow;

use kiestoon_dialplan::{
    Action, Circumstances, Decision, Dial, NotLive, Plan, StepResult, Target, WebhookAnswer,
};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::End;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::forward::History;
use crate::outcome::Outcome;
use crate::reason::{EndReason, status_of_cause};
use crate::transfer::Transfers;
use crate::way::{AskedFor, Followed, Way, Ways};
use crate::webhook::WebhookFault;

/// Where the call stands in its rule.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Walk {
    followed: Option<Followed>,
    /// What the last dial step came to; the call ends with it when no step is left.
    last: Option<Outcome>,
    /// The rules that a forwarded call goes back to when that of its new destination is done.
    returns: Vec<Followed>,
    /// The rules that are done.
    ways: Ways,
    /// The extension that a dial step rings alone.
    rung: Option<Box<str>>,
    /// How the call came to where it is.
    pub(crate) history: History,
    /// On whose behalf it goes, where that is not the caller's.
    pub(crate) transfers: Transfers,
}

impl Walk {
    /// The walk of the rule for a number; None where no rule took it.
    pub(crate) fn new(asked: AskedFor<'_>, decision: Option<Decision>) -> Self {
        let mut walk = Self::of_nobody(Ways::default());
        walk.begin(asked, decision);
        walk
    }

    /// Without a rule. `ways` are those of rules before.
    fn of_nobody(ways: Ways) -> Self {
        Self {
            followed: None,
            last: None,
            returns: Vec::new(),
            ways,
            rung: None,
            history: History::default(),
            transfers: Transfers::default(),
        }
    }

    fn begin(&mut self, asked: AskedFor<'_>, decision: Option<Decision>) {
        match decision {
            Some(decision) => self.followed = Some(Followed::new(asked, decision)),
            None => self.ways.note_none(asked),
        }
    }

    /// Everything before is left behind but what is told of it: the call is transferred, or goes to nobody's rule.
    pub(crate) fn begin_anew(&mut self, rule: Option<(AskedFor<'_>, Option<Decision>)>) {
        let mut ways = std::mem::take(&mut self.ways);
        self.returns.iter().chain(&self.followed).for_each(|followed| ways.note(followed));
        *self = Self::of_nobody(ways);
        if let Some((asked, decision)) = rule {
            self.begin(asked, decision);
        }
    }

    /// The rules so far, in the order in which they began.
    pub(crate) fn ways(&self) -> Vec<Way> {
        self.ways.with(self.returns.iter().chain(&self.followed))
    }

    /// The end by a `reject`: in the branch of a dial step that came to the same, it is that step's.
    fn rejected(&self, status: u16) -> End {
        let reason = match self.last {
            Some(last) if last.end.reason.says(status) => last.end.reason,
            _ => EndReason::Dialplan,
        };
        End { reason, status: Some(status), q850: None }
    }

    /// Follows another rule than the first, of which nothing was done.
    pub(crate) fn begin_otherwise(&mut self, asked: AskedFor<'_>, decision: Option<Decision>) {
        self.followed = None;
        self.begin(asked, decision);
    }

    /// Follows the rule of another destination; what it comes to is what the present dial step has come to.
    pub(crate) fn enter(&mut self, asked: AskedFor<'_>, decision: Decision) {
        self.rung = None;
        self.returns.extend(self.followed.replace(Followed::new(asked, decision)));
    }

    /// Whether what it does now is done for an emergency.
    pub(crate) fn is_for_help(&self) -> bool {
        self.followed.as_ref().is_some_and(Followed::is_for_help)
    }

    /// Whether help is on its way: it is called now, or will be, at once or when a forwarding has found nobody.
    pub(crate) fn seeks_help(&self) -> bool {
        let seeks = |followed: &Followed| followed.is_for_help() || followed.leads_to_help();
        self.returns.iter().chain(&self.followed).any(seeks)
    }

    /// Whether its rule will come to one of emergency numbers before anybody is rung or asked.
    pub(crate) fn leads_to_help(&self) -> bool {
        self.followed.as_ref().is_some_and(Followed::leads_to_help)
    }

    /// The number that the present rule is for, as others may see it.
    pub(crate) fn dialled(&self) -> Option<Cow<'_, str>> {
        self.followed.as_ref().map(Followed::number)
    }

    /// A phone has answered: no step is left to do.
    pub(crate) fn answered(&mut self) {
        if let Some(followed) = &mut self.followed {
            followed.run.answered();
        }
    }

    /// A service has answered.
    pub(crate) fn webhook_answered(&mut self, plan: &Plan, answer: &WebhookAnswer) -> StepResult {
        let followed = self.followed.as_mut();
        followed.map_or(StepResult::Failed, |followed| followed.run.webhook_answered(answer, plan))
    }

    /// It has not.
    pub(crate) fn webhook_failed(&mut self, fault: WebhookFault) -> StepResult {
        let followed = self.followed.as_mut();
        followed.map_or(StepResult::Failed, |followed| followed.run.webhook_failed(&fault.to_string()))
    }

    /// Something is known of the caller that its rule may name as a variable.
    pub(crate) fn knows(&mut self, variable: &str, value: &str) {
        if let Some(followed) = &mut self.followed {
            followed.run.knows(variable, value);
        }
    }

    /// Goes back to the rule before; None where there is none.
    fn leave(&mut self) -> Option<StepResult> {
        let before = self.followed.replace(self.returns.pop()?);
        before.iter().for_each(|followed| self.ways.note(followed));
        self.rung = None;
        Some(self.last.map_or(StepResult::Unavailable, |last| last.result))
    }

    /// The digits that the caller was asked for have come, or their time is over.
    pub(crate) fn collected(&mut self, digits: &str, plan: &Plan) -> StepResult {
        let followed = self.followed.as_mut();
        followed.map_or(StepResult::Failed, |followed| followed.run.collected(digits, plan))
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
            let Some(followed) = self.walk.followed.as_mut() else {
                return self.walk_ends(x, EndReason::NoRoute.into());
            };
            let overrides = x.overrides(&self.cdr.record.organisation);
            let now = Circumstances { plan: &self.plan, at: x.timestamp(), overrides };
            let action = followed.run.next(result, &now);
            if followed.is_emergency() {
                self.is_now_emergency(x);
            }
            match action {
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

    /// Whether it is an emergency call: nothing may refuse it, cut it short, or count it.
    pub(crate) fn is_emergency(&self) -> bool {
        self.cdr.record.emergency
    }

    /// Whether what it does now is done for an emergency, by the rule that is followed now. A call that once was one may have been
    /// forwarded or transferred since: that is charged, and needs a right, as ever.
    pub(crate) fn is_for_help(&self) -> bool {
        self.walk.is_for_help()
    }

    /// It has come to a rule of emergency numbers.
    fn is_now_emergency(&mut self, x: &mut Exchange) {
        self.cdr.record.emergency = true;
        x.parties.exempt(self.key);
    }

    fn step(&mut self, x: &mut Exchange, action: Action) -> Step {
        match action {
            Action::Dial(dial) => {
                self.forget_keys();
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
            Action::Require { permission } if self.has_permission(x, &permission) => {
                Step::Over(StepResult::Done)
            }
            Action::Require { .. } => {
                self.forbidden(x);
                Step::Begun
            }
            Action::Say { prompts, .. } => self.say(x, &prompts),
            Action::Collect(asked) => self.collect(x, asked),
            Action::Webhook(webhook) => self.ask(x, webhook),
            Action::Override { hours, to } => Step::Over(self.set_hours(x, &hours, to)),
            Action::Notify { whom } => {
                self.notify(x, &whom);
                Step::Over(StepResult::Done)
            }
            Action::Done => Step::Begun,
        }
    }

    /// Tells somebody of the call, which goes on at once.
    pub(crate) fn notify(&self, x: &mut Exchange, whom: &str) {
        let record = &self.cdr.record;
        x.event(Event::Notified {
            call: self.id(),
            from: record.from_number.clone(),
            dialled: self.walk.dialled().map_or_else(|| record.dialled.clone(), Box::from),
            whom: whom.into(),
            emergency: self.is_emergency(),
        });
    }

    /// No step is left: an answered call is hung up, another one gets the result of the last dial step.
    fn walk_is_over(&mut self, x: &mut Exchange) {
        let is_unanswered = !self.cdr.is_answered() || self.walk.transfers.search.is_some();
        let end = self.walk.last.map(|last| last.end).filter(|_| is_unanswered);
        self.ends_refused(x, end.unwrap_or_else(|| EndReason::Dialplan.into()));
    }

    /// Says so, where there is a prompt for it, and ends the call.
    fn not_built(&mut self, x: &mut Exchange, step: &'static str) -> Step {
        x.event(Event::StepNotBuilt { call: self.id(), step });
        let end = End::from(EndReason::of_not_live(NotLive::Step(step)));
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
