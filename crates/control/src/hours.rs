//! Day and night: the hours of the dialplan as they are now, and what sets them by hand.

use serde::{Deserialize, Serialize};

/// Hours of one organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The slug of the organisation.
    pub organisation: String,
    /// Their name in the dialplan.
    pub name: String,
    /// What they are set to by hand; `auto` where the clock decides.
    pub state: HoursState,
    /// What the clock says: `open` or `closed`.
    pub clock: HoursState,
    /// Whether they are open for the next call.
    pub open: bool,
    /// When that changes, by the clock; none where it was set by hand, or the clock never changes it.
    pub until: Option<String>,
}

/// What hours are, or are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HoursState {
    /// Open, whatever the clock says.
    Open,
    /// Closed, whatever the clock says.
    Closed,
    /// As the clock says.
    Auto,
}

impl HoursState {
    /// The word in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Auto => "auto",
        }
    }

    /// The state that `word` stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Closed, Self::Auto].into_iter().find(|state| state.as_str() == word)
    }
}

/// What hours are to be from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetHours {
    /// The slug of the organisation; none where there is only one.
    #[serde(default)]
    pub organisation: Option<String>,
    /// Their name in the dialplan.
    pub name: String,
    /// What they are to be.
    pub state: HoursState,
    /// Who asks, for the event and the record.
    pub by: String,
}
