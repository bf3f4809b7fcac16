//! Public holidays that `closed = ["holidays:nl"]` names, computed and never looked up.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holidays {
    /// New Year, Easter Sunday and Monday, King's Day, Liberation Day in its five-yearly form, Ascension, Whit Sunday
    /// and Monday, both days of Christmas.
    Netherlands,
}

impl Holidays {
    pub(crate) fn parse(country: &str) -> Option<Self> {
        (country == "nl").then_some(Self::Netherlands)
    }

    pub(crate) fn contains(self, date: Date) -> bool {
        let Self::Netherlands = self;
        let fixed = match (date.month(), date.day()) {
            (1, 1) | (12, 25 | 26) => true,
            (4, 27) => date.weekday() != Weekday::Sunday,
            // King's Day moves to the Saturday before when the 27th is a Sunday.
            (4, 26) => date.weekday() == Weekday::Saturday,
            // A day off for most employers only once in five years.
            (5, 5) => date.year() % 5 == 0,
            _ => false,
        };
        let since_easter =
            |days: i32| easter(date.year()).and_then(|easter| easter.checked_add(days.days()).ok());
        fixed || [0, 1, 39, 49, 50].into_iter().any(|days| since_easter(days) == Some(date))
    }
}

/// Easter Sunday of the Gregorian calendar, by the computus of Butcher.
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y.rem_euclid(19), y.div_euclid(100), y.rem_euclid(100));
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15).rem_euclid(30);
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4).rem_euclid(7);
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    Date::new(year, i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn easter_is_where_the_tables_say() {
        for (year, month, day) in
            [(2000, 4, 23), (2019, 4, 21), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2038, 4, 25)]
        {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn dutch_holidays() {
        let holiday = |y, m, d| Holidays::Netherlands.contains(date(y, m, d));
        assert!(holiday(2026, 1, 1));
        assert!(holiday(2026, 4, 6), "Easter Monday");
        assert!(holiday(2026, 4, 27));
        assert!(holiday(2026, 5, 14), "Ascension");
        assert!(holiday(2026, 5, 25), "Whit Monday");
        assert!(holiday(2026, 12, 26));
        assert!(!holiday(2026, 5, 5));
        assert!(holiday(2025, 5, 5));
        assert!(holiday(2025, 4, 26) && !holiday(2025, 4, 27), "King's Day moved");
        assert!(!holiday(2026, 4, 3), "Good Friday is a working day");
    }
}
