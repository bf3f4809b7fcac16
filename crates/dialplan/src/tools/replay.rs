//! Calls that were made, taken once more through another plan with the results that they had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::given::WebhookReply;
use super::simulate::{End, GivenResults, Pressed, Results, Ringing, Simulated};
use super::{Given, GivenValue};
use crate::overrides::Overrides;
use crate::plan::{CallFacts, Plan};
use crate::run::{Action, Collect, StepResult, WebhookAnswer};

/// A call as it was recorded: what was asked of the dialplan, and the way that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Whatever finds it again.
    pub id: String,
    /// The context that it entered.
    pub context: String,
    /// The caller's number.
    pub from: String,
    /// The caller's name.
    pub from_name: String,
    /// What was dialled.
    pub dialled: String,
    /// When.
    pub at: Timestamp,
    /// What was open or closed by hand then.
    pub overrides: Overrides,
    /// The name of the rule that it got; None where none took it.
    pub rule: Option<String>,
    /// What it did. Nothing where it ended before its first step, or where that is not known.
    pub steps: Vec<RecordedStep>,
    /// Whether steps behind these were left out.
    pub is_cut: bool,
}

/// A step of it, in the words of its trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedStep {
    /// Such as `dial:ext:201`.
    pub text: String,
    /// Such as `no-answer`; None where the call ended with it.
    pub result: Option<String>,
}

/// What another plan would change.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Replay {
    /// How many calls were looked at.
    pub calls: usize,
    /// Whether there are older ones that were not.
    pub is_cut: bool,
    /// How many of them would go another way.
    pub changed: usize,
    /// How many go the same way up to a step that a secret decides, which no record has.
    pub unknown: usize,
    /// These by the rules that they got and would get, the most frequent change first.
    pub changes: Vec<Change>,
}

/// Calls that would go from one rule to the same other one, or another way by the same.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// The context that they enter.
    pub context: String,
    /// The rule that they got; None where none took them.
    pub before: Option<String>,
    /// The rule that they would get.
    pub after: Option<String>,
    /// How many.
    pub calls: usize,
    /// The first few.
    pub examples: Vec<ChangedCall>,
}

/// A call that would go another way.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedCall {
    /// As it was recorded.
    pub id: String,
    /// When it was made.
    #[serde(serialize_with = "text")]
    pub at: Timestamp,
    /// The caller's number.
    pub from: String,
    /// What was dialled.
    pub dialled: String,
    /// What it did.
    pub before: Vec<String>,
    /// What it would do, as far as that can be known from the results that it had.
    pub after: Vec<String>,
}

impl Replay {
    /// Takes a call through the plan once more: what it asked at first, and for each number that it was sent on to.
    pub fn add(&mut self, plan: &Plan, call: &[Recorded]) {
        self.calls += 1;
        let mut is_unknown = false;
        for asked in call {
            match asked.again(plan) {
                Again::Same => {}
                Again::Unknown => is_unknown = true,
                Again::Changed(simulated) => return self.note(asked, &simulated),
            }
        }
        self.unknown += usize::from(is_unknown);
    }

    fn note(&mut self, call: &Recorded, simulated: &Simulated) {
        let after = simulated.rule.as_ref().map(|rule| rule.name.to_string());
        self.changed += 1;
        let known = self.changes.iter_mut().find(|change| {
            change.context == call.context && change.before == call.rule && change.after == after
        });
        let change = match known {
            Some(change) => change,
            None => {
                self.changes.push(Change {
                    context: call.context.clone(),
                    before: call.rule.clone(),
                    after,
                    calls: 0,
                    examples: Vec::new(),
                });
                let Some(change) = self.changes.last_mut() else { return };
                change
            }
        };
        change.calls += 1;
        if change.examples.len() < EXAMPLES {
            change.examples.push(ChangedCall {
                id: call.id.clone(),
                at: call.at,
                from: call.from.clone(),
                dialled: call.dialled.clone(),
                before: call.steps.iter().map(|step| step.text.clone()).collect(),
                after: simulated.trail.steps().iter().map(|step| step.text.to_string()).collect(),
            });
        }
    }

    /// Puts the most frequent change first.
    pub fn sort(&mut self) {
        self.changes.sort_by_key(|change| std::cmp::Reverse(change.calls));
    }
}

/// What a recorded call does the second time.
enum Again {
    Same,
    /// The same for as long as that can be known.
    Unknown,
    Changed(Box<Simulated>),
}

impl Recorded {
    /// What it would do by the plan. Where nothing was done only the rule is known.
    fn again(&self, plan: &Plan) -> Again {
        let simulated = plan.replay(self);
        let rule = simulated.rule.as_ref().map(|rule| &*rule.name);
        // What follows a gap is not held against it, nor what nobody knows.
        let is_unknown = simulated.end == End::Unknown;
        let known = if self.is_cut { self.steps.len() } else { usize::MAX };
        let recorded = if is_unknown { simulated.trail.steps().len() } else { self.steps.len() };
        let texts = simulated.trail.steps().iter().take(known).map(|step| &*step.text);
        let is_same = rule == self.rule.as_deref()
            && (self.steps.is_empty()
                || texts.eq(self.steps.iter().take(recorded).map(|step| step.text.as_str())));
        match (is_same, is_unknown) {
            (false, _) => Again::Changed(Box::new(simulated)),
            (true, true) => Again::Unknown,
            (true, false) => Again::Same,
        }
    }
}

impl Plan {
    /// The way of a recorded call by this plan, with the results that it had.
    #[must_use]
    pub fn replay(&self, call: &Recorded) -> Simulated {
        let facts = CallFacts {
            context: &call.context,
            from: &call.from,
            from_name: &call.from_name,
            dialled: &call.dialled,
            at: call.at,
            overrides: &call.overrides,
        };
        let given = given(call);
        let mut results = Recording { call, at: 0, has_left: false, given: GivenResults::new(&given) };
        self.simulate_with(&facts, &mut results)
    }
}

/// Results in the order in which they were recorded, for as long as the call goes the way that it went.
struct Recording<'a> {
    call: &'a Recorded,
    /// The recorded step that comes next.
    at: usize,
    /// The call does what it did not do then: its results are guessed from those that it had.
    has_left: bool,
    given: GivenResults<'a>,
}

/// What the record says of an action.
enum Found {
    Result(StepResult),
    /// The call ended with it.
    Ended,
    /// It did something else.
    Nothing,
}

impl Recording<'_> {
    fn find(&mut self, text: &str) -> Found {
        if self.has_left {
            return Found::Nothing;
        }
        let rest = self.call.steps.get(self.at..).unwrap_or_default();
        let is_it = |step: &RecordedStep| {
            *step.text == *text || (step.text.len() > LONG && text.starts_with(step.text.as_str()))
        };
        let Some(ahead) = rest.iter().position(is_it) else {
            // A call that ended before its first step could have done anything.
            let is_over = self.call.steps.is_empty() || (rest.is_empty() && self.call.is_cut);
            self.has_left = !is_over;
            return if is_over { Found::Ended } else { Found::Nothing };
        };
        let result = rest.get(ahead).and_then(|step| step.result.as_deref());
        self.at += ahead + 1;
        result.and_then(result_of).map_or(Found::Ended, Found::Result)
    }

    /// The notes behind the step that was just found.
    fn notes<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s str> {
        let rest = self.call.steps.get(self.at..).unwrap_or_default().iter();
        let notes = rest.take_while(|step| NOTES.iter().any(|note| step.text.starts_with(note)));
        notes.filter_map(move |step| step.text.strip_prefix(kind))
    }
}

impl Results for Recording<'_> {
    fn is_granted(&self, _permission: &str) -> bool {
        true
    }

    fn done(&mut self, action: &Action) -> Option<StepResult> {
        match self.find(&action.to_string()) {
            Found::Result(result) => Some(result),
            Found::Ended => None,
            Found::Nothing => self.given.done(action),
        }
    }

    fn dialled(&mut self, ringing: &Ringing<'_>, attempts: &mut Vec<String>) -> Option<StepResult> {
        let dial = ringing.dial;
        match self.find(&dial.to_string()) {
            Found::Nothing => self.given.dialled(ringing, attempts),
            Found::Ended => {
                attempts.push(dial.to_string());
                None
            }
            Found::Result(result) => {
                attempts.push(dial.to_string());
                Some(result)
            }
        }
    }

    fn pressed(&mut self, variable: &str, collect: &Collect) -> Option<Pressed> {
        match self.find(&Action::Collect(collect.clone()).to_string()) {
            Found::Nothing => self.given.pressed(variable, collect),
            Found::Ended => None,
            Found::Result(result) => {
                let keys = self.notes("digits:").next().unwrap_or_default();
                let is_unseen = collect.is_secret && !keys.is_empty() && keys.bytes().all(|key| key == b'*');
                Some(match is_unseen {
                    true => Pressed::Unseen { keys: keys.len(), result },
                    false => Pressed::Keys(keys.to_string()),
                })
            }
        }
    }

    fn webhook(&mut self, name: &str) -> Option<WebhookReply> {
        match self.find(&format!("webhook:{name}")) {
            Found::Nothing => self.given.webhook(name),
            Found::Ended => None,
            Found::Result(_) if self.notes("fault:").next().is_some() => {
                Some(WebhookReply::Failed(self.notes("fault:").next().unwrap_or_default().to_string()))
            }
            Found::Result(_) => {
                let variables = self.notes("set:").filter_map(|set| set.split_once('='));
                let variables = variables.map(|(name, value)| (name.to_string(), value.to_string()));
                let destination = self.notes("to:").next().or_else(|| self.notes("no destination:").next());
                Some(WebhookReply::Answer(WebhookAnswer {
                    variables: variables.collect(),
                    destination: destination.map(str::to_string),
                }))
            }
        }
    }
}

/// What to expect of those whom the call did not meet in this order.
fn given(call: &Recorded) -> Given {
    let mut given = Given::default();
    let mut replies: BTreeMap<&str, &str> = BTreeMap::new();
    for step in &call.steps {
        let (Some(whom), Some(result)) = (step.text.strip_prefix("dial:"), step.result.as_deref()) else {
            continue;
        };
        for target in whom.split(['+', ',']) {
            let mut parts = target.match_indices(':').map(|(at, _)| at);
            let end = parts.nth(1).unwrap_or(target.len());
            replies.insert(target.get(..end).unwrap_or_default(), result);
        }
    }
    for (target, result) in replies {
        // What is no result of somebody who is rung leaves the default.
        let _ = given.set(target, GivenValue::Text(result.to_string()));
    }
    given
}

fn result_of(text: &str) -> Option<StepResult> {
    Some(match text {
        "answered" => StepResult::Answered,
        "busy" => StepResult::Busy,
        "no-answer" => StepResult::NoAnswer,
        "unavailable" => StepResult::Unavailable,
        "played" => StepResult::Played,
        "collected" => StepResult::Collected,
        "timeout" => StepResult::TimedOut,
        "invalid" => StepResult::Invalid,
        "routed" => StepResult::Routed,
        "done" => StepResult::Done,
        "failed" => StepResult::Failed,
        _ => StepResult::Rejected { status: text.parse().ok()? },
    })
}

fn text<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

const NOTES: [&str; 5] = ["digits:", "set:", "to:", "no destination:", "fault:"];
/// Calls that are shown of each change.
const EXAMPLES: usize = 3;
/// A text of a trail that is longer may have been cut.
const LONG: usize = 240;
