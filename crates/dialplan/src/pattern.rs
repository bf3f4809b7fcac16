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
