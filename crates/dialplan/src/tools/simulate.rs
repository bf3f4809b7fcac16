//! A call that nobody makes: the plan decides and the walk is taken as for a live one, with results that are given.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::given::{Given, Reply, WebhookReply};
use crate::live::NotLive;
use crate::overrides::{OverrideTo, Overrides};
use crate::plan::{CallFacts, Plan, RuleRef, Why};
use crate::run::{Action, Circumstances, Collect, Dial, Run, StepResult, Target, Trail, Unanswered};
use crate::step::{DialOrder, Group, StepPlace};

/// What a call does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulated {
    /// The rule it gets.
    pub rule: Option<RuleRef>,
    /// Why it is this one.
    pub why: Option<Why>,
    /// The permission that the caller needs.
    pub require: Option<String>,
    /// Whether it is an emergency call.
    pub emergency: bool,
    /// Everything that is done, as test files write it. Who is rung in turn has an entry each: `dial:trunk:voys:+31612345678`.
    pub attempts: Vec<String>,
    /// The same, step by step, each with its result: what a live call keeps. Results serialise as their `Display`.
    #[serde(serialize_with = "in_words")]
    pub trail: Trail,
    /// How it ends.
    pub end: End,
    /// What of this way a live call cannot do yet.
    pub not_live: Vec<NotLiveStep>,
    /// Every step that was taken, also those that only choose or set.
    #[serde(skip)]
    pub(crate) reached: Vec<StepPlace>,
}

/// A part of a call's way that a live call cannot go yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NotLiveStep {
    /// The number of its step in the trail, from 0; None for what is before the first step.
    pub step: Option<usize>,
    /// What it is.
    pub what: NotLive,
}

/// How a simulated call ends. Serialises as its `Display`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Somebody answered.
    Answered,
    /// No rule takes it.
    NoRule,
    /// The caller lacks a permission.
    Forbidden {
        /// Which.
        permission: String,
    },
    /// By a `reject`.
    Rejected {
        /// SIP status.
        status: u16,
    },
    /// By a `hangup`.
    HungUp {
        /// Q.850 cause.
        cause: Option<u16>,
    },
    /// The caller hears their own sound until they hang up.
    Echo,
    /// A step that this version cannot carry out.
    NotBuilt {
        /// Its word in the language.
        step: &'static str,
    },
    /// No step is left; what the last dial step came to, if there was one.
    NoStepLeft {
        /// Its result, as the caller is told it: what came from a trunk or a phone stands in the trail.
        last: Option<StepResult>,
    },
    /// The caller hung up, where a recorded call did.
    Abandoned,
    /// What comes next depends on a secret that the caller of a recorded call has pressed: nobody knows it.
    Unknown,
}

impl Plan {
    /// Takes a call all the way, by [`Plan::decide`] and [`Run::next`], with these results.
    #[must_use]
    pub fn simulate(&self, call: &CallFacts<'_>, given: &Given) -> Simulated {
        self.simulate_with(call, &mut GivenResults::new(given))
    }

    pub(crate) fn simulate_with(&self, call: &CallFacts<'_>, results: &mut impl Results) -> Simulated {
        let Some(decision) = self.decide(call) else {
            return Simulated {
                rule: None,
                why: None,
                require: None,
                emergency: false,
                attempts: Vec::new(),
                trail: Trail::default(),
                end: End::NoRule,
                not_live: Vec::new(),
                reached: Vec::new(),
            };
        };
        let mut walk = Walk {
            plan: self,
            call,
            overrides: call.overrides.clone(),
            run: decision.run,
            last: None,
            attempts: Vec::new(),
            not_live: Vec::new(),
        };
        walk.run.watch();
        let end = match &decision.require {
            Some(permission) if !results.is_granted(permission) => {
                End::Forbidden { permission: permission.clone() }
            }
            _ => walk.walk_all(results),
        };
        Simulated {
            rule: Some(decision.rule),
            why: Some(decision.why),
            require: decision.require,
            emergency: decision.emergency || walk.run.is_emergency(),
            attempts: walk.attempts,
            not_live: in_trail(walk.not_live, walk.run.trail()),
            trail: walk.run.trail().clone(),
            end,
            reached: walk.run.visited().to_vec(),
        }
    }
}

/// The same with the places of their steps in the trail.
fn in_trail(not_live: Vec<NotLiveStep>, trail: &Trail) -> Vec<NotLiveStep> {
    let place =
        |note: NotLiveStep| NotLiveStep { step: note.step.and_then(|taken| trail.place_of(taken)), ..note };
    not_live.into_iter().map(place).collect()
}

/// What a caller has pressed.
pub(crate) enum Pressed {
    Keys(String),
    /// A secret of a recorded call: how many keys, and what they came to.
    Unseen {
        keys: usize,
        result: StepResult,
    },
}

/// A dial step that is taken.
pub(crate) struct Ringing<'a> {
    pub(crate) dial: &'a Dial,
    /// The groups that it names.
    pub(crate) groups: &'a [Arc<Group>],
    /// An emergency call rings on where another one has rung for long enough.
    pub(crate) is_emergency: bool,
}

/// Where results come from: given by an operator, or recorded with a call.
pub(crate) trait Results {
    fn is_granted(&self, permission: &str) -> bool;
    /// What an action comes to that has no replies of its own; None: the caller hangs up.
    fn done(&mut self, action: &Action) -> Option<StepResult>;
    /// What a dial step comes to, whom it rings being noted. None: the caller hangs up.
    fn dialled(&mut self, ringing: &Ringing<'_>, attempts: &mut Vec<String>) -> Option<StepResult>;
    /// The keys that are pressed; None: the caller hangs up.
    fn pressed(&mut self, variable: &str, collect: &Collect) -> Option<Pressed>;
    /// None: the caller hangs up.
    fn webhook(&mut self, name: &str) -> Option<WebhookReply>;
}

struct Walk<'a> {
    plan: &'a Plan,
    call: &'a CallFacts<'a>,
    /// As the call itself changes them.
    overrides: Overrides,
    run: Run,
    /// What the last dial step came to.
    last: Option<StepResult>,
    attempts: Vec<String>,
    not_live: Vec<NotLiveStep>,
}

impl Walk<'_> {
    fn walk_all(&mut self, results: &mut impl Results) -> End {
        let mut result = None;
        loop {
            let now = Circumstances { plan: self.plan, at: self.call.at, overrides: &self.overrides };
            let action = self.run.next(result, &now);
            if !matches!(action, Action::Done | Action::Dial(_) | Action::Require { .. }) {
                // The trail knows the argument of a step that is not built.
                let text = self.run.trail().last_done().map_or_else(|| action.to_string(), str::to_string);
                self.attempts.push(text);
            }
            self.note(&action);
            match self.act(action, results) {
                Ok(came) => result = Some(came),
                Err(end) => return end,
            }
        }
    }

    /// Keeps what a live call could not do.
    fn note(&mut self, action: &Action) {
        let trail = self.run.trail();
        // Counted over all steps, until it is known which are left out.
        let step = Some(trail.taken());
        let mut add = |what| self.not_live.push(NotLiveStep { step, what });
        match action {
            Action::Dial(dial) => {
                dial.caller_id.as_deref().and_then(NotLive::caller_id).into_iter().for_each(&mut add);
            }
            Action::NotBuilt { step } => add(NotLive::Step(step)),
            _ => {}
        }
    }

    fn act(&mut self, action: Action, results: &mut impl Results) -> Result<StepResult, End> {
        let came = match &action {
            Action::Dial(dial) => {
                let groups = self.run.dialled_groups();
                let ringing = Ringing { dial, groups: &groups, is_emergency: self.run.is_emergency() };
                let came = results.dialled(&ringing, &mut self.attempts);
                self.last = came;
                came
            }
            Action::Collect(collect) => {
                let variable = self.run.asks_for().unwrap_or_default();
                results.pressed(&variable, collect).map(|pressed| match pressed {
                    Pressed::Keys(keys) => self.run.collected(&keys, self.plan),
                    Pressed::Unseen { keys, result } => self.run.collected_unseen(keys, result),
                })
            }
            Action::Webhook(webhook) => results.webhook(&webhook.name).map(|reply| match reply {
                WebhookReply::Answer(answer) => self.run.webhook_answered(&answer, self.plan),
                WebhookReply::Failed(fault) => self.run.webhook_failed(&fault),
            }),
            Action::Override { hours, to } => {
                self.set_hours(hours, *to);
                results.done(&action)
            }
            Action::Play { .. } | Action::Say { .. } | Action::Notify { .. } => results.done(&action),
            Action::Require { permission } if results.is_granted(permission) => results.done(&action),
            Action::Require { permission } => {
                return Err(End::Forbidden { permission: permission.clone() });
            }
            Action::Echo => return Err(End::Echo),
            Action::Reject { status } => return Err(End::Rejected { status: *status }),
            Action::Hangup { cause } => return Err(End::HungUp { cause: *cause }),
            Action::NotBuilt { step } => return Err(End::NotBuilt { step }),
            Action::Done if self.run.is_lost() => return Err(End::Unknown),
            Action::Done if self.last == Some(StepResult::Answered) => return Err(End::Answered),
            Action::Done => return Err(End::NoStepLeft { last: self.last.map(told) }),
        };
        came.ok_or(End::Abandoned)
    }

    fn set_hours(&mut self, hours: &str, to: OverrideTo) {
        let is_open = self.plan.hours(self.call.at).any(|(name, is_open)| name == hours && is_open);
        to.apply(&mut self.overrides, hours, is_open);
    }
}

/// Results that an operator gives.
pub(crate) struct GivenResults<'a> {
    given: &'a Given,
    /// How often each variable was asked for.
    asked: BTreeMap<String, usize>,
}

impl<'a> GivenResults<'a> {
    pub(crate) fn new(given: &'a Given) -> Self {
        Self { given, asked: BTreeMap::new() }
    }

    fn reply(&self, target: &Target, groups: &[Arc<Group>]) -> Reply {
        let of_group = || {
            let mut groups =
                groups.iter().filter(|group| group.members.iter().any(|member| member.target == *target));
            groups.find_map(|group| self.given.reply(&format!("group:{}", group.name)))
        };
        self.given.reply(&target.to_string()).or_else(of_group).unwrap_or(Reply::Answered)
    }
}

impl Results for GivenResults<'_> {
    fn is_granted(&self, permission: &str) -> bool {
        self.given.is_granted(permission)
    }

    fn done(&mut self, action: &Action) -> Option<StepResult> {
        Some(match action {
            Action::Play { .. } | Action::Say { .. } => StepResult::Played,
            _ => StepResult::Done,
        })
    }

    fn dialled(&mut self, ringing: &Ringing<'_>, attempts: &mut Vec<String>) -> Option<StepResult> {
        let &Ringing { dial, groups, is_emergency } = ringing;
        let mut best: Option<Unanswered> = None;
        let together = dial.order == DialOrder::Parallel;
        if together {
            attempts.push(dial.to_string());
        }
        let mut rung = Duration::ZERO;
        for target in &dial.targets {
            if !together && !is_emergency && rung >= LONGEST_RINGING {
                break;
            }
            if !together {
                attempts.push(attempt(dial, target));
            }
            let reply = self.reply(target, groups);
            let is_trunk = matches!(target, Target::Trunk(_));
            if reply.is_answer(dial, is_trunk && !together) {
                return Some(StepResult::Answered);
            }
            let came = reply.unanswered();
            rung += if came == Some(Unanswered::NoAnswer) { dial.timeout } else { Duration::ZERO };
            best = best.into_iter().chain(came).min_by_key(|came| came.rank());
            if is_trunk && !together && !reply.fails_over(dial) {
                break;
            }
        }
        Some(best.map_or(StepResult::Unavailable, Unanswered::result))
    }

    fn pressed(&mut self, variable: &str, collect: &Collect) -> Option<Pressed> {
        let time = self.asked.entry(variable.to_string()).or_default();
        let pressed = self.given.pressed(variable, *time);
        *time = time.saturating_add(1);
        let answer = pressed.chars().take_while(|key| Some(*key) != collect.end);
        Some(Pressed::Keys(answer.take(usize::from(collect.max)).collect()))
    }

    fn webhook(&mut self, name: &str) -> Option<WebhookReply> {
        Some(self.given.webhook(name))
    }
}

impl Reply {
    /// Whether the call is theirs.
    fn is_answer(self, dial: &Dial, may_fail_over: bool) -> bool {
        match self {
            Self::Answered => true,
            Self::NoMedia => !(may_fail_over && dial.fails_over_without_media()),
            _ => false,
        }
    }

    /// What it means for the step. Who is not there is not rung, and says nothing.
    fn unanswered(self) -> Option<Unanswered> {
        match self {
            Self::NoAnswer => Some(Unanswered::NoAnswer),
            Self::Status(status) => Some(Unanswered::Status(status)),
            Self::NoMedia => Some(Unanswered::Status(500)),
            Self::Answered | Self::Unavailable => None,
        }
    }

    fn fails_over(self, dial: &Dial) -> bool {
        match self {
            Self::Status(status) => dial.fails_over(status),
            Self::Unavailable => dial.fails_over(480),
            Self::NoMedia => dial.fails_over_without_media(),
            Self::Answered | Self::NoAnswer => false,
        }
    }
}

/// For one dial step, as a live call has it.
const LONGEST_RINGING: Duration = Duration::from_secs(5 * 60);

/// As the caller hears it.
fn told(result: StepResult) -> StepResult {
    match result {
        StepResult::Rejected { status } => StepResult::Rejected { status: Unanswered::told(status) },
        other => other,
    }
}

fn attempt(dial: &Dial, target: &Target) -> String {
    match (&dial.to, target) {
        (Some(to), Target::Trunk(_)) => format!("dial:{target}:{to}"),
        _ => format!("dial:{target}"),
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered => f.write_str("answered"),
            Self::NoRule => f.write_str("no-rule"),
            Self::Forbidden { permission } => write!(f, "forbidden:{permission}"),
            Self::Rejected { status } => write!(f, "reject:{status}"),
            Self::HungUp { cause: None } => f.write_str("hangup"),
            Self::HungUp { cause: Some(cause) } => write!(f, "hangup:{cause}"),
            Self::Echo => f.write_str("echo"),
            Self::NotBuilt { step } => write!(f, "not-built:{step}"),
            Self::NoStepLeft { last: None } => f.write_str("no-step-left"),
            Self::NoStepLeft { last: Some(result) } => result.fmt(f),
            Self::Abandoned => f.write_str("abandoned"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl Serialize for End {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A trail for programs: with the words of test files, whatever calls that are written down hold.
fn in_words<S: Serializer>(trail: &Trail, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct InWords<'a> {
        steps: Vec<StepInWords<'a>>,
        left_out: u32,
    }
    #[derive(Serialize)]
    struct StepInWords<'a> {
        text: &'a str,
        result: Option<String>,
        place: Option<&'a StepPlace>,
    }
    let steps = trail.steps().iter().map(|step| StepInWords {
        text: &step.text,
        result: step.result.map(|result| result.to_string()),
        // A step that a service has named stands in no file.
        place: step.place.as_ref().filter(|place| place.line > 0),
    });
    InWords { steps: steps.collect(), left_out: trail.left_out() }.serialize(serializer)
}
