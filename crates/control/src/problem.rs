//! Refusals on the wire: problem details of RFC 9457.

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why the PBX refused a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind of problem, `about:blank` where the status says it all.
    #[serde(rename = "type", default = "blank")]
    pub kind: String,
    /// The same for every problem of this kind.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// This case in one sentence.
    #[serde(default)]
    pub detail: String,
    /// Every single fault, where there are several, such as `FILE:LINE:COLUMN: error: …`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

impl Problem {
    /// A problem that its status explains.
    pub fn new(status: u16, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: blank(), title: title.into(), status, detail: detail.into(), errors: Vec::new() }
    }

    /// The same problem with its single faults.
    #[must_use]
    pub fn with_errors(self, errors: Vec<String>) -> Self {
        Self { errors, ..self }
    }
}

fn blank() -> String {
    "about:blank".into()
}
