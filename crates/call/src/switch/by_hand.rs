//! Day and night, as the PBX and its operators know it.

use std::sync::Arc;
use std::time::Instant;

use kiestoon_dialplan::{OverrideTo, Overrides, Timestamp};

use super::Switch;
use crate::by_hand::HoursSet;

impl Switch {
    /// What was set before this process began.
    pub fn restore_hours(&mut self, set: impl IntoIterator<Item = HoursSet>) {
        for HoursSet { organisation, hours, forced, .. } in set {
            self.x.change_hours(&organisation, |overrides| overrides.set(&hours, forced));
        }
    }

    /// The moment that hours are judged at.
    pub fn dialplan_time(&self, now: Instant) -> Timestamp {
        self.x.timestamp_at(now)
    }

    /// What an organisation, by its id, has set by hand.
    pub fn overrides(&self, organisation: &str) -> &Overrides {
        self.x.overrides(organisation)
    }

    /// An operator sets hours of the organisation with that slug.
    pub(super) fn set_hours(&mut self, organisation: &str, hours: &str, to: OverrideTo, by: &str) {
        let snapshot = Arc::clone(&self.x.snapshot);
        let of = snapshot.organisations().iter().find(|known| &*known.slug == organisation);
        if let Some(of) = of {
            self.x.set_hours((of, snapshot.plans().of(organisation)), (hours, to), by);
        }
    }
}
