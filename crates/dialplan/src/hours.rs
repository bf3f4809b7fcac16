//! Opening hours: ranges such as `ma-vr 08:30-17:30` without closed dates, asked of one local moment.

use crate::holidays::Holidays;
use jiff::civil::{Date, DateTime};

/// `[hours.NAME]`, or a range written directly in `when`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Hours {
    pub(crate) open: Vec<Opening>,
    pub(crate) closed: Vec<Closed>,
}

/// On some days, from a minute of the day up to another. Past midnight (`22:00-06:00`) it belongs to the day it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    /// One bit a day, Monday the lowest.
    days: u8,
    from: u16,
    until: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Closed {
    Dates { first: Date, last: Date },
    Holidays(Holidays),
}

impl Hours {
    pub(crate) fn is_open(&self, at: DateTime) -> bool {
        let minute = u16::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).unwrap_or(0);
        let today = at.date();
        let yesterday = today.yesterday().ok();
        self.open.iter().any(|opening| {
            let counts = |date: Date| opening.days & day_bit(date) != 0 && !self.is_closed(date);
            if opening.from < opening.until {
                return (opening.from..opening.until).contains(&minute) && counts(today);
            }
            (minute >= opening.from && counts(today))
                || (minute < opening.until && yesterday.is_some_and(counts))
        })
    }

    fn is_closed(&self, date: Date) -> bool {
        self.closed.iter().any(|closed| match closed {
            Closed::Dates { first, last } => (*first..=*last).contains(&date),
            Closed::Holidays(holidays) => holidays.contains(date),
        })
    }
}

impl Opening {
    /// Reads `ma-vr 08:30-17:30`, `za,zo 10:00-12:00`, `za` (the whole day) or `08:00-18:00` (every day).
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        if words.next().is_some() {
            return Err(format!("too many words, expected {EXPECTED}"));
        }
        match second {
            Some(times) => Self::new(parse_days(first)?, parse_times(times)?),
            None if first.contains(':') => Self::new(EVERY_DAY, parse_times(first)?),
            None => Self::new(parse_days(first)?, (0, DAY)),
        }
    }

    fn new(days: u8, (from, until): (u16, u16)) -> Result<Self, String> {
        if from == until {
            return Err("starts and ends at the same time".to_string());
        }
        Ok(Self { days, from, until })
    }
}

impl Closed {
    /// Reads `2026-12-25` or `2026-12-25..2026-12-26`. Holidays are the reader's business: it warns of unknown ones.
    pub(crate) fn parse_dates(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let date = |text: &str| {
            let text = text.trim();
            let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            let date = shape.then(|| text.parse::<Date>().ok()).flatten();
            date.ok_or_else(|| {
                "is no date, expected `2026-12-25`, `2026-12-25..2026-12-26` or `holidays:nl`".to_string()
            })
        };
        let (first, last) = (date(first)?, date(last)?);
        if last < first {
            return Err("ends before it starts".to_string());
        }
        Ok(Self::Dates { first, last })
    }
}

/// The day of the week of a word, Monday 0. Dutch and English.
pub(crate) fn weekday(word: &str) -> Option<u8> {
    let word = word.to_lowercase();
    let at = DAYS.iter().position(|names| names.contains(&word.as_str()))?;
    u8::try_from(at).ok()
}

/// The minute of the day of `08:30`; `24:00` is the end of the day.
pub(crate) fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| {
        let valid = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|_| minutes.len() == 2)?);
    (minutes < 60 && hours * 60 + minutes <= DAY).then_some(hours * 60 + minutes)
}

fn day_bit(date: Date) -> u8 {
    1 << date.weekday().to_monday_zero_offset()
}

fn parse_days(text: &str) -> Result<u8, String> {
    let day = |word: &str| {
        weekday(word).ok_or_else(|| format!("`{word}` is no day, expected ma, di, wo, do, vr, za or zo"))
    };
    let mut days = 0;
    for piece in text.split(',') {
        let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
        let (first, last) = (day(first)?, day(last)?);
        // A range may pass the end of the week: vr-ma.
        let length = (last + 7 - first) % 7;
        days |= (0..=length).fold(0, |days, step| days | 1 << ((first + step) % 7));
    }
    Ok(days)
}

fn parse_times(text: &str) -> Result<(u16, u16), String> {
    let times = text.split_once('-').and_then(|(from, until)| Some((minute(from)?, minute(until)?)));
    match times {
        Some((from, until)) if from < DAY => Ok((from, until)),
        _ => Err(format!("`{text}` is no range of time, expected {EXPECTED}")),
    }
}

const DAYS: [&[&str]; 7] = [
    &["ma", "maandag", "mo", "mon", "monday"],
    &["di", "dinsdag", "tu", "tue", "tuesday"],
    &["wo", "woensdag", "we", "wed", "wednesday"],
    &["do", "donderdag", "th", "thu", "thursday"],
    &["vr", "vrijdag", "fr", "fri", "friday"],
    &["za", "zaterdag", "sa", "sat", "saturday"],
    &["zo", "zondag", "su", "sun", "sunday"],
];
const EVERY_DAY: u8 = 0b111_1111;
/// Minutes.
const DAY: u16 = 24 * 60;
const EXPECTED: &str = "`ma-vr 08:30-17:30`";

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn hours(open: &[&str], closed: &[&str]) -> Hours {
        Hours {
            open: open.iter().map(|text| Opening::parse(text).unwrap()).collect(),
            closed: closed.iter().map(|text| Closed::parse_dates(text).unwrap()).collect(),
        }
    }

    /// 2026-11-16 is a Monday.
    fn open(hours: &Hours, day: i8, hour: i8, minute: i8) -> bool {
        hours.is_open(date(2026, 11, day).at(hour, minute, 0, 0))
    }

    #[test]
    fn the_last_minute_is_before_closing_time() {
        let office = hours(&["ma-vr 08:30-17:30", "za 09:00-12:00"], &[]);
        assert!(!open(&office, 16, 8, 29));
        assert!(open(&office, 16, 8, 30));
        assert!(open(&office, 20, 17, 29));
        assert!(!open(&office, 20, 17, 30));
        assert!(open(&office, 21, 11, 59));
        assert!(!open(&office, 22, 10, 0));
    }

    #[test]
    fn a_night_belongs_to_the_day_it_starts() {
        let night = hours(&["vr 22:00-06:00"], &["2026-11-27"]);
        assert!(open(&night, 20, 22, 0));
        assert!(open(&night, 21, 5, 59));
        assert!(!open(&night, 21, 6, 0));
        assert!(!open(&night, 20, 5, 0));
        assert!(!open(&night, 28, 5, 0), "its Friday is closed");
    }

    #[test]
    fn days_may_wrap_and_be_listed() {
        let weekend = hours(&["vr-ma", "wo,do 10:00-24:00"], &["2026-11-21..2026-11-22"]);
        assert!(open(&weekend, 16, 0, 0));
        assert!(open(&weekend, 20, 23, 59));
        assert!(!open(&weekend, 17, 12, 0));
        assert!(open(&weekend, 19, 23, 59));
        assert!(!open(&weekend, 22, 12, 0), "closed");
        assert!(open(&hours(&["08:00-9:00"], &[]), 22, 8, 59));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "ma", "ma-vr 08:30-17:30"] {
            assert_eq!(Opening::parse(text).is_ok(), !text.is_empty());
        }
        for text in [
            "xx 08:00-09:00",
            "ma 08:00",
            "ma 8-9",
            "ma 25:00-26:00",
            "ma 24:00-08:00",
            "ma 08:60-09:00",
            "ma 08:00-08:00",
            "ma 08:00-09:00 di",
            "ma- 08:00-09:00",
            "ma 99999999999:00-09:00",
        ] {
            assert!(Opening::parse(text).is_err(), "{text}");
        }
        for text in
            ["", "25-12-2026", "2026-13-01", "2026-12-26..2026-12-25", "2026-12-25..", "2026-12-25T10:00"]
        {
            assert!(Closed::parse_dates(text).is_err(), "{text}");
        }
    }
}
