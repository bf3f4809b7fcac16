//! A text with places for what is known of a call, such as `+${number:3}`. Expanded once: what comes out is never read as
//! a template again.

mod filter;
mod parse;
mod variables;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::country::Country;
use filter::Filter;
pub(crate) use parse::{FACTS, VERIFIED, is_name};
pub(crate) use variables::{MOST_NAMED, Variables};

/// A parsed text.
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
    Variable { name: Variable, filters: Vec<Filter>, offset: usize, width: usize },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Variable {
    Number,
    From,
    FromName,
    /// A group of the rule's regular expression, from 1.
    Group(u8),
    /// Of `[variables]`, `set`, `collect` or a webhook's answer.
    Named(Box<str>),
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
    /// Whether it is the caller's number and nothing else.
    pub(crate) fn is_caller(&self) -> bool {
        let is_from = |part: &Part| matches!(part, Part::Variable { name: Variable::From, filters, .. } if filters.is_empty());
        self.country.is_none() && matches!(self.parts.as_slice(), [part] if is_from(part))
    }

    /// The text without variables, if it has none.
    pub(crate) fn literal(&self) -> Option<&str> {
        let fixed = self.country.is_none() && self.parts.iter().all(|part| matches!(part, Part::Text(_)));
        fixed.then_some(self.text.as_str())
    }

    /// Whether the call alone makes it: the number that was dialled and who dials, and nothing that was said since.
    pub(crate) fn is_of_the_call(&self) -> bool {
        self.named().next().is_none()
    }

    /// The variables that somebody has to define, each with its place in the text.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable { name: Variable::Named(name), offset, width, .. } => {
                Some((&**name, *offset, *width))
            }
            _ => None,
        })
    }

    /// The same, with the texts of those variables that never change in their places.
    pub(crate) fn with_fixed(self, known: &BTreeMap<String, Option<String>>) -> Self {
        let fixed = |name: &Variable| match name {
            Variable::Named(name) => known.get(&**name)?.as_ref(),
            _ => None,
        };
        let is_fixed = |part: &Part| matches!(part, Part::Variable { name, .. } if fixed(name).is_some());
        if !self.parts.iter().any(is_fixed) {
            return self;
        }
        let mut text = self.transform().to_string();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Variable { name, filters, offset, width } => match fixed(name) {
                    Some(value) => {
                        let value = Cow::Borrowed(value.as_str());
                        text.push_str(&filters.iter().fold(value, |value, filter| filter.apply(value)));
                    }
                    None => text.push_str(self.text.get(*offset..offset + width).unwrap_or_default()),
                },
            }
        }
        Self::parse(&text).unwrap_or(self)
    }

    /// The expanded text for somebody who reads it: a variable that is not known yet stands as it was written.
    pub(crate) fn show(&self, variables: &Variables) -> String {
        let is_open = |part: &Part| matches!(part, Part::Variable { name, .. } if !variables.is_known(name));
        if !self.parts.iter().any(is_open) {
            return self.expand(variables);
        }
        let shown = self.parts.iter().map(|part| match part {
            Part::Text(fixed) => Cow::Borrowed(fixed.as_str()),
            Part::Variable { offset, width, .. } if is_open(part) => {
                Cow::Borrowed(self.text.get(*offset..offset + width).unwrap_or_default())
            }
            Part::Variable { name, filters, .. } => {
                let value = Cow::Borrowed(variables.value(name));
                Cow::Owned(filters.iter().fold(value, |value, filter| filter.apply(value)).into_owned())
            }
        });
        std::iter::once(Cow::Borrowed(self.transform())).chain(shown).collect()
    }

    /// The transform of the whole text, such as `e164:nl:`; empty where there is none.
    fn transform(&self) -> &str {
        let end = self.country.and_then(|_| self.text.match_indices(':').nth(1)).map_or(0, |(at, _)| at + 1);
        self.text.get(..end).unwrap_or_default()
    }

    /// Whether a secret is part of it.
    pub(crate) fn is_secret(&self, variables: &Variables) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Variable { name, .. } if variables.is_secret(name)))
    }

    /// As it may be shown: stars stand for secrets.
    pub(crate) fn starred(&self, variables: &Variables) -> String {
        match variables.masked() {
            Some(masked) => self.expand(&masked),
            None => self.expand(variables),
        }
    }

    pub(crate) fn expand(&self, variables: &Variables) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Variable { name, filters, .. } => {
                    let value = variables.value(name);
                    let value = filters.iter().fold(value.into(), |value, filter| filter.apply(value));
                    text.push_str(&value);
                }
            }
            if text.len() > LONGEST {
                let mut end = LONGEST;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                text.truncate(end);
            }
        }
        match self.country {
            Some(country) => country.e164(&text),
            None => text,
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

/// Bytes of an expanded text: no number or name is longer, and variables that are set from each other cannot grow.
pub(crate) const LONGEST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(template: &str, number: &str) -> String {
        let mut variables = Variables::of(number, "206", "Balie");
        variables.set("klant", "12".into(), false);
        variables.set_groups(vec!["45".into()]);
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
        assert_eq!(expand("${from_name} ${klant} ${1} ${2} ${nobody}", ""), "Balie 12 45  ");
    }

    #[test]
    fn filters_follow_each_other() {
        assert_eq!(expand("${number|strip:9|prefix:0}", "9123"), "0123");
        assert_eq!(expand("${number|e164:nl}", "0612345678"), "+31612345678");
        assert_eq!(expand("${number|national:nl}", "+31612345678"), "0612345678");
        assert_eq!(expand("${number|default:100}", ""), "100");
        assert_eq!(expand("${number|default:100}", "7"), "7");
        assert_eq!(expand("${number:0:2|prefix:#|strip:#1}", "123"), "2");
        assert_eq!(expand("${number|prefix:+}", ""), "", "nothing stays nothing");
    }

    #[test]
    fn dutch_numbers_become_e164() {
        assert_eq!(expand("e164:nl:${number|strip:9}", "90612345678"), "+31612345678");
        assert_eq!(expand("e164:nl:${number}", "112"), "112");
    }

    #[test]
    fn caller_data_is_never_evaluated_again() {
        assert_eq!(expand("${number}", "${from}"), "${from}");
        assert_eq!(expand("e164:nl:${number}", "e164:nl:06"), "e164:nl:06");
    }

    #[test]
    fn an_expanded_text_is_bounded_between_two_letters() {
        let variables = Variables::of(&"é".repeat(LONGEST), "", "");
        let text = Template::parse("x${number}${number}").unwrap().expand(&variables);
        assert_eq!(text.len(), LONGEST - 1);
        assert!(text.ends_with('é'));
    }

    #[test]
    fn faults_name_their_place() {
        let error = |text: &str| {
            let error = Template::parse(text).unwrap_err();
            (error.offset, error.width)
        };
        assert_eq!(error("ext:${num-br}"), (4, 9));
        assert_eq!(error("ext:${number"), (4, 8));
        assert_eq!(error("${}"), (0, 3));
        assert_eq!(error("${0}"), (0, 4));
        assert_eq!(error("${number:x}"), (0, 11));
        assert_eq!(error("${number|upper}"), (0, 15));
        assert_eq!(error("${number|strip:}"), (0, 16));
        assert_eq!(error("${number|e164:xx}"), (0, 17));
        assert_eq!(error("e164:xx:${number}"), (0, 7));
        assert_eq!(error("e164:nl"), (0, 7));
    }
}
