//! Date (RFC 3261 section 20.17): `Sat, 21 Nov 2026 23:29:00 GMT`, in seconds since 1970.

use super::{HeaderName, Headers};

impl Headers {
    /// When the request was made, in seconds since 1970. None where it does not say so, or not in the one form there is.
    pub fn date(&self) -> Option<u64> {
        parse(self.get(&HeaderName::Date)?)
    }

    /// Says when a request is made, in seconds since 1970.
    pub fn set_date(&mut self, at: u64) {
        self.set(HeaderName::Date, write(at));
    }
}

fn write(at: u64) -> String {
    let (days, second) = (at / DAY, at % DAY);
    let (year, month, day) = civil(days);
    let weekday =
        usize::try_from((days + 4) % 7).ok().and_then(|index| WEEKDAYS.get(index)).unwrap_or(&"Thu");
    let month = MONTHS.get(month).unwrap_or(&"Jan");
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

fn parse(text: &str) -> Option<u64> {
    let (_weekday, rest) = text.split_once(',')?;
    let mut words = rest.split_ascii_whitespace();
    let day = number(words.next()?, 1..=2)?;
    let named = words.next()?;
    let month = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(named))?;
    let year = number(words.next()?, 4..=4)?;
    let mut clock = words.next()?.split(':').map(|part| number(part, 2..=2));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let is_whole = clock.next().is_none()
        && words.next().is_some_and(|zone| zone.eq_ignore_ascii_case("GMT"))
        && words.next().is_none();
    let is_time = hour < 24 && minute < 60 && second <= 60;
    if !is_whole || !is_time || year < 1970 {
        return None;
    }
    let days = days(year, month, day)?;
    Some(days * DAY + hour * 3_600 + minute * 60 + second)
}

fn number(text: &str, width: std::ops::RangeInclusive<usize>) -> Option<u64> {
    let is_number = width.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Days since 1970; None where the month has no such day.
fn days(year: u64, month: usize, day: u64) -> Option<u64> {
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let before = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    let months: u64 = (0..month).map(|earlier| length(year, earlier)).sum();
    (1..=length(year, month)).contains(&day).then(|| before + months + day - 1)
}

fn length(year: u64, month: usize) -> u64 {
    let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    match month {
        1 => 28 + u64::from(is_leap),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// The date of a day since 1970, with the month from 0 (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, usize, u64) {
    let from_march = days + 719_468;
    let (era, of_era) = (from_march / 146_097, from_march % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let is_early = month >= 10;
    let month_from_january = if is_early { month - 10 } else { month + 2 };
    let year = year_of_era + era * 400 + u64::from(is_early);
    (year, usize::try_from(month_from_january).unwrap_or(0), day)
}

const DAY: u64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_rfc_3261_is_read_and_written() {
        let text = "Sat, 13 Nov 2010 23:29:00 GMT";
        let mut headers = Headers::new();
        assert_eq!(headers.date(), None);
        headers.push(HeaderName::Date, text);
        assert_eq!(headers.date(), Some(1_289_690_940));
        headers.set_date(1_289_690_940);
        assert_eq!(headers.get(&HeaderName::Date), Some(text));
        assert_eq!(write(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(write(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "Sat, 13 Nov 2010 23:29:00",
            "Sat, 13 Nov 2010 23:29:00 CET",
            "Sat, 13 Nov 2010 23:29:00 GMT x",
            "Sat, 31 Nov 2010 23:29:00 GMT",
            "Sat, 0 Nov 2010 23:29:00 GMT",
            "Mon, 29 Feb 2100 00:00:00 GMT",
            "Sat, 13 Foo 2010 23:29:00 GMT",
            "Sat, 13 Nov 2010 24:29:00 GMT",
            "Sat, 13 Nov 2010 23:29 GMT",
            "Sat, 13 Nov 2010 23:29:00:00 GMT",
            "Sat, 13 Nov 1969 23:29:00 GMT",
            "Sat, 13 Nov 99999 23:29:00 GMT",
            "Sat, +3 Nov 2010 23:29:00 GMT",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(at in 0..250_000_000_000_u64) {
            prop_assert_eq!(parse(&write(at)), Some(at));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
