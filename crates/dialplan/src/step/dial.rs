//! The step `dial`: whom to ring, in which order, and what follows where nobody answers.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Steps;
use crate::run::Target;
use crate::template::{Template, Variables};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DialStep {
    pub(crate) targets: Vec<TargetTemplate>,
    pub(crate) order: DialOrder,
    pub(crate) timeout: Duration,
    pub(crate) to: Option<Template>,
    pub(crate) caller_id: Option<Template>,
    /// For which results of a trunk the next one is tried.
    pub(crate) failover: Vec<Failover>,
    pub(crate) on_busy: Option<Steps>,
    pub(crate) on_no_answer: Option<Steps>,
    pub(crate) on_unavailable: Option<Steps>,
    pub(crate) on_rejected: Option<Steps>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TargetTemplate {
    Extension(Template),
    Trunk(String),
    /// Shared by all steps that dial it.
    Group(Arc<Group>),
}

/// `[group.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: Box<str>,
    pub(crate) members: Vec<Member>,
    pub(crate) order: DialOrder,
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) target: Target,
    /// Its share where the strategy is weighted; None: its own, where it is a trunk, else 1.
    pub(crate) weight: Option<u16>,
}

/// How several targets are rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialOrder {
    /// All at once; the first that answers has the call.
    Parallel,
    /// One after the other, each for the whole ring time.
    Sequence,
    /// One after the other, in an order that changes from call to call.
    Rotate(Rotation),
}

/// Who of a group is rung first; the others follow, each for the whole ring time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rotation {
    /// The member after the one who was rung first last time.
    RoundRobin,
    /// Who has been without a call for longest.
    LongestIdle,
    /// By lot, each by their weight.
    Weighted,
    /// The trunk over which this number costs least; those whose rate is not known come last.
    Cost,
}

/// A result for which the next trunk is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failover {
    /// This SIP status.
    Status(u16),
    /// Any status of this class: 5 for 5xx.
    Class(u8),
    /// It was answered, and nothing was heard.
    NoMedia,
}

impl DialStep {
    /// The targets of this call with their weights, each once and in the order written. One whose number came out empty is
    /// left out.
    pub(crate) fn targets(&self, variables: &Variables) -> Vec<(Target, Option<u16>)> {
        let mut targets: Vec<(Target, Option<u16>)> = Vec::with_capacity(self.targets.len());
        let mut add = |target: Target, weight: Option<u16>| {
            let is_nobody = matches!(&target, Target::Extension(number) if number.is_empty());
            if !is_nobody && !targets.iter().any(|(known, _)| *known == target) {
                targets.push((target, weight));
            }
        };
        for template in &self.targets {
            match template {
                TargetTemplate::Extension(number) => add(Target::Extension(number.expand(variables)), None),
                TargetTemplate::Trunk(name) => add(Target::Trunk(name.clone()), None),
                TargetTemplate::Group(group) => {
                    group.members.iter().for_each(|member| add(member.target.clone(), member.weight));
                }
            }
        }
        targets
    }

    /// All groups that it names.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &Arc<Group>> {
        self.targets.iter().filter_map(|target| match target {
            TargetTemplate::Group(group) => Some(group),
            _ => None,
        })
    }

    /// The group that is dialled alone.
    pub(crate) fn group(&self) -> Option<&Arc<Group>> {
        match self.targets.as_slice() {
            [TargetTemplate::Group(group)] => Some(group),
            _ => None,
        }
    }
}

impl TargetTemplate {
    /// How many it may ring.
    pub(crate) fn count(&self) -> usize {
        if let Self::Group(group) = self { group.members.len() } else { 1 }
    }

    pub(crate) fn has_trunk(&self) -> bool {
        match self {
            Self::Extension(_) => false,
            Self::Trunk(_) => true,
            Self::Group(group) => {
                group.members.iter().any(|member| matches!(member.target, Target::Trunk(_)))
            }
        }
    }
}
