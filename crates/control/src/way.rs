//! The way of a call through the dialplan: which rules it got and why, and what each step came to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A rule that a call got. A call that is forwarded or transferred gets one for each number that it goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Way {
    /// The number that the rule was asked for.
    pub number: String,
    /// On whose behalf: the caller, or who forwarded or transferred.
    pub by_number: String,
    /// When it was asked.
    pub at: String,
    /// The context that it was asked of.
    pub context: String,
    /// The rule's name; none where no rule took the number.
    pub rule: Option<String>,
    /// The file that it stands in.
    pub file: Option<String>,
    /// The line where it begins.
    pub line: Option<u32>,
    /// The pattern that the number fits.
    pub pattern: Option<String>,
    /// The hours that held.
    pub when: Vec<String>,
    /// The callers that it is for, as written; empty where it is for all.
    pub from: String,
    /// The hours that were set by hand then: each name with `open` or `closed`.
    pub by_hand: BTreeMap<String, String>,
    /// What was done, at most 50 steps: the first 25 and the last 25 where there were more.
    pub steps: Vec<WayStep>,
    /// How many were left out after the first 25.
    pub left_out: u32,
}

/// A step of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WayStep {
    /// What, with the numbers of this call: `dial:ext:201`, `play:gesloten`.
    pub step: String,
    /// What it came to, such as `busy` or `no-answer`; none while it lasts, and for what has no end.
    pub result: Option<String>,
    /// The line where it stands; none for what is no step of a file.
    pub line: Option<u32>,
}
