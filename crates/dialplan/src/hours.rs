//! Opening hours: ranges such as `ma-vr 08:30-17:30` without closed days, and dated ones that beat those, asked of one
//! moment. Hours are judged by the clock on the wall: a time that the clock repeats counts both times, one that it skips
//! never comes.

mod change;
mod opening;
mod reason;
mod state;

pub(crate) use opening::{Opening, minute, weekday};
pub use reason::HoursReason;
pub use state::HoursState;

use crate::calendar::Days;
use jiff::civil::{Date, DateTime};

/// `[hours.NAME]`, or what is written directly in `when`: a range, holidays, or the name of a closure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Hours {
    pub(crate) open: Vec<Opening>,
    pub(crate) closed: Vec<Closed>,
}

/// An entry of `closed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closed {
    /// As written: `2026-12-25`, `holidays:nl` or `kerst`.
    pub(crate) text: String,
    pub(crate) days: Days,
}

impl Hours {
    /// Open at this, and closed on no day.
    pub(crate) fn only(opening: Opening) -> Self {
        Self { open: vec![opening], closed: Vec::new() }
    }

    pub(crate) fn is_open(&self, at: DateTime) -> bool {
        // A day is asked about once: there may be many openings, and many closed days.
        let (mut today, mut yesterday) = (false, false);
        for (opening, date) in self.openings_at(at) {
            if opening.is_dated() {
                return true;
            }
            if date == at.date() { today = true } else { yesterday = true }
        }
        let is_free = |date| self.closed_on(date).is_none() && self.dated_on(date).is_none();
        (today && is_free(at.date())) || (yesterday && at.date().yesterday().is_ok_and(is_free))
    }

    /// Why they are open or closed then.
    pub(crate) fn why(&self, at: DateTime) -> HoursReason {
        let mut closed = None;
        for (opening, date) in self.openings_at(at) {
            let dated = self.dated_on(date).filter(|_| !opening.is_dated());
            match self.closed_on(date).filter(|_| !opening.is_dated()) {
                None if dated.is_none() => return HoursReason::Open { text: opening.text.clone() },
                None => {
                    let text = dated.map(|dated| dated.text.clone()).unwrap_or_default();
                    closed.get_or_insert(HoursReason::Dated { text });
                }
                Some(entry) => {
                    closed.get_or_insert_with(|| HoursReason::Closed {
                        text: entry.text.clone(),
                        holiday: entry.days.holiday_on(date),
                    });
                }
            }
        }
        closed.unwrap_or(HoursReason::Outside)
    }

    /// The openings that hold then, were no day closed; each with the day that it started on.
    fn openings_at(&self, at: DateTime) -> impl Iterator<Item = (&Opening, Date)> {
        let minute = u16::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).unwrap_or(0);
        let today = at.date();
        let yesterday = today.yesterday().ok();
        self.open.iter().flat_map(move |opening| {
            let since_today = opening.has(minute).then_some(today);
            let since_yesterday = yesterday.filter(|_| opening.reaches(minute));
            let dates = [since_today, since_yesterday].into_iter().flatten();
            dates.filter(|date| opening.starts_on(*date)).map(move |date| (opening, date))
        })
    }

    /// An entry of `open` with dates that says this day's hours: those of the week do not count then.
    fn dated_on(&self, date: Date) -> Option<&Opening> {
        self.open.iter().find(|opening| opening.is_dated() && opening.starts_on(date))
    }

    fn closed_on(&self, date: Date) -> Option<&Closed> {
        self.closed.iter().find(|closed| closed.days.contains(date))
    }
}

#[cfg(test)]
mod tests;
