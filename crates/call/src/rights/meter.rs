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
use crate::reason::EndReason;
use crate::snapshot::{Organisation, Snapshot};
use crate::trunk::rates::Rate;

/// What so much talk costs, rounded up.
pub(super) fn price(rate: Rate, talk: Duration) -> u64 {
    let cost = u128::from(rate.per_minute) * talk.as_millis();
    u64::try_from(cost.div_ceil(MINUTE)).unwrap_or(u64::MAX)
}

/// What the beginning of a leg costs: it needs to be there before it is called.
pub(super) fn beginning(rate: Option<Rate>) -> u64 {
    rate.map_or(0, |rate| rate.setup.saturating_add(price(rate, AHEAD)))
}

impl Exchange {
    /// The day on the calendar of an organisation.
    pub(crate) fn day_of(&self, of: &Organisation) -> Day {
        self.snapshot.plans().of(&of.slug).day(self.timestamp())
    }

    /// A leg over a trunk was answered: it begins to cost, and what was kept free for it pays that. An error where its first seconds cannot
    /// be paid all the same: limits may have changed since.
    pub(crate) fn leg_answered(&mut self, leg: LegId) -> Result<(), EndReason> {
        let (now, Some(line)) = (self.now, self.ledger.line(leg)) else { return Ok(()) };
        let setup = line.rate.map_or(0, |rate| rate.setup);
        let line = Line { state: State::Talking { since: now, until: now, setup, paid: 0 }, ..line.clone() };
        self.ledger.set(leg, line.state);
        self.pay_on(&line).inspect_err(|_| self.owe_setup(&line, setup))
    }

    /// Whoever has answered asks for the beginning, also of a call that ends at once.
    fn owe_setup(&mut self, line: &Line, setup: u64) {
        let snapshot = Arc::clone(&self.snapshot);
        if let Some(of) = organisation(&snapshot, line) {
            let payers = payers(&snapshot, of, &line.charged);
            self.spend(of, payers.unwrap_or_else(|| vec![(Charged::Organisation, of.profile.limits)]), setup);
        }
        let now = self.now;
        self.ledger.set(line.leg, State::Talking { since: now, until: now, setup, paid: setup });
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

    /// Pays the next seconds of the legs whose time is over. The calls of those that cannot be paid any more, and why.
    pub(crate) fn pay_due(&mut self) -> Vec<(CallKey, EndReason)> {
        let mut unpaid = Vec::new();
        while let Some(line) = self.ledger.pop_due(self.now) {
            if let Err(reason) = self.pay_on(&line) {
                self.pay_later(&line);
                unpaid.push((id::call_of(line.leg), reason));
            }
        }
        unpaid
    }

    /// A leg that goes on unpaid, since it is with help, is to be paid later, and for all of its time.
    fn pay_later(&mut self, line: &Line) {
        if let State::Talking { since, setup, paid, .. } = line.state {
            let until = self.now + AHEAD;
            self.ledger.set(line.leg, State::Talking { since, until, setup, paid });
        }
    }

    /// The live legs that nobody pays for any more: whoever was charged was removed. One that is switched off pays on.
    pub(crate) fn legs_of_nobody(&self) -> Vec<LegId> {
        let snapshot = &self.snapshot;
        let is_paid = |line: &&Line| {
            organisation(snapshot, line).and_then(|of| payers(snapshot, of, &line.charged)).is_some()
        };
        self.ledger.live().filter(|line| !is_paid(line)).map(|line| line.leg).collect()
    }

    /// Pays a running leg on. An error where that would overdraw a budget, or nobody is there to pay.
    fn pay_on(&mut self, line: &Line) -> Result<(), EndReason> {
        let State::Talking { since, until, setup, paid } = line.state else { return Ok(()) };
        let Some(rate) = line.rate else { return self.pay(line, 0) };
        let until = until.max(self.now) + AHEAD;
        let due = setup.saturating_add(price(rate, until.saturating_duration_since(since)));
        let amount = due.saturating_sub(paid);
        self.pay(line, amount)?;
        self.ledger.set(line.leg, State::Talking { since, until, setup, paid: due });
        Ok(())
    }

    fn pay(&mut self, line: &Line, amount: u64) -> Result<(), EndReason> {
        let snapshot = Arc::clone(&self.snapshot);
        let of = organisation(&snapshot, line).ok_or(EndReason::Removed)?;
        let payers = payers(&snapshot, of, &line.charged).ok_or(EndReason::Removed)?;
        if payers.iter().any(|(charged, limits)| self.room(of, charged, limits, line.leg) < amount) {
            return Err(EndReason::BudgetSpent);
        }
        if amount > 0 {
            self.spend(of, payers, amount);
        }
        Ok(())
    }

    /// What of somebody's budgets is neither spent nor kept free for legs besides this one.
    pub(super) fn room(
        &mut self,
        of: &Organisation,
        charged: &Charged,
        limits: &Limits,
        besides: LegId,
    ) -> u64 {
        if !limits.has_budget() {
            return u64::MAX;
        }
        let day = self.day_of(of);
        let room = self.ledger.account(&of.id, charged).spent.room(day, limits);
        room.saturating_sub(self.ledger.reserved(&of.id, charged, besides))
    }

    fn spend(&mut self, of: &Organisation, payers: Vec<(Charged, Limits)>, amount: u64) {
        let day = self.day_of(of);
        for (charged, limits) in payers {
            let periods = self.ledger.account(&of.id, &charged).spent.spend(day, amount, &limits);
            self.ledger.touch(&of.id, &charged);
            for period in periods {
                let (organisation, charged) = (of.slug.clone(), charged.clone());
                self.event(Event::BudgetNearlySpent { organisation, charged, period });
            }
        }
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

/// Whose budgets a leg is paid from: that of whoever is charged, switched off or not, and that of the organisation. None where whoever is
/// charged was removed.
fn payers(snapshot: &Snapshot, of: &Organisation, charged: &Charged) -> Option<Vec<(Charged, Limits)>> {
    let dormant = || snapshot.dormant(&of.id, charged.number()?);
    let own = (charged.clone(), charged.profile(of).or_else(dormant)?.limits);
    let all = (*charged != Charged::Organisation).then(|| (Charged::Organisation, of.profile.limits));
    Some(std::iter::once(own).chain(all).collect())
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
