//! The steps of a rule as they were read: what `do = [...]` holds after checking. They are kept with a call, so all of it can
//! be written down and read again.

mod describe;
mod dial;

use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::condition::Condition;
use crate::live::NotLive;
use crate::matcher::Matcher;
use crate::overrides::OverrideTo;
use crate::say::SayKind;
use crate::template::Template;
pub use dial::{DialOrder, Failover, Rotation};
pub(crate) use dial::{DialStep, Group, Member, TargetTemplate};

pub(crate) type Steps = Arc<[Step]>;

/// A step and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) place: StepPlace,
    pub(crate) does: Does,
}

/// Where a step stands: enough to find it again, in coverage and in the way of a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepPlace {
    /// The file, as given to [`Plan::load`](crate::Plan::load).
    pub file: Arc<str>,
    /// Counted from 1.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Does {
    Dial(Box<DialStep>),
    Play {
        prompt: String,
    },
    Say {
        kind: SayKind,
        /// None: now.
        text: Option<Template>,
    },
    Collect(Box<CollectStep>),
    Choose(Box<ChooseStep>),
    If(Box<IfStep>),
    Set {
        values: Vec<(Box<str>, Template)>,
    },
    Goto(Box<Goto>),
    Webhook(Box<WebhookStep>),
    Override {
        hours: Box<str>,
        to: OverrideTo,
    },
    Notify {
        whom: Template,
    },
    Echo,
    Reject {
        status: u16,
    },
    Hangup {
        cause: Option<u16>,
    },
    /// Known to the language but not carried out by this version.
    NotBuilt {
        #[serde(deserialize_with = "verb")]
        step: Verb,
        argument: Option<Template>,
    },
}

/// Asks the caller for digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CollectStep {
    pub(crate) variable: Box<str>,
    pub(crate) prompt: Option<String>,
    pub(crate) min: u8,
    pub(crate) max: u8,
    /// Until the first digit.
    pub(crate) timeout: Duration,
    /// From one digit to the next.
    pub(crate) pause: Duration,
    pub(crate) end: Option<char>,
    /// What counts as an answer; anything where it is empty.
    pub(crate) valid: Matcher,
    /// How often the caller is asked again.
    pub(crate) retries: u8,
    /// Whether records show stars for what was pressed.
    pub(crate) is_secret: bool,
    pub(crate) on_timeout: Option<Steps>,
    pub(crate) on_invalid: Option<Steps>,
}

/// The first case that fits the text, else `otherwise`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChooseStep {
    pub(crate) text: Template,
    pub(crate) cases: Vec<(Matcher, Steps)>,
    pub(crate) otherwise: Option<Steps>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct IfStep {
    pub(crate) condition: Condition,
    /// A text that has to fit.
    pub(crate) value: Option<(Template, Matcher)>,
    pub(crate) then: Steps,
    pub(crate) otherwise: Option<Steps>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Goto {
    /// The steps of a rule, whatever it matches.
    Rule { context: Arc<str>, name: Arc<str> },
    /// The rule that the context has for the number, or for this one.
    Context { context: Arc<str>, number: Option<Template> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WebhookStep {
    pub(crate) name: Box<str>,
    pub(crate) url: Box<str>,
    pub(crate) timeout: Duration,
    pub(crate) secret_file: Option<Box<str>>,
    /// The variables that its answer may set.
    pub(crate) variables: Vec<Box<str>>,
    /// The secrets that it is told.
    pub(crate) secrets: Vec<Box<str>>,
    pub(crate) on_failure: Option<Steps>,
}

/// A word of the language for a step.
type Verb = &'static str;

fn verb<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Verb, D::Error> {
    let word = Box::<str>::deserialize(deserializer)?;
    crate::read::step::verb(&word).ok_or_else(|| D::Error::custom("no step of the dialplan"))
}

impl Step {
    /// What of it a live call cannot do yet.
    pub(crate) fn not_live(&self) -> Vec<NotLive> {
        match &self.does {
            Does::Dial(dial) => {
                let number = dial.caller_id.as_ref().and_then(Template::literal);
                number.and_then(NotLive::caller_id).into_iter().collect()
            }
            Does::NotBuilt { step, .. } => vec![NotLive::Step(step)],
            _ => Vec::new(),
        }
    }

    /// The lists of steps inside, with the words that they were written under.
    pub(crate) fn branches(&self) -> Vec<(String, &Steps)> {
        fn under<'a>(key: &str, steps: &'a Option<Steps>) -> Option<(String, &'a Steps)> {
            steps.as_ref().map(|steps| (key.to_string(), steps))
        }
        match &self.does {
            Does::Dial(dial) => [
                under("on_busy", &dial.on_busy),
                under("on_no_answer", &dial.on_no_answer),
                under("on_unavailable", &dial.on_unavailable),
                under("on_rejected", &dial.on_rejected),
            ]
            .into_iter()
            .flatten()
            .collect(),
            Does::Collect(collect) => {
                let branches =
                    [under("on_timeout", &collect.on_timeout), under("on_invalid", &collect.on_invalid)];
                branches.into_iter().flatten().collect()
            }
            Does::Choose(choose) => {
                let cases = choose.cases.iter().map(|(matcher, steps)| (matcher.to_string(), steps));
                cases.chain(under("else", &choose.otherwise)).collect()
            }
            Does::If(step) => {
                let then = std::iter::once(("then".to_string(), &step.then));
                then.chain(under("else", &step.otherwise)).collect()
            }
            Does::Webhook(webhook) => under("on_failure", &webhook.on_failure).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The same lists, to change them.
    pub(crate) fn branches_mut(&mut self) -> Vec<&mut Steps> {
        match &mut self.does {
            Does::Dial(dial) => {
                let DialStep { on_busy, on_no_answer, on_unavailable, on_rejected, .. } = &mut **dial;
                [on_busy, on_no_answer, on_unavailable, on_rejected].into_iter().flatten().collect()
            }
            Does::Collect(collect) => {
                [&mut collect.on_timeout, &mut collect.on_invalid].into_iter().flatten().collect()
            }
            Does::Choose(choose) => {
                let cases = choose.cases.iter_mut().map(|(_, steps)| steps);
                cases.chain(&mut choose.otherwise).collect()
            }
            Does::If(step) => std::iter::once(&mut step.then).chain(&mut step.otherwise).collect(),
            Does::Webhook(webhook) => webhook.on_failure.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}
