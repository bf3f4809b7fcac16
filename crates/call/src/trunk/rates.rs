//! What calls cost over each trunk, by the numbers that they go to.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// The price of a call, in millionths of the operator's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rate {
    /// Of a minute, which is charged by the second.
    pub per_minute: u64,
    /// Once, when it is answered.
    pub setup: u64,
}

impl Rate {
    /// Without a price for the beginning.
    pub const fn per_minute(per_minute: u64) -> Self {
        Self { per_minute, setup: 0 }
    }
}

/// The rates of all trunks of an organisation.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    /// By trunk and prefix.
    trunks: HashMap<Box<str>, HashMap<Box<str>, Rate>>,
}

impl Rates {
    /// The rates of each trunk, by its name, for the numbers that begin with a prefix: digits, as in E.164 without `+`. An empty one
    /// stands for all numbers. Of two rates for one prefix the last one counts.
    pub fn new<'a>(rates: impl IntoIterator<Item = (&'a str, &'a str, Rate)>) -> Self {
        let mut trunks: HashMap<Box<str>, HashMap<Box<str>, Rate>> = HashMap::new();
        for (trunk, prefix, rate) in rates {
            let prefix = prefix.strip_prefix('+').unwrap_or(prefix);
            let prefix = prefix.get(..LONGEST).unwrap_or(prefix);
            trunks.entry(trunk.into()).or_default().insert(prefix.into(), rate);
        }
        Self { trunks }
    }

    /// What a number in E.164 costs over a trunk, by the longest prefix that it has; None where that is not known.
    pub fn of(&self, trunk: &str, number: &str) -> Option<Rate> {
        let prefixes = self.trunks.get(trunk)?;
        let number = number.strip_prefix('+').unwrap_or(number);
        let longest = number.bytes().take(LONGEST).take_while(u8::is_ascii_digit).count();
        (0..=longest).rev().find_map(|length| prefixes.get(number.get(..length)?)).copied()
    }
}

/// Digits of a number (ITU-T E.164).
const LONGEST: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_says_the_rate() {
        let rates = Rates::new([
            ("voys", "", Rate::per_minute(500_000)),
            ("voys", "31", Rate::per_minute(10_000)),
            ("voys", "+316", Rate::per_minute(40_000)),
            ("backup", "32", Rate::per_minute(20_000)),
        ]);
        let of = |trunk, number| rates.of(trunk, number).map(|rate| rate.per_minute);
        assert_eq!(of("voys", "+31201234567"), Some(10_000));
        assert_eq!(of("voys", "31612345678"), Some(40_000));
        assert_eq!(of("voys", "+4420555"), Some(500_000));
        assert_eq!(of("voys", "112"), Some(500_000));
        assert_eq!(of("backup", "+31201234567"), None);
        assert_eq!(of("backup", "+32"), Some(20_000));
        assert_eq!(of("elders", "+31201234567"), None);
    }

    #[test]
    fn odd_numbers_have_no_rate_of_their_own() {
        let rates = Rates::new([
            ("voys", "31", Rate::per_minute(1)),
            ("voys", "999999999999999999999", Rate::per_minute(2)),
        ]);
        for number in ["", "+", "alice", "é1", "3é", "+3", "31é"] {
            assert_eq!(
                rates.of("voys", number),
                (number == "31é").then_some(Rate::per_minute(1)),
                "{number}"
            );
        }
        assert_eq!(rates.of("voys", "99999999999999999999999999"), Some(Rate::per_minute(2)));
    }
}
