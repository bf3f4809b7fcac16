//! Flows that phones have promised to keep alive (RFC 5626 section 4.4): one of datagrams over which nothing comes for longer than
//! its phone was told is taken to be dead, and not used, until something comes again. Connections that fall silent are closed
//! instead; of them it is only known which were promised.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use kiestoon_sip::{Flow, Transport};
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;

/// When something came last over each flow that is expected to be kept alive.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Heard>", into = "Vec<Heard>")]
pub(crate) struct Flows(HashMap<Flow, Instant>);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Heard {
    flow: Flow,
    #[serde(with = "kiestoon_sip::plain")]
    at: Instant,
}

impl From<Vec<Heard>> for Flows {
    fn from(heard: Vec<Heard>) -> Self {
        Self(heard.into_iter().map(|heard| (heard.flow, heard.at)).collect())
    }
}

impl From<Flows> for Vec<Heard> {
    fn from(flows: Flows) -> Self {
        flows.0.into_iter().map(|(flow, at)| Heard { flow, at }).collect()
    }
}

impl Flows {
    /// Something has come.
    pub(crate) fn heard(&mut self, now: Instant, flow: &Flow) {
        if !self.0.is_empty()
            && let Some(at) = self.0.get_mut(flow)
        {
            *at = now;
        }
    }

    /// Nothing is promised any more. True if something was.
    pub(crate) fn forget(&mut self, flow: &Flow) -> bool {
        !self.0.is_empty() && self.0.remove(flow).is_some()
    }

    /// Whether nothing has come for too long.
    pub(crate) fn is_dead(&self, now: Instant, flow: &Flow) -> bool {
        let silent = |at: &Instant| now.saturating_duration_since(*at) > silence(flow.transport);
        flow.connection.is_none() && !self.0.is_empty() && self.0.get(flow).is_some_and(silent)
    }
}

impl Exchange {
    /// A phone has been told how often its flow is to be heard of: from now on it is expected.
    pub(crate) fn expect_flow(&mut self, flow: Flow) {
        let Flows(flows) = &mut self.flows;
        if flows.len() > MOST_IDLE.max(self.registrar.len().saturating_mul(2)) {
            let used: HashSet<Flow> = self.registrar.iter().map(|(_, binding)| binding.flow).collect();
            flows.retain(|flow, _| used.contains(flow));
        }
        flows.insert(flow, self.now);
    }
}

/// What a phone is told in `Flow-Timer`, in seconds. Routers forget a connection later than datagrams.
pub(crate) fn timer(transport: Transport) -> u32 {
    if transport.is_reliable() { 120 } else { 30 }
}

/// The silence after which a flow is dead: with room for a keep-alive that was lost or is late.
pub(crate) fn silence(transport: Transport) -> Duration {
    Duration::from_secs(u64::from(timer(transport))).saturating_add(GRACE)
}

const GRACE: Duration = Duration::from_secs(30);
/// Flows that may be kept which no binding has any more.
const MOST_IDLE: usize = 64;
