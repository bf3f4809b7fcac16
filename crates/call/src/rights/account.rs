//! What an extension or an organisation has called: how fast, and for how much.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::hold::{Hold, Recent};
use super::profile::Limits;

/// The account of somebody who is charged.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Account {
    bucket: Option<Bucket>,
    pub(super) spent: Spent,
    pub(super) recent: Recent,
    pub(super) held: Option<Hold>,
}

/// New calls: full it holds those of a minute, and it fills evenly.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Bucket {
    /// Milliseconds of filling that are in it.
    filled: u64,
    #[serde(with = "kiestoon_sip::plain")]
    at: Instant,
}

/// A day: year, month and day.
pub(crate) type Day = (i16, i8, i8);

/// What has been spent, in millionths of the currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spent {
    day: Day,
    today: u64,
    this_month: u64,
    /// Whether it was said that most of the day's budget is gone, and of the month's.
    warned: (bool, bool),
}

/// A budget by its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Of a day.
    Day,
    /// Of a month.
    Month,
}

impl Account {
    /// Whether one more call may begin now.
    pub(super) fn has_call(&self, now: Instant, limits: &Limits) -> bool {
        let Some(per_minute) = limits.calls_per_minute else { return true };
        self.fill(now).filled >= each(per_minute)
    }

    /// One more begins.
    pub(super) fn take_call(&mut self, now: Instant, limits: &Limits) {
        let Some(per_minute) = limits.calls_per_minute else { return };
        let mut bucket = self.fill(now);
        bucket.filled = bucket.filled.saturating_sub(each(per_minute));
        self.bucket = Some(bucket);
    }

    fn fill(&self, now: Instant) -> Bucket {
        let Some(before) = self.bucket else { return Bucket { filled: MINUTE, at: now } };
        let passed = now.saturating_duration_since(before.at).as_millis();
        let passed = u64::try_from(passed).unwrap_or(MINUTE);
        Bucket { filled: before.filled.saturating_add(passed).min(MINUTE), at: now }
    }

    /// Whether nothing has to be remembered of it.
    pub(super) fn is_blank(&self, now: Instant) -> bool {
        let is_full = self.bucket.is_none_or(|_| self.fill(now).filled >= MINUTE);
        is_full && self.held.is_none() && self.spent == Spent::default() && self.recent.is_empty()
    }
}

impl Spent {
    /// Of records from before.
    pub(super) fn before(day: Day, today: u64, this_month: u64) -> Self {
        Self { day, today, this_month, warned: (false, false) }
    }

    /// What may still be spent.
    pub(super) fn room(&mut self, day: Day, limits: &Limits) -> u64 {
        self.begin(day);
        let left = |limit: Option<u64>, spent| limit.map_or(u64::MAX, |limit| limit.saturating_sub(spent));
        left(limits.spend_per_day, self.today).min(left(limits.spend_per_month, self.this_month))
    }

    /// Spends. Some where most of a budget is gone now, and it was not said before.
    pub(super) fn spend(&mut self, day: Day, amount: u64, limits: &Limits) -> Vec<Period> {
        self.begin(day);
        self.today = self.today.saturating_add(amount);
        self.this_month = self.this_month.saturating_add(amount);
        let is_most = |limit: Option<u64>, spent: u64| {
            limit.is_some_and(|limit| spent >= (limit / MOST_OF.1).saturating_mul(MOST_OF.0))
        };
        let now =
            (is_most(limits.spend_per_day, self.today), is_most(limits.spend_per_month, self.this_month));
        let before = self.warned;
        self.warned = (before.0 || now.0, before.1 || now.1);
        let day = (now.0 && !before.0).then_some(Period::Day);
        day.into_iter().chain((now.1 && !before.1).then_some(Period::Month)).collect()
    }

    /// Gives back what was paid ahead.
    pub(super) fn refund(&mut self, amount: u64) {
        self.today = self.today.saturating_sub(amount);
        self.this_month = self.this_month.saturating_sub(amount);
    }

    fn begin(&mut self, day: Day) {
        if (self.day.0, self.day.1) != (day.0, day.1) {
            (self.this_month, self.warned.1) = (0, false);
        }
        if self.day != day {
            (self.day, self.today, self.warned.0) = (day, 0, false);
        }
    }

    /// The day, and what was spent on it and in its month.
    pub(super) fn kept(&self) -> (Day, u64, u64) {
        (self.day, self.today, self.this_month)
    }

    pub(super) fn today(&self) -> u64 {
        self.today
    }
}

impl Period {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// Milliseconds of filling that a call takes.
fn each(per_minute: u32) -> u64 {
    MINUTE.checked_div(u64::from(per_minute)).unwrap_or(u64::MAX)
}

/// Milliseconds.
const MINUTE: u64 = Duration::from_secs(60).as_millis() as u64;
/// It is said when four fifths of a budget are gone.
const MOST_OF: (u64, u64) = (4, 5);

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_calls_may_begin_at_once_and_then_one_after_the_other() {
        let limits = Limits { calls_per_minute: Some(3), ..Limits::default() };
        let (mut account, start) = (Account::default(), Instant::now());
        let mut call = |after: u64| {
            let now = start + Duration::from_secs(after);
            let may = account.has_call(now, &limits);
            if may {
                account.take_call(now, &limits);
            }
            may
        };
        assert_eq!(
            [0, 0, 0, 0, 19, 20, 20, 39, 40].map(&mut call),
            [true, true, true, false, false, true, false, false, true]
        );
        assert!((0..3).all(|_| call(600)), "it never holds more than a minute's");
        assert!(!call(600));
    }

    #[test]
    fn nothing_at_all_may_begin_where_none_may() {
        let limits = Limits { calls_per_minute: Some(0), ..Limits::default() };
        assert!(!Account::default().has_call(Instant::now(), &limits));
    }

    #[test]
    fn a_budget_begins_anew_with_its_day_and_its_month() {
        let limits = Limits { spend_per_day: Some(100), spend_per_month: Some(150), ..Limits::default() };
        let mut spent = Spent::default();
        assert_eq!(spent.room((2026, 11, 29), &limits), 100);
        assert_eq!(spent.spend((2026, 11, 29), 79, &limits), []);
        assert_eq!(spent.spend((2026, 11, 29), 1, &limits), [Period::Day]);
        assert_eq!(spent.spend((2026, 11, 29), 10, &limits), [], "it is said once");
        assert_eq!(spent.room((2026, 11, 29), &limits), 10);
        assert_eq!(spent.room((2026, 11, 30), &limits), 60, "the month's");
        assert_eq!(spent.spend((2026, 11, 30), 50, &limits), [Period::Month]);
        spent.refund(20);
        assert_eq!((spent.room((2026, 11, 30), &limits), spent.room((2026, 12, 1), &limits)), (30, 100));
    }
}
