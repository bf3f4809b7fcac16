//! Which INVITE a branch gets: the one of an extension's phone, or the one of a trunk.

use kiestoon_media::LegId;
use kiestoon_sip::Request;
use kiestoon_sip::stir::Verstat;

use crate::call::{Call, Stage};
use crate::callee_invite::{self, CalleeInvite};
use crate::exchange::Exchange;
use crate::leg::Signal;
use crate::trunk::Names;
use crate::trunk::invite::{self as trunk_invite, TrunkInvite};

impl Call {
    /// The INVITE of a branch, without a body; None where it is not to be invited any more.
    pub(crate) fn branch_invite(&mut self, x: &mut Exchange, id: LegId) -> Option<Request> {
        let Stage::Ringing(ring) = &self.stage else { return None };
        let branch = ring.branches.iter().find(|branch| branch.leg.id == id)?;
        let Signal::Chosen { contact } = &branch.leg.signal else { return None };
        let organisation = self.snapshot.organisation(self.organisation)?;
        let is_withheld = self.withholds(&self.caller);
        // An offer in a reliable provisional response wants its answer in the PRACK, so the caller has to know them too.
        let is_reliable = self.offer.is_some() || self.caller.reliable().is_some();
        let (caller, flow) = (self.caller_of_branches(), &branch.leg.flow);
        let shown_number = ring.shown_number.as_deref();
        if let Some(trunk) = self.trunk(branch.leg.trunk.as_deref()) {
            let (uri, max_forwards) = (contact.clone(), self.carried.max_forwards);
            let invite = TrunkInvite {
                trunk: &trunk,
                uri,
                flow,
                is_withheld,
                caller: caller.0,
                shown_number,
                max_forwards,
                is_reliable,
            };
            let (tag, call_id) = (x.token(), x.call_id());
            let request = trunk_invite::build(&x.settings, Names { call_id, tag }, &invite);
            let shown = invite.shown_publicly();
            if let Some(over) = self.cdr.leg(id).and_then(|entry| entry.over.as_mut()) {
                over.shown = shown;
                over.call_id = Some(request.call_id.clone());
            }
            return Some(request);
        }
        let invite = CalleeInvite {
            contact: contact.clone(),
            route: &branch.route,
            number: &branch.leg.number,
            flow,
            breadth: ring.breadth,
            is_withheld,
            caller,
            verstat: self.verstat(),
            history: &self.walk.history,
            referred_by: self.walk.transfers.search.as_ref().map(|search| &*search.by),
            organisation,
            shown_number,
            carried: &self.carried,
            is_reliable,
        };
        Some(callee_invite::build(x, &invite))
    }

    /// Whether the number of who is talked to was validated: that of the first caller, by whom it was signed.
    fn verstat(&self) -> Option<Verstat> {
        let is_caller = *self.caller.number == *self.cdr.record.from_number;
        self.carried.verstat.filter(|_| is_caller && !self.caller.number.is_empty())
    }

    /// The number and the name of who is talked to by whoever answers.
    fn caller_of_branches(&self) -> (&str, &str) {
        // What the INVITE said of its caller does not hold for who was transferred since.
        let is_caller = *self.caller.number == *self.cdr.record.from_number;
        let asserted = self.carried.asserted.as_ref().filter(|_| is_caller);
        if let Some((number, name)) = self.caller.alias.as_deref().or(asserted) {
            return (number, name);
        }
        let organisation = self.snapshot.organisation(self.organisation);
        let known = organisation.and_then(|own| own.extensions.get(&self.caller.number));
        (&self.caller.number, known.map_or("", |known| &known.name))
    }
}
