//! German: "eintausendneunhundertfünfundachtzig", "Freitag der fünfundzwanzigste Dezember zweitausendsechsundzwanzig",
//! "vierzehn Uhr dreißig".

use super::Words;
use super::calendar::{day, month, weekday, year};
use super::language::Extra;
use super::number::{Group, Parts, centuries};
use jiff::civil::Date;

pub(super) const NUMBERS: &[&str] = &["ein", "eine", "thousand", "million", "millions"];
pub(super) const DATES: &[Extra] = &[Extra::Series("day", 1, 31), Extra::Word("hundred")];
pub(super) const TIMES: &[Extra] = &[Extra::Series("hour", 0, 23)];

pub(super) fn number(number: u64, words: &mut Words) {
    let parts = Parts::of(number);
    if !parts.millions.is_zero() {
        counted(parts.millions, "eine", words);
        words.word(if parts.millions == Group(1) { "million" } else { "millions" });
    }
    if !parts.thousands.is_zero() {
        counted(parts.thousands, "ein", words);
        words.word("thousand");
    }
    words.group(parts.rest);
}

pub(super) fn date(date: Date, words: &mut Words) {
    weekday(date, words);
    words.of("day", day(date));
    month(date, words);
    let year = year(date);
    if !(1100..2000).contains(&year) {
        return number(year.into(), words);
    }
    let (century, rest) = centuries(year);
    words.small(century);
    words.word("hundred");
    words.group(Group(rest));
}

pub(super) fn time(hour: u16, minute: u16, words: &mut Words) {
    words.of("hour", hour);
    if minute > 0 {
        words.small(minute);
    }
}

/// What stands before a word that it counts: "eins" is "ein" or "eine" there.
fn counted(group: Group, one: &str, words: &mut Words) {
    if group.rest() != Some(1) {
        return words.group(group);
    }
    if let Some(hundreds) = group.hundreds() {
        words.small(hundreds);
    }
    words.word(one);
}
