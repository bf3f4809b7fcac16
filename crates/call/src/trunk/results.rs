//! What the calls over a trunk came to, counted.

use serde::{Deserialize, Serialize};

/// Counts that only rise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Results([u64; TrunkResult::ALL.len()]);

/// What became of one call over a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrunkResult {
    /// It was answered.
    Answered,
    /// Nobody answered.
    NoAnswer,
    /// Busy.
    Busy,
    /// The caller gave up.
    Cancelled,
    /// The trunk, or what is behind it, could not make the call.
    Failed,
    /// A limit of the trunk turned it away.
    Limited,
}

impl TrunkResult {
    /// Every result, in the order of the counts.
    pub const ALL: [Self; 6] =
        [Self::Answered, Self::NoAnswer, Self::Busy, Self::Cancelled, Self::Failed, Self::Limited];

    /// The word of the metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Limited => "limited",
        }
    }

    /// By the final status of its INVITE. Whom we stop ringing has not answered, unless the caller has hung up.
    pub(crate) fn of_status(status: u16, is_cancelled: bool) -> Self {
        match status {
            200..300 => Self::Answered,
            486 | 600 => Self::Busy,
            487 if is_cancelled => Self::Cancelled,
            480 | 487 | 603 => Self::NoAnswer,
            _ => Self::Failed,
        }
    }
}

impl Results {
    pub(crate) fn count(&mut self, result: TrunkResult) {
        if let Some(count) = self.0.get_mut(result as usize) {
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn all(&self) -> Vec<(TrunkResult, u64)> {
        TrunkResult::ALL.into_iter().zip(self.0).collect()
    }
}
