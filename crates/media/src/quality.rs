//! Quality figures of a leg: plain data, seen from the PBX. `inbound` is what the phone sent to us,
//! `outbound` what we sent to the phone.

pub(crate) mod mos;

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer, Serialize};

pub use self::mos::Mos;
use crate::doctor::Cause;
use crate::srtp::Suite;

/// The figures of one leg, live or final.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LegQuality {
    /// Name of the codec last heard from the phone, else of the one last sent to it.
    pub codec: Option<Box<str>>,
    /// Where RTP is sent to: the learnt address, or the signalled one before that.
    pub remote: Option<SocketAddr>,
    /// From the phone.
    pub inbound: DirectionQuality,
    /// To the phone. Loss and jitter are the phone's own RTCP reports; zero without any.
    pub outbound: DirectionQuality,
    /// Round-trip time between us and the phone by RTCP, in milliseconds (RFC 3550 section 6.4.1).
    pub rtt_ms: Option<f32>,
    /// Packets dropped because they came from an address that is not the phone's.
    pub strangers: u64,
    /// Datagrams dropped because they were no valid RTP or RTCP.
    pub malformed: u64,
    /// The crypto suite, where speech is protected with the phone now.
    #[serde(deserialize_with = "suite_name")]
    pub srtp: SuiteName,
    /// Packets dropped because they were not protected with the phone's key.
    pub forged: u64,
    /// Packets dropped because they had come before.
    pub replayed: u64,
    /// Why the phone is not heard, where it is not.
    pub diagnosis: Option<Cause>,
}

/// The name of a suite.
type SuiteName = Option<&'static str>;

fn suite_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SuiteName, D::Error> {
    let name = Option::<Box<str>>::deserialize(deserializer)?;
    Ok(name.and_then(|name| Suite::of_name(&name)).map(Suite::name))
}

/// The figures of one direction of a leg.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct DirectionQuality {
    /// RTP packets.
    pub packets: u64,
    /// RTP payload bytes, without headers and padding.
    pub bytes: u64,
    /// Packets lost in all: expected less received (RFC 3550 appendix A.3); duplicates can make it negative.
    pub lost: i64,
    /// Lost share of the packets expected, 0 to 1.
    pub loss: f32,
    /// Interarrival jitter in milliseconds (RFC 3550 appendix A.8).
    pub jitter_ms: f32,
    /// Times that at least one sequence number was missing.
    pub gaps: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came late, after one with a higher sequence number.
    pub reordered: u64,
    /// How it sounds, by estimate; None where too little is known of it. To the phone: by its own reports.
    pub mos: Option<Mos>,
}
