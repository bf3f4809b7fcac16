//! The test of a trunk: one rung after the other, from the name in the DNS up to a call that comes in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Which trunk is tested, and how far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestTrunk {
    /// The slug of its organisation; none where there is only one.
    #[serde(default)]
    pub organisation: Option<String>,
    /// How many seconds a call is waited for that comes in; none: no such rung.
    #[serde(default)]
    pub wait_inbound_secs: Option<u32>,
    /// A number that is called over it; none: no such rung.
    #[serde(default)]
    pub call: Option<String>,
}

impl TestTrunk {
    /// The longest that a call is waited for.
    pub const LONGEST_WAIT_SECS: u32 = 300;
    /// Characters of a number that is called.
    pub const LONGEST_NUMBER: usize = 40;
}

/// What one rung came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// Which.
    pub rung: RungName,
    /// The URI of the host that it is about; empty for the trunk as a whole.
    pub host: String,
    /// How it went.
    pub result: RungResult,
    /// How long it took.
    pub ms: f64,
    /// What was found.
    pub found: Sentence,
    /// What to do; none where nothing is to be done.
    #[serde(default)]
    pub advice: Option<Sentence>,
    /// What else was seen, by name.
    #[serde(default)]
    pub details: BTreeMap<String, String>,
    /// What went over the line, secrets masked, in order.
    #[serde(default)]
    pub messages: Vec<SipText>,
}

/// The rungs, from the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RungName {
    /// What the provider says of our account by its REST API.
    Account,
    /// Which addresses the host has (RFC 3263).
    Dns,
    /// Whether one of them can be reached.
    Transport,
    /// Whether it proves to be who it should be.
    Tls,
    /// Whether a SIP server answers there.
    Options,
    /// Whether it takes our account.
    Register,
    /// Whether a call goes out, and what is heard of it.
    Call,
    /// Whether its calls come in.
    Inbound,
    /// One of a later version.
    #[serde(other)]
    Unknown,
}

/// How a rung went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RungResult {
    /// As it should.
    Ok,
    /// Calls are possible, but somebody should look.
    Warning,
    /// Calls are not possible this way.
    Failed,
    /// It was not tried.
    Skipped,
}

/// A sentence for an operator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// In English.
    pub en: String,
    /// In Dutch.
    pub nl: String,
}

/// A SIP message as it was sent or received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SipText {
    /// Whether it went out.
    pub sent: bool,
    /// Since the rung began.
    pub at_ms: f64,
    /// The message, secrets masked.
    pub text: String,
}

impl RungName {
    /// As in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Dns => "dns",
            Self::Transport => "transport",
            Self::Tls => "tls",
            Self::Options => "options",
            Self::Register => "register",
            Self::Call => "call",
            Self::Inbound => "inbound",
            Self::Unknown => "unknown",
        }
    }
}
