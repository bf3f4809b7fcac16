//! A call goes out over a trunk: to its hosts in order of preference, each asked for in the DNS, and on to the next one, or to
//! the next trunk of the step, where that is at fault.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use kiestoon_dialplan::{Dial, Failover};
use kiestoon_sip::locate::Query;
use kiestoon_sip::{Flow, SipUri, Transport, Uri};
use serde::{Deserialize, Serialize};

use super::patience::Awaits;
use super::{MediaTerms, Trunk};
use crate::call::Call;
use crate::rights::{Charged, Granted};
use crate::ring::Ring;
use crate::waves::{Phone, Way};

/// What a leg over a trunk knows of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OverTrunk {
    /// The name of the trunk.
    pub(crate) name: Arc<str>,
    /// What is agreed on with it.
    pub(crate) media: MediaTerms,
    /// Challenges that were answered for its INVITE.
    pub(crate) challenges: u8,
    /// That it may be made; None for one that has come in.
    granted: Option<Granted>,
    /// Whether what came of the call has been counted.
    pub(crate) is_counted: bool,
    /// What is waited for, before another one is tried.
    pub(super) awaits: Awaits,
    /// Until when.
    #[serde(with = "kiestoon_sip::plain")]
    pub(super) until: Option<Instant>,
}

impl OverTrunk {
    /// A leg that comes in.
    pub(crate) fn arriving(trunk: &Trunk) -> Self {
        Self {
            name: Arc::clone(&trunk.name),
            media: MediaTerms::of(trunk),
            challenges: 0,
            granted: None,
            is_counted: false,
            awaits: Awaits::Progress,
            until: None,
        }
    }

    /// A leg that goes out.
    pub(crate) fn leaving(trunk: &Trunk, granted: Granted) -> Self {
        Self { granted: Some(granted), ..Self::arriving(trunk) }
    }

    /// The same for another address of its host.
    pub(crate) fn anew(self) -> Self {
        Self { challenges: 0, awaits: Awaits::Progress, until: None, ..self }
    }

    /// Whether the trunk has called.
    pub(crate) fn is_inbound(&self) -> bool {
        self.granted.is_none()
    }

    /// Who is charged with it; None for a leg that has come in.
    pub(crate) fn charged(&self) -> Option<&Charged> {
        self.granted.as_ref().map(Granted::charged)
    }

    /// Whether it goes out for an emergency.
    pub(crate) fn is_for_help(&self) -> bool {
        self.granted.as_ref().is_some_and(Granted::is_for_help)
    }
}

impl Call {
    /// The trunk that a leg goes over, as the call's snapshot has it.
    pub(crate) fn trunk(&self, over: Option<&OverTrunk>) -> Option<Arc<Trunk>> {
        self.trunk_named(&over?.name)
    }

    pub(crate) fn trunk_named(&self, name: &str) -> Option<Arc<Trunk>> {
        self.snapshot.trunk(self.organisation, name).map(Arc::clone)
    }

    /// The hosts of a trunk, one after the other.
    pub(crate) fn hosts(&self, trunk: &Trunk, target: usize, dial: &Dial) -> Vec<Vec<Phone>> {
        let dialled = dial.to.as_deref().unwrap_or(&dial.number);
        let number = trunk.number_form.write(trunk.country, dialled);
        let shown = trunk.number_form.judged(trunk.country, dialled);
        let shown = shown.as_str();
        let hosts = trunk.hosts.iter().map(|host| {
            let query = trunk.query(host);
            let query = Query { secure: query.secure || self.carried.secure, ..query };
            let contact = Uri::Sip(SipUri { user: Some(number.as_str().into()), ..host.clone() });
            let way =
                Way { contact, flow: UNKNOWN, query: Some(query), route: trunk.route.clone(), agent: None };
            vec![Phone::of_trunk(target, shown.into(), way, Arc::clone(&trunk.name))]
        });
        hosts.collect()
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

/// What says that the trunk does not take us, whoever is called.
const REFUSES_US: [u16; 3] = [401, 407, 430];

/// Until the DNS has said where a host is.
const UNKNOWN: Flow = Flow {
    transport: Transport::Udp,
    local: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
    remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
    connection: None,
};
