//! Lengths of time as operators write them, and what is done again and again or not at all.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::word::{shown, written};
use super::wrong::WrongValue;

/// A length of time: `500ms`, `2s`, `30m`, `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = WrongValue;

    fn from_str(text: &str) -> Result<Self, WrongValue> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let millis = UNITS.iter().find(|(name, _)| *name == unit.trim()).map(|(_, millis)| *millis);
        let number = number.parse::<u64>().ok().filter(|number| *number <= MOST);
        match (number, millis) {
            (Some(number), Some(millis)) => Ok(Self(Duration::from_millis(number * millis))),
            _ => Err(WrongValue::NoSpan(shown(text))),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = |(_, millis): &&(&str, u64)| all.is_multiple_of(*millis) && all >= *millis;
        let (unit, millis) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
        write!(f, "{}{unit}", all / millis)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

written!(Span);

/// How often something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Interval {
    /// Never.
    Off,
    /// Once in this time.
    Each(Span),
}

impl Interval {
    /// The time; None where it is never done.
    #[must_use]
    pub fn duration(self) -> Option<Duration> {
        match self {
            Self::Off => None,
            Self::Each(Span(duration)) => Some(duration),
        }
    }
}

impl FromStr for Interval {
    type Err = WrongValue;

    fn from_str(text: &str) -> Result<Self, WrongValue> {
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self::Off);
        }
        text.parse().map(Self::Each).map_err(|_| WrongValue::NoInterval(shown(text)))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Each(span) => span.fmt(f),
        }
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

written!(Interval);

/// Units and their milliseconds.
const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
/// Of any unit; no length of time here comes near.
const MOST: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_written_as_they_are_read() {
        for (written, again) in
            [("500ms", "500ms"), ("2s", "2s"), ("90s", "90s"), ("120s", "2m"), ("30 m", "30m"), ("1h", "1h")]
        {
            assert_eq!(written.parse::<Span>().unwrap().to_string(), again);
        }
        assert_eq!("off".parse(), Ok(Interval::Off));
        assert_eq!("30s".parse(), Ok(Interval::Each(Span(Duration::from_secs(30)))));
        for bad in ["", "2", "s", "-2s", "2.5s", "2 days", "99999999999s"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
            assert!(bad.parse::<Interval>().unwrap_err().to_string().contains("\"off\""), "{bad}");
        }
    }
}
