//! The steps of a rule as they were read: what `do = [...]` holds after checking.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::run::Target;
use crate::template::{Template, Variables};
use std::sync::Arc;
use std::time::Duration;

pub(crate) type Steps = Arc<[Step]>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Step {
    Dial(Box<DialStep>),
    Play {
        prompt: String,
    },
    Echo,
    Reject {
        status: u16,
    },
    Hangup {
        cause: Option<u16>,
    },
    /// Known to the language but not to this version.
    NotBuilt {
        #[serde(deserialize_with = "verb")]
        step: Verb,
        argument: Option<Template>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DialStep {
    pub(crate) targets: Vec<TargetTemplate>,
    pub(crate) order: DialOrder,
    pub(crate) timeout: Duration,
    pub(crate) to: Option<Template>,
    pub(crate) caller_id: Option<Template>,
    pub(crate) on_busy: Option<Steps>,
    pub(crate) on_no_answer: Option<Steps>,
    pub(crate) on_unavailable: Option<Steps>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TargetTemplate {
    Extension(Template),
    Trunk(String),
    /// The members of a group, shared by all steps that dial it.
    Group(Arc<[Self]>),
}

/// How several targets are rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialOrder {
    /// All at once; the first that answers has the call.
    Parallel,
    /// One after the other, each for the whole ring time.
    Sequence,
}

/// A word of the language for a step.
type Verb = &'static str;

fn verb<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Verb, D::Error> {
    let word = Box::<str>::deserialize(deserializer)?;
    crate::read::step::verb(&word).ok_or_else(|| D::Error::custom("no step of the dialplan"))
}

impl DialStep {
    /// The targets of this call, each once and in the order written. One whose number came out empty is left out.
    pub(crate) fn targets(&self, variables: &Variables) -> Vec<Target> {
        let mut targets = Vec::with_capacity(self.targets.len());
        for template in &self.targets {
            template.expand(variables, &mut targets);
        }
        targets
    }

    /// The branches with the keys they were written under.
    pub(crate) fn branches(&self) -> impl Iterator<Item = (&'static str, &Steps)> {
        let branches = [
            ("on_busy", &self.on_busy),
            ("on_no_answer", &self.on_no_answer),
            ("on_unavailable", &self.on_unavailable),
        ];
        branches.into_iter().filter_map(|(key, steps)| steps.as_ref().map(|steps| (key, steps)))
    }
}

impl TargetTemplate {
    fn expand(&self, variables: &Variables, targets: &mut Vec<Target>) {
        let target = match self {
            Self::Extension(number) => Target::Extension(number.expand(variables)),
            Self::Trunk(name) => Target::Trunk(name.clone()),
            Self::Group(members) => {
                return members.iter().for_each(|member| member.expand(variables, targets));
            }
        };
        if target != Target::Extension(String::new()) && !targets.contains(&target) {
            targets.push(target);
        }
    }

    /// How many it may ring.
    pub(crate) fn count(&self) -> usize {
        if let Self::Group(members) = self { members.len() } else { 1 }
    }

    pub(crate) fn has_trunk(&self) -> bool {
        match self {
            Self::Extension(_) => false,
            Self::Trunk(_) => true,
            Self::Group(members) => members.iter().any(Self::has_trunk),
        }
    }
}

impl Step {
    /// The step in words, with this call's numbers filled in.
    pub(crate) fn describe(&self, variables: &Variables) -> String {
        match self {
            Self::Dial(dial) => describe_dial(dial, variables),
            Self::Play { prompt } => format!("play {prompt}"),
            Self::Echo => "echo".to_string(),
            Self::Reject { status } => format!("reject with {status}"),
            Self::Hangup { cause: None } => "hang up".to_string(),
            Self::Hangup { cause: Some(cause) } => format!("hang up with cause {cause}"),
            Self::NotBuilt { step, argument: None } => format!("{step} (not built)"),
            Self::NotBuilt { step, argument: Some(argument) } => {
                format!("{step} {} (not built)", argument.expand(variables))
            }
        }
    }
}

fn describe_dial(dial: &DialStep, variables: &Variables) -> String {
    let targets: Vec<String> = dial.targets(variables).iter().map(ToString::to_string).collect();
    let order = match (targets.len(), dial.order) {
        (0, _) => return "dial nobody".to_string(),
        (1, _) => "",
        (_, DialOrder::Parallel) => " together",
        (_, DialOrder::Sequence) => " in turn",
    };
    let mut text = format!("dial {}{order} for {} s", targets.join(", "), dial.timeout.as_secs());
    if let Some(to) = &dial.to {
        text.push_str(&format!(", to {}", to.expand(variables)));
    }
    if let Some(caller_id) = &dial.caller_id {
        text.push_str(&format!(", as {}", caller_id.expand(variables)));
    }
    text
}
