//! Who is on hold, as an operator sees and changes it, and calls whose budget is spent.

use std::sync::Arc;

use super::Switch;
use crate::event::Event;
use crate::reason::EndReason;
use crate::rights::{Charged, HoldReason};
use crate::view::HeldView;

impl Switch {
    /// Everybody on hold, by organisation and number.
    pub fn held(&self) -> Vec<HeldView> {
        let mut views: Vec<HeldView> = self.x.ledger.held(&self.x.snapshot).collect();
        views.sort_by(|a, b| (&a.organisation, &a.number).cmp(&(&b.organisation, &b.number)));
        views
    }

    /// An operator puts an extension of the organisation with that slug, or the organisation, on hold, or takes it off it.
    pub(super) fn set_hold(&mut self, organisation: &str, number: Option<Box<str>>, held: bool, by: &str) {
        let snapshot = Arc::clone(&self.x.snapshot);
        let Some(of) = snapshot.organisations().iter().find(|known| &*known.slug == organisation) else {
            return;
        };
        let charged = number.map_or(Charged::Organisation, Charged::Extension);
        if charged.profile(of).is_none() {
            return;
        }
        if held {
            self.x.hold(of, &charged, HoldReason::Operator, Some(by));
        } else if self.x.ledger.approve(&of.id, &charged) {
            let (organisation, by) = (of.slug.clone(), by.into());
            self.x.event(Event::FraudApproved { organisation, charged, by });
        }
    }

    /// Pays what is due, and ends the calls whose budget is spent.
    pub(super) fn end_unpaid(&mut self) {
        for key in self.x.pay_due() {
            self.with_call(key, |call, x| call.end(x, EndReason::BudgetSpent.into()));
        }
    }

    /// What has been spent before this process began: by the id of the organisation, this day and this month on its calendar, in
    /// millionths of the currency.
    pub fn restore_spent(&mut self, organisation: &str, charged: &Charged, today: u64, this_month: u64) {
        let snapshot = Arc::clone(&self.x.snapshot);
        let of = snapshot.index_of(organisation).and_then(|index| snapshot.organisation(index));
        if let Some(of) = of.filter(|of| charged.profile(of).is_some()) {
            let day = self.x.day_of(of);
            self.x.ledger.restore(&of.id, charged, day, (today, this_month));
        }
    }
}
