//! Who is on hold because their calls looked like theft, and taking them off it.

use serde::{Deserialize, Serialize};

/// Somebody on hold: no international or premium call is made at their cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnHold {
    /// The slug of the organisation.
    pub organisation: String,
    /// The number of the extension; none for the organisation itself, whose dialplan calls out for calls from outside.
    pub number: Option<String>,
    /// Since when.
    pub since: String,
    /// Why: `velocity` (too many such calls), `spread` (to too many numbers), `closed` (too many outside the hours), `operator`.
    pub reason: String,
    /// The operator who did it; none where the calls did.
    pub by: Option<String>,
    /// What its calls have cost today, in millionths of the currency.
    pub spent_today: u64,
}

/// Puts somebody on hold, or takes them off it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetHold {
    /// The slug of the organisation; none where there is only one.
    #[serde(default)]
    pub organisation: Option<String>,
    /// The number of the extension; none for the organisation itself.
    #[serde(default)]
    pub number: Option<String>,
    /// Whether it is on hold from now on.
    pub held: bool,
    /// Who asks, for the event and the record.
    pub by: String,
}
