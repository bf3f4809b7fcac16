//! What kind of number is called, as far as it matters for who may call it: by prefix, as the country of the trunk reads it.
//!
//! A prefix decides, never a length: exchanges ignore the digits that come too many, so a premium number is one however it is
//! written. Where a number can be read in two ways the dearer one counts: a country code without its `+` is one where no prefix
//! and no length says that the number is one at home.

mod table;

use std::fmt;

use kiestoon_dialplan::{Country, PERMISSIONS};
use serde::{Deserialize, Serialize};

use table::{Numbers, WORLD};

/// The class of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Of the PBX itself.
    Internal,
    /// Inside the country, free and service numbers among them.
    National,
    /// A mobile phone inside the country.
    Mobile,
    /// Abroad, and whatever fits no other class.
    International,
    /// What costs more than the call, and pays whoever is called: 0900 and its like of any country, shared cost, satellites.
    Premium,
}

impl Class {
    /// All of them, the cheapest first.
    pub const ALL: [Self; 5] =
        [Self::Internal, Self::National, Self::Mobile, Self::International, Self::Premium];

    /// The word of the import, the log and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::National => "national",
            Self::Mobile => "mobile",
            Self::International => "international",
            Self::Premium => "premium",
        }
    }

    /// By its word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// The class that a `require` of the dialplan asks for: `call.international`.
    pub(crate) fn of_permission(permission: &str) -> Option<Self> {
        PERMISSIONS.contains(&permission).then(|| Self::of_word(permission.strip_prefix("call.")?)).flatten()
    }

    /// Whether calls of this class are what a thief wants: they pay somebody.
    pub(crate) fn is_risky(self) -> bool {
        matches!(self, Self::International | Self::Premium)
    }

    /// The class of a number that is called over a trunk of this country.
    pub fn of(country: &Country, number: &str) -> Self {
        if has_too_many_keys(number) {
            return Self::Premium;
        }
        let whole = Self::of_digits(country, plain(number));
        let parts = parts(number).into_iter().map(|part| Self::of_digits(country, part));
        // Nobody knows what a code does.
        parts.map(|class| class.max(Self::International)).fold(whole, Self::max)
    }

    /// The class of digits that may be read in several ways.
    fn of_digits(country: &Country, plain: String) -> Self {
        match short(country, &plain) {
            Some(class) => class,
            None => readings(country, plain)
                .map(|reading| Self::of_reading(country, &reading))
                .max()
                .unwrap_or(Self::International),
        }
    }

    fn of_reading(country: &Country, plain: &str) -> Self {
        match at_home(country, plain) {
            Some(class) => class,
            None if is_premium_abroad(country, plain) => Self::Premium,
            None => Self::International,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a number is one that help is called by, in this country.
pub(crate) fn is_for_help(country: &Country, number: &str) -> bool {
    Numbers::of(country).is_some_and(|numbers| numbers.emergency.contains(&&*plain(number)))
}

/// A number without the key that phones send to say that it is whole: it has no other, and is no code.
pub(crate) fn without_end_key(number: &str) -> &str {
    let rest = number.strip_suffix('#').filter(|rest| !rest.is_empty() && !rest.contains(KEYS));
    rest.unwrap_or(number)
}

/// Whether a number has more keys that are no digits than any service code has: how it may be read is not looked at, and it is not called.
pub(super) fn has_too_many_keys(number: &str) -> bool {
    number.matches(KEYS).nth(MOST_KEYS).is_some()
}

/// What may be called by parts of a number with keys in it that are no digits, since whoever gets one may read a code of their own in
/// it: the digits behind each key, and those of each part between keys. Empty where there are no keys, or only the one that phones
/// send at the end.
pub(super) fn parts(number: &str) -> Vec<String> {
    let number = without_end_key(number);
    if has_too_many_keys(number) {
        return Vec::new();
    }
    let behind = std::iter::successors(Some(number), |rest| Some(rest.split_once(KEYS)?.1)).skip(1);
    let between = number.split(KEYS).filter(|part| part.len() < number.len());
    let parts = behind.chain(between).map(plain);
    let mut parts: Vec<String> = parts.filter(|part| part.contains(|c: char| c.is_ascii_digit())).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// Whether it is one of the country's short numbers.
pub(super) fn is_short(country: &Country, plain: &str) -> bool {
    short(country, plain).is_some()
}

/// The class of a short number; None for any other.
fn short(country: &Country, plain: &str) -> Option<Class> {
    Numbers::of(country)?.short(plain)
}

/// A number as it is written, and as whoever gets it may read it besides: with the `+` that its country code has lost, without the
/// country's own code before a number abroad, and without the zeros that come too many there.
pub(super) fn readings(country: &Country, plain: String) -> impl Iterator<Item = String> {
    let unmarked = country.unmarked(&plain).filter(|_| !is_short(country, &plain));
    let mut all: Vec<String> = std::iter::once(plain).chain(unmarked).collect();
    let mut at = 0;
    while let Some(reading) = all.get(at).filter(|_| all.len() < MOST_READINGS) {
        let more = [country.behind_code(reading), without_zeros(country, reading)];
        at += 1;
        for reading in more.into_iter().flatten() {
            if !all.contains(&reading) {
                all.push(reading);
            }
        }
    }
    all.into_iter()
}

/// A number abroad without the zeros that should have been left out, before the country code and behind it. None where there are none.
fn without_zeros(country: &Country, number: &str) -> Option<String> {
    let written = country.abroad(number)?;
    let zeroless = table::ALL.iter().find_map(|numbers| {
        let abroad = Country::find(numbers.country).filter(|abroad| abroad.code() != country.code())?;
        let significant = written.strip_prefix('+')?.strip_prefix(abroad.code())?;
        let significant = without_trunk_zero(abroad, significant.to_owned());
        Some(format!("+{}{}", abroad.code(), zeroless(abroad, &significant)))
    });
    let zeroless = zeroless.unwrap_or(written);
    (zeroless != country.e164(number)).then_some(zeroless)
}

/// The class of a number that is surely at home.
fn at_home(country: &Country, plain: &str) -> Option<Class> {
    let listed = listed(country, plain).map(|(class, _)| class);
    let is_whole = country.significant(plain).is_some() && whole(country, plain).is_some();
    listed.or_else(|| is_whole.then_some(Class::National))
}

/// The class of the range that a number at home is in, and its digits after the country code.
fn listed(country: &Country, plain: &str) -> Option<(Class, String)> {
    let significant = without_trunk_zero(country, country.significant(plain)?);
    let numbers = Numbers::of(country)?;
    // Behind the prefix for abroad and a zero too many a number abroad may stand: only the dearest class is sure there.
    let is_abroad = plain.starts_with("00") && !country.e164(plain).starts_with('+');
    let range = numbers.range(&significant);
    if let Some(class) = range.filter(|class| !is_abroad || *class == Class::Premium) {
        return Some((class, significant));
    }
    // A zero that should have been left out is one that some exchanges leave out.
    let without = zeroless(country, &significant);
    let class = numbers.range(without).filter(|class| *class == Class::Premium)?;
    Some((class, without.to_owned()))
}

/// A number in E.164, where it is one that the country's exchanges count on.
fn whole(country: &Country, plain: &str) -> Option<String> {
    Some(country.e164(&country.national(plain)))
        .filter(|written| written.len() > 1 && written.starts_with('+'))
}

/// A number in E.164, with those among them that cannot be called from abroad, however many digits they have. None for a short number,
/// and for what is no number of the country or of another one.
pub(super) fn e164(country: &Country, plain: &str) -> Option<String> {
    if is_short(country, plain) {
        return None;
    }
    match listed(country, plain) {
        Some((class, significant)) if class == Class::Premium || whole(country, plain).is_none() => {
            Some(format!("+{}{significant}", country.code()))
        }
        _ => {
            let whole = whole(country, plain)?;
            let Some(significant) = country.significant(&whole) else { return Some(whole) };
            Some(format!("+{}{}", country.code(), without_trunk_zero(country, significant)))
        }
    }
}

/// The digits after the country code without the zeros in front, which should have been left out there. In Italy they are digits of
/// the number.
fn zeroless<'n>(country: &Country, significant: &'n str) -> &'n str {
    if country.name() == "it" { significant } else { significant.trim_start_matches('0') }
}

/// The digits after the country code without the zero that people dial at home (in Hungary `06`), which should have been left out
/// there: exchanges leave it out themselves.
fn without_trunk_zero(country: &Country, significant: String) -> String {
    let at_home = country.national(&format!("+{}2", country.code()));
    let behind_zero = at_home.strip_suffix('2').and_then(|prefix| prefix.strip_prefix('0'));
    let zeroless = significant.strip_prefix('0').map(|rest| rest.trim_start_matches('0'));
    let without = behind_zero.zip(zeroless).and_then(|(prefix, zeroless)| zeroless.strip_prefix(prefix));
    let without = without.map(str::to_owned);
    without.unwrap_or(significant)
}

/// A number at home in E.164 without the zero that should have been left out behind the country code; any other one as it is.
pub(crate) fn without_zero(country: &Country, e164: &str) -> String {
    let significant = e164.strip_prefix('+').and_then(|digits| digits.strip_prefix(country.code()));
    match significant.filter(|significant| !significant.starts_with("00")) {
        Some(significant) => {
            format!("+{}{}", country.code(), without_trunk_zero(country, significant.to_owned()))
        }
        None => e164.to_owned(),
    }
}

/// How many digits of the E.164 form of a premium number are those of its country; 0 for any other number.
pub(super) fn premium_code(country: &Country, e164: &str) -> usize {
    let digits = e164.strip_prefix('+').unwrap_or(e164);
    let is_premium = |country: &&Country| {
        let range = |rest: &str| Numbers::of(country).and_then(|numbers| numbers.range(rest));
        digits.strip_prefix(country.code()).and_then(range) == Some(Class::Premium)
    };
    let abroad = table::ALL.iter().filter_map(|numbers| Country::find(numbers.country));
    std::iter::once(country).chain(abroad).find(is_premium).map_or(0, |country| country.code().len())
}

/// Whether it is a premium number or a satellite of any country, also where it was written without its `+`.
fn is_premium_abroad(country: &Country, plain: &str) -> bool {
    let written = country.e164(plain);
    let digits = written.strip_prefix('+').unwrap_or(&written).trim_start_matches('0');
    if WORLD.iter().any(|prefix| digits.starts_with(prefix)) {
        return true;
    }
    table::ALL.iter().any(|numbers| {
        let Some(abroad) = Country::find(numbers.country) else { return false };
        let is_premium = |rest: &str| numbers.range(rest) == Some(Class::Premium);
        let significant = digits.strip_prefix(abroad.code());
        significant.is_some_and(|rest| is_premium(rest) || is_premium(zeroless(abroad, rest)))
    })
}

/// The digits, after a `+` where it has one: whatever stands between them an exchange may leave out. The zero of `+31 (0)20` is
/// not dialled.
pub(super) fn plain(number: &str) -> String {
    let number = number.trim_start();
    let is_international = number.starts_with('+') || number.starts_with("00");
    let number = if is_international { number.replacen("(0)", "", 1) } else { number.to_owned() };
    let plus = number.starts_with('+').then_some('+');
    plus.into_iter().chain(number.chars().filter(char::is_ascii_digit)).collect()
}

/// Keys of a telephone that are no digits.
const KEYS: [char; 2] = ['*', '#'];
/// `*21*NUMBER*11*30#` has five.
const MOST_KEYS: usize = 8;
/// Ways to read a number: a provider takes the country's own code off once.
const MOST_READINGS: usize = 8;

#[cfg(test)]
mod tests;
