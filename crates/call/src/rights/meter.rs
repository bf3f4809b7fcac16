//! The meter of a leg over a trunk: what it costs while it runs. It is paid a few seconds ahead, so that a budget ends the call
//! before it is overdrawn.

use std::sync::Arc;
use std::time::Duration;

use kiestoon_media::{CallKey, LegId};

use super::account::Day;
use super::charged::Charged;
use super::ledger::{AHEAD, Line, State};
use super::profile::Limits;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::id;
use crate::snapshot::{Organisation, Snapshot};
use crate::trunk::rates::Rate;

/// What so much talk costs, rounded up.
pub(super) fn price(rate: Rate, talk: Duration) -> u64 {
    let cost = u128::from(rate.per_minute) * talk.as_millis();
    u64::try_from(cost.div_ceil(MINUTE)).unwrap_or(u64::MAX)
}

impl Exchange {
    /// The day on the calendar of an organisation.
    pub(crate) fn day_of(&self, of: &Organisation) -> Day {
        self.snapshot.plans().of(&of.slug).day(self.timestamp())
    }

    /// A leg over a trunk was answered: it begins to cost. False where its first seconds cannot be paid.
    pub(crate) fn leg_answered(&mut self, leg: LegId) -> bool {
        let (now, Some(line)) = (self.now, self.ledger.line(leg)) else { return true };
        let setup = line.rate.map_or(0, |rate| rate.setup);
        let line = Line { state: State::Talking { since: now, until: now, setup, paid: 0 }, ..line.clone() };
        self.ledger.set(leg, line.state);
        self.pay_on(&line)
    }

    /// A leg is another one from now on: in this call, or in another, where it goes on to cost.
    pub(crate) fn leg_moved(&mut self, from: LegId, to: LegId) {
        let Some(line) = self.ledger.line(from).cloned() else { return };
        let state = match line.state {
            State::Talking { .. } => State::Talking { since: self.now, until: self.now, setup: 0, paid: 0 },
            other => other,
        };
        self.leg_over(from);
        self.ledger.enter(Line { leg: to, state, ..line });
    }

    /// A leg has ended: what was paid too much is given back.
    pub(crate) fn leg_over(&mut self, leg: LegId) {
        let Some(line) = self.ledger.line(leg).cloned() else { return };
        let cost = match (line.state, line.rate) {
            (State::Talking { since, setup, paid, .. }, Some(rate)) => {
                let talk = self.now.saturating_duration_since(since);
                let cost = setup.saturating_add(price(rate, talk)).min(paid);
                self.refund(&line, paid.saturating_sub(cost));
                Some(cost)
            }
            (State::Over { cost }, _) => cost,
            (State::Calling | State::Talking { .. }, _) => None,
        };
        self.ledger.set(leg, State::Over { cost });
    }

    /// Pays the next seconds of the legs whose time is over. The calls of those that cannot be paid any more.
    pub(crate) fn pay_due(&mut self) -> Vec<CallKey> {
        let mut unpaid = Vec::new();
        while let Some(line) = self.ledger.pop_due(self.now) {
            if !self.pay_on(&line) {
                unpaid.push(id::call_of(line.leg));
            }
        }
        unpaid
    }

    /// Pays a running leg on. False where that would overdraw a budget.
    fn pay_on(&mut self, line: &Line) -> bool {
        let (State::Talking { since, until, setup, paid }, Some(rate)) = (line.state, line.rate) else {
            return true;
        };
        let until = until.max(self.now) + AHEAD;
        let due = setup.saturating_add(price(rate, until.saturating_duration_since(since)));
        let amount = due.saturating_sub(paid);
        let is_paid = self.pay(line, amount);
        if is_paid {
            self.ledger.set(line.leg, State::Talking { since, until, setup, paid: due });
        }
        is_paid
    }

    fn pay(&mut self, line: &Line, amount: u64) -> bool {
        let snapshot = Arc::clone(&self.snapshot);
        let Some(of) = organisation(&snapshot, line) else { return false };
        let day = self.day_of(of);
        let payers = payers(of, &line.charged);
        let has_room = payers
            .iter()
            .all(|(charged, limits)| self.ledger.account(&of.id, charged).spent.room(day, limits) >= amount);
        if !has_room {
            return false;
        }
        for (charged, limits) in payers {
            let periods = self.ledger.account(&of.id, &charged).spent.spend(day, amount, &limits);
            self.ledger.touch(&of.id, &charged);
            for period in periods {
                let (organisation, charged) = (of.slug.clone(), charged.clone());
                self.event(Event::BudgetNearlySpent { organisation, charged, period });
            }
        }
        true
    }

    fn refund(&mut self, line: &Line, amount: u64) {
        self.ledger.account(&line.organisation, &Charged::Organisation).spent.refund(amount);
        self.ledger.touch(&line.organisation, &Charged::Organisation);
        if line.charged != Charged::Organisation {
            self.ledger.account(&line.organisation, &line.charged).spent.refund(amount);
            self.ledger.touch(&line.organisation, &line.charged);
        }
    }
}

/// Whose budgets a leg is paid from: that of whoever is charged, and that of the organisation.
fn payers(of: &Organisation, charged: &Charged) -> Vec<(Charged, Limits)> {
    let own = charged.profile(of).map(|profile| (charged.clone(), profile.limits));
    let all = (*charged != Charged::Organisation).then(|| (Charged::Organisation, of.profile.limits));
    own.into_iter().chain(all).collect()
}

fn organisation<'a>(snapshot: &'a Snapshot, line: &Line) -> Option<&'a Organisation> {
    snapshot.organisation(snapshot.index_of(&line.organisation)?)
}

/// Milliseconds.
const MINUTE: u128 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talk_is_charged_by_the_second_and_never_for_nothing() {
        let rate = Rate::per_minute(60_000);
        assert_eq!(price(rate, Duration::from_secs(60)), 60_000);
        assert_eq!(price(rate, Duration::from_millis(1500)), 1500);
        assert_eq!(price(Rate::per_minute(1), Duration::from_millis(1)), 1);
        assert_eq!(price(Rate::per_minute(u64::MAX), Duration::from_secs(1 << 40)), u64::MAX);
    }
}
