//! What a rule matches: a plain number, an Asterisk pattern (`_`) or a regular expression (`re:`).

use crate::mask::{Mask, PatternError};
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
            Self::Regex { regex, .. } => regex.is_match(number.as_bytes()),
        }
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
            Self::Mask(mask) => {
                let number = mask.number()?;
                let digit = number.bytes().any(|byte| byte.is_ascii_digit());
                let wild = number.bytes().any(|byte| b"XZN[.!".contains(&byte));
                (digit && wild).then(|| {
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

const LONGEST: usize = 256;
/// Bytes that one compiled expression may take.
const PROGRAM: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn patterns_match_as_in_asterisk() {
        let cases = [
            ("201", "201", true),
            ("201", "202", false),
            ("201", "2011", false),
            ("201", "20", false),
            ("*43", "*43", true),
            ("*43", "43", false),
            ("#1", "#1", true),
            ("+31201234567", "+31201234567", true),
            ("+31201234567", "31201234567", false),
            ("balie", "balie", true),
            ("balie", "Balie", false),
            ("2XX", "2XX", true),
            ("2XX", "201", false),
            ("_2XX", "200", true),
            ("_2XX", "299", true),
            ("_2XX", "20", false),
            ("_2XX", "2000", false),
            ("_2XX", "300", false),
            ("_2XX", "2a0", false),
            ("_2XX", "2*0", false),
            ("_X", "0", true),
            ("_X", "9", true),
            ("_X", "a", false),
            ("_X", "+", false),
            ("_X", "é", false),
            ("_x", "5", true),
            ("_Z", "1", true),
            ("_Z", "9", true),
            ("_Z", "0", false),
            ("_z", "0", false),
            ("_z", "3", true),
            ("_N", "2", true),
            ("_N", "9", true),
            ("_N", "1", false),
            ("_N", "0", false),
            ("_n", "1", false),
            ("_n", "7", true),
            ("_[1-5]", "1", true),
            ("_[1-5]", "5", true),
            ("_[1-5]", "6", false),
            ("_[1-5]", "0", false),
            ("_[135]", "3", true),
            ("_[135]", "2", false),
            ("_[13-5]", "1", true),
            ("_[13-5]", "2", false),
            ("_[13-5]", "4", true),
            ("_[1-35-7]", "4", false),
            ("_[1-35-7]", "6", true),
            ("_[*#]", "#", true),
            ("_[*#]", "1", false),
            ("_[a-c]", "b", true),
            ("_[a-c]", "d", false),
            ("_[1-]", "-", true),
            ("_[1-]", "1", true),
            ("_[1-]", "2", false),
            ("_[-1]", "-", true),
            ("_[12]XX", "100", true),
            ("_[12]XX", "299", true),
            ("_[12]XX", "300", false),
            ("_[12]XX", "10", false),
            ("_.", "1", true),
            ("_.", "abc", true),
            ("_.", "+", true),
            ("_.", "é", true),
            ("_!", "1", true),
            ("_!", "abc", true),
            ("_2.", "2", false),
            ("_2.", "20", true),
            ("_2.", "2x", true),
            ("_2.", "3", false),
            ("_2.", "30", false),
            ("_2!", "2", true),
            ("_2!", "20", true),
            ("_2!", "299999999999999999", true),
            ("_2!", "3", false),
            ("_X.", "1", false),
            ("_X.", "12", true),
            ("_X!", "1", true),
            ("_X!", "a", false),
            ("_9.", "9", false),
            ("_9.", "91", true),
            ("_0.", "0031201234567", true),
            ("_00.", "00", false),
            ("_00.", "003", true),
            ("_00!", "00", true),
            ("_900X.", "900", false),
            ("_900X.", "9003", false),
            ("_900X.", "90032", true),
            ("_900X.", "90032470123456", true),
            ("_900X.", "900*2", false),
            ("_90ZXXXXXXXX", "90612345678", true),
            ("_90ZXXXXXXXX", "90012345678", false),
            ("_90ZXXXXXXXX", "9061234567", false),
            ("_90ZXXXXXXXX", "906123456789", false),
            ("_0ZXXXXXXXX", "0612345678", true),
            ("_0ZXXXXXXXX", "0201234567", true),
            ("_0ZXXXXXXXX", "0012345678", false),
            ("_0ZXXXXXXXX", "061234567", false),
            ("_+31X.", "+31612345678", true),
            ("_+31X.", "+32470123456", false),
            ("_+31X.", "+316", false),
            ("_+31X.", "+3161", true),
            ("_*4X", "*43", true),
            ("_*4X", "*4a", false),
            ("_*4X", "43", false),
            ("_#.", "#1", true),
            ("_NXXNXXXXXX", "2125551234", true),
            ("_NXXNXXXXXX", "1125551234", false),
            ("_NXXNXXXXXX", "2121551234", false),
            ("_1NXXNXXXXXX", "12125551234", true),
            ("_NXX-NXXX", "2122551", true),
            ("_NXX-NXXX", "212-2551", false),
            ("_112", "112", true),
            ("_112", "1120", false),
            ("_0112!", "0112", true),
            ("_0112!", "01123", true),
            ("_X!", "é", false),
            ("_2!", "2é", true),
            ("_ZZZ", "111", true),
            ("_ZZZ", "101", false),
            ("_XXXX", "2012", true),
            ("_XXXX", "201", false),
            ("_alice.", "alice1", true),
            ("_a.", "alice", true),
            (r#"re:^\+3120123(45|46)\d{2}$"#, "+31201234567", true),
            (r#"re:^\+3120123(45|46)\d{2}$"#, "+31201234667", true),
            (r#"re:^\+3120123(45|46)\d{2}$"#, "+31201234767", false),
            (r#"re:^\+3120123(45|46)\d{2}$"#, "+312012345670", false),
            ("re:^0", "0612345678", true),
            ("re:^0", "90612345678", false),
            ("re:12", "3123", true),
            (r#"re:^\d+$"#, "201", true),
            (r#"re:^\d+$"#, "٣", false),
            ("re:^(?i)balie$", "BALIE", true),
            ("re:^.$", "a", true),
        ];
        assert!(cases.len() >= 100);
        for (pattern, number, expected) in cases {
            let parsed = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error:?}"));
            assert_eq!(parsed.matches(number), expected, "{pattern} against {number}");
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
