//! What the PBX answers: the state of the process, its calls and its registrations.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::way::Way;

/// The PBX as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The release, such as `0.1.0`.
    pub version: String,
    /// Whether new calls are taken.
    pub state: RunState,
    /// What a drain waits for, while there is one.
    #[serde(default)]
    pub drain: Option<Draining>,
    /// When this process became ready.
    pub started_at: String,
    /// Seconds since then.
    pub uptime_secs: u64,
    /// The revision of the database that is in force.
    pub revision: i64,
    /// The hash of the dialplan that is in force, as in the call records.
    pub dialplan_hash: String,
    /// Extensions that may register.
    pub extensions: u64,
    /// Contacts that are registered.
    pub registrations: u64,
    /// Sources that are banned now.
    #[serde(default)]
    pub bans: u64,
    /// Live calls.
    pub calls: u64,
    /// Those of them in which both sides talk.
    pub calls_answered: u64,
    /// How often the media doctor has named each cause, by its word; all of them are there.
    #[serde(default)]
    pub diagnoses: BTreeMap<String, u64>,
    /// Questions of the dialplan to services, by what came of them: `answered`, or the word of a fault (`timeout`, `refused`;
    /// `status` for all statuses).
    #[serde(default)]
    pub webhooks: BTreeMap<String, u64>,
    /// Call records that wait for the database.
    pub cdrs_waiting: u64,
    /// What the process holds for its calls: with none left, all of it goes back to zero.
    #[serde(default)]
    pub held: Held,
    /// Where the PBX listens.
    pub listeners: Vec<Listener>,
    /// What has happened since the start; a watcher makes rates of it.
    pub totals: Totals,
}

/// What is held for calls and requests under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// SIP transactions; a completed one is kept for up to 32 s (RFC 3261 timers B, H and J).
    pub transactions: u64,
    /// SIP dialogs of calls, early ones included.
    pub dialogs: u64,
    /// Lines in all tables that lead from the wire to a call, those of the dialogs included.
    pub routes: u64,
    /// Pairs of RTP and RTCP ports that legs have.
    pub port_pairs: u64,
    /// Browsers that are expected at their port, or there.
    pub browsers: u64,
}

/// Whether the PBX takes new calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It does.
    Running,
    /// It waits for the last calls to end, then stops.
    Draining,
}

/// A socket that SIP is served on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// `udp`, `tcp`, `tls`, `ws` or `wss`.
    pub transport: String,
    /// Address and port.
    pub address: String,
}

/// Counts that only rise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Calls begun.
    pub calls: u64,
    /// Calls that were answered.
    pub calls_answered: u64,
    /// Services that were asked where a call goes.
    pub webhooks: u64,
    /// Those of them that gave no answer that could be used.
    pub webhooks_failed: u64,
    /// Registrations made or refreshed.
    pub registrations: u64,
    /// SIP messages received.
    pub sip_received: u64,
    /// SIP messages sent.
    pub sip_sent: u64,
    /// SIP messages dropped: malformed, over a bound, or at a full queue.
    pub sip_dropped: u64,
    /// SIP messages of sources that sent more than their share, or while signalling was behind: not looked at.
    pub sip_shed: u64,
    /// Passwords that were checked, right and wrong.
    pub passwords_checked: u64,
    /// Passwords that were wrong.
    pub passwords_wrong: u64,
    /// RTP packets received.
    pub rtp_received: u64,
    /// RTP packets sent.
    pub rtp_sent: u64,
    /// Frames of 20 ms in which a media thread had something to say or to transcode.
    pub media_ticks: u64,
    /// Those of them that began more than 20 ms late, or were left out.
    pub media_ticks_late: u64,
}

/// A live call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// UUIDv7, the same as in the call record.
    pub id: String,
    /// The slug of the organisation.
    pub organisation: String,
    /// `starting`, `asking`, `dialling`, `ringing`, `playing`, `echo`, `talking`, `transferring` or `ending`.
    pub state: String,
    /// The caller's number.
    pub from_number: String,
    /// The caller's name; may be empty.
    pub from_name: String,
    /// What was dialled.
    pub dialed: String,
    /// The number that answered, or that is being called.
    pub to_number: Option<String>,
    /// The name of that extension, where it is one; may be empty.
    #[serde(default)]
    pub to_name: Option<String>,
    /// When the call began.
    pub started_at: String,
    /// When it was answered.
    pub answered_at: Option<String>,
    /// Seconds since it began.
    pub duration_secs: u64,
    /// Seconds since the answer.
    pub talk_secs: Option<u64>,
    /// The legs, the caller's first.
    pub legs: Vec<Leg>,
    /// The rules of the dialplan that it got, its own first.
    #[serde(default)]
    pub way: Vec<Way>,
}

/// One leg of a call: the PBX and one phone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// `caller` or `callee`.
    pub side: String,
    /// The extension's number.
    pub number: String,
    /// The extension's name; may be empty.
    #[serde(default)]
    pub name: String,
    /// The transport of its signalling.
    pub transport: String,
    /// The address of its signalling.
    pub remote: String,
    /// The address of its media, once known.
    pub media_remote: Option<String>,
    /// What the phone calls itself.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// The codec in use.
    pub codec: Option<String>,
    /// Whether this phone has put the other on hold.
    pub on_hold: bool,
    /// The crypto suite, where speech is encrypted with the phone.
    #[serde(default)]
    pub srtp: Option<String>,
    /// How its keys were agreed, where it is: `sdes` (RFC 4568) or `dtls` (RFC 5763).
    #[serde(default)]
    pub srtp_keys: Option<String>,
    /// Whether the key of that went over signalling that is not encrypted: whoever reads along there can listen in.
    #[serde(default)]
    pub srtp_key_in_clear: bool,
    /// Why this phone is not heard, where it is not: one word.
    #[serde(default)]
    pub diagnosis: Option<String>,
    /// Round trip between the PBX and the phone, by RTCP.
    pub rtt_ms: Option<f64>,
    /// RTP that the phone sent to the PBX.
    pub inbound: Stream,
    /// RTP that the PBX sent to the phone; loss and jitter as the phone reports them.
    pub outbound: Stream,
}

/// The figures of one direction of a leg.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stream {
    /// RTP packets.
    pub packets: u64,
    /// Payload bytes.
    pub bytes: u64,
    /// Packets lost; duplicates can make it negative.
    pub lost: i64,
    /// Lost share of the packets expected, 0 to 100.
    pub loss_percent: f64,
    /// Interarrival jitter (RFC 3550 section 6.4.1).
    pub jitter_ms: f64,
    /// Times that at least one packet was missing.
    pub gaps: u64,
    /// How it sounded in the last ten seconds, from 1 to 4.5, by estimate (ITU-T G.107); none while too little is known. To
    /// the phone it is known where the phone reports by RTCP.
    pub mos: Option<f64>,
    /// The worst ten seconds.
    pub mos_min: Option<f64>,
}

/// A registered contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// The extension's number.
    pub number: String,
    /// The extension's name; may be empty.
    #[serde(default)]
    pub name: String,
    /// The slug of the organisation.
    pub organisation: String,
    /// The contact address.
    pub contact: String,
    /// The transport that it registered over.
    pub transport: String,
    /// The address that it registered from.
    pub remote: String,
    /// Preference, 0 to 1.
    pub q: f64,
    /// What the phone calls itself.
    pub user_agent: Option<String>,
    /// When it was first made; refreshes do not change it.
    #[serde(default)]
    pub since: String,
    /// Seconds until it expires.
    pub expires_in_secs: u64,
    /// False where a phone behind NAT has stopped answering.
    pub reachable: bool,
}

/// A source that is refused for guessing passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// The address, or the /64 network of an IPv6 one.
    pub source: String,
    /// When it began.
    pub since: String,
    /// When it ends.
    pub until: String,
    /// Why: `wrong_passwords`.
    pub reason: String,
    /// Wrong passwords of this source, as long as it has been remembered.
    pub count: u64,
    /// The how manieth ban of this source it is; each is longer than the one before.
    pub nth: u64,
}

/// Which bans to lift.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiftRequest {
    /// The source: an address, or any address of an IPv6 network. Left out: all, where `all` says so.
    #[serde(default)]
    pub source: Option<String>,
    /// Lift every ban.
    #[serde(default)]
    pub all: bool,
}

/// What was lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifted {
    /// How many bans.
    pub lifted: u64,
}

/// A reload that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// The revision of the database that is in force now.
    pub revision: i64,
    /// The hash of the dialplan that is in force now.
    pub dialplan_hash: String,
    /// What works, but not as the operator may think.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The keys of the configuration that have another value now, which counts from the next start.
    #[serde(default)]
    pub waiting: Vec<String>,
}

/// How long to wait for calls to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainRequest {
    /// After this many seconds the rest is hung up, [`Self::LONGEST_SECS`] at most; left out: `limits.drain_secs` of the configuration.
    #[serde(default)]
    pub limit_secs: Option<u64>,
}

impl DrainRequest {
    /// A day.
    pub const LONGEST_SECS: u64 = 86_400;
}

/// What a drain waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draining {
    /// Live calls.
    pub calls: u64,
    /// Seconds until the rest is hung up.
    pub limit_secs: u64,
    /// The call that runs longest.
    #[serde(default)]
    pub longest: Option<RunningCall>,
}

/// A call that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningCall {
    /// UUIDv7, as in the list of calls.
    pub id: String,
    /// The caller's number.
    pub from_number: String,
    /// The number that answered, or that is being called; what was dialled where there is none.
    pub to_number: String,
    /// Seconds since it began.
    pub duration_secs: u64,
}
