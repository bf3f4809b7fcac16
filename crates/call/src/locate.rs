//! Phones that are found by name (RFC 3263): the DNS is asked before they are rung, and where the first address does not
//! answer, the next one is tried; so is the next flow of a device that has registered several (RFC 5626). Only phones that have registered are looked up: no stranger makes us ask.

use std::collections::VecDeque;
use std::time::Instant;

use kiestoon_media::LegId;
use kiestoon_sip::locate::Query;
use kiestoon_sip::network;
use kiestoon_sip::{Flow, Transport, Uri};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::{CdrLeg, LegTrunk, Side};
use crate::exchange::Exchange;
use crate::leg::{Leg, LegMedia, Signal};
use crate::ring::Ring;
use crate::switch::{Output, Search};
use crate::trunk::health::{HostFault, Sign};
use crate::waves::Way;

/// The addresses of a phone that is found by name.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Tries {
    /// The trunk is too busy for another call until then; nobody is asked yet.
    Turn {
        #[serde(with = "kiestoon_sip::plain")]
        at: Instant,
        query: Query,
    },
    /// The DNS is asked; nothing has been sent.
    Asked,
    /// These are left, should nothing come back from the present one in time.
    Left {
        flows: VecDeque<Flow>,
        #[serde(with = "kiestoon_sip::plain")]
        until: Option<Instant>,
    },
}

/// What to ask for a contact; None where the flow that it registered on leads there.
pub(crate) fn query(contact: &Uri, flow: &Flow) -> Option<Query> {
    let uri = contact.as_sip().filter(|_| flow.connection.is_none())?;
    let query = Query::of(uri);
    // Browsers and phones that do not know their name write one that cannot be (RFC 2606 section 2).
    let is_name = uri.host.ip().is_none() && !query.host.trim_end_matches('.').ends_with(".invalid");
    is_name.then_some(query)
}

/// The same for the first proxy on the way to a phone (RFC 3327 section 5.4). One with an address is where its REGISTER came
/// from, and is asked for only where it has to prove that address.
pub(crate) fn query_of_proxy(proxy: &Uri, flow: &Flow) -> Option<Query> {
    let uri = proxy.as_sip().filter(|_| flow.connection.is_none())?;
    if uri.host.ip().is_none() {
        return query(proxy, flow);
    }
    let wants_proof = uri.secure || uri.transport() == Some(Transport::Tls);
    (wants_proof && uri.host.ip() == Some(flow.remote.ip())).then(|| Query::of(uri))
}

impl Tries {
    /// For a phone with other flows.
    pub(crate) fn of_spare(spare: &[Way]) -> Option<Box<Self>> {
        (!spare.is_empty()).then(|| Box::new(Self::Left { flows: VecDeque::new(), until: None }))
    }
}

impl Ring {
    /// When the next address of some phone is to be tried.
    pub(crate) fn next_try(&self) -> Option<Instant> {
        let untils = self.branches.iter().filter_map(|branch| match branch.tries.as_deref() {
            Some(Tries::Left { until, .. }) => *until,
            Some(Tries::Turn { at, .. }) => Some(*at),
            _ => None,
        });
        untils.chain(self.trunk_deadline()).min()
    }
}

impl Call {
    /// Asks for the addresses of a branch.
    pub(crate) fn ask_for(&self, x: &mut Exchange, leg: LegId, query: Query) -> Box<Tries> {
        x.outputs.push_back(Output::Resolve { id: Search::Leg(leg), query });
        Box::new(Tries::Asked)
    }

    /// The addresses of a branch are known; without any that it may name it is rung where it registered from.
    pub(crate) fn located(&mut self, x: &mut Exchange, id: LegId, flows: Vec<Flow>) {
        let key = self.key;
        let Some(branch) = self.branch_mut(id) else { return };
        if !matches!(branch.tries.as_deref(), Some(Tries::Asked)) {
            return;
        }
        let from = branch.leg.flow.remote.ip();
        let is_trunk = branch.leg.trunk.is_some();
        let mut flows = VecDeque::from(flows);
        // A trunk stands where the operator says.
        flows.retain(|flow| is_trunk || network::may_send(from, flow.local.ip(), flow.remote.ip()));
        if is_trunk && flows.is_empty() {
            self.trunk_says(x, id, Sign::Failure(HostFault::NoAddress));
            return self.branch_failed(x, id, 503);
        }
        if let Some(first) = flows.pop_front() {
            branch.leg.flow = first;
        }
        branch.tries = Some(Box::new(Tries::Left { flows, until: None }));
        branch.leg.open(x, key);
        let flow = branch.leg.flow;
        self.note_flow(id, flow);
    }

    /// Goes on with the branches whose turn has come.
    fn take_turns(&mut self, x: &mut Exchange) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        for branch in &mut ring.branches {
            if let Some(Tries::Turn { at, query }) = branch.tries.as_deref()
                && *at <= x.now
            {
                let (id, query) = (Search::Leg(branch.leg.id), query.clone());
                x.outputs.push_back(Output::Resolve { id, query });
                branch.tries = Some(Box::new(Tries::Asked));
            }
        }
    }

    /// The INVITE of a branch is out: where there are other addresses, this one has a few seconds to say anything.
    pub(crate) fn limit_try(&mut self, x: &Exchange, id: LegId) {
        let now = x.now;
        let trunk = self.trunk(self.branch(id).and_then(|branch| branch.leg.trunk.as_deref()));
        let of_phones = x.settings.timers.t1.saturating_mul(SILENT_T1);
        let patience = trunk.as_ref().map_or(of_phones, |trunk| trunk.patience);
        if let Some(branch) = self.branch_mut(id)
            && let Some(Tries::Left { flows, until }) = branch.tries.as_deref_mut()
        {
            // Where it is the last one, the silence of a trunk is noted all the same.
            let is_last = flows.is_empty() && branch.spare.is_empty() && trunk.is_none();
            *until = (!is_last).then(|| now + patience);
        }
        self.await_progress(x, id);
    }

    /// Leaves the addresses that have said nothing for too long.
    pub(crate) fn leave_silent(&mut self, x: &mut Exchange) {
        self.take_turns(x);
        self.leave_slow_trunks(x);
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let mut silent = Vec::new();
        for branch in &mut ring.branches {
            let Some(Tries::Left { until, .. }) = branch.tries.as_deref_mut() else { continue };
            if until.is_some_and(|until| until <= x.now) {
                *until = None;
                let client = branch.leg.inviting_client();
                if client.is_some_and(|client| x.transactions.has_heard_nothing(client)) {
                    silent.push(branch.leg.id);
                }
            }
        }
        for leg in silent {
            if !self.try_next(x, leg, 408) {
                self.trunk_says(x, leg, Sign::Failure(HostFault::Silent));
                self.leave_silent_trunk(x, leg);
            }
        }
    }

    /// Rings a branch at its next address (RFC 3263 section 4.3), or over the next flow of its device (RFC 5626), after the present
    /// one came to `status`. False where there is none: the branch has failed.
    pub(crate) fn try_next(&mut self, x: &mut Exchange, id: LegId, status: u16) -> bool {
        let Some(branch) = self.branch_mut(id) else { return false };
        let Some(Tries::Left { flows, .. }) = branch.tries.as_deref_mut() else { return false };
        let address = flows.pop_front();
        if address.is_none() && branch.spare.is_empty() {
            return false;
        }
        let Signal::Invited { client, invite } = std::mem::replace(&mut branch.leg.signal, Signal::Over)
        else {
            return false;
        };
        let (flow, contact) = match address {
            Some(flow) => (flow, invite.uri.clone()),
            None => {
                let way = branch.spare.remove(0);
                branch.route = way.route;
                (way.flow, way.contact)
            }
        };
        let is_elsewhere = branch.leg.flow.remote.ip() != flow.remote.ip();
        branch.leg.flow = flow;
        let offers_keys = branch.leg.offers_keys(&x.settings);
        if let Some(media) = branch.leg.media_mut() {
            media.local.secure_offers = offers_keys;
        }
        branch.forks.clear();
        branch.leg.signal = Signal::Chosen { contact };
        let (is_open, is_host) = (matches!(branch.leg.media, LegMedia::Open(_)), branch.leg.is_host());
        x.forget_branch(&invite);
        if x.routes.client(client).is_some() {
            x.cancel_loser(client, invite, is_host, None);
        }
        if is_elsewhere {
            self.change_leg(x, id, status);
            return true;
        }
        self.note_flow(id, flow);
        if is_open {
            self.invite_branch(x, id);
        }
        true
    }

    /// A branch goes on as another leg: the ports of the one before are for another address, perhaps of another IP version.
    fn change_leg(&mut self, x: &mut Exchange, before: LegId, status: u16) {
        let (key, id) = (self.key, self.next_leg());
        self.note_status(before, status);
        self.drop_early_update(x, before, None);
        let Stage::Ringing(ring) = &mut self.stage else { return };
        ring.early.take_if(|(heard, _)| *heard == before);
        let Some(branch) = ring.branches.iter_mut().find(|branch| branch.leg.id == before) else { return };
        let (number, flow) = (branch.leg.number.clone(), branch.leg.flow);
        let signal = std::mem::replace(&mut branch.leg.signal, Signal::Over);
        let (agent, is_help) = (branch.leg.agent.clone(), branch.leg.is_help);
        let trunk = branch.leg.trunk.take().map(|over| Box::new(over.anew()));
        x.leg_moved(before, id);
        let leg = Leg::new(id, Side::Callee, number.clone(), flow, signal);
        let leg = Leg { agent: agent.clone(), trunk, is_help, ..leg };
        std::mem::replace(&mut branch.leg, leg).close(x);
        branch.leg.open(x, key);
        // The other host has its own names for the call.
        let anew = |over: &LegTrunk| Box::new(LegTrunk { call_id: None, names: Vec::new(), ..over.clone() });
        let same = self.cdr.leg(before).map(|leg| (leg.charged_to.clone(), leg.over.as_deref().map(anew)));
        let (charged_to, over) = same.unwrap_or_default();
        let entry = CdrLeg::new(id, Side::Callee, &number, &flow);
        let entry = CdrLeg { charged_to, over, user_agent: agent, ..entry };
        self.cdr.record.legs.push(entry);
        self.hear_next(x);
    }

    fn note_flow(&mut self, id: LegId, flow: Flow) {
        if let Some(leg) = self.cdr.leg(id) {
            (leg.transport, leg.remote) = (flow.transport, flow.remote);
        }
    }
}

/// An address that says nothing for eight times T1, which is four requests over UDP, is taken to be dead.
const SILENT_T1: u32 = 8;
