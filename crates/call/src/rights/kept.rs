//! What of the accounts outlives the process: what was spent, and who is on hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::account::{Account, Day};
use super::charged::Charged;
use super::hold::Hold;
use super::ledger::Ledger;
use crate::exchange::Exchange;
use crate::switch::Output;

/// An account as it is from now on, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountKept {
    /// The id of the organisation.
    pub organisation: Arc<str>,
    /// Whose it is.
    pub charged: Charged,
    /// Year, month and day on the calendar of the organisation.
    pub day: (i16, i8, i8),
    /// Spent that day, in millionths of the currency.
    pub today: u64,
    /// Spent in its month, likewise.
    pub this_month: u64,
    /// Whether it is on hold, and why.
    pub held: Option<Hold>,
}

/// Accounts by organisation, and by number; None: the organisation's own.
pub(super) type Touched = BTreeSet<(Arc<str>, Option<Box<str>>)>;

impl Ledger {
    /// What has changed since it was asked last.
    fn changed(&mut self) -> Vec<AccountKept> {
        let touched = std::mem::take(&mut self.touched);
        touched.into_iter().map(|(organisation, number)| self.kept(organisation, number)).collect()
    }

    /// An account that is gone is empty.
    fn kept(&self, organisation: Arc<str>, number: Option<Box<str>>) -> AccountKept {
        let charged = number.map_or(Charged::Organisation, Charged::Extension);
        let account = self.find(&organisation, &charged);
        let (day, today, this_month) = account.map(|account| account.spent.kept()).unwrap_or_default();
        let held = account.and_then(|account| account.held.clone());
        AccountKept { organisation, charged, day, today, this_month, held }
    }

    /// Takes up an account from before.
    pub(crate) fn restore(&mut self, kept: AccountKept) {
        let AccountKept { organisation, charged, day, today, this_month, held } = kept;
        let account = self.account(&organisation, &charged);
        account.take_up((day, today, this_month), held);
    }
}

impl Account {
    fn take_up(&mut self, (day, today, this_month): (Day, u64, u64), held: Option<Hold>) {
        self.spent = super::account::Spent::before(day, today, this_month);
        self.held = held;
    }
}

impl Exchange {
    /// Has the accounts kept that were changed.
    pub(crate) fn keep_accounts(&mut self) {
        let changed = self.ledger.changed();
        self.outputs.extend(changed.into_iter().map(|kept| Output::Account(Box::new(kept))));
    }
}
