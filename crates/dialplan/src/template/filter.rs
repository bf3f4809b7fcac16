//! What is done to a variable on its way into a text: `${number|strip:9|prefix:0}`.

use std::borrow::Cow;

use crate::country::Country;
use crate::words;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    /// `:3`, `:-4` or `:1:2`, in characters; as in Asterisk a negative offset or length counts from the end.
    Slice { offset: i32, length: Option<i32> },
    /// `|strip:P`: without the prefix P, where it is present.
    Strip(String),
    /// `|prefix:P`: with P before it; nothing stays nothing.
    Prefix(String),
    /// `|default:T`: T where it is empty.
    Default(String),
    /// `|e164:nl`: as it is dialled from anywhere.
    E164(&'static Country),
    /// `|national:nl`: as it is dialled within the country.
    National(&'static Country),
}

impl Filter {
    /// Reads `3` or `1:2`, the part after the colon.
    pub(super) fn slice(text: &str) -> Result<Self, String> {
        let (offset, length) = text.split_once(':').map_or((text, None), |(a, b)| (a, Some(b)));
        match (offset.parse().ok(), length.map(str::parse).transpose().ok()) {
            (Some(offset), Some(length)) => Ok(Self::Slice { offset, length }),
            _ => Err(format!("{} is no position, expected `:3`, `:-4` or `:1:2`", words::quote(text))),
        }
    }

    /// Reads `strip:9`, the part after the bar.
    pub(super) fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let (word, argument) = text.split_once(':').unwrap_or((text, ""));
        let country = |argument: &str| {
            Country::find(argument).ok_or_else(|| {
                let known = words::one_of(Country::names());
                (format!("unknown country {}, expected {known}", words::quote(argument)), None)
            })
        };
        match word {
            "e164" => country(argument).map(Self::E164),
            "national" => country(argument).map(Self::National),
            "strip" | "prefix" | "default" if argument.is_empty() => {
                Err((format!("`{word}` needs a text, such as `{word}:9`"), None))
            }
            "strip" => Ok(Self::Strip(argument.to_string())),
            "prefix" => Ok(Self::Prefix(argument.to_string())),
            "default" => Ok(Self::Default(argument.to_string())),
            _ => {
                let message =
                    format!("unknown filter {}, expected {}", words::quote(word), words::one_of(WORDS));
                Err((message, words::did_you_mean(word, WORDS)))
            }
        }
    }

    pub(super) fn apply<'a>(&self, value: Cow<'a, str>) -> Cow<'a, str> {
        match self {
            Self::Strip(prefix) => match value.strip_prefix(prefix.as_str()) {
                Some(rest) => Cow::Owned(rest.to_string()),
                None => value,
            },
            Self::Prefix(_) if value.is_empty() => value,
            Self::Prefix(prefix) => Cow::Owned(format!("{prefix}{value}")),
            Self::Default(text) if value.is_empty() => Cow::Owned(text.clone()),
            Self::Default(_) => value,
            Self::E164(country) => Cow::Owned(country.e164(&value)),
            Self::National(country) => Cow::Owned(country.national(&value)),
            Self::Slice { offset, length } => Cow::Owned(slice(&value, *offset, *length).to_string()),
        }
    }
}

fn slice(value: &str, offset: i32, length: Option<i32>) -> &str {
    let count = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
    let from_end = |position: i32| count.saturating_add(i64::from(position)).max(0);
    let start = if offset < 0 { from_end(offset) } else { i64::from(offset).min(count) };
    let end = match length {
        None => count,
        Some(length) if length < 0 => from_end(length),
        Some(length) => start.saturating_add(i64::from(length)).min(count),
    };
    let byte = |position: i64| {
        let position = usize::try_from(position).unwrap_or(usize::MAX);
        value.char_indices().nth(position).map_or(value.len(), |(at, _)| at)
    };
    value.get(byte(start)..byte(end.max(start))).unwrap_or_default()
}

const WORDS: [&str; 5] = ["strip", "prefix", "default", "e164", "national"];
