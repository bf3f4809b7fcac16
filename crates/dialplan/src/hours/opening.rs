//! One range of opening hours: on which days, and from when until when.

use crate::calendar::Days;
use jiff::civil::Date;

/// On some days, from a minute of the day up to another. Past midnight (`22:00-06:00`) it belongs to the day it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    /// As written.
    pub(crate) text: String,
    on: On,
    from: u16,
    until: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum On {
    /// One bit a day, Monday the lowest.
    Week(u8),
    /// These days, closed ones too.
    Days(Days),
}

impl Opening {
    /// Reads `ma-vr 08:30-17:30`, `za,zo 10:00-12:00`, `za` (the whole day), `08:00-18:00` (every day), or with a date
    /// for the days of the week: `2026-12-19 10:00-16:00`, `2026-12-14..2026-12-19 08:00-20:00`, `12-24 08:00-15:00`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        if words.next().is_some() {
            return Err(format!("too many words, expected {EXPECTED}"));
        }
        let (on, (from, until)) = match second {
            Some(times) => (On::parse(first)?, parse_times(times)?),
            None if first.contains(':') => (On::Week(EVERY_DAY), parse_times(first)?),
            None => (On::parse(first)?, (0, DAY)),
        };
        if from == until {
            return Err("starts and ends at the same time".to_string());
        }
        Ok(Self { text: text.to_string(), on, from, until })
    }

    /// Whether a text is days of the week alone, such as `za` or `ma-vr`.
    pub(crate) fn is_days(text: &str) -> bool {
        parse_days(text).is_ok()
    }

    /// The whole of these days, as `when = "holidays:nl"` means it.
    pub(crate) fn whole(text: &str, days: Days) -> Self {
        Self { text: text.to_string(), on: On::Days(days), from: 0, until: DAY }
    }

    /// Whether it is for certain dates, and so beats closed days.
    pub(crate) fn is_dated(&self) -> bool {
        matches!(self.on, On::Days(_))
    }

    pub(super) fn starts_on(&self, date: Date) -> bool {
        match &self.on {
            On::Week(days) => days & (1 << date.weekday().to_monday_zero_offset()) != 0,
            On::Days(days) => days.contains(date),
        }
    }

    /// Whether it holds at that minute of a day it starts on.
    pub(super) fn has(&self, minute: u16) -> bool {
        minute >= self.from && (minute < self.until || self.until < self.from)
    }

    /// Whether it still holds at that minute of the day after.
    pub(super) fn reaches(&self, minute: u16) -> bool {
        self.until < self.from && minute < self.until
    }

    /// The minutes of a day at which something may begin or end because of it.
    pub(super) fn edges(&self) -> [u16; 2] {
        [self.from, self.until]
    }
}

impl On {
    fn parse(text: &str) -> Result<Self, String> {
        if Days::looks_like_dates(text) {
            return Days::parse_dates(text).map(Self::Days).map_err(|reason| format!("`{text}` {reason}"));
        }
        parse_days(text).map(Self::Week)
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
pub(super) const DAY: u16 = 24 * 60;
const EXPECTED: &str = "`ma-vr 08:30-17:30` or `2026-12-19 10:00-16:00`";
