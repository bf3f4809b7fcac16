//! The walk over the steps of the rule that a call got: plain data that says, result by result, what to do next.

mod action;
mod collect;
mod emergency;
mod jump;
mod ranking;
mod trail;
mod unseen;

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::condition::Moment;
use crate::matcher::Matcher;
use crate::overrides::Overrides;
use crate::plan::Plan;
use crate::say::{SayKind, Saying};
use crate::step::{Does, Group, IfStep, Step, StepPlace, Steps};
use crate::template::{Template, Variables};
pub use action::{Action, Collect, Dial, NamedValue, StepResult, Target, WebhookAnswer, WebhookCall};
use collect::Asking;
use emergency::Emergency;
pub use ranking::Unanswered;
pub use trail::{Trail, TrailStep};

/// Where a call stands in the steps of its rule. Ask [`Run::next`] for the first action, carry it out, and hand its
/// result to the next `next`. It always ends, whatever the results are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The lists of steps under way, the innermost last: where the inner one is done the outer one goes on.
    frames: Vec<Frame>,
    variables: Variables,
    /// Steps that may still be taken.
    steps_left: u16,
    /// Rules that may still be gone to.
    jumps_left: u8,
    /// When the walk began, in seconds since 1970.
    began: Option<i64>,
    /// The digits that the caller is asked for.
    asking: Option<Box<Asking>>,
    /// Where it is an emergency call.
    emergency: Option<Box<Emergency>>,
    trail: Trail,
    /// Every step that was taken, also those without an action, where somebody asked for it.
    #[serde(skip)]
    visited: Option<Box<Visited>>,
}

/// Boxed by those that have it: a live call has none.
#[derive(Debug, Clone, PartialEq, Default)]
struct Visited {
    places: Vec<StepPlace>,
    /// A secret is not known: it is that of a recorded call.
    has_unseen: bool,
    /// What comes next depends on it.
    is_lost: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Frame {
    steps: Steps,
    /// The step that comes next.
    at: usize,
}

/// A step by its list, which is shared: a step itself may hold many patterns.
struct Taken {
    steps: Steps,
    at: usize,
}

impl Taken {
    fn step(&self) -> Option<&Step> {
        self.steps.get(self.at)
    }
}

/// What a walk is judged by at the moment of a step.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The plan that the call began with.
    pub plan: &'a Plan,
    /// Now.
    pub at: Timestamp,
    /// What is open or closed whatever the clock says.
    pub overrides: &'a Overrides,
}

impl Run {
    pub(crate) fn new(steps: Steps, variables: Variables) -> Self {
        Self {
            frames: vec![Frame { steps, at: 0 }],
            variables,
            steps_left: MOST_STEPS,
            jumps_left: MOST_JUMPS,
            began: None,
            asking: None,
            emergency: None,
            trail: Trail::default(),
            visited: None,
        }
    }

    /// Notes from now on every step that is taken.
    pub(crate) fn watch(&mut self) {
        self.visited = Some(Box::default());
    }

    /// The steps that were taken since [`Run::watch`].
    pub(crate) fn visited(&self) -> &[StepPlace] {
        self.visited.as_ref().map_or(&[], |visited| &visited.places)
    }

    /// The groups that the dial step just asked for names.
    pub(crate) fn dialled_groups(&self) -> Vec<Arc<Group>> {
        match self.done().as_ref().and_then(Taken::step).map(|step| &step.does) {
            Some(Does::Dial(dial)) => dial.groups().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// The action after `previous`, which is `None` only at the first call. After [`Action::Done`], a rejection or a
    /// hang-up it stays at `Done`.
    pub fn next(&mut self, previous: Option<StepResult>, now: &Circumstances<'_>) -> Action {
        let second = now.at.as_second();
        let took = second.saturating_sub(*self.began.get_or_insert(second));
        if took > LONGEST_SECONDS && !self.is_over() {
            self.trail.note("out of time".to_string(), None);
            self.end();
        }
        if let Some(result) = previous {
            self.trail.ended(result);
            match result {
                StepResult::Answered => self.end(),
                _ => self.after(result),
            }
        }
        if let Some(action) = self.ask_again(previous) {
            return action;
        }
        while let Some(taken) = self.take() {
            let Some(step) = taken.step() else { continue };
            if self.loses_its_way(step) {
                break;
            }
            if let Some(action) = self.act(step, now) {
                self.trail.act(&action, step, &self.variables);
                return action;
            }
        }
        self.end();
        Action::Done
    }

    /// What the call did so far.
    #[must_use]
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// The number that is dialled, as the present rule sees it and as others may see it: a `goto` may have put another one in its
    /// place, and stars stand for one that is made of a secret.
    #[must_use]
    pub fn number(&self) -> Cow<'_, str> {
        match self.variables.number_is_secret() {
            true => "*".repeat(self.variables.number.chars().count()).into(),
            false => Cow::Borrowed(&*self.variables.number),
        }
    }

    /// The named variables and their values.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.named()
    }

    /// Something is known of the caller: what a template may name without anybody defining it.
    pub fn knows(&mut self, name: &str, value: &str) {
        self.variables.set(name, value.to_string(), false);
    }

    /// Takes in what a webhook answered; its result is to be handed to [`Run::next`].
    pub fn webhook_answered(&mut self, answer: &WebhookAnswer, plan: &Plan) -> StepResult {
        let done = self.done();
        let Some(Does::Webhook(webhook)) = done.as_ref().and_then(Taken::step).map(|step| &step.does) else {
            return StepResult::Failed;
        };
        for (name, value) in &answer.variables {
            if webhook.variables.iter().any(|known| **known == **name) {
                let is_secret = self.variables.holds_secret(name);
                if !self.set(name, value.clone(), is_secret) {
                    continue;
                }
                let shown = if is_secret { "*" } else { value.as_str() };
                self.trail.note(format!("set:{name}={shown}"), None);
            }
        }
        let Some(destination) = &answer.destination else { return StepResult::Done };
        match plan.steps_to(destination) {
            Ok(steps) => {
                self.trail.note(format!("to:{destination}"), None);
                self.replace(steps);
                StepResult::Routed
            }
            Err(_) => {
                self.trail.note(format!("no destination:{destination}"), None);
                StepResult::Failed
            }
        }
    }

    /// A phone has answered the dial step that was taken last: the walk is over.
    pub fn answered(&mut self) {
        self.trail.ended(StepResult::Answered);
        self.end();
    }

    /// A webhook has not answered; its result is to be handed to [`Run::next`]. `fault` is a word for why.
    pub fn webhook_failed(&mut self, fault: &str) -> StepResult {
        self.trail.note(format!("fault:{fault}"), None);
        StepResult::Failed
    }

    /// The step that comes next, unless the walk is over or has gone on for too long.
    fn take(&mut self) -> Option<Taken> {
        loop {
            let frame = self.frames.last_mut()?;
            if frame.at >= frame.steps.len() {
                self.frames.pop();
                continue;
            }
            let Some(left) = self.steps_left.checked_sub(1) else {
                self.trail.note("too many steps".to_string(), None);
                self.end();
                return None;
            };
            self.steps_left = left;
            frame.at += 1;
            let taken = self.done()?;
            if let (Some(visited), Some(step)) = (&mut self.visited, taken.step()) {
                visited.places.push(step.place.clone());
            }
            return Some(taken);
        }
    }

    /// The step that was taken last.
    fn done(&self) -> Option<Taken> {
        let frame = self.frames.last()?;
        Some(Taken { steps: Arc::clone(&frame.steps), at: frame.at.checked_sub(1)? })
    }

    /// The action of a step, unless it is done at once.
    fn act(&mut self, step: &Step, now: &Circumstances<'_>) -> Option<Action> {
        match &step.does {
            Does::Dial(dial) => {
                let action = action::dial(dial, &self.variables);
                if action.is_none() {
                    self.trail.note("dial:nobody".to_string(), Some(StepResult::Unavailable));
                    self.after(StepResult::Unavailable);
                }
                action
            }
            Does::Play { prompt } => Some(Action::Play { prompt: prompt.clone() }),
            Does::Say { kind, text } => self.say(*kind, text.as_ref(), now),
            Does::Collect(collect) => Some(self.ask(collect)),
            Does::Choose(choose) => {
                let text = choose.text.expand(&self.variables);
                let fits = |matcher: &Matcher| matcher.matches_text(&text, &choose.text, now.plan);
                let case = choose.cases.iter().find(|(matcher, _)| fits(matcher));
                let steps = case.map(|(_, steps)| steps).or(choose.otherwise.as_ref()).cloned();
                self.enter(steps);
                None
            }
            Does::If(step) => {
                let steps = if self.holds(step, now) { Some(&step.then) } else { step.otherwise.as_ref() };
                self.enter(steps.cloned());
                None
            }
            Does::Set { values } => {
                for (name, value) in values {
                    let is_secret = value.is_secret(&self.variables);
                    let value = value.expand(&self.variables);
                    self.set(name, value, is_secret);
                }
                None
            }
            Does::Goto(goto) => self.jump(goto, now),
            Does::Webhook(webhook) => Some(Action::Webhook(WebhookCall {
                name: webhook.name.clone(),
                url: webhook.url.clone(),
                timeout: webhook.timeout,
                secret_file: webhook.secret_file.clone(),
                variables: self
                    .variables
                    .told(&webhook.secrets)
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect(),
            })),
            Does::Override { hours, to } => Some(Action::Override { hours: hours.clone(), to: *to }),
            Does::Notify { whom } => self.notify(whom.starred(&self.variables)),
            Does::Echo => Some(Action::Echo),
            Does::NotBuilt { step, .. } => Some(Action::NotBuilt { step }),
            Does::Reject { status } => {
                self.end();
                Some(Action::Reject { status: *status })
            }
            Does::Hangup { cause } => {
                self.end();
                Some(Action::Hangup { cause: *cause })
            }
        }
    }

    /// Sets a variable; false, with a note, where a call has no room for it.
    fn set(&mut self, name: &str, value: String, is_secret: bool) -> bool {
        let is_set = self.variables.set(name, value, is_secret);
        if !is_set {
            self.trail.note(format!("no room for variable:{name}"), None);
        }
        is_set
    }

    fn say(&mut self, kind: SayKind, text: Option<&Template>, now: &Circumstances<'_>) -> Option<Action> {
        let expanded = text.map(|text| text.expand(&self.variables)).unwrap_or_default();
        let saying = Saying { kind, text: expanded };
        match saying.prompts(now.plan.language(), now.plan.local(now.at)) {
            Ok(prompts) => Some(Action::Say { saying, prompts }),
            Err(_) => {
                let shown = text.map(|text| text.starred(&self.variables)).unwrap_or_default();
                self.trail.note(format!("say:{}:{shown}", kind.word()), Some(StepResult::Failed));
                None
            }
        }
    }

    fn holds(&self, step: &IfStep, now: &Circumstances<'_>) -> bool {
        let moment = Moment { plan: now.plan, local: now.plan.local(now.at), overrides: now.overrides };
        let value_fits = |(text, matcher): &(Template, Matcher)| {
            matcher.matches_text(&text.expand(&self.variables), text, now.plan)
        };
        step.condition.hours_hold(moment).is_some()
            && step.condition.from.matches(&self.variables.from, now.plan)
            && step.value.as_ref().is_none_or(value_fits)
    }

    /// Goes into the branch that the step just done has for this result. Such a branch replaces the steps that follow.
    fn after(&mut self, result: StepResult) {
        let taken = self.done();
        let Some(done) = taken.as_ref().and_then(Taken::step) else { return };
        let branch = match (&done.does, result) {
            (Does::Dial(dial), StepResult::Busy) => &dial.on_busy,
            (Does::Dial(dial), StepResult::NoAnswer) => &dial.on_no_answer,
            (Does::Dial(dial), StepResult::Unavailable) => &dial.on_unavailable,
            (Does::Dial(dial), StepResult::Rejected { .. } | StepResult::Failed) => &dial.on_rejected,
            (Does::Webhook(webhook), StepResult::Failed) => &webhook.on_failure,
            _ => return,
        };
        if let Some(steps) = branch.clone() {
            self.replace(steps);
        }
    }

    /// Does these, then what follows.
    fn enter(&mut self, steps: Option<Steps>) {
        if let Some(steps) = steps {
            self.frames.push(Frame { steps, at: 0 });
        }
    }

    /// Does these instead of what follows, at any depth.
    fn replace(&mut self, steps: Steps) {
        self.frames.clear();
        self.frames.push(Frame { steps, at: 0 });
    }

    fn end(&mut self) {
        self.frames.clear();
        self.asking = None;
    }

    fn is_over(&self) -> bool {
        self.frames.is_empty()
    }
}

/// Steps that one call may take.
pub(crate) const MOST_STEPS: u16 = 200;
/// Rules that one call may be sent to by `goto`.
pub(crate) const MOST_JUMPS: u8 = 20;
/// How long a call may be with its rule, in seconds, besides its talk.
pub(crate) const LONGEST_SECONDS: i64 = 3600;
