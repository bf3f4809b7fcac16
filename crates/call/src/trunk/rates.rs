//! What calls cost over each trunk, by the numbers that they go to.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::rights::{Form, Forms};

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
    /// By trunk.
    trunks: HashMap<Box<str>, Card>,
}

/// The rates of a trunk, by prefix.
#[derive(Debug, Clone, Default)]
struct Card {
    /// Digits of E.164 without the `+`.
    e164: HashMap<Box<str>, Rate>,
    /// Digits as they are dialled in the country of the trunk.
    national: HashMap<Box<str>, Rate>,
}

impl Rates {
    /// What stands before a prefix of numbers as they are dialled in the country of the trunk.
    pub const NATIONAL: &str = "national:";

    /// The rates of each trunk, by its name, for the numbers that begin with a prefix: digits of E.164, with or without `+`, or as they
    /// are dialled, after [`NATIONAL`](Self::NATIONAL). An empty one stands for all numbers that have an E.164 form. Of two rates for one
    /// prefix the last one counts.
    pub fn new<'a>(rates: impl IntoIterator<Item = (&'a str, &'a str, Rate)>) -> Self {
        let mut trunks: HashMap<Box<str>, Card> = HashMap::new();
        for (trunk, prefix, rate) in rates {
            let card = trunks.entry(trunk.into()).or_default();
            let (prefixes, digits) = match prefix.strip_prefix(Self::NATIONAL) {
                Some(digits) => (&mut card.national, digits),
                None => (&mut card.e164, prefix.strip_prefix('+').unwrap_or(prefix)),
            };
            prefixes.insert(digits.get(..LONGEST).unwrap_or(digits).into(), rate);
        }
        Self { trunks }
    }

    /// What a number costs over a trunk, by the longest prefix that it has; None where that is not known. What is written for numbers as
    /// they are dialled comes first. What calls to a country cost says nothing of its premium numbers. Of a number that may be read in
    /// several ways the dearest one counts; a code in it needs none.
    pub fn of(&self, trunk: &str, number: &Forms) -> Option<Rate> {
        let card = self.trunks.get(trunk)?;
        let rates: Option<Vec<Rate>> = number.readings().map(|form| card.rate(form)).collect();
        let of_codes = number.codes().filter_map(|form| card.rate(form));
        rates?.into_iter().chain(of_codes).max()
    }
}

impl Card {
    fn rate(&self, number: &Form) -> Option<Rate> {
        let Self { e164, national } = self;
        let as_dialled = number.national_digits();
        let as_dialled =
            as_dialled.and_then(|(digits, code)| longest(national, digits, |length| length > code));
        as_dialled.or_else(|| {
            let (digits, code) = number.e164_digits()?;
            longest(e164, digits, |length| length == 0 || length > code)
        })
    }
}

/// The rate of the longest prefix of a number, of those of a length that counts.
fn longest(prefixes: &HashMap<Box<str>, Rate>, number: &str, counts: impl Fn(usize) -> bool) -> Option<Rate> {
    let digits = number.bytes().take(LONGEST).take_while(u8::is_ascii_digit).count();
    let lengths = (0..=digits).rev().filter(|length| counts(*length));
    lengths.into_iter().find_map(|length| prefixes.get(number.get(..length)?)).copied()
}

/// Digits of a number (ITU-T E.164).
const LONGEST: usize = 15;

#[cfg(test)]
mod tests {
    use kiestoon_dialplan::Country;

    use super::*;

    fn per_minute(rates: &Rates, trunk: &str, number: &str) -> Option<u64> {
        let nl = Country::find("nl").expect("a country");
        rates.of(trunk, &Forms::of(nl, number)).map(|rate| rate.per_minute)
    }

    #[test]
    fn the_longest_prefix_says_the_rate() {
        let rates = Rates::new([
            ("voys", "", Rate::per_minute(500_000)),
            ("voys", "31", Rate::per_minute(10_000)),
            ("voys", "+316", Rate::per_minute(40_000)),
            ("backup", "32", Rate::per_minute(20_000)),
        ]);
        let of = |trunk, number| per_minute(&rates, trunk, number);
        assert_eq!(of("voys", "+31201234567"), Some(10_000));
        assert_eq!(of("voys", "0612345678"), Some(40_000));
        assert_eq!(of("voys", "+4420555"), Some(500_000));
        assert_eq!(of("voys", "09061234567"), Some(500_000), "not what calls to the country cost");
        assert_eq!(of("voys", "112"), None);
        assert_eq!(of("backup", "+31201234567"), None);
        assert_eq!(of("backup", "+32"), Some(20_000));
        assert_eq!(of("elders", "+31201234567"), None);
    }

    #[test]
    fn what_is_written_as_it_is_dialled_comes_first() {
        let rates = Rates::new([
            ("voys", "", Rate::per_minute(1)),
            ("voys", "1", Rate::per_minute(2)),
            ("voys", "31906", Rate::per_minute(3)),
            ("voys", "national:1888", Rate::per_minute(4)),
            ("voys", "national:0906", Rate::per_minute(5)),
            ("voys", "national:", Rate::per_minute(6)),
        ]);
        let of = |number| per_minute(&rates, "voys", number);
        assert_eq!([of("1888"), of("1850"), of("+18885551234")], [Some(4), None, Some(2)]);
        assert_eq!([of("+319061234567"), of("0909123456")], [Some(5), Some(1)]);
        let rates = Rates::new([
            ("voys", "national:0", Rate::per_minute(1)),
            ("voys", "44", Rate::per_minute(2)),
            ("voys", "316", Rate::per_minute(3)),
        ]);
        let of = |number| per_minute(&rates, "voys", number);
        assert_eq!([of("0201234567"), of("+310201234567")], [Some(1); 2], "calls at home");
        assert_eq!([of("+442079460000"), of("00881612345678"), of("09061234567")], [Some(2), None, None]);
    }

    #[test]
    fn a_number_that_may_be_read_in_two_ways_has_the_dearer_rate() {
        let rate = |rates: &[(&'static str, u64)]| {
            let rates = rates.iter().map(|(prefix, price)| ("voys", *prefix, Rate::per_minute(*price)));
            let es = Country::find("es").expect("a country");
            Rates::new(rates).of("voys", &Forms::of(es, "675812345678")).map(|rate| rate.per_minute)
        };
        assert_eq!(rate(&[("34", 1), ("675", 9)]), Some(9));
        assert_eq!(rate(&[("34", 9), ("675", 1)]), Some(9));
        assert_eq!(rate(&[("34", 1)]), None, "nobody knows what it costs");
    }

    #[test]
    fn behind_a_key_the_dearest_part_counts_and_a_code_costs_nothing() {
        let rates = Rates::new([
            ("voys", "31", Rate::per_minute(1)),
            ("voys", "316", Rate::per_minute(4)),
            ("voys", "44906", Rate::per_minute(9)),
            ("voys", "21", Rate::per_minute(2)),
            ("voys", "national:1888", Rate::per_minute(8)),
            ("voys", "62", Rate::per_minute(2)),
            ("voys", "national:62", Rate::per_minute(7)),
        ]);
        let of = |number| per_minute(&rates, "voys", number);
        assert_eq!([of("#31#0612345678"), of("*21*0612345678*11#")], [Some(4); 2]);
        assert_eq!([of("#21#00449061234567"), of("*21*00449061234567*11#")], [Some(9); 2]);
        assert_eq!(of("*21*0201234567*1888#"), Some(8));
        assert_eq!(of("*62*0201234567#"), Some(7), "a code that has a price");
        assert_eq!(of("*31#00881612345678"), None, "nobody knows what it costs");
        assert_eq!(of("0612345678#"), Some(4));
    }

    #[test]
    fn odd_numbers_have_no_rate_of_their_own() {
        let rates = Rates::new([
            ("voys", "31", Rate::per_minute(1)),
            ("voys", "999999999999999999999", Rate::per_minute(2)),
        ]);
        for number in ["", "+", "alice", "é1", "3é", "+3", "09999999999999999999999999"] {
            assert_eq!(per_minute(&rates, "voys", number), None, "{number}");
        }
        assert_eq!(per_minute(&rates, "voys", "+99999999999999999999999999"), Some(2));
    }
}
