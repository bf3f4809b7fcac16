//! Numbers and Asterisk patterns as a row of character sets with an open or closed end. A plain number is the
//! narrowest mask there is. Masks can be compared: does one cover another, do two overlap? As in Asterisk, dashes are
//! for the eye: those of a pattern and those of a number count for nothing.

use std::borrow::Cow;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mask {
    text: String,
    /// One set of ASCII characters (a bit each) per position.
    classes: Box<[u128]>,
    tail: Tail,
    /// The number without its dashes, where it is a plain one.
    plain: Option<Box<str>>,
}

/// What may follow the fixed positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    Nothing,
    /// `.`: one or more characters.
    OneOrMore,
    /// `!`: none or more.
    Any,
}

/// A fault in a pattern, `offset` bytes from its start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PatternError {
    pub(crate) offset: usize,
    pub(crate) width: usize,
    pub(crate) message: String,
}

impl Mask {
    /// A number that stands for itself.
    pub(crate) fn plain(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::new(0, 0, "an empty pattern matches nothing"));
        }
        let mut classes = Vec::with_capacity(text.len());
        for (offset, c) in text.char_indices().filter(|(_, c)| *c != DASH) {
            classes.push(literal(offset, c)?);
        }
        if classes.is_empty() {
            return Err(PatternError::new(0, text.len(), "dashes count for nothing: this matches no number"));
        }
        let mask = Self::new(text, classes, Tail::Nothing)?;
        Ok(Self { plain: Some(without_dashes(text).into()), ..mask })
    }

    /// The part after `_` of an Asterisk pattern.
    pub(crate) fn pattern(text: &str) -> Result<Self, PatternError> {
        let body = text.strip_prefix('_').unwrap_or(text);
        let shift = text.len() - body.len();
        let mut classes = Vec::new();
        let mut rest = body.char_indices();
        while let Some((at, c)) = rest.next() {
            let offset = at + shift;
            match c {
                'X' | 'x' => classes.push(range(b'0', b'9')),
                'Z' | 'z' => classes.push(range(b'1', b'9')),
                'N' | 'n' => classes.push(range(b'2', b'9')),
                '[' => {
                    let length = body[at..]
                        .find(']')
                        .ok_or_else(|| PatternError::new(offset, body.len() - at, "`[` without its `]`"))?;
                    classes.push(set(&body[at + 1..at + length], offset + 1)?);
                    while rest.offset() < at + length + 1 {
                        rest.next();
                    }
                }
                '.' | '!' => {
                    if body[rest.offset()..].chars().any(|c| c != DASH) {
                        let message =
                            format!("`{c}` stands for the rest of the number: nothing can follow it");
                        return Err(PatternError::new(offset, 1, &message));
                    }
                    let tail = if c == '.' { Tail::OneOrMore } else { Tail::Any };
                    return Self::new(text, classes, tail);
                }
                DASH => {}
                _ => classes.push(literal(offset, c)?),
            }
        }
        if classes.is_empty() {
            return Err(PatternError::new(0, text.len(), "a pattern needs more than its `_`"));
        }
        Self::new(text, classes, Tail::Nothing)
    }

    fn new(text: &str, classes: Vec<u128>, tail: Tail) -> Result<Self, PatternError> {
        if text.len() > LONGEST {
            return Err(PatternError::new(
                0,
                text.len(),
                &format!("a pattern has at most {LONGEST} characters"),
            ));
        }
        Ok(Self { text: text.to_string(), classes: classes.into(), tail, plain: None })
    }

    /// The fewest and the most characters of a number that fits.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        let fixed = self.classes.len();
        match self.tail {
            Tail::Nothing => (fixed, fixed),
            Tail::OneOrMore => (fixed + 1, usize::MAX),
            Tail::Any => (fixed, usize::MAX),
        }
    }

    pub(crate) fn matches(&self, number: &str) -> bool {
        let mut bytes = number.bytes().filter(|byte| *byte != DASH as u8);
        let fits = self.classes.iter().all(|class| bytes.next().is_some_and(|byte| class & bit(byte) != 0));
        fits && match self.tail {
            Tail::Nothing => bytes.next().is_none(),
            Tail::OneOrMore => bytes.next().is_some(),
            Tail::Any => true,
        }
    }

    /// Whether every number that `other` matches is matched by this one too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let (mine, others) = (self.classes.len(), other.classes.len());
        let lengths = match self.tail {
            Tail::Nothing => mine == others && other.tail == Tail::Nothing,
            Tail::Any => others >= mine,
            Tail::OneOrMore => others > mine || (others == mine && other.tail == Tail::OneOrMore),
        };
        lengths && self.classes.iter().zip(&other.classes).all(|(mine, other)| other & !mine == 0)
    }

    /// Whether some number is matched by both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let lengths = match (self.least(), other.least()) {
            ((a, true), (b, true)) => a == b,
            ((a, true), (b, false)) => b <= a,
            ((a, false), (b, true)) => a <= b,
            ((_, false), (_, false)) => true,
        };
        lengths && self.classes.iter().zip(&other.classes).all(|(mine, other)| mine & other != 0)
    }

    /// Whether it matches every number there is.
    pub(crate) fn is_everything(&self) -> bool {
        self.classes.is_empty()
    }

    /// The number itself without dashes, where the mask is a plain one.
    pub(crate) fn number(&self) -> Option<&str> {
        self.plain.as_deref()
    }

    /// A number that it matches.
    pub(crate) fn sample(&self) -> String {
        let least = |class: &u128| u8::try_from(class.trailing_zeros()).map_or('0', char::from);
        let more = (self.tail == Tail::OneOrMore || self.classes.is_empty()).then_some('0');
        self.classes.iter().map(least).chain(more).collect()
    }

    /// The characters that a matching number may have, place by place.
    pub(crate) fn classes(&self) -> &[u128] {
        &self.classes
    }

    /// The least length of a match, and whether there is no longer one.
    pub(crate) fn least(&self) -> (usize, bool) {
        match self.tail {
            Tail::Nothing => (self.classes.len(), true),
            Tail::OneOrMore => (self.classes.len() + 1, false),
            Tail::Any => (self.classes.len(), false),
        }
    }
}

impl PatternError {
    pub(crate) fn new(offset: usize, width: usize, message: &str) -> Self {
        Self { offset, width, message: message.to_string() }
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A number as it is compared.
pub(crate) fn without_dashes(number: &str) -> Cow<'_, str> {
    if number.contains(DASH) { number.replace(DASH, "").into() } else { number.into() }
}

/// The bit of a character; no bit for what is not ASCII.
pub(crate) fn bit(byte: u8) -> u128 {
    1u128.checked_shl(u32::from(byte)).unwrap_or(0)
}

fn range(from: u8, to: u8) -> u128 {
    (from..=to).fold(0, |set, byte| set | bit(byte))
}

fn literal(offset: usize, c: char) -> Result<u128, PatternError> {
    if c == '/' {
        let message = "`/` is no part of a number: the caller's number, which Asterisk writes after it, goes into `from`";
        return Err(PatternError::new(offset, 1, message));
    }
    if !c.is_ascii_graphic() {
        let message = "a dialled number has no spaces, control characters or letters with accents";
        return Err(PatternError::new(offset, c.len_utf8(), message));
    }
    u8::try_from(c).map(bit).map_err(|_| PatternError::new(offset, c.len_utf8(), "not an ASCII character"))
}

/// The inside of `[1-5]` or `[135]`.
fn set(inside: &str, offset: usize) -> Result<u128, PatternError> {
    if inside.is_empty() {
        return Err(PatternError::new(offset, 1, "`[]` matches nothing"));
    }
    let mut set = 0;
    let mut rest = inside.char_indices().peekable();
    while let Some((at, from)) = rest.next() {
        let low = literal(offset + at, from)?;
        let mut ahead = rest.clone();
        let to = (ahead.next().is_some_and(|(_, c)| c == '-')).then(|| ahead.next()).flatten();
        let Some((end, to)) = to else {
            set |= low;
            continue;
        };
        literal(offset + end, to)?;
        if to < from {
            let message = format!("the range {from}-{to} runs backwards");
            return Err(PatternError::new(offset + at, end - at + 1, &message));
        }
        set |= range(u8::try_from(from).unwrap_or(0), u8::try_from(to).unwrap_or(0));
        rest = ahead;
    }
    set &= !bit(DASH as u8);
    if set == 0 {
        return Err(PatternError::new(
            offset,
            inside.len(),
            "dashes count for nothing: this matches nothing",
        ));
    }
    Ok(set)
}

const LONGEST: usize = 128;
pub(crate) const DASH: char = '-';

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(text: &str) -> Mask {
        if text.starts_with('_') { Mask::pattern(text).unwrap() } else { Mask::plain(text).unwrap() }
    }

    /// Every number of up to four characters over an alphabet that tells the sets of the generator apart.
    fn numbers() -> Vec<String> {
        let mut numbers = vec![String::new()];
        let mut last = numbers.clone();
        for _ in 0..4 {
            last =
                last.iter().flat_map(|number| "0123a".chars().map(move |c| format!("{number}{c}"))).collect();
            numbers.extend(last.iter().cloned());
        }
        numbers
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        /// Comparing masks says the same as trying all numbers. Three fixed positions and a tail are decided by
        /// numbers of at most four characters.
        #[test]
        fn comparison_agrees_with_trying_all(a in "_[XZN012]{1,3}[.!]?", b in "_(\\[12\\]|\\[0-2\\]|[XZN012]){1,3}[.!]?") {
            let (a, b) = (mask(&a), mask(&b));
            // N and X hold digits that the small alphabet lacks, so sets are cut down to it before comparing.
            let cut = |mask: &Mask| Mask {
                classes: mask.classes.iter().map(|class| class & (range(b'0', b'3'))).collect(),
                ..mask.clone()
            };
            let (a, b) = (cut(&a), cut(&b));
            let (mut covers, mut overlaps) = (true, false);
            for number in numbers() {
                covers &= a.matches(&number) || !b.matches(&number);
                overlaps |= a.matches(&number) && b.matches(&number);
            }
            prop_assert_eq!(a.covers(&b), covers);
            prop_assert_eq!(a.overlaps(&b), overlaps);
            prop_assert_eq!(b.overlaps(&a), overlaps);
            prop_assert!(b.classes.contains(&0) || b.matches(&b.sample()));
        }
    }

    #[test]
    fn plain_numbers_compare_with_patterns() {
        assert!(mask("_2XX").covers(&mask("201")));
        assert!(!mask("201").covers(&mask("_2XX")));
        assert!(mask("_.").covers(&mask("_2XX!")));
        assert!(mask("_11!").overlaps(&mask("112")));
        assert!(!mask("_112.").overlaps(&mask("112")));
        assert!(mask("_!").is_everything());
    }
}
