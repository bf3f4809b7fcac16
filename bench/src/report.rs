//! What one run of the generator says, as the driver reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::samples::Percentiles;

/// The result of one load.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) offered: u64,
    pub(crate) wall_s: f64,
    /// CPU of the generator in cores: above 0.9 it was the bottleneck.
    pub(crate) gen_cpu: f64,
    pub(crate) counts: Counts,
    /// Final responses other than the wanted one, and the answers to OPTIONS.
    pub(crate) codes: BTreeMap<u16, u64>,
    pub(crate) latencies: BTreeMap<String, Percentiles>,
    pub(crate) media: Option<MediaReport>,
    /// The calls that stood.
    #[serde(default)]
    pub(crate) held: Option<HeldReport>,
    /// How browsers went, by kind.
    #[serde(default)]
    pub(crate) visits: BTreeMap<String, VisitReport>,
}

/// Visits of one kind.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct VisitReport {
    pub(crate) visits: u64,
    /// From the browser's coming until the server had forgotten its call and its phone's, of the longest.
    pub(crate) longest_s: f64,
    pub(crate) bound_s: u64,
    /// Those that took longer than the bound.
    pub(crate) late: u64,
    /// Those that should have talked and did not.
    pub(crate) untold: u64,
    /// Those that talked, and heard less than half of it back: the last of it may be on its way, on a busy machine.
    pub(crate) unheard: u64,
}

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) ok: u64,
    pub(crate) failed: u64,
    pub(crate) timeouts: u64,
    /// Requests sent again.
    pub(crate) retransmissions: u64,
    /// 200s to INVITE sent again for want of an ACK.
    pub(crate) answer_retransmissions: u64,
    pub(crate) duplicate_invites: u64,
    pub(crate) duplicate_answers: u64,
    /// Calls that were held and taken back, and transfers whose target answered.
    #[serde(default)]
    pub(crate) stories: u64,
    /// Calls that the server ended.
    pub(crate) remote_byes: u64,
    /// Arrivals that found the generator's own tables full.
    pub(crate) not_started: u64,
    pub(crate) unreadable: u64,
}

/// Calls that were set up and stood.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct HeldReport {
    pub(crate) calls: u64,
    /// Those of them that were set up last, between the marks `last_calls` and `calls_up`.
    pub(crate) last_calls: u64,
    /// Those that stood at the end of the measured part, as their callers saw it and as the provider did.
    pub(crate) standing: u64,
    pub(crate) at_provider: u64,
}

/// The RTP part.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MediaReport {
    pub(crate) calls: u32,
    pub(crate) legs_ready: u64,
    pub(crate) setup_failed: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) loss_pct: f64,
    pub(crate) duplicates: u64,
    /// Packets that another call's leg received.
    pub(crate) crossed: u64,
    pub(crate) send_errors: u64,
    /// Legs with a destination that heard nothing.
    pub(crate) silent_legs: u64,
    /// Browsers whose handshake did not end.
    #[serde(default)]
    pub(crate) unshaken: u64,
}

/// The times that are sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Latency {
    /// First REGISTER to 200, both round trips.
    Register,
    RegisterChallenge,
    InviteChallenge,
    /// INVITE with credentials to the first provisional response.
    Trying,
    /// First INVITE to 180.
    Ringing,
    /// First INVITE to 200.
    Setup,
    Bye,
    Options,
    /// One way, from just before the send to the kernel's receive stamp.
    Rtp,
    /// Per leg, as RFC 3550 section 6.4.1 smooths it.
    Jitter,
    /// How late the generator itself sent: above 15 ms at p99 it was the bottleneck.
    GeneratorLate,
}

impl Latency {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::RegisterChallenge => "register_challenge",
            Self::InviteChallenge => "invite_challenge",
            Self::Trying => "invite_100",
            Self::Ringing => "ring",
            Self::Setup => "setup",
            Self::Bye => "bye",
            Self::Options => "options",
            Self::Rtp => "latency",
            Self::Jitter => "jitter",
            Self::GeneratorLate => "gen_late",
        }
    }
}

impl Report {
    pub(crate) fn latency(&self, which: Latency) -> Option<Percentiles> {
        self.latencies.get(which.name()).copied()
    }
}
