//! Dutch: "negentienhonderd vijfentachtig", "vrijdag vijfentwintig december tweeduizend zesentwintig", "veertien uur dertig".

use super::Words;
use super::calendar::{day, month, weekday, year};
use super::language::Extra;
use super::number::{Group, Parts, centuries};
use jiff::civil::Date;

pub(super) const NUMBERS: &[&str] = &["thousand", "million"];
pub(super) const TIMES: &[Extra] = &[Extra::Series("hour", 0, 23)];

pub(super) fn number(number: u64, words: &mut Words) {
    match u16::try_from(number) {
        // "vijftienhonderd" is said of amounts, too.
        Ok(number @ 1100..2000) => hundreds(number, words),
        _ => thousands(number, words),
    }
}

pub(super) fn date(date: Date, words: &mut Words) {
    weekday(date, words);
    words.small(day(date));
    month(date, words);
    match year(date) {
        year if year < 1100 || year % 1000 < 100 => thousands(year.into(), words),
        year => hundreds(year, words),
    }
}

pub(super) fn time(hour: u16, minute: u16, words: &mut Words) {
    words.of("hour", hour);
    if minute > 0 {
        words.small(minute);
    }
}

/// "negentien honderd vijfentachtig".
fn hundreds(number: u16, words: &mut Words) {
    let (century, rest) = centuries(number);
    words.small(century);
    words.small(100);
    words.group(Group(rest));
}

fn thousands(number: u64, words: &mut Words) {
    let parts = Parts::of(number);
    if !parts.millions.is_zero() {
        words.group(parts.millions);
        words.word("million");
    }
    if !parts.thousands.is_zero() {
        // Of one alone it is "duizend".
        if parts.thousands != Group(1) {
            words.group(parts.thousands);
        }
        words.word("thousand");
    }
    words.group(parts.rest);
}
