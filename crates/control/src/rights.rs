//! What the PBX would say of a call out, and the fraud drill: both ask it alone, and nothing is counted.

use serde::{Deserialize, Serialize};

/// Asks what would become of a call out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TryCallOut {
    /// The slug of the organisation; none where there is only one.
    #[serde(default)]
    pub organisation: Option<String>,
    /// The number of the extension that calls; none for the organisation itself.
    #[serde(default)]
    pub number: Option<String>,
    /// What it dials.
    pub dialled: String,
}

/// What would become of it over a trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOutVerdict {
    /// The trunk.
    pub trunk: String,
    /// The class of the number there; none for one that help is called by.
    pub class: Option<String>,
    /// Whether the call would be made.
    pub allowed: bool,
    /// Why not, in the word of the event `call.refused`.
    pub reason: Option<String>,
    /// What a minute costs, in millionths of the currency; none where that is not known.
    pub per_minute: Option<u64>,
    /// What its beginning costs, likewise.
    pub setup: Option<u64>,
}

/// Has the PBX try what a thief would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillRequest {
    /// The slug of the organisation; none where there is only one.
    #[serde(default)]
    pub organisation: Option<String>,
    /// The number of the extension; none for the organisation itself.
    #[serde(default)]
    pub number: Option<String>,
}

/// One attempt of the drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillAttempt {
    /// What was tried: `premium`, `world_premium`, `premium_burst`, `international_burst`, `international_night`, `budget_spent`, `forward`,
    /// `transfer`, `from_outside`, `emergency`.
    pub attempt: String,
    /// The number, or the first of several.
    pub dialled: String,
    /// Its class; none for one that help is called by.
    pub class: Option<String>,
    /// Calls that were tried.
    pub tried: u32,
    /// Calls that got out.
    pub out: u32,
    /// Calls that may get out; none: all have to.
    pub expected: Option<u32>,
    /// Why the first one that did not get out did not, in the word of the event `call.refused`.
    pub reason: Option<String>,
    /// `fine`, `finding`, or `not_set` where nothing is set that it would prove.
    pub verdict: String,
}
