//! Portuguese as in Portugal: "mil novecentos e oitenta e cinco", "sexta-feira, vinte e cinco de dezembro de dois mil e vinte e
//! seis", "catorze horas e trinta".

use super::Words;
use super::calendar::{day, month, weekday, year};
use super::language::Extra;
use super::number::{Group, Parts};
use jiff::civil::Date;

pub(super) const NUMBERS: &[&str] = &["and", "hundred", "thousand", "million", "millions"];
pub(super) const DATES: &[Extra] = &[Extra::Series("day", 1, 1), Extra::Word("of")];
/// Hours are whole recordings: they are feminine, and one is singular.
pub(super) const TIMES: &[Extra] = &[Extra::Series("hour", 0, 23), Extra::Word("and")];

pub(super) fn number(number: u64, words: &mut Words) {
    let Parts { millions, thousands, rest } = Parts::of(number);
    if !millions.is_zero() {
        group(millions, words);
        words.word(if millions == Group(1) { "million" } else { "millions" });
        if rest.is_zero() && is_joined(thousands) {
            words.word("and");
        }
    }
    if !thousands.is_zero() {
        // Of one alone it is "mil".
        if thousands != Group(1) {
            group(thousands, words);
        }
        words.word("thousand");
    }
    if Parts::of(number).is_large() && is_joined(rest) {
        words.word("and");
    }
    group(rest, words);
}

pub(super) fn date(date: Date, words: &mut Words) {
    weekday(date, words);
    match day(date) {
        // "primeiro".
        1 => words.of("day", 1),
        day => words.small(day),
    }
    words.word("of");
    month(date, words);
    words.word("of");
    number(year(date).into(), words);
}

pub(super) fn time(hour: u16, minute: u16, words: &mut Words) {
    words.of("hour", hour);
    if minute > 0 {
        words.word("and");
        words.small(minute);
    }
}

/// Whether the last part of a larger number is joined to it by "e": below a hundred, or whole hundreds.
fn is_joined(group: Group) -> bool {
    !group.is_zero() && (group.hundreds().is_none() || group.rest().is_none())
}

/// "cem" alone, "cento e um" with more.
fn group(group: Group, words: &mut Words) {
    match (group.hundreds(), group.rest()) {
        (Some(100), Some(_)) => words.word("hundred"),
        (Some(hundreds), _) => words.small(hundreds),
        (None, _) => {}
    }
    if let Some(rest) = group.rest() {
        if group.hundreds().is_some() {
            words.word("and");
        }
        words.small(rest);
    }
}
