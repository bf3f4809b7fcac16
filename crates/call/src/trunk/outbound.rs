//! A call goes out over a trunk: to its hosts in order of preference, each asked for in the DNS, and on to the next one, or to
//! the next trunk of the step, where that is at fault.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kiestoon_dialplan::{Dial, Failover};
use kiestoon_media::LegId;
use kiestoon_sip::locate::Query;
use kiestoon_sip::{Flow, SipUri, Transport, Uri};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::ring::Ring;
use crate::trunk::Trunk;
use crate::waves::{Phone, Way};

/// What a leg over a trunk knows of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OverTrunk {
    /// The name of the trunk.
    pub(crate) name: Arc<str>,
    /// Challenges that were answered for its INVITE.
    pub(crate) challenges: u8,
    /// Whether the trunk has called.
    pub(crate) is_inbound: bool,
    /// Whether what came of the call has been counted.
    pub(crate) is_counted: bool,
}

impl OverTrunk {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self { name, challenges: 0, is_inbound: false, is_counted: false }
    }
}

impl Call {
    /// The trunk that a leg goes over, as the call's snapshot has it.
    pub(crate) fn trunk(&self, over: Option<&OverTrunk>) -> Option<Arc<Trunk>> {
        let organisation = self.snapshot.organisation(self.organisation)?;
        organisation.trunks.get(&*over?.name).map(Arc::clone)
    }

    /// The hosts of a trunk, one after the other.
    pub(crate) fn hosts(&self, trunk: &Trunk, target: usize, dial: &Dial) -> Vec<Vec<Phone>> {
        let dialled = dial.to.as_deref().unwrap_or(&dial.number);
        let number = trunk.number_form.write(trunk.country, dialled);
        let hosts = trunk.hosts.iter().map(|host| {
            let query = trunk.query(host);
            let query = Query { secure: query.secure || self.carried.secure, ..query };
            let contact = Uri::Sip(SipUri { user: Some(number.as_str().into()), ..host.clone() });
            let way =
                Way { contact, flow: UNKNOWN, query: Some(query), route: trunk.route.clone(), agent: None };
            vec![Phone::of_trunk(target, dialled.into(), way, Arc::clone(&trunk.name))]
        });
        hosts.collect()
    }
}

impl Call {
    /// Whether another host or trunk is tried should this one say nothing.
    pub(crate) fn waits_for_another(&self, leg: LegId) -> bool {
        let Stage::Ringing(ring) = &self.stage else { return false };
        let target = ring.branches.iter().find(|branch| branch.leg.id == leg).map(|branch| branch.target);
        !ring.waves.is_empty() && target.is_some_and(|target| ring.leads_on(target, SILENT))
    }

    /// A host of a trunk has said nothing for too long. Should it answer after all, that is hung up.
    pub(crate) fn leave_silent_trunk(&mut self, x: &mut Exchange, leg: LegId) {
        if !self.waits_for_another(leg) {
            return;
        }
        self.note_status(leg, SILENT);
        self.drop_branches(x, None, |branch| branch.leg.id == leg);
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.best.enter(SILENT);
        }
        self.go_on_ringing(x);
    }
}

impl Ring {
    /// Whether whoever waits still is tried once a trunk has ended with this status: the next host of the same trunk where the
    /// host is at fault, the next trunk where the step wants it.
    pub(crate) fn leads_on(&self, target: usize, status: u16) -> bool {
        let next = self.waves.front().and_then(|wave| wave.phones.first());
        if next.is_some_and(|next| next.target == target) {
            return Failover::any(&[], status) || REFUSES_US.contains(&status);
        }
        Failover::any(&self.failover, status) || REFUSES_US.contains(&status)
    }
}

/// The status that silence counts as.
const SILENT: u16 = 408;

/// What says that the trunk does not take us, whoever is called.
const REFUSES_US: [u16; 3] = [401, 407, 430];

/// Until the DNS has said where a host is.
const UNKNOWN: Flow = Flow {
    transport: Transport::Udp,
    local: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
    remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
    connection: None,
};
