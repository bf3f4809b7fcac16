//! Who is charged with which legs, and what they have cost. For a leg that is called, what its beginning will cost is kept free; one that
//! was answered is paid ahead, a little at a time, and what was not used is given back. So no budget is ever overdrawn.

mod tally;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_media::{CallKey, LegId};
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::charged::Charged;
use super::hold::Hold;
use super::kept::Touched;
use crate::id;
use crate::snapshot::Snapshot;
use crate::trunk::rates::Rate;
use crate::view::HeldView;
use tally::{Tallies, Tally};

/// The accounts of everybody who was charged, and the legs of live calls.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// By the id of the organisation.
    accounts: HashMap<Arc<str>, Accounts>,
    /// The legs of each call, until its record is written.
    lines: BTreeMap<CallKey, Vec<Line>>,
    /// Until when the running legs are paid.
    #[serde(skip)]
    due: BTreeSet<(Instant, LegId)>,
    /// Of the lines.
    #[serde(skip)]
    tallies: Tallies,
    /// Calls that go on though they are not paid, for as long as help is in them.
    #[serde(skip)]
    spared: BTreeSet<CallKey>,
    /// Accounts that are to be kept as they are now.
    #[serde(skip)]
    pub(super) touched: Touched,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Accounts {
    own: Account,
    /// By number.
    extensions: HashMap<Box<str>, Account>,
}

/// A leg over a trunk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) leg: LegId,
    pub(super) organisation: Arc<str>,
    pub(super) charged: Charged,
    pub(super) number: Box<str>,
    pub(super) rate: Option<Rate>,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum State {
    /// It is called: its beginning is kept free in the budgets that it is paid from.
    Calling,
    /// Somebody has answered.
    Talking {
        #[serde(with = "kiestoon_sip::plain")]
        since: Instant,
        /// The end of what is paid.
        #[serde(with = "kiestoon_sip::plain")]
        until: Instant,
        /// What the beginning cost.
        setup: u64,
        /// What was paid so far.
        paid: u64,
    },
    /// It has ended.
    Over { cost: Option<u64> },
}

impl State {
    pub(super) fn is_live(self) -> bool {
        !matches!(self, Self::Over { .. })
    }
}

impl Ledger {
    /// The account of somebody, whose organisation has an account too.
    pub(super) fn account(&mut self, organisation: &Arc<str>, charged: &Charged) -> &mut Account {
        let accounts = self.accounts.entry(Arc::clone(organisation)).or_default();
        match charged {
            Charged::Organisation => &mut accounts.own,
            Charged::Extension(number) => accounts.extensions.entry(number.clone()).or_default(),
        }
    }

    /// The account of somebody, where there is one.
    pub(super) fn find(&self, organisation: &str, charged: &Charged) -> Option<&Account> {
        let accounts = self.accounts.get(organisation)?;
        match charged {
            Charged::Organisation => Some(&accounts.own),
            Charged::Extension(number) => accounts.extensions.get(number),
        }
    }

    /// Has an account kept as it will be at the end of this input.
    pub(super) fn touch(&mut self, organisation: &Arc<str>, charged: &Charged) {
        self.touched.insert((Arc::clone(organisation), charged.number().map(Into::into)));
    }

    /// Everybody on hold, as an operator sees them.
    pub(crate) fn held<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = HeldView> + 'a {
        self.accounts.iter().flat_map(move |(id, accounts)| {
            let slug =
                snapshot.index_of(id).and_then(|index| snapshot.organisation(index)).map(|of| &of.slug);
            let extensions = accounts.extensions.iter().map(|(number, account)| (Some(number), account));
            let all = std::iter::once((None, &accounts.own)).chain(extensions);
            all.filter_map(move |(number, account)| {
                let Hold { since, reason, by } = account.held.clone()?;
                let (organisation, number) = (slug?.clone(), number.cloned());
                let spent_today = account.spent.today();
                Some(HeldView { organisation, number, since, reason, by, spent_today })
            })
        })
    }

    /// Takes somebody off hold; what they did before counts no more. False where they were not on it.
    pub(crate) fn approve(&mut self, organisation: &Arc<str>, charged: &Charged) -> bool {
        self.touch(organisation, charged);
        let account = self.account(organisation, charged);
        account.recent.clear();
        account.held.take().is_some()
    }

    /// The legs that somebody has out now; None: the whole organisation. Legs, not calls: two that are joined cost what two cost.
    pub(super) fn legs_out(&self, organisation: &str, charged: Option<&Charged>) -> usize {
        self.tallies.find(organisation, charged).legs
    }

    /// What is to be kept free in somebody's budgets for the legs that are called now, besides one of them. An organisation pays for all.
    pub(super) fn reserved(&self, organisation: &str, charged: &Charged, besides: LegId) -> u64 {
        let of_one = Some(charged).filter(|charged| **charged != Charged::Organisation);
        let is_theirs = |line: &&Line| {
            *line.organisation == *organisation && of_one.is_none_or(|charged| line.charged == *charged)
        };
        let besides = self.line(besides).filter(is_theirs).map_or(0, |line| Tally::of(line).reserved);
        let all = self.tallies.find(organisation, of_one).reserved;
        u64::try_from(all.saturating_sub(besides)).unwrap_or(u64::MAX)
    }

    /// The legs that are called, and those that somebody has answered.
    pub(super) fn live(&self) -> impl Iterator<Item = &Line> {
        self.lines.values().flatten().filter(|line| line.state.is_live())
    }

    /// Whether this call has called that number before at the cost of the same, and nobody talks there: it is tried over another host or
    /// trunk, and counts once.
    pub(super) fn has_called(&self, call: CallKey, charged: &Charged, number: &str) -> bool {
        let mut lines = self.lines.get(&call).into_iter().flatten();
        let is_same = |line: &Line| line.charged == *charged && *line.number == *number;
        let is_answered = |line: &Line| matches!(line.state, State::Talking { .. });
        let is_again = lines.clone().any(is_same);
        is_again && !lines.any(|line| is_same(line) && is_answered(line))
    }

    pub(super) fn enter(&mut self, line: Line) {
        self.due.extend(due(&line));
        self.tallies.add(&line);
        self.lines.entry(id::call_of(line.leg)).or_default().push(line);
    }

    pub(super) fn line(&self, leg: LegId) -> Option<&Line> {
        self.lines.get(&id::call_of(leg))?.iter().find(|line| line.leg == leg)
    }

    /// Has a line be in that state from now on.
    pub(super) fn set(&mut self, leg: LegId, state: State) {
        let mut lines = self.lines.get_mut(&id::call_of(leg)).into_iter().flatten();
        let Some(line) = lines.find(|line| line.leg == leg) else { return };
        if let Some(before) = due(line) {
            self.due.remove(&before);
        }
        self.tallies.remove(line);
        line.state = state;
        self.tallies.add(line);
        self.due.extend(due(line));
    }

    /// A leg whose paid time is over; it is not looked at again before it is paid on.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Line> {
        let (_, leg) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.pop_first();
        self.line(leg).cloned()
    }

    /// A call goes on unpaid.
    pub(crate) fn spare(&mut self, call: CallKey) {
        self.spared.insert(call);
    }

    /// Those of them that are spared no more; they are to be paid now.
    pub(crate) fn take_spared(&mut self, now: Instant, is_over: impl Fn(CallKey) -> bool) -> bool {
        let over: Vec<CallKey> = self.spared.extract_if(.., |call| is_over(*call)).collect();
        for call in &over {
            let lines: Vec<Line> = self.lines.get(call).cloned().unwrap_or_default();
            for line in lines {
                if let State::Talking { since, setup, paid, .. } = line.state {
                    self.set(line.leg, State::Talking { since, until: now, setup, paid });
                }
            }
        }
        !over.is_empty()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What the legs of a call have cost; they are forgotten.
    pub(crate) fn costs(&mut self, call: CallKey) -> Vec<(LegId, u64)> {
        self.spared.remove(&call);
        let lines = self.lines.remove(&call).unwrap_or_default();
        for line in &lines {
            if let Some(due) = due(line) {
                self.due.remove(&due);
            }
            self.tallies.remove(line);
        }
        let cost = |line: &Line| match line.state {
            State::Over { cost } => Some((line.leg, cost?)),
            State::Calling | State::Talking { .. } => None,
        };
        lines.iter().filter_map(cost).collect()
    }

    /// The calls that have lines.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The accounts of those who are gone are closed, and those with nothing in them. Who is only switched off is not gone: on again, they
    /// have spent what they had spent.
    pub(crate) fn keep_only(&mut self, snapshot: &Snapshot, now: Instant) {
        let touched = &mut self.touched;
        self.accounts.retain(|organisation, accounts| {
            if !snapshot.has(organisation, None) {
                return false;
            }
            accounts.extensions.retain(|number, account| {
                let is_there = snapshot.has(organisation, Some(number));
                if !is_there {
                    // Another who gets its number begins anew.
                    touched.insert((Arc::clone(organisation), Some(number.clone())));
                }
                is_there && !account.is_blank(now)
            });
            !(accounts.extensions.is_empty() && accounts.own.is_blank(now))
        });
    }

    /// After it was taken up from another process: calls that were left behind have no lines.
    pub(crate) fn thawed(&mut self, has_call: impl Fn(CallKey) -> bool) {
        self.lines.retain(|call, _| has_call(*call));
        self.due = self.lines.values().flatten().filter_map(due).collect();
        self.tallies = Tallies::of(self.lines.values().flatten());
    }

    /// A copy without calls, for a drill.
    pub(super) fn forget_calls(&mut self) {
        self.lines.clear();
        self.due.clear();
        self.tallies = Tallies::default();
    }
}

/// When a leg that is paid as it goes is to be paid again.
fn due(line: &Line) -> Option<(Instant, LegId)> {
    match line.state {
        State::Talking { until, .. } if line.rate.is_some_and(|rate| rate.per_minute > 0) => {
            Some((until, line.leg))
        }
        _ => None,
    }
}

/// How long a leg is paid ahead.
pub(super) const AHEAD: Duration = Duration::from_secs(6);

#[cfg(test)]
mod tests;
