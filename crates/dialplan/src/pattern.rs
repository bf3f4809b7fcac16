//! What a rule matches: a plain number, an Asterisk pattern (`_`) or a regular expression (`re:`).

use crate::mask::{self, Mask, PatternError};
use regex::bytes::{Regex, RegexBuilder};
use std::fmt;

#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Mask(Mask),
    Regex { text: String, regex: Regex },
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Self, PatternError> {
        if let Some(expression) = text.strip_prefix("re:") {
            return regex(text, expression);
        }
        if text.starts_with('_') {
            return Mask::pattern(text).map(Self::Mask);
        }
        Mask::plain(text).map(Self::Mask)
    }

    pub(crate) fn matches(&self, number: &str) -> bool {
        match self {
            Self::Mask(mask) => mask.matches(number),
            Self::Regex { regex, .. } => regex.is_match(mask::without_dashes(number).as_bytes()),
        }
    }

    /// The fewest and the most characters of a number that fits; None where that is not known.
    pub(crate) fn lengths(&self) -> Option<(usize, usize)> {
        if let Self::Mask(mask) = self { Some(mask.lengths()) } else { None }
    }

    /// The one number that it is, where it is one.
    pub(crate) fn plain(&self) -> Option<&str> {
        if let Self::Mask(mask) = self { mask.number() } else { None }
    }

    /// The groups of the expression that the number matches, from the first on; empty where it has none.
    pub(crate) fn groups(&self, number: &str) -> Vec<String> {
        let Self::Regex { regex, .. } = self else { return Vec::new() };
        if regex.captures_len() < 2 {
            return Vec::new();
        }
        let number = mask::without_dashes(number);
        let Some(found) = regex.captures(number.as_bytes()) else { return Vec::new() };
        let text = |group: Option<regex::bytes::Match<'_>>| {
            group.map_or_else(String::new, |group| String::from_utf8_lossy(group.as_bytes()).into_owned())
        };
        found.iter().skip(1).take(9).map(text).collect()
    }

    /// Whether every number that `other` matches surely is matched by this one too. Two different regular expressions
    /// are never compared.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mask(mine), Self::Mask(other)) => mine.covers(other),
            (Self::Mask(mine), Self::Regex { .. }) => mine.is_everything(),
            (Self::Regex { regex, .. }, Self::Mask(other)) => {
                other.number().is_some_and(|number| regex.is_match(number.as_bytes()))
            }
            (Self::Regex { text: mine, .. }, Self::Regex { text: other, .. }) => mine == other,
        }
    }

    /// Whether some number may be matched by both; true where that cannot be known.
    pub(crate) fn may_overlap(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mask(mine), Self::Mask(other)) => mine.overlaps(other),
            (Self::Regex { regex, .. }, Self::Mask(mask)) | (Self::Mask(mask), Self::Regex { regex, .. }) => {
                mask.number().is_none_or(|number| regex.is_match(number.as_bytes()))
            }
            (Self::Regex { .. }, Self::Regex { .. }) => true,
        }
    }

    /// A doubt about a pattern that is valid but probably not meant so.
    pub(crate) fn doubt(&self) -> Option<(String, Option<String>)> {
        match self {
            Self::Regex { text, .. } if !text.starts_with("re:^") => Some((
                "this regular expression may match in the middle of a number".to_string(),
                Some("start it with `^`".to_string()),
            )),
            Self::Regex { text, .. } if needs_dash(text) => Some((
                "numbers are compared without their dashes: this regular expression asks for one".to_string(),
                Some("leave the `-` out".to_string()),
            )),
            Self::Mask(mask) => {
                let number = mask.number()?;
                let digit = number.bytes().any(|byte| byte.is_ascii_digit());
                let wild = number.bytes().any(|byte| b"XZN[.!".contains(&byte));
                let is_shape = number.bytes().all(|byte| b"XZNxzn0123456789.!*#+[]".contains(&byte))
                    && number.bytes().any(|byte| b"XZNxzn.!".contains(&byte));
                ((digit && wild) || is_shape).then(|| {
                    (
                        format!("`{number}` matches only these very characters"),
                        Some(format!("a pattern starts with an underscore: `_{number}`")),
                    )
                })
            }
            Self::Regex { .. } => None,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mask(mask) => mask.fmt(f),
            Self::Regex { text, .. } => f.write_str(text),
        }
    }
}

/// Matched as bytes and without Unicode tables: `\d` is a digit of a phone, not of any script, and programs stay small.
fn regex(text: &str, expression: &str) -> Result<Pattern, PatternError> {
    if text.len() > LONGEST {
        let message = format!("a regular expression has at most {LONGEST} characters");
        return Err(PatternError::new(0, text.len(), &message));
    }
    let mut builder = RegexBuilder::new(expression);
    match builder.unicode(false).size_limit(PROGRAM).dfa_size_limit(PROGRAM).nest_limit(16).build() {
        Ok(regex) => Ok(Pattern::Regex { text: text.to_string(), regex }),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err(PatternError::new(0, text.len(), "the regular expression needs too much memory"))
        }
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Err(PatternError::new(0, text.len(), &format!("not a regular expression: {reason}")))
        }
    }
}

/// Whether a dash stands in an expression outside of a class, where it means itself.
fn needs_dash(text: &str) -> bool {
    let (mut in_class, mut is_escaped) = (false, false);
    text.bytes().any(|byte| {
        let was_escaped = is_escaped;
        is_escaped = byte == b'\\' && !was_escaped;
        match byte {
            b'[' if !was_escaped => in_class = true,
            b']' if !was_escaped => in_class = false,
            _ => {}
        }
        byte == b'-' && !in_class
    })
}

const LONGEST: usize = 256;
/// Bytes that one compiled expression may take.
const PROGRAM: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The table was made by Asterisk's own matcher.
    #[test]
    fn patterns_match_as_in_asterisk() {
        let table = include_str!("pattern/asterisk.txt").lines().filter(|line| !line.starts_with('#'));
        let cases: Vec<&str> = table.collect();
        assert!(cases.len() >= 300);
        for case in cases {
            let mut words = case.split(' ');
            let (pattern, number, expected) =
                (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            let found = match Pattern::parse(pattern) {
                Ok(pattern) if pattern.matches(number) => "yes",
                Ok(_) => "no",
                Err(_) => "refused",
            };
            assert_eq!(found, expected, "{pattern} against {number}");
        }
    }

    #[test]
    fn expressions_match_bytes() {
        for (pattern, number, expected) in [
            (r"re:^\+3120123(45|46)\d{2}$", "+31201234567", true),
            (r"re:^\+3120123(45|46)\d{2}$", "+31201234667", true),
            (r"re:^\+3120123(45|46)\d{2}$", "+31201234767", false),
            (r"re:^\+3120123(45|46)\d{2}$", "+312012345670", false),
            ("re:^0", "0612345678", true),
            ("re:^0", "90612345678", false),
            ("re:12", "3123", true),
            (r"re:^\d+$", "201", true),
            (r"re:^\d+$", "٣", false),
            ("re:^(?i)balie$", "BALIE", true),
            ("re:^.$", "a", true),
            ("re:^12$", "1-2", true),
            ("re:^1-2$", "1-2", false),
            ("re:^1[2-]$", "1-2", true),
        ] {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(number),
                expected,
                "{pattern} against {number}"
            );
        }
    }

    /// What Asterisk's manual says of a pattern, character by character, without sets of bits.
    fn naive(pattern: &[u8], number: &[u8]) -> bool {
        let Some((head, rest)) = pattern.split_first() else { return number.is_empty() };
        let (set, rest) = match head {
            b'!' => return true,
            b'.' => return !number.is_empty(),
            b'-' => return naive(rest, number),
            b'X' | b'x' => (b"0123456789".to_vec(), rest),
            b'Z' | b'z' => (b"123456789".to_vec(), rest),
            b'N' | b'n' => (b"23456789".to_vec(), rest),
            b'[' => {
                let end = rest.iter().position(|byte| *byte == b']').unwrap();
                let mut set = Vec::new();
                let mut inside = &rest[..end];
                while let Some((first, tail)) = inside.split_first() {
                    if let [b'-', last, tail @ ..] = tail {
                        set.extend(*first..=*last);
                        inside = tail;
                    } else {
                        set.push(*first);
                        inside = tail;
                    }
                }
                (set, &rest[end + 1..])
            }
            other => (vec![*other], rest),
        };
        number.split_first().is_some_and(|(digit, digits)| set.contains(digit) && naive(rest, digits))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..ProptestConfig::default() })]

        #[test]
        fn masks_agree_with_a_naive_matcher(
            pattern in "_(X|Z|N|x|z|n|[0-3]|a|\\*|-|\\[[0-9*]{1,3}\\]|\\[[0-4]-[5-9][a0*]?\\]|\\[-?[02]-?\\]){1,4}[.!]?",
            numbers in prop::collection::vec("[0-9]{1,5}|[-0-3a*+]{0,6}|[0-9]{2}-[0-9]{1,3}|é[0-9]", 1..24),
        ) {
            let Ok(mask) = Pattern::parse(&pattern) else {
                prop_assert!(!pattern.contains(|c: char| c.is_ascii_alphanumeric() || "*.!".contains(c)));
                return Ok(());
            };
            for number in numbers {
                let digits = number.replace('-', "");
                prop_assert_eq!(mask.matches(&number), naive(&pattern.as_bytes()[1..], digits.as_bytes()), "{} and {}", pattern, number);
            }
        }

        /// Any text is a pattern or an error whose place lies in it.
        #[test]
        fn any_text(text in "\\PC{0,24}|_[\\]\\[XZN0-9.!*#/-]{0,12}|re:\\PC{0,16}", number in "\\PC{0,12}") {
            match Pattern::parse(&text) {
                Ok(pattern) => drop(pattern.matches(&number)),
                Err(error) => {
                    prop_assert!(error.offset + error.width <= text.len().max(1) && !error.message.is_empty());
                    prop_assert!(text.is_char_boundary(error.offset), "{:?}", error);
                }
            }
        }
    }

    #[test]
    fn faults_name_their_place() {
        let cases = [
            ("", 0, 0),
            ("_", 0, 1),
            ("20 1", 2, 1),
            ("2é1", 1, 2),
            ("_2 X", 2, 1),
            ("_[12", 1, 3),
            ("_X[]X", 3, 1),
            ("_2[5-1]", 3, 3),
            ("_2.X", 2, 1),
            ("_2!!", 2, 1),
            ("re:(", 0, 4),
            ("re:^[9-0]$", 0, 10),
            ("re:(a{1000}){1000}", 0, 18),
        ];
        for (pattern, offset, width) in cases {
            let error = Pattern::parse(pattern).err().unwrap_or_else(|| panic!("{pattern} is taken"));
            assert_eq!((error.offset, error.width), (offset, width), "{pattern}: {}", error.message);
        }
        assert!(Pattern::parse(&"1".repeat(129)).is_err());
        assert!(Pattern::parse(&format!("_{}", "X".repeat(128))).is_err());
        assert!(Pattern::parse(&format!("re:^{}", "1".repeat(256))).is_err());
    }

    #[test]
    fn doubtful_patterns_are_noticed() {
        let doubt = |text: &str| Pattern::parse(text).unwrap().doubt().and_then(|(_, hint)| hint);
        assert_eq!(doubt("2XX").as_deref(), Some("a pattern starts with an underscore: `_2XX`"));
        assert_eq!(doubt("0.").as_deref(), Some("a pattern starts with an underscore: `_0.`"));
        assert_eq!(doubt("re:12$").as_deref(), Some("start it with `^`"));
        assert_eq!(doubt("re:^1-2$").as_deref(), Some("leave the `-` out"));
        assert_eq!(doubt(r"re:^1\-2$").as_deref(), Some("leave the `-` out"));
        assert_eq!(doubt(r"re:^[0-9]\[?[-*]$"), None);
        for text in ["201", "XAVIER", "_2XX", "re:^12", "+31201234567", "*43"] {
            assert_eq!(doubt(text), None, "{text}");
        }
    }

    #[test]
    fn expressions_compare_only_where_it_is_certain() {
        let covers = |a: &str, b: &str| Pattern::parse(a).unwrap().covers(&Pattern::parse(b).unwrap());
        assert!(covers("re:^2", "201"));
        assert!(!covers("re:^3", "201"));
        assert!(!covers("re:^2", "_2XX"));
        assert!(covers("re:^2", "re:^2"));
        assert!(covers("_.", "re:^2"));
        assert!(!covers("_2.", "re:^2"));
        let overlap = |a: &str, b: &str| Pattern::parse(a).unwrap().may_overlap(&Pattern::parse(b).unwrap());
        assert!(overlap("re:^1", "112") && overlap("112", "re:^1"));
        assert!(!overlap("re:^2", "112"));
        assert!(overlap("re:^2", "_1XX"), "cannot be known");
    }
}
