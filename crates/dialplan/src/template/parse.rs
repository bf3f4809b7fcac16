//! Reading a template.

use super::filter::Filter;
use super::{Part, Template, TemplateError, Variable};
use crate::country::Country;
use crate::words;

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let (country, start) = match text.strip_prefix("e164:") {
            None => (None, 0),
            Some(rest) => {
                let name = rest.split(':').next().unwrap_or_default();
                let country = Country::find(name).filter(|_| rest.len() > name.len());
                let Some(country) = country else { return Err(no_country(name)) };
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
}

/// Whether it may be the name of a variable.
pub(crate) fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_');
    first && word.len() <= 32 && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Reads the inside of `${...}`, which opens at `open`.
fn variable(inside: &str, open: usize) -> Result<Part, TemplateError> {
    let width = inside.len() + 3;
    let fault = |message: String, hint| TemplateError::new(open, width, message, hint);
    let mut pieces = inside.split('|');
    let head = pieces.next().unwrap_or_default();
    let (word, slice) = head.split_once(':').map_or((head, None), |(word, slice)| (word, Some(slice)));
    let name = match word {
        "number" => Variable::Number,
        "from" => Variable::From,
        "from_name" => Variable::FromName,
        group if group.len() == 1 && matches!(group.parse::<u8>(), Ok(1..)) => {
            Variable::Group(group.parse().unwrap_or_default())
        }
        name if is_name(name) => Variable::Named(name.into()),
        _ => {
            let message = format!(
                "{} is no variable, expected `number`, `from`, `from_name`, `1` to `9` or a name of small letters",
                words::quote(word)
            );
            return Err(fault(message, words::did_you_mean(word, FACTS)));
        }
    };
    if inside.contains(['$', '{']) {
        let message = "no variable stands within another".to_string();
        let hint = "give the text a name with a `set` before, and let that stand alone".to_string();
        return Err(fault(message, Some(hint)));
    }
    let mut filters = Vec::new();
    if let Some(slice) = slice {
        filters.push(Filter::slice(slice).map_err(|message| fault(message, None))?);
    }
    for piece in pieces {
        filters.push(Filter::parse(piece).map_err(|(message, hint)| fault(message, hint))?);
    }
    Ok(Part::Variable { name, filters, offset: open, width })
}

fn no_country(name: &str) -> TemplateError {
    if Country::find(name).is_some() {
        let message = format!("`e164:{name}` without a number, expected `e164:{name}:NUMBER`");
        let hint = format!("did you mean `e164:{name}:${{number}}`?");
        return TemplateError::new(0, "e164:".len() + name.len(), message, Some(hint));
    }
    let message = format!(
        "unknown country {}, expected `e164:COUNTRY:NUMBER` with {}",
        words::quote(name),
        words::one_of(Country::names())
    );
    TemplateError::new(0, "e164:".len() + name.len(), message, None)
}

/// The variables of calls from trunks that have their callers' numbers validated; empty in others.
pub(crate) const VERIFIED: [&str; 2] = ["verstat", "attestation"];

/// The variables that every call has.
pub(crate) const FACTS: [&str; 3] = ["number", "from", "from_name"];
