//! English as in Britain: "one thousand nine hundred and eighty-five", "Friday the twenty-fifth of December twenty
//! twenty-six", "two thirty p.m.".

use super::Words;
use super::calendar::{day, month, weekday, year};
use super::language::Extra;
use super::number::{Group, Parts, centuries};
use jiff::civil::Date;

pub(super) const NUMBERS: &[&str] = &["and", "thousand", "million"];
pub(super) const DATES: &[Extra] = &[Extra::Series("day", 1, 31), Extra::Word("hundred"), Extra::Word("oh")];
pub(super) const TIMES: &[Extra] = &[Extra::Word("oh"), Extra::Word("am"), Extra::Word("pm")];

pub(super) fn number(number: u64, words: &mut Words) {
    let parts = Parts::of(number);
    if !parts.millions.is_zero() {
        group(parts.millions, words);
        words.word("million");
    }
    if !parts.thousands.is_zero() {
        group(parts.thousands, words);
        words.word("thousand");
    }
    // "one thousand and five".
    if parts.is_large() && (1..100).contains(&parts.rest.0) {
        words.word("and");
    }
    group(parts.rest, words);
}

pub(super) fn date(date: Date, words: &mut Words) {
    weekday(date, words);
    words.of("day", day(date));
    month(date, words);
    match (year(date), centuries(year(date))) {
        (year, _) if year < 1100 || year % 1000 < 10 => number(year.into(), words),
        (_, (century, 0)) => {
            words.small(century);
            words.word("hundred");
        }
        (_, (century, rest)) => {
            words.small(century);
            tens(rest, words);
        }
    }
}

pub(super) fn time(hour: u16, minute: u16, words: &mut Words) {
    words.small(match hour % 12 {
        0 => 12,
        hour => hour,
    });
    if minute > 0 {
        tens(minute, words);
    }
    words.word(if hour < 12 { "am" } else { "pm" });
}

/// "oh five", "eighty-five".
fn tens(number: u16, words: &mut Words) {
    if number < 10 {
        words.word("oh");
    }
    words.small(number);
}

/// "one hundred and five".
fn group(group: Group, words: &mut Words) {
    if let Some(hundreds) = group.hundreds() {
        words.small(hundreds);
        if group.rest().is_some() {
            words.word("and");
        }
    }
    if let Some(rest) = group.rest() {
        words.small(rest);
    }
}
