//! Which rules of a context are worth trying for a number: for each of its first characters a row of bits says which rules
//! take it there, and one more which take its length. What is left of all rows is tried, so that a plan of a thousand rules
//! costs a few lines of the processor's cache and not a thousand rules.

use crate::mask;
use crate::pattern::Pattern;

#[derive(Debug, Default)]
pub(crate) struct Index {
    pages: Vec<Page>,
}

/// Of 64 rules, a bit each.
#[derive(Debug, Clone)]
struct Page {
    /// By the place in the number and the kind of character that stands there.
    takes: [[u64; KINDS]; DEPTH],
    /// By the length of the number; the last is for all that are longer.
    ends: [u64; DEPTH + 2],
}

/// A number as the index sees it.
#[derive(Debug, Clone, Copy)]
struct Key {
    kinds: [u8; DEPTH],
    length: usize,
}

impl Index {
    /// Adds a pattern; rules come in their order.
    pub(crate) fn add(&mut self, rule: u32, pattern: &Pattern) {
        let (page, bit) = (rule as usize / RULES, 1u64 << (rule as usize % RULES));
        if self.pages.len() <= page {
            self.pages.resize(page + 1, Page { takes: [[0; KINDS]; DEPTH], ends: [0; DEPTH + 2] });
        }
        let Some(page) = self.pages.get_mut(page) else { return };
        let (classes, least, is_most) = match pattern {
            Pattern::Mask(mask) => (mask.classes(), mask.least().0, mask.least().1),
            Pattern::Regex { .. } => ([].as_slice(), 0, false),
        };
        for (place, row) in page.takes.iter_mut().enumerate() {
            let class = classes.get(place).copied().unwrap_or(u128::MAX);
            for byte in (0..128).filter(|byte| class & mask::bit(*byte) != 0) {
                if let Some(rules) = row.get_mut(usize::from(kind(byte))) {
                    *rules |= bit;
                }
            }
        }
        for (length, rules) in page.ends.iter_mut().enumerate() {
            let is_longer = length > DEPTH;
            let fits = if is_most {
                least == length || (is_longer && least > DEPTH)
            } else {
                least <= length || is_longer
            };
            *rules |= if fits { bit } else { 0 };
        }
    }

    /// The rules that may match, each once, in their order. Every rule that does match is among them.
    pub(crate) fn candidates<'a>(&'a self, number: &str) -> impl Iterator<Item = u32> + use<'a> {
        let key = Key::of(number);
        let pages = self.pages.iter().zip(0u32..);
        pages.flat_map(move |(page, nth)| {
            let mut left = page.left(&key);
            std::iter::from_fn(move || {
                let next = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (next < u64::BITS).then_some(nth * u64::BITS + next)
            })
        })
    }
}

impl Page {
    fn left(&self, key: &Key) -> u64 {
        let ends = self.ends.get(key.length).copied().unwrap_or(0);
        let places = self.takes.iter().zip(key.kinds).take(key.length);
        places.fold(ends, |left, (row, kind)| left & row.get(usize::from(kind)).copied().unwrap_or(0))
    }
}

impl Key {
    fn of(number: &str) -> Self {
        let mut key = Self { kinds: [0; DEPTH], length: 0 };
        for byte in number.bytes().filter(|byte| *byte != mask::DASH as u8) {
            let Some(place) = key.kinds.get_mut(key.length) else {
                return Self { length: DEPTH + 1, ..key };
            };
            (*place, key.length) = (kind(byte), key.length + 1);
        }
        key
    }
}

/// Digits, `*`, `#`, `+`, and all others together.
fn kind(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'*' => 10,
        b'#' => 11,
        b'+' => 12,
        _ => 13,
    }
}

const KINDS: usize = 14;
/// Characters that are looked at; a number with its country code differs from others within these.
const DEPTH: usize = 12;
const RULES: usize = u64::BITS as usize;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(patterns: &[(u32, &str)]) -> Index {
        let mut index = Index::default();
        patterns.iter().for_each(|(rule, pattern)| index.add(*rule, &Pattern::parse(pattern).unwrap()));
        index
    }

    #[test]
    fn candidates_come_in_rule_order_and_once() {
        let index = index(&[
            (0, "_2XX"),
            (1, "201"),
            (1, "_2."),
            (2, "re:^20"),
            (3, "_3XX"),
            (4, "_."),
            (5, "201"),
            (130, "_2XX"),
        ]);
        let found = |number: &str| index.candidates(number).collect::<Vec<_>>();
        assert_eq!(found("201"), [0, 1, 2, 4, 5, 130]);
        assert_eq!(found("-2-01"), [0, 1, 2, 4, 5, 130]);
        assert_eq!(found("3"), [2, 4]);
        assert_eq!(found("é"), [2, 4]);
        assert_eq!(found("20"), [1, 2, 4]);
    }

    #[test]
    fn long_numbers_are_told_apart_by_their_start() {
        let index = index(&[(0, "_+31612345678X"), (1, "_+316!"), (2, "_+32."), (3, "+316123456789")]);
        let found = |number: &str| index.candidates(number).collect::<Vec<_>>();
        assert_eq!(found("+316123456789"), [0, 1, 3]);
        assert_eq!(found("+31612345678"), [1]);
        assert_eq!(found("+3161234567890"), [0, 1, 3], "tried, and then passed over");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn every_rule_that_matches_is_among_them(
            patterns in prop::collection::vec("_?[0-9XZN*#+a-]{1,15}[.!]?|re:[0-9]{1,3}", 1..200),
            number in "[0-9*#+a-]{1,16}|\\PC{1,9}",
        ) {
            let patterns: Vec<Pattern> = patterns.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
            let mut index = Index::default();
            patterns.iter().zip(0..).for_each(|(pattern, rule)| index.add(rule, pattern));
            let found: Vec<u32> = index.candidates(&number).collect();
            prop_assert!(found.is_sorted());
            for (pattern, rule) in patterns.iter().zip(0..) {
                prop_assert!(!pattern.matches(&number) || found.contains(&rule), "{pattern} {number}");
            }
        }
    }
}
