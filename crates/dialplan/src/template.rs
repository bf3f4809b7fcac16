//! A text with places for what the caller dialled or is called, such as `+${number:3}`. Expanded once: what comes out
//! is never read as a template again.

use serde::{Deserialize, Serialize};

use crate::country::Country;
use crate::words;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Template {
    text: String,
    /// Turn the expanded text into E.164 with this country's rules.
    country: Option<&'static Country>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable { name: Variable, filters: Vec<Filter> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Number,
    From,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    /// `:3`, `:-4` or `:1:2`, in characters; as in Asterisk a negative offset or length counts from the end.
    Slice { offset: i32, length: Option<i32> },
    /// `|strip:P`: without the prefix P, where it is present.
    Strip(String),
}

/// The facts of a call that a template may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Variables {
    pub(crate) number: String,
    pub(crate) from: String,
}

/// A fault in a template, `offset` bytes from its start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TemplateError {
    pub(crate) offset: usize,
    pub(crate) width: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).map_err(|error| error.message)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let (country, start) = match text.strip_prefix("e164:") {
            None => (None, 0),
            Some(rest) => {
                let name = rest.split(':').next().unwrap_or_default();
                let country = Country::find(name).filter(|_| rest.len() > name.len());
                let Some(country) = country else { return Err(unknown_country(name)) };
                (Some(country), "e164:".len() + name.len() + 1)
            }
        };
        let mut parts = Vec::new();
        let mut at = start;
        while let Some(found) = text[at..].find("${") {
            let open = at + found;
            if open > at {
                parts.push(Part::Text(text[at..open].to_string()));
            }
            let length = text[open..].find('}').ok_or_else(|| {
                TemplateError::new(open, text.len() - open, "`${` without its `}`".to_string(), None)
            })?;
            parts.push(variable(&text[open + 2..open + length], open)?);
            at = open + length + 1;
        }
        if at < text.len() {
            parts.push(Part::Text(text[at..].to_string()));
        }
        Ok(Self { text: text.to_string(), country, parts })
    }

    /// The text without variables, if it has none.
    pub(crate) fn literal(&self) -> Option<&str> {
        let fixed = self.country.is_none() && self.parts.iter().all(|part| matches!(part, Part::Text(_)));
        fixed.then_some(self.text.as_str())
    }

    pub(crate) fn expand(&self, variables: &Variables) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Variable { name, filters } => {
                    let value = match name {
                        Variable::Number => &variables.number,
                        Variable::From => &variables.from,
                    };
                    text.push_str(filters.iter().fold(value.as_str(), |value, filter| filter.apply(value)));
                }
            }
        }
        match self.country {
            Some(country) => country.e164(&text),
            None => text,
        }
    }
}

impl Filter {
    fn apply<'a>(&self, value: &'a str) -> &'a str {
        match self {
            Self::Strip(prefix) => value.strip_prefix(prefix.as_str()).unwrap_or(value),
            Self::Slice { offset, length } => {
                let count = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
                let from_end = |position: i32| count.saturating_add(i64::from(position)).max(0);
                let start = if *offset < 0 { from_end(*offset) } else { i64::from(*offset).min(count) };
                let end = match length {
                    None => count,
                    Some(length) if *length < 0 => from_end(*length),
                    Some(length) => start.saturating_add(i64::from(*length)).min(count),
                };
                let byte = |position: i64| {
                    let position = usize::try_from(position).unwrap_or(usize::MAX);
                    value.char_indices().nth(position).map_or(value.len(), |(at, _)| at)
                };
                value.get(byte(start)..byte(end.max(start))).unwrap_or_default()
            }
        }
    }
}

impl TemplateError {
    fn new(offset: usize, width: usize, message: String, hint: Option<String>) -> Self {
        Self { offset, width, message, hint }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads the inside of `${...}`, which opens at `open`.
fn variable(inside: &str, open: usize) -> Result<Part, TemplateError> {
    let width = inside.len() + 3;
    let mut pieces = inside.split('|');
    let head = pieces.next().unwrap_or_default();
    let (word, slice) = head.split_once(':').map_or((head, None), |(word, slice)| (word, Some(slice)));
    let name = match word {
        "number" => Variable::Number,
        "from" => Variable::From,
        _ => {
            let message = format!("unknown variable {}, expected `number` or `from`", words::quote(word));
            return Err(TemplateError::new(
                open,
                width,
                message,
                words::did_you_mean(word, ["number", "from"]),
            ));
        }
    };
    let mut filters = Vec::new();
    if let Some(slice) = slice {
        let (offset, length) = slice.split_once(':').map_or((slice, None), |(a, b)| (a, Some(b)));
        let parsed = (offset.parse().ok(), length.map(str::parse).transpose().ok());
        let (Some(offset), Some(length)) = parsed else {
            let message = format!("{} is no position, expected `:3`, `:-4` or `:1:2`", words::quote(slice));
            return Err(TemplateError::new(open, width, message, None));
        };
        filters.push(Filter::Slice { offset, length });
    }
    for filter in pieces {
        match filter.strip_prefix("strip:").filter(|prefix| !prefix.is_empty()) {
            Some(prefix) => filters.push(Filter::Strip(prefix.to_string())),
            None => {
                let message = format!("unknown filter {}, expected `strip:PREFIX`", words::quote(filter));
                return Err(TemplateError::new(open, width, message, None));
            }
        }
    }
    Ok(Part::Variable { name, filters })
}

fn unknown_country(name: &str) -> TemplateError {
    let message = format!(
        "unknown country {}, expected `e164:COUNTRY:NUMBER` with {}",
        words::quote(name),
        words::one_of(Country::names())
    );
    let hint = words::did_you_mean(name, Country::names());
    TemplateError::new(0, "e164:".len() + name.len(), message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(template: &str, number: &str) -> String {
        let variables = Variables { number: number.into(), from: "206".into() };
        Template::parse(template).unwrap().expand(&variables)
    }

    #[test]
    fn variables_are_filled_in() {
        assert_eq!(expand("ext:${number}", "201"), "ext:201");
        assert_eq!(expand("+${number:3}", "90032470123456"), "+32470123456");
        assert_eq!(expand("${number:-4}", "0612345678"), "5678");
        assert_eq!(expand("${number:1:2}", "0612345678"), "61");
        assert_eq!(expand("${number:0:-2}", "0612345678"), "06123456");
        assert_eq!(expand("${number:99}", "201"), "");
        assert_eq!(expand("${number:-99}", "201"), "201");
        assert_eq!(expand("${from}-${number|strip:9}", "9123"), "206-123");
        assert_eq!(expand("${number|strip:9}", "123"), "123");
        assert_eq!(expand("$ 5 {x}", ""), "$ 5 {x}");
        assert_eq!(expand("${number:1}", "é€x"), "€x");
    }

    #[test]
    fn dutch_numbers_become_e164() {
        assert_eq!(expand("e164:nl:${number|strip:9}", "90612345678"), "+31612345678");
        assert_eq!(expand("e164:nl:${number}", "020-123 45 67"), "+31201234567");
        assert_eq!(expand("e164:nl:${number}", "0032470123456"), "+32470123456");
        assert_eq!(expand("e164:nl:${number}", "+31612345678"), "+31612345678");
        assert_eq!(expand("e164:nl:${number}", "112"), "112");
        assert_eq!(expand("e164:nl:${number}", "08001234"), "08001234");
    }

    #[test]
    fn caller_data_is_never_evaluated_again() {
        assert_eq!(expand("${number}", "${from}"), "${from}");
        assert_eq!(expand("e164:nl:${number}", "e164:nl:06"), "e164:nl:06");
    }

    #[test]
    fn faults_name_their_place() {
        let error = |text: &str| {
            let error = Template::parse(text).unwrap_err();
            (error.offset, error.width)
        };
        assert_eq!(error("ext:${numbr}"), (4, 8));
        assert_eq!(error("ext:${number"), (4, 8));
        assert_eq!(error("${number:x}"), (0, 11));
        assert_eq!(error("${number|upper}"), (0, 15));
        assert_eq!(error("${number|strip:}"), (0, 16));
        assert_eq!(error("e164:xx:${number}"), (0, 7));
        assert_eq!(error("e164:nl"), (0, 7));
        assert_eq!(Template::parse("${form}").unwrap_err().hint.as_deref(), Some("did you mean `from`?"));
    }
}
