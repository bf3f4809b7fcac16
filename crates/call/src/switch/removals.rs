//! Bindings at trunks that we want no more: of a trunk that is gone, of an account that another one has replaced, and all of them
//! where the PBX stops. A process that hands its calls over gives nothing back: its successor is bound by the same.

use std::sync::Arc;
use std::time::Instant;

use kiestoon_sip::Response;
use kiestoon_sip::transaction::ClientId;

use super::Switch;
use super::trunks::{Trunks, trunk_of};
use crate::trunk::removal::Unbound;

impl Trunks {
    /// Until when a stop waits for what is being given back.
    pub(super) fn removed_by(&self, now: Instant) -> Option<Instant> {
        self.removals.iter().map(|removal| removal.until()).filter(|until| *until > now).max()
    }
}

impl Switch {
    /// No new calls from now on: their providers may try another way at once, and ring nobody who is gone.
    pub(super) fn drain(&mut self) {
        if std::mem::replace(&mut self.draining, true) {
            return;
        }
        let snapshot = Arc::clone(&self.x.snapshot);
        for registration in self.trunks.registrations.values_mut() {
            let trunk = trunk_of(&snapshot, &registration.at);
            let unbound = trunk.and_then(|(_, trunk)| registration.unbound(&self.x, trunk));
            if let Some(client) = registration.client() {
                self.x.routes.remove_client(client);
            }
            self.trunks.removals.extend(unbound.map(|unbound| unbound.send(&mut self.x)));
        }
    }

    /// Ends these bindings, but for those whose address leads to us still: it is bound anew, and by the same contact.
    pub(super) fn give_back(&mut self, unbound: Vec<Unbound>) {
        let snapshot = Arc::clone(&self.x.snapshot);
        for unbound in unbound {
            let mut registrations = self.trunks.registrations.values();
            let is_wanted = registrations.any(|registration| {
                let trunk = trunk_of(&snapshot, &registration.at);
                trunk.is_some_and(|(_, trunk)| registration.is_at(trunk, unbound.address()))
            });
            if !is_wanted {
                self.trunks.removals.push(unbound.send(&mut self.x));
            }
        }
    }

    /// What came of a REGISTER that ends a binding; None where nothing did. False if it was another one.
    pub(super) fn removal_responded(&mut self, client: ClientId, response: Option<&Response>) -> bool {
        let removals = &mut self.trunks.removals;
        let Some(index) = removals.iter().position(|removal| removal.client() == client) else {
            return false;
        };
        let goes_on = match (removals.get_mut(index), response) {
            (Some(removal), Some(response)) => removal.responded(&mut self.x, response),
            _ => false,
        };
        if !goes_on {
            self.trunks.removals.swap_remove(index);
            // Whoever is to be registered there again has waited for it.
            for (id, registration) in &self.trunks.registrations {
                self.trunks.agenda.set(*id, registration.deadline());
            }
        }
        true
    }
}
