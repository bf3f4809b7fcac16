//! The trunks and how they stand.

use serde::{Deserialize, Serialize};

/// A trunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trunk {
    /// The slug of the organisation.
    pub organisation: String,
    /// Its name, as the dialplan has it.
    pub name: String,
    /// `up` while one of its hosts is, `down` where all are, `unknown` where too little was heard of them. This is whether they answer:
    /// calls may not come in of one that is up, see `registration`.
    pub state: String,
    /// `registered` where one of its hosts has registered us, `failed` where none has, and one has said why not or nothing, `pending`
    /// while nothing came of it yet; none where it is not registered at.
    #[serde(default)]
    pub registration: Option<String>,
    /// Until when we are registered at one of its hosts, the latest; none where it is not registered at.
    #[serde(default)]
    pub registered_until: Option<String>,
    /// Whether it wants to be registered at.
    pub registers: bool,
    /// Calls that came in over it and are not over.
    pub calls_in: u64,
    /// The same for those that go out, ringing ones included.
    pub calls_out: u64,
    /// Calls that it may have at one time, both directions together; none: as many as come.
    #[serde(default)]
    pub channels: Option<u32>,
    /// Calls that may begin within any second, in each direction.
    #[serde(default)]
    pub calls_per_second: Option<u32>,
    /// Its hosts, in order of preference.
    pub hosts: Vec<TrunkHost>,
}

/// A host of a trunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrunkHost {
    /// Its URI.
    pub host: String,
    /// `up`, `down` or `unknown`.
    pub state: String,
    /// Since when.
    pub since: String,
    /// Whether it is asked by OPTIONS.
    pub options: bool,
    /// The SIP status that was heard last; none where nothing was, or silence.
    #[serde(default)]
    pub last_sip_code: Option<u16>,
    /// What it has failed by last, where it has: `silent`, `no_address` or `status`.
    #[serde(default)]
    pub fault: Option<String>,
    /// From the last OPTIONS to its answer.
    #[serde(default)]
    pub rtt_ms: Option<f64>,
    /// Failures in a row.
    pub failures: u64,
    /// Until when we are registered there.
    #[serde(default)]
    pub registered_until: Option<String>,
    /// What the last REGISTER has failed by, where nothing was granted since: the status, 408 after silence, 503 where its name leads
    /// nowhere.
    #[serde(default)]
    pub register_sip_code: Option<u16>,
}
