//! What a walk asks for, and how that can end.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::overrides::OverrideTo;
use crate::say::Saying;
use crate::step::{DialOrder, DialStep, Failover};
use crate::template::Variables;

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
    /// Say a number, a date or letters.
    Say {
        /// What.
        saying: Saying,
        /// The recordings of it, one after the other.
        prompts: Vec<String>,
    },
    /// Ask the caller for digits; what was pressed goes to [`Run::collected`](super::Run::collected).
    Collect(Collect),
    /// Ask an HTTP service; its answer goes to [`Run::webhook_answered`](super::Run::webhook_answered), a fault is
    /// [`StepResult::Failed`].
    Webhook(WebhookCall),
    /// Open or close hours whatever the clock says.
    Override {
        /// The name of the hours.
        hours: Box<str>,
        /// What they are from now on.
        to: OverrideTo,
    },
    /// Tell somebody of this call, and go on.
    Notify {
        /// A name that the operator chose.
        whom: String,
    },
    /// The rest of the way needs a permission of the caller: [`StepResult::Done`], or the call ends.
    Require {
        /// Such as `call.international`.
        permission: String,
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
    /// Of each target its share, where the order is by weight; None: its own, where it is a trunk, else 1.
    pub weights: Vec<Option<u16>>,
    /// Together or in turn.
    pub order: DialOrder,
    /// The group that is dialled alone.
    pub group: Option<Box<str>>,
    /// How long to ring; per target when in turn.
    pub timeout: Duration,
    /// Whose number to show: a number, or the words `site` or `user`.
    pub caller_id: Option<String>,
    /// The number that is dialled.
    pub number: String,
    /// The number to dial at a trunk, where it is another one.
    pub to: Option<String>,
    /// For which results of a trunk the next one is tried; empty: for those that say that the trunk is at fault.
    pub failover: Vec<Failover>,
}

/// Somebody to ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// By number. It may come from what the caller dialled and need not exist.
    Extension(String),
    /// By name.
    Trunk(String),
}

/// Digits that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collect {
    /// What the caller hears until the first digit.
    pub prompt: Option<String>,
    /// At least so many count as an answer.
    pub min: u8,
    /// So many end it.
    pub max: u8,
    /// How long to wait for the first digit once the prompt is over.
    pub timeout: Duration,
    /// How long to wait for each further one.
    pub pause: Duration,
    /// The key that ends it before `max`; it is no part of the answer.
    pub end: Option<char>,
    /// What is pressed is never shown.
    pub is_secret: bool,
}

/// An HTTP service to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookCall {
    /// The name of its `[webhook.*]`.
    pub name: Box<str>,
    /// Where it is.
    pub url: Box<str>,
    /// For the whole request.
    pub timeout: Duration,
    /// The file that holds the secret for its signature.
    pub secret_file: Option<Box<str>>,
    /// The named variables of the call; secrets only where the `[webhook.*]` asks for them by name.
    pub variables: Vec<NamedValue>,
}

/// A variable and its value.
pub type NamedValue = (Box<str>, Box<str>);

/// What a service answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WebhookAnswer {
    /// Where the call goes, as in `group:balie`; None: on with the steps that follow.
    pub destination: Option<String>,
    /// Variables to set; those that the `[webhook.*]` does not name are left out.
    pub variables: Vec<(String, String)>,
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
    /// The prompt, what was said, or the echo has ended.
    Played,
    /// Digits came that count as an answer.
    Collected,
    /// No digits came in time, or too few.
    TimedOut,
    /// Digits came that are no answer.
    Invalid,
    /// The webhook said where the call goes.
    Routed,
    /// It is done.
    Done,
    /// The action could not be carried out.
    Failed,
}

/// The action of a dial step; None where it comes to nobody.
pub(super) fn dial(dial: &DialStep, variables: &Variables) -> Option<Action> {
    let (targets, weights): (Vec<_>, Vec<_>) = dial.targets(variables).into_iter().unzip();
    let expand = |template: &Option<crate::template::Template>| {
        template.as_ref().map(|template| template.expand(variables))
    };
    (!targets.is_empty()).then(|| {
        Action::Dial(Dial {
            targets,
            weights,
            order: dial.order,
            group: dial.group().map(|group| group.name.clone()),
            timeout: dial.timeout,
            number: variables.number.to_string(),
            caller_id: expand(&dial.caller_id),
            to: expand(&dial.to),
            failover: dial.failover.clone(),
        })
    })
}

impl Dial {
    /// Rings these together, and nothing more is said.
    #[must_use]
    pub fn of(targets: Vec<Target>, timeout: Duration) -> Self {
        Self {
            weights: vec![None; targets.len()],
            targets,
            order: DialOrder::Parallel,
            group: None,
            timeout,
            caller_id: None,
            number: String::new(),
            to: None,
            failover: Vec::new(),
        }
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

/// As test files and the way of a call write it: `busy`, `no-answer`, `503`.
impl fmt::Display for StepResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "answered",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Unavailable => "unavailable",
            Self::Rejected { status } => return write!(f, "{status}"),
            Self::Played => "played",
            Self::Collected => "collected",
            Self::TimedOut => "timeout",
            Self::Invalid => "invalid",
            Self::Routed => "routed",
            Self::Done => "done",
            Self::Failed => "failed",
        })
    }
}
