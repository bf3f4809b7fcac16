//! Who is on hold, as an operator sees and changes it; calls whose budget is spent; and what the gate would say of calls.

use std::sync::Arc;
use std::time::Instant;

use kiestoon_media::CallKey;

use super::Switch;
use crate::call::Call;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::id;
use crate::reason::EndReason;
use crate::rights::{AccountKept, Charged, DrillResult, HoldReason, Judgement};
use crate::snapshot::Organisation;
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

    /// Pays what is due, and ends the calls whose budget is spent; nobody is cut off from help, whoever pays for the way there.
    pub(super) fn end_unpaid(&mut self) {
        for (key, reason) in self.x.pay_due() {
            self.unless_with_help(key, |call, x| call.end(x, reason.into()));
            self.test_call_unpaid(key, reason);
        }
    }

    /// Ends what runs at the cost of those who were removed.
    pub(super) fn end_of_removed(&mut self) {
        for leg in self.x.legs_of_nobody() {
            let key = id::call_of(leg);
            self.unless_with_help(key, |call, x| call.lose_payer(x, leg));
            self.test_call_unpaid(key, EndReason::Removed);
        }
    }

    fn unless_with_help(&mut self, key: CallKey, end: impl FnOnce(&mut Call, &mut Exchange)) {
        if self.calls.get(&key).is_some_and(Call::is_with_help) {
            return self.x.ledger.spare(key);
        }
        self.with_call(key, end);
    }

    /// Help has left a call that went on unpaid: it is paid now, or ends. False where there was none.
    pub(super) fn end_without_help(&mut self) -> bool {
        let calls = &self.calls;
        let is_over = |key| calls.get(&key).is_none_or(|call: &Call| !call.is_with_help());
        if !self.x.ledger.take_spared(self.x.now, is_over) {
            return false;
        }
        self.end_unpaid();
        self.end_of_removed();
        true
    }

    /// What was spent before this process began, and who was on hold.
    pub fn restore_accounts(&mut self, kept: impl IntoIterator<Item = AccountKept>) {
        kept.into_iter().for_each(|account| self.x.ledger.restore(account));
    }

    /// What would become of a call out of an extension of the organisation with that slug, or of the organisation itself, over each of
    /// its trunks, by name. None where there is nobody of that number. Nothing is counted, and nobody is told.
    pub fn judge_call_out(
        &mut self,
        now: Instant,
        organisation: &str,
        charged: &Charged,
        number: &str,
    ) -> Option<Vec<Judgement>> {
        self.with_charged(now, organisation, charged, |x, of| x.judge_only(of, charged, number))
    }

    /// Tries at the cost of somebody what a thief would. None where there is nobody of that number. Nothing is counted, and nobody is told.
    pub fn drill(&mut self, now: Instant, organisation: &str, charged: &Charged) -> Option<Vec<DrillResult>> {
        self.with_charged(now, organisation, charged, |x, of| x.drill(of, charged))
    }

    fn with_charged<T>(
        &mut self,
        now: Instant,
        organisation: &str,
        charged: &Charged,
        ask: impl FnOnce(&mut Exchange, &Organisation) -> T,
    ) -> Option<T> {
        let snapshot = Arc::clone(&self.x.snapshot);
        let of = snapshot.organisations().iter().find(|known| &*known.slug == organisation)?;
        charged.profile(of)?;
        self.x.now = now;
        Some(ask(&mut self.x, of))
    }
}
