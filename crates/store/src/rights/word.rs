//! The values of a profile's settings: classes, limits, amounts of money and beginnings of numbers.

use std::fmt;
use std::str::FromStr;

use crate::trunks::WrongValue;
use crate::trunks::word::{shown, words, written};

words! {
    /// A class of numbers that may be called.
    CallClass {
        /// The PBX itself.
        Internal = "internal",
        /// The trunk's own country.
        National = "national",
        /// Mobile phones there.
        Mobile = "mobile",
        /// Other countries, and what fits no class.
        International = "international",
        /// What costs more than the call.
        Premium = "premium",
    }
}

/// How many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Limit {
    /// As many as there are.
    Off,
    /// At most so many.
    Most(u32),
}

/// A limit as JSON has it.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Written {
    Most(u32),
    Word(String),
}

impl Limit {
    /// The number; None: there is no limit.
    #[must_use]
    pub fn most(self) -> Option<u32> {
        match self {
            Self::Off => None,
            Self::Most(most) => Some(most),
        }
    }
}

impl TryFrom<Written> for Limit {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Most(most) => Ok(Self::Most(most)),
            Written::Word(word) if word == "off" => Ok(Self::Off),
            Written::Word(word) => Err(format!("no limit: {}", shown(&word))),
        }
    }
}

impl From<Limit> for Written {
    fn from(limit: Limit) -> Self {
        limit.most().map_or_else(|| Self::Word("off".into()), Self::Most)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Most(most) => most.fmt(f),
        }
    }
}

/// A budget: an amount of money, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Money {
    /// There is no budget.
    Off,
    /// In millionths of the currency.
    Millionths(u64),
}

impl Money {
    /// In millionths of the currency; None: there is no budget.
    #[must_use]
    pub fn millionths(self) -> Option<u64> {
        match self {
            Self::Off => None,
            Self::Millionths(amount) => Some(amount),
        }
    }

    /// An amount as it is written, with at most six decimals; None where it is none.
    fn parse_millionths(text: &str) -> Option<u64> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > DECIMALS {
            return None;
        }
        let part: u64 = format!("{part:0<DECIMALS$}").parse().ok()?;
        let whole: u64 = whole.parse().ok().filter(|whole| *whole <= MOST)?;
        whole.checked_mul(MILLION)?.checked_add(part)
    }
}

impl FromStr for Money {
    type Err = WrongValue;

    fn from_str(text: &str) -> Result<Self, WrongValue> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self::Off);
        }
        let refused = || WrongValue::NoAmount { said: shown(text), decimals: DECIMALS, most: MOST };
        Self::parse_millionths(text).map(Self::Millionths).ok_or_else(refused)
    }
}

impl fmt::Display for Money {
    /// With two decimals, and more where there are more.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Millionths(amount) = self else { return f.write_str("off") };
        let part = format!("{:0DECIMALS$}", amount % MILLION);
        let (cents, rest) = part.split_at(2);
        write!(f, "{}.{cents}{}", amount / MILLION, rest.trim_end_matches('0'))
    }
}

impl TryFrom<String> for Money {
    type Error = WrongValue;

    fn try_from(text: String) -> Result<Self, WrongValue> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

/// How numbers begin: in E.164 with `+`, or as they are dialled where they have no such form.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

impl Prefix {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Prefix {
    type Err = WrongValue;

    fn from_str(text: &str) -> Result<Self, WrongValue> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let is_number =
            (1..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number {
            return Err(WrongValue::NoBeginning(shown(text)));
        }
        // Who dials it as +49 would pass by it.
        match text.strip_prefix("00") {
            Some(rest) => {
                let rest = if rest.is_empty() { "49" } else { rest };
                Err(WrongValue::AbroadBy00 { said: shown(text), rest: shown(rest) })
            }
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0
    }
}

written!(Prefix);

const MILLION: u64 = 1_000_000;
/// Decimals of an amount.
const DECIMALS: usize = 6;
/// A billion of any currency in a month is no budget.
const MOST: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, millionths, again) in [
            ("25", 25_000_000, "25.00"),
            ("25.5", 25_500_000, "25.50"),
            ("0.0123", 12_300, "0.0123"),
            ("1000000000.999999", 1_000_000_000_999_999, "1000000000.999999"),
        ] {
            assert_eq!(Money::parse_millionths(text), Some(millionths), "{text}");
            assert_eq!(Money::Millionths(millionths).to_string(), again);
        }
        for bad in ["", ".", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", "1.0000001", "1000000001", "NaN", "é"]
        {
            assert_eq!(Money::parse_millionths(bad), None, "{bad}");
        }
    }
}
