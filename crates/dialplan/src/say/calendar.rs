//! The names of days and months among the recordings.

use super::Words;
use jiff::civil::Date;

/// A recording each, from Monday.
pub(super) const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// A recording each.
pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day of the week.
pub(super) fn weekday(date: Date, words: &mut Words) {
    let at = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
    words.word(DAYS.get(at).copied().unwrap_or_default());
}

pub(super) fn month(date: Date, words: &mut Words) {
    let at = usize::try_from(date.month()).unwrap_or_default().saturating_sub(1);
    words.word(MONTHS.get(at).copied().unwrap_or_default());
}

/// The day of the month.
pub(super) fn day(date: Date) -> u16 {
    u16::try_from(date.day()).unwrap_or_default()
}

/// The year, which is not before 1.
pub(super) fn year(date: Date) -> u16 {
    u16::try_from(date.year()).unwrap_or_default()
}
