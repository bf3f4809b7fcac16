//! Asking the hosts of trunks whether they are there: each in its own time, through the DNS, one of its addresses after the other.

use std::collections::VecDeque;
use std::sync::Arc;

use kiestoon_sip::transaction::{ClientId, FailReason};
use kiestoon_sip::{Flow, Response, SipUri, Uri};

use super::{Output, Search, Switch};
use crate::exchange::Exchange;
use crate::routes::ClientOwner;
use crate::trunk::health::{HostFault, Sign};
use crate::trunk::options;
use crate::trunk::standing::Step;
use crate::trunk::{LONGEST_SEARCH, Trunk};

impl Switch {
    /// Asks the hosts that are due, and leaves those that have said nothing.
    pub(super) fn ask_trunks_due(&mut self) {
        while let Some(id) = self.x.standings.agenda.pop_due(self.x.now) {
            let Some(host) = self.x.standings.host(id) else { continue };
            match &host.step {
                Step::Idle => {}
                Step::Waiting(_) => self.x.locate_host(id),
                Step::Locating(_) => self.x.host_asked(id, Some(Sign::Failure(HostFault::NoAddress))),
                Step::Asking { client, .. } => {
                    // What it says after this is not heard any more.
                    self.x.routes.remove_client(*client);
                    self.x.ask_next_address(id, Sign::Failure(HostFault::Silent));
                }
            }
        }
    }

    /// The DNS has said where a host is.
    pub(super) fn host_located(&mut self, id: u32, flows: Vec<Flow>) {
        if !self.x.standings.host(id).is_some_and(|host| matches!(host.step, Step::Locating(_))) {
            return;
        }
        let mut left = VecDeque::from(flows);
        match left.pop_front() {
            Some(flow) => self.x.ask_host(id, flow, left),
            None => self.x.host_asked(id, Some(Sign::Failure(HostFault::NoAddress))),
        }
    }

    /// A response to an OPTIONS of ours. A challenge is not answered: who asks for credentials is there.
    pub(super) fn host_responded(&mut self, id: u32, client: ClientId, response: &Response) {
        if !response.status.is_final() {
            return;
        }
        self.x.routes.remove_client(client);
        let now = self.x.now;
        self.x.standings.with_host(id, |host| {
            if let Step::Asking { sent, .. } = &host.step {
                host.round_trip = Some(now.saturating_duration_since(*sent));
            }
        });
        match Sign::of_response(response.status.code()) {
            sign @ Sign::Answer(_) => self.x.host_asked(id, Some(sign)),
            sign @ Sign::Failure(_) => self.x.ask_next_address(id, sign),
        }
    }

    /// No response will come.
    pub(super) fn host_failed(&mut self, id: u32, client: ClientId, reason: FailReason) {
        self.x.routes.remove_client(client);
        match reason {
            // Our own overload says nothing of the host.
            FailReason::Overload => self.x.host_asked(id, None),
            FailReason::Timeout | FailReason::Transport | FailReason::TimerC => {
                self.x.ask_next_address(id, Sign::Failure(HostFault::Silent));
            }
        }
    }
}

impl Exchange {
    fn locate_host(&mut self, id: u32) {
        let Some((trunk, uri)) = self.trunk_of_host(id) else { return };
        let now = self.now;
        self.standings.with_host(id, |host| {
            host.asked_at = now;
            host.step = Step::Locating(now + LONGEST_SEARCH);
        });
        self.outputs.push_back(Output::Resolve { id: Search::Host(id), query: trunk.query(&uri) });
    }

    fn ask_host(&mut self, id: u32, flow: Flow, left: VecDeque<Flow>) {
        let Some((trunk, uri)) = self.trunk_of_host(id) else { return };
        let request = options::build(self, &trunk, &uri, &flow);
        let client = self.request(request, flow, Some(ClientOwner::Host(id)));
        let of_datagrams = self.settings.timers.t1.saturating_mul(SILENT_T1);
        let (sent, until) = (self.now, self.now + trunk.patience.max(of_datagrams));
        self.standings.with_host(id, |host| host.step = Step::Asking { client, sent, until, left });
    }

    /// An address of a host has failed: the next one is asked, else it is the host that has.
    fn ask_next_address(&mut self, id: u32, sign: Sign) {
        let next = self.standings.with_host(id, |host| match &mut host.step {
            Step::Asking { left, .. } => left.pop_front().map(|flow| (flow, std::mem::take(left))),
            _ => None,
        });
        match next.flatten() {
            Some((flow, left)) => self.ask_host(id, flow, left),
            None => self.host_asked(id, Some(sign)),
        }
    }

    /// A host was asked, with this result; it is asked again after a while.
    fn host_asked(&mut self, id: u32, sign: Option<Sign>) {
        if let Some(sign) = sign {
            self.heard_of(id, sign);
        }
        let every = self.trunk_of_host(id).and_then(|(trunk, _)| trunk.options);
        let (now, chance) = (self.now, self.random());
        self.standings.with_host(id, |host| host.wait(now, every, chance));
    }

    fn trunk_of_host(&self, id: u32) -> Option<(Arc<Trunk>, SipUri)> {
        let host = self.standings.host(id)?;
        let (organisation, name) = host.belongs(&self.standings)?;
        let trunk = self.snapshot.trunk(self.snapshot.index_of(organisation)?, name)?;
        let uri = Uri::parse(&host.uri).ok()?.as_sip()?.clone();
        Some((Arc::clone(trunk), uri))
    }
}

/// A host that has said nothing for eight times T1, which is four datagrams, is silent.
const SILENT_T1: u32 = 8;
