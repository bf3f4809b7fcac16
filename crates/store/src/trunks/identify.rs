//! What an INVITE must carry to be a trunk's, besides the address that it comes from.

use std::fmt;
use std::str::FromStr;

use super::word::{shown, written};
use super::wrong::WrongValue;

/// A header field and its value, `X-Account: 100001`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeaderRule {
    /// The name of the field.
    pub name: String,
    /// The whole value that it must have.
    pub value: String,
}

impl FromStr for HeaderRule {
    type Err = WrongValue;

    fn from_str(text: &str) -> Result<Self, WrongValue> {
        let fault = || WrongValue::NoHeader(shown(text));
        let (name, value) = text.split_once(':').ok_or_else(fault)?;
        let (name, value) = (name.trim(), value.trim());
        let is_token = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.!%*+`'~".contains(&byte));
        let fits =
            is_token && !value.is_empty() && text.len() <= LONGEST && !value.chars().any(char::is_control);
        if fits { Ok(Self { name: name.into(), value: value.into() }) } else { Err(fault()) }
    }
}

impl fmt::Display for HeaderRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value)
    }
}

impl From<HeaderRule> for String {
    fn from(rule: HeaderRule) -> Self {
        rule.to_string()
    }
}

written!(HeaderRule);

/// Bytes.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_a_name_and_a_value() {
        let rule: HeaderRule = "X-Account:100001 ".parse().unwrap();
        assert_eq!(rule.to_string(), "X-Account: 100001");
        for bad in ["", "X-Account", "X-Account:", ": 1", "X Account: 1", "X: a\r\nb"] {
            assert!(bad.parse::<HeaderRule>().is_err(), "{bad}");
        }
    }
}
