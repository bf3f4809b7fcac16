//! What a provider's webhook tells of a call, in the same words whoever tells it. Every text is cut to what a record may hold.

mod standard;
mod telnyx;
#[cfg(test)]
mod tests;
mod twilio;

use serde::Serialize;
use serde_json::Value;

pub(crate) use twilio::{TWILIO_DAY, parameters_of};

/// An event of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// The provider's id of it; told again, it is the same.
    pub(crate) id: Option<String>,
    pub(crate) kind: Kind,
    /// Microseconds UTC.
    pub(crate) occurred_at: Option<i64>,
    /// What it calls the call.
    pub(crate) names: Vec<String>,
    pub(crate) facts: Facts,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    Status,
    Recording,
    Cost,
    #[default]
    Other,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Recording => "recording",
            Self::Cost => "cost",
            Self::Other => "other",
        }
    }
}

/// What it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Facts {
    /// One of [`STATUSES`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<&'static str>,
    /// The provider's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) said: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_secs: Option<u32>,
    /// A decimal number, as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sip_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recording: Option<Recording>,
}

/// A recording that the provider has made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Recording {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_secs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
}

impl Event {
    /// Of Twilio's parameters.
    pub(crate) fn of_twilio(form: &[(String, String)]) -> Self {
        twilio::event(form)
    }

    /// Of Telnyx' JSON; None where it is no event.
    pub(crate) fn of_telnyx(body: &Value) -> Option<Self> {
        telnyx::event(body)
    }

    /// Of JSON in the form of Standard Webhooks; None where it is no event.
    pub(crate) fn of_standard(body: &Value) -> Option<Self> {
        standard::event(body)
    }

    /// Takes a name of the call, where it is one.
    fn name(&mut self, name: Option<&str>) {
        let Some(name) = name else { return };
        let is_plain = (1..=NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain && self.names.len() < NAMES && !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    /// Settles what it is about.
    fn settled(mut self) -> Self {
        self.facts.recording = self.facts.recording.filter(|of| *of != Recording::default());
        self.kind = match &self.facts {
            Facts { recording: Some(_), .. } => Kind::Recording,
            Facts { status: Some(_), .. } => Kind::Status,
            Facts { price: Some(_), .. } => Kind::Cost,
            _ => Kind::Other,
        };
        self
    }
}

/// The word for a status, however it is spelt.
fn status(text: &str) -> Option<&'static str> {
    let word = text.trim().to_ascii_lowercase().replace('_', "-");
    let word = match word.as_str() {
        "queued" => "initiated",
        "answered" => "in-progress",
        "cancelled" => "canceled",
        other => other,
    };
    STATUSES.iter().find(|known| **known == word).copied()
}

/// A piece of text of at most so many characters, without control characters; None where nothing is left.
fn text(said: &str, most: usize) -> Option<String> {
    let plain: String =
        said.trim().chars().take(most).map(|c| if c.is_control() { '?' } else { c }).collect();
    Some(plain).filter(|plain| !plain.is_empty())
}

/// A URL that a browser may open.
fn url(said: &str) -> Option<String> {
    let is_web = said.starts_with("https://") || said.starts_with("http://");
    let is_plain = said.len() <= URL && said.bytes().all(|byte| byte.is_ascii_graphic());
    (is_web && is_plain).then(|| said.to_owned())
}

/// An amount as a decimal number.
fn amount(said: &str) -> Option<String> {
    let digits = said.strip_prefix('-').unwrap_or(said);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(whole) && is_number(part)).then(|| said.to_owned())
}

/// Three letters (ISO 4217).
fn currency(said: &str) -> Option<String> {
    let is_code = said.len() == 3 && said.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| said.to_ascii_uppercase())
}

/// Seconds; a part of one counts as none.
fn seconds(said: &str) -> Option<u32> {
    said.split('.').next()?.parse().ok()
}

fn sip_code(said: &str) -> Option<u16> {
    said.parse().ok().filter(|code| (100..700).contains(code))
}

/// A value of JSON as text: providers write numbers as either.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Microseconds of a time in RFC 3339.
fn time(said: &str) -> Option<i64> {
    said.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

/// The states of a call at a provider, in the words of Twilio, which others have taken over.
pub(crate) const STATUSES: &[&str] =
    &["initiated", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"];
/// Names of an event, and bytes of one: as many as the legs of a record have.
const NAMES: usize = 8;
const NAME: usize = 128;
/// Characters of a word, and of a sentence.
const WORD: usize = 64;
const SENTENCE: usize = 256;
/// Bytes of a URL: those of Telnyx are signed and long.
const URL: usize = 1_024;
