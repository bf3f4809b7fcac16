//! Days of the calendar: dates, dates of every year, public holidays, and closures that give such days a name.

pub(crate) mod holidays;

use crate::words;
use holidays::Holidays;
use jiff::civil::Date;
use std::sync::Arc;

/// A set of days, as `closed`, `dates` and a dated opening name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Days {
    /// From the first to the last, both included.
    Dates { first: Date, last: Date },
    /// The same of every year, as month and day. Where the last comes before the first, New Year lies between.
    Yearly { first: (i8, i8), last: (i8, i8) },
    /// The public holidays of a country or region.
    Holidays(Holidays),
    /// `[closure.NAME]`: any of these.
    Closure(Arc<[Self]>),
}

impl Days {
    /// Reads `2026-12-25`, `2026-12-24..2027-01-02`, `12-25` or `12-24..01-02`. The reason of an error follows the
    /// quoted text in a sentence.
    pub(crate) fn parse_dates(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (first.trim(), last.trim());
        if let (Some(first), Some(last)) = (date(first), date(last)) {
            if last < first {
                return Err("ends before it starts".to_string());
            }
            return Ok(Self::Dates { first, last });
        }
        match (month_and_day(first), month_and_day(last)) {
            (Some(first), Some(last)) => Ok(Self::Yearly { first, last }),
            _ => Err(NO_DATE.to_string()),
        }
    }

    /// Whether a text is meant as dates, right or wrong: it starts with a digit.
    pub(crate) fn looks_like_dates(text: &str) -> bool {
        text.starts_with(|c: char| c.is_ascii_digit())
    }

    /// How many entries have to be asked.
    pub(crate) fn count(&self) -> usize {
        if let Self::Closure(days) = self { days.len() } else { 1 }
    }

    pub(crate) fn contains(&self, date: Date) -> bool {
        match self {
            Self::Dates { first, last } => (*first..=*last).contains(&date),
            Self::Yearly { first, last } => {
                let day = (date.month(), date.day());
                if first <= last { (*first..=*last).contains(&day) } else { *first <= day || day <= *last }
            }
            Self::Holidays(holidays) => holidays.name_on(date).is_some(),
            Self::Closure(days) => days.iter().any(|days| days.contains(date)),
        }
    }

    /// The holiday that this day is, in its own language, where it is one of these days for being a holiday.
    pub(crate) fn holiday_on(&self, date: Date) -> Option<String> {
        match self {
            Self::Dates { .. } | Self::Yearly { .. } => None,
            Self::Holidays(holidays) => holidays.name_on(date),
            Self::Closure(days) => days.iter().find_map(|days| days.holiday_on(date)),
        }
    }
}

/// A date with its year. Only the one form: `jiff` takes more.
fn date(text: &str) -> Option<Date> {
    let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    shape.then(|| text.parse().ok()).flatten()
}

/// `12-25`; 29 February is a day of some years.
fn month_and_day(text: &str) -> Option<(i8, i8)> {
    let leap = (text.len() == 5).then(|| date(&format!("2024-{text}"))).flatten()?;
    Some((leap.month(), leap.day()))
}

/// The days of `holidays:NAME`, read from the part after the colon.
pub(crate) fn parse_holidays(name: &str) -> Result<Days, (String, Option<String>)> {
    Holidays::parse(name).map(Days::Holidays).ok_or_else(|| {
        let known = Holidays::names();
        let (country, region) = name.split_once('-').unwrap_or((name, ""));
        let regions: Vec<&str> =
            known.iter().filter_map(|n| n.strip_prefix(country)?.strip_prefix('-')).collect();
        let message = match regions.as_slice() {
            [] if region.is_empty() || !known.iter().any(|name| name == country) => {
                let countries = known.iter().map(String::as_str).filter(|name| !name.contains('-'));
                format!(
                    "the holidays of {} are not known, known are those of {}",
                    words::quote(name),
                    words::one_of(countries)
                )
            }
            [] => format!("`{country}` has no regions, expected `holidays:{country}`"),
            regions => format!(
                "{} is no region of `{country}`, expected {}",
                words::quote(region),
                words::one_of(regions.iter().copied())
            ),
        };
        let near = words::nearest(name, known.iter().map(String::as_str));
        (message, near.map(|near| format!("did you mean `holidays:{near}`?")))
    })
}

const NO_DATE: &str =
    "is no date, expected `2026-12-25`, `2026-12-24..2027-01-02`, or `12-25` for every year";

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn days(text: &str) -> Days {
        Days::parse_dates(text).unwrap_or_else(|reason| panic!("{text} {reason}"))
    }

    #[test]
    fn dates_of_one_year_and_of_every_year() {
        let kerst = days("2026-12-24..2027-01-02");
        assert!(kerst.contains(date(2026, 12, 24)) && kerst.contains(date(2027, 1, 2)));
        assert!(!kerst.contains(date(2026, 12, 23)) && !kerst.contains(date(2027, 1, 3)));
        let yearly = days("12-24..01-02");
        for year in [2025, 2026, 2031] {
            assert!(yearly.contains(date(year, 12, 24)) && yearly.contains(date(year, 12, 31)));
            assert!(yearly.contains(date(year, 1, 1)) && yearly.contains(date(year, 1, 2)));
            assert!(!yearly.contains(date(year, 1, 3)) && !yearly.contains(date(year, 12, 23)));
        }
        assert!(days("05-05").contains(date(2027, 5, 5)) && !days("05-05").contains(date(2027, 5, 6)));
        assert!(days("07-20 .. 08-15").contains(date(2026, 8, 1)));
        let leap = days("02-29");
        assert!(
            leap.contains(date(2028, 2, 29))
                && !leap.contains(date(2027, 2, 28))
                && !leap.contains(date(2027, 3, 1))
        );
        assert!(days("02-20..02-29").contains(date(2027, 2, 28)));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "..",
            "25-12-2026",
            "2026-13-01",
            "2026-12-26..2026-12-25",
            "2026-12-25..",
            "2026-12-25T10:00",
            "12-32",
            "02-30",
            "1-1",
            "2026-12-24..01-02",
            "12-24..2027-01-02",
            "2027-02-29",
            "+026-01-01",
            "12-24..01-02..01-03",
            "１２-２５",
        ] {
            assert!(Days::parse_dates(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unknown_holidays_name_the_nearest() {
        let error = |name: &str| parse_holidays(name).err().unwrap_or_else(|| panic!("{name} is taken"));
        assert!(
            error("es").0.starts_with("the holidays of `es` are not known, known are those of `be`, `br`")
        );
        assert_eq!(error("NL").1.as_deref(), Some("did you mean `holidays:nl`?"));
        assert!(error("de-bay").0.starts_with("`bay` is no region of `de`, expected `bw`, `by`"));
        assert_eq!(error("gb-sco").1.as_deref(), Some("did you mean `holidays:gb-sct`?"));
        assert_eq!(error("nl-zh").0, "`nl` has no regions, expected `holidays:nl`");
        assert!(error("xx-zh").0.starts_with("the holidays of `xx-zh` are not known"));
        assert!(error("").0.starts_with("the holidays of `` are not known"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Any text is dates or an error with a reason; dates may then be asked of any day.
        #[test]
        fn any_text(text in "\\PC{0,24}|[0-9.-]{0,24}|[0-9]{4}-[01][0-9]-[0-3][0-9]", year in -9999_i16..=9999, day in 1_i16..=365) {
            let asked = date(year, 1, 1).checked_add(jiff::ToSpan::days(i32::from(day) - 1)).unwrap();
            for days in [Days::parse_dates(&text).map_err(|reason| (reason, None)), parse_holidays(&text)] {
                match days {
                    Ok(days) => prop_assert!(days.contains(asked) || days.holiday_on(asked).is_none()),
                    Err((reason, _)) => prop_assert!(!reason.is_empty()),
                }
            }
        }

        /// A range of months and days holds the same days in every year.
        #[test]
        fn every_year_alike(a in 0..366_i32, b in 0..366_i32, asked in 0..365_i32, year in 1900_i16..2100) {
            let of = |day: i32| date(2024, 1, 1).checked_add(jiff::ToSpan::days(day)).unwrap();
            let text = |date: Date| format!("{:02}-{:02}", date.month(), date.day());
            let yearly = days(&format!("{}..{}", text(of(a)), text(of(b))));
            let day = of(asked);
            let expected = if a <= b { (a..=b).contains(&asked) } else { asked >= a || asked <= b };
            prop_assert_eq!(yearly.contains(day), expected);
            if let Ok(same) = Date::new(year, day.month(), day.day()) {
                prop_assert_eq!(yearly.contains(same), expected);
            }
        }
    }
}
