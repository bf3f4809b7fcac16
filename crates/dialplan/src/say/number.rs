//! Takes a number apart as all our languages do: millions, thousands and the rest, each of hundreds and what is below.

use super::{Language, MOST_READ, MOST_SPOKEN, TOO_LARGE, Words};

/// A number below a thousand millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) millions: Group,
    pub(super) thousands: Group,
    pub(super) rest: Group,
}

/// A number below a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group(pub(super) u16);

impl Parts {
    pub(super) fn of(number: u64) -> Self {
        let group = |number: u64| Group(u16::try_from(number % 1000).unwrap_or_default());
        Self { millions: group(number / 1_000_000), thousands: group(number / 1000), rest: group(number) }
    }

    /// Whether anything stands before the last three digits.
    pub(super) fn is_large(self) -> bool {
        !self.millions.is_zero() || !self.thousands.is_zero()
    }
}

impl Group {
    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The whole hundreds, if there are any.
    pub(super) fn hundreds(self) -> Option<u16> {
        (self.0 >= 100).then_some(self.0 / 100 * 100)
    }

    /// What is below them, if anything is.
    pub(super) fn rest(self) -> Option<u16> {
        let rest = self.0 % 100;
        (rest > 0).then_some(rest)
    }
}

/// A whole number, with or without a minus; None where the text is none.
pub(super) fn say(text: &str, language: Language, words: &mut Words) -> Option<()> {
    let text = text.trim();
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || digits.len() > MOST_READ || !are_digits {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    if is_negative && !significant.is_empty() {
        words.word("minus");
    }
    match significant {
        "" => words.small(0),
        _ => match significant.parse().ok().filter(|number| *number < TOO_LARGE) {
            Some(number) => language.number(number, words),
            None => significant
                .chars()
                .take(MOST_SPOKEN)
                .for_each(|digit| words.word(digit.encode_utf8(&mut [0; 4]))),
        },
    }
    Some(())
}

/// A year of the calendar by its century and what is below: 19 and 85.
pub(super) fn centuries(year: u16) -> (u16, u16) {
    (year / 100, year % 100)
}
