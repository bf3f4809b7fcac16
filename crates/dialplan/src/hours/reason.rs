//! Why hours are open or closed, in words for `explain`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why hours are open or closed at a moment, by the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum HoursReason {
    /// By this opening.
    Open {
        /// As written, such as `ma-vr 08:30-17:30`.
        text: String,
    },
    /// They would be open, were the day not closed.
    Closed {
        /// As written: dates, `holidays:nl` or the name of a closure.
        text: String,
        /// The public holiday that it is, in its own language: `Koningsdag`.
        holiday: Option<String>,
    },
    /// They would be open by the week, were the hours of that day not said by date.
    Dated {
        /// As written: `2026-12-24 08:30-12:00`.
        text: String,
    },
    /// No opening covers the moment.
    Outside,
}

impl HoursReason {
    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

impl fmt::Display for HoursReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { text } => write!(f, "open: {text}"),
            Self::Closed { text, holiday: Some(holiday) } => write!(f, "closed: {holiday} ({text})"),
            Self::Closed { text, holiday: None } => write!(f, "closed: {text}"),
            Self::Dated { text } => write!(f, "closed: that day has hours of its own, {text}"),
            Self::Outside => f.write_str("closed: no opening covers it"),
        }
    }
}
