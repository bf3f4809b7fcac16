//! French as in France: "mille neuf cent quatre-vingt-cinq", "vendredi vingt-cinq décembre deux mille vingt-six", "quatorze
//! heures trente".

use super::Words;
use super::calendar::{day, month, weekday, year};
use super::language::Extra;
use super::number::{Group, Parts};
use jiff::civil::Date;

pub(super) const NUMBERS: &[&str] = &["thousand", "million"];
pub(super) const DATES: &[Extra] = &[Extra::Series("day", 1, 1)];
/// Hours are whole recordings: "deux heures" is bound together.
pub(super) const TIMES: &[Extra] = &[
    Extra::Series("hour", 0, 23),
    Extra::Series("minute", 1, 1),
    Extra::Series("minute", 21, 21),
    Extra::Series("minute", 31, 31),
    Extra::Series("minute", 41, 41),
    Extra::Series("minute", 51, 51),
];

pub(super) fn number(number: u64, words: &mut Words) {
    let parts = Parts::of(number);
    if !parts.millions.is_zero() {
        words.group(parts.millions);
        words.word("million");
    }
    if !parts.thousands.is_zero() {
        // Of one alone it is "mille".
        if parts.thousands != Group(1) {
            words.group(parts.thousands);
        }
        words.word("thousand");
    }
    words.group(parts.rest);
}

pub(super) fn date(date: Date, words: &mut Words) {
    weekday(date, words);
    match day(date) {
        // "premier".
        1 => words.of("day", 1),
        day => words.small(day),
    }
    month(date, words);
    number(year(date).into(), words);
}

pub(super) fn time(hour: u16, minute: u16, words: &mut Words) {
    words.of("hour", hour);
    match minute {
        0 => {}
        // "vingt et une": minutes are feminine.
        1 | 21 | 31 | 41 | 51 => words.of("minute", minute),
        minute => words.small(minute),
    }
}
