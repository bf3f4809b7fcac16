//! What calls cost over one trunk, as its file says: CSV of prefixes and prices.

use std::collections::HashMap;

use super::rates::{Rate, Rates};

/// The prices of one trunk by the prefix of a number: digits of E.164, or [`Rates::NATIONAL`] and digits as they are dialled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateCard(HashMap<String, Rate>);

/// One thing wrong with a line of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateFault {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub kind: RateFaultKind,
}

/// What may be wrong with a line of a card; what is shown of it is short and escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RateFaultKind {
    /// The first line is not the line of titles.
    Header {
        /// The line of titles.
        due: &'static str,
    },
    /// The prefix stands there already.
    Repeated {
        /// In this line.
        first: usize,
    },
    /// The card is too large.
    TooMany {
        /// Rows that a card may have.
        most: usize,
    },
    /// More faults than are told.
    NotLookedAt,
    /// Not the fields of a row.
    Fields {
        /// How many there are.
        count: usize,
        /// The fields that are due.
        due: &'static str,
    },
    /// No prefix of numbers.
    Prefix {
        /// What stands there.
        shown: String,
    },
    /// No amount.
    Amount {
        /// The field.
        name: &'static str,
        /// What stands there.
        shown: String,
    },
}

impl RateCard {
    /// Reads a card: a line of titles, then `prefix,per_minute,setup`, amounts in the operator's currency. Empty lines count for nothing.
    ///
    /// # Errors
    /// What is wrong with its lines, in their order: twenty faults at most, and that there may be more.
    pub fn read(text: &str) -> Result<Self, Vec<RateFault>> {
        let fault = |line, kind| RateFault { line, kind };
        let mut lines = text.lines().zip(1..);
        let header = lines.next().map(|(header, _)| header.trim_start_matches('\u{feff}').trim());
        if header != Some(HEADER) {
            return Err(vec![fault(1, RateFaultKind::Header { due: HEADER })]);
        }
        let (mut card, mut seen, mut faults) = (HashMap::new(), HashMap::new(), Vec::new());
        for (line, at) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            match row(line) {
                Ok((prefix, rate)) => {
                    if let Some(first) = seen.insert(prefix.clone(), at) {
                        faults.push(fault(at, RateFaultKind::Repeated { first }));
                    }
                    card.insert(prefix, rate);
                }
                Err(kind) => faults.push(fault(at, kind)),
            }
            if card.len() > MOST_ROWS {
                faults.push(fault(at, RateFaultKind::TooMany { most: MOST_ROWS }));
            }
            if faults.len() >= MOST_FAULTS {
                faults.push(fault(at, RateFaultKind::NotLookedAt));
                break;
            }
        }
        if faults.is_empty() { Ok(Self(card)) } else { Err(faults) }
    }

    /// Prefixes and their prices, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Rate)> {
        self.0.iter().map(|(prefix, rate)| (prefix.as_str(), *rate))
    }
}

fn row(line: &str) -> Result<(String, Rate), RateFaultKind> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [prefix, per_minute, setup] = fields.as_slice() else {
        return Err(RateFaultKind::Fields { count: fields.len(), due: HEADER });
    };
    let as_dialled = prefix.strip_prefix(Rates::NATIONAL);
    let digits = as_dialled.unwrap_or_else(|| prefix.strip_prefix('+').unwrap_or(prefix));
    // No country code begins with 0, and `national:` alone would be all short numbers at once.
    let is_odd = if as_dialled.is_some() { digits.is_empty() } else { digits.starts_with('0') };
    if is_odd || digits.len() > LONGEST || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(RateFaultKind::Prefix { shown: shown(prefix) });
    }
    let amount =
        |name, text: &str| millionths(text).ok_or_else(|| RateFaultKind::Amount { name, shown: shown(text) });
    let rate = Rate { per_minute: amount("per_minute", per_minute)?, setup: amount("setup", setup)? };
    let marker = as_dialled.map_or("", |_| Rates::NATIONAL);
    Ok((format!("{marker}{digits}"), rate))
}

/// An amount as it is written, in millionths of the currency; None where it is none.
fn millionths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > DECIMALS {
        return None;
    }
    let part: u64 = format!("{part:0<DECIMALS$}").parse().ok()?;
    let whole: u64 = whole.parse().ok().filter(|whole| *whole <= MOST)?;
    whole.checked_mul(MILLION)?.checked_add(part)
}

fn shown(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

const HEADER: &str = "prefix,per_minute,setup";
/// Digits of a number (ITU-T E.164).
const LONGEST: usize = 15;
/// A card of all the world's prefixes is below a hundred thousand rows.
const MOST_ROWS: usize = 200_000;
/// Of one card.
const MOST_FAULTS: usize = 20;
const MILLION: u64 = 1_000_000;
/// Decimals of an amount.
const DECIMALS: usize = 6;
/// Of any currency.
const MOST: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(usize, RateFaultKind)> {
        let faults = RateCard::read(text).expect_err("faults");
        faults.into_iter().map(|fault| (fault.line, fault.kind)).collect()
    }

    #[test]
    fn a_card_is_read_as_it_is_written() {
        let text = "\u{feff}prefix,per_minute,setup\r\n31,0.01,0\r\n+49 , 0.02,0.05\n\n,0.50,0\nnational:1888,1.5,0\n";
        let card = RateCard::read(text).expect("a card");
        let mut rates: Vec<_> = card.iter().collect();
        rates.sort_by_key(|(prefix, _)| prefix.to_owned());
        assert_eq!(
            rates,
            [
                ("", Rate::per_minute(500_000)),
                ("31", Rate::per_minute(10_000)),
                ("49", Rate { per_minute: 20_000, setup: 50_000 }),
                ("national:1888", Rate::per_minute(1_500_000)),
            ]
        );
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line() {
        let text =
            "prefix,per_minute,setup\n0049,0.01,0\n49,1,5\n31,0.01\n32,x,0\n49,0.01,0\n33,0.0000001,0\n";
        assert_eq!(
            told(text),
            [
                (2, RateFaultKind::Prefix { shown: "0049".into() }),
                (4, RateFaultKind::Fields { count: 2, due: HEADER }),
                (5, RateFaultKind::Amount { name: "per_minute", shown: "x".into() }),
                (6, RateFaultKind::Repeated { first: 3 }),
                (7, RateFaultKind::Amount { name: "per_minute", shown: "0.0000001".into() }),
            ]
        );
        assert_eq!(
            told("prefix;per_minute\n"),
            [(1, RateFaultKind::Header { due: "prefix,per_minute,setup" })]
        );
        assert_eq!(told("").len(), 1);
    }

    #[test]
    fn a_card_has_bounds() {
        let rows: String = (0..=MOST_ROWS).map(|n| format!("{},1,0\n", 1_000_000 + n)).collect();
        let told_of = told(&format!("{HEADER}\n{rows}"));
        assert_eq!(told_of[0].1, RateFaultKind::TooMany { most: 200_000 });
        let told_of = told(&format!("{HEADER}\n{}", "x,1,0\n".repeat(100)));
        assert_eq!(told_of.len(), MOST_FAULTS + 1);
        assert_eq!(told_of[MOST_FAULTS].1, RateFaultKind::NotLookedAt);
        for amount in ["1000000001", "1e3", "", ".5", "-1"] {
            assert_eq!(told(&format!("{HEADER}\n31,{amount},0\n")).len(), 1, "{amount}");
        }
    }
}
