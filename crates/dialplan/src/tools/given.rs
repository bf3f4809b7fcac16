//! What a simulated call meets: how those who are rung reply, which keys the caller presses, what services answer.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::known::Known;
use crate::plan::Plan;
use crate::run::WebhookAnswer;
use crate::tree::{self, Kind, Node};
use crate::words;

/// Results by what they are about. What is not given: who is rung answers, nothing is pressed, a service answers nothing in
/// particular, and every permission is granted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// By `ext:201`, `trunk:voys` or `group:balie`.
    replies: BTreeMap<String, Reply>,
    /// By the variable of the question; one text answers it every time, of several each once.
    digits: BTreeMap<String, Vec<String>>,
    webhooks: BTreeMap<String, WebhookReply>,
    denied: BTreeSet<String>,
    /// Where they are listed the others are denied.
    permissions: Option<BTreeSet<String>>,
}

/// How somebody who is rung replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// `answered`.
    Answered,
    /// `no-media`: a trunk that answers and lets nothing be heard.
    NoMedia,
    /// `no-answer`: rings in vain.
    NoAnswer,
    /// `unavailable`: not registered, or not there.
    Unavailable,
    /// A final SIP status; `busy` is 486, `declined` is 603.
    Status(u16),
}

/// How a webhook's service replies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookReply {
    /// With this.
    Answer(WebhookAnswer),
    /// Not in time, or with a fault; a word for it.
    Failed(String),
}

/// A given result as it is written: a text, several of them, or the answer of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenValue {
    /// `"busy"`, `"503"`, `"12"`.
    Text(String),
    /// `["9", "1"]`: one after the other.
    Texts(Vec<String>),
    /// `{ destination = "group:balie", variables = { klant = "12" } }`.
    Answer(WebhookAnswer),
}

/// Why something cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GivenError {
    /// What it is about.
    #[error("{} has no results, expected one such as \"ext:201\", \"trunk:voys\", \"group:balie\", \"webhook:crm\", \"require:call.international\" or the variable of a question", words::quote(.0))]
    Key(String),
    /// The result itself.
    #[error("{} is no result, expected {expected}", words::quote(.word))]
    Value {
        /// What was written.
        word: String,
        /// What can be.
        expected: &'static str,
        /// The nearest known word.
        nearest: Option<&'static str>,
    },
    /// The plan does not have it.
    #[error("the plan has no {what} {}", words::quote(.name))]
    Unknown {
        /// What it would be: `group`, `trunk`, `webhook`.
        what: String,
        /// What was written.
        name: String,
        /// The nearest that it has.
        nearest: Option<String>,
    },
    /// It has no `=`.
    #[error("{} has no `=`, expected one such as `ext:201=busy`", words::quote(.0))]
    Form(String),
    /// Where a service would send the call, and why it cannot.
    #[error("a service cannot send a call there: {0}")]
    Destination(String),
}

impl Given {
    /// Gives the result of `ext:N`, `trunk:N`, `group:N`, `webhook:N`, `require:PERMISSION`, `digits:VARIABLE` or `VARIABLE`.
    ///
    /// # Errors
    /// When that has no results, or not this one.
    pub fn set(&mut self, key: &str, value: GivenValue) -> Result<(), GivenError> {
        let (kind, name) = key.split_once(':').unwrap_or(("digits", key));
        if name.is_empty() {
            return Err(GivenError::Key(key.to_string()));
        }
        match (kind, value) {
            ("ext" | "trunk" | "group", GivenValue::Text(text)) => {
                self.replies.insert(key.to_string(), text.parse()?);
            }
            ("webhook", GivenValue::Text(text)) => {
                let reply = match text.as_str() {
                    "failed" => WebhookReply::Failed("given".to_string()),
                    "" => WebhookReply::Answer(WebhookAnswer::default()),
                    _ => WebhookReply::Answer(WebhookAnswer {
                        destination: Some(text),
                        ..WebhookAnswer::default()
                    }),
                };
                self.webhooks.insert(name.to_string(), reply);
            }
            ("webhook", GivenValue::Answer(answer)) => {
                self.webhooks.insert(name.to_string(), WebhookReply::Answer(answer));
            }
            ("require", GivenValue::Text(text)) if text == "denied" => {
                self.denied.insert(name.to_string());
            }
            ("require", GivenValue::Text(text)) if text == "granted" => {
                self.denied.remove(name);
            }
            ("digits", GivenValue::Text(text)) => {
                self.digits.insert(name.to_string(), vec![keys(text)?]);
            }
            ("digits", GivenValue::Texts(texts)) => {
                let mut texts = texts.into_iter().map(keys).collect::<Result<Vec<_>, _>>()?;
                // After the last one nothing is pressed any more.
                texts.push(String::new());
                self.digits.insert(name.to_string(), texts);
            }
            ("ext" | "trunk" | "group", value) => return Err(value.refused(REPLIES)),
            ("webhook", value) => return Err(value.refused(WEBHOOKS)),
            ("require", value) => return Err(value.refused("`granted` or `denied`")),
            ("digits", value) => return Err(value.refused(KEYS)),
            _ => return Err(GivenError::Key(key.to_string())),
        }
        Ok(())
    }

    /// Reads the words of `--given`: `ext:201=busy`, `keuze=12`, `keuze=9,1` for several questions, `webhook:crm=group:balie`,
    /// `webhook:crm={ variables = { klant = "12" } }` as in a test file. What the plan does not have is refused.
    ///
    /// # Errors
    /// With the word, and what is wrong with it.
    pub fn of_words(words: &[String], plan: &Plan) -> Result<Self, (String, GivenError)> {
        let known = Known::of(plan);
        let mut given = Self::default();
        for word in words {
            given.word(word, plan, &known).map_err(|error| (word.clone(), error))?;
        }
        Ok(given)
    }

    fn word(&mut self, word: &str, plan: &Plan, known: &Known) -> Result<(), GivenError> {
        let (about, result) = word.split_once('=').ok_or_else(|| GivenError::Form(word.to_string()))?;
        let (about, result) = (about.trim(), result.trim());
        let (kind, name) = about.split_once(':').unwrap_or(("digits", about));
        let value = match kind {
            "webhook" if result.starts_with('{') => GivenValue::Answer(answer(result)?),
            "digits" if result.contains(',') => {
                GivenValue::Texts(result.split(',').map(str::to_string).collect())
            }
            _ => GivenValue::Text(result.to_string()),
        };
        self.set(about, value)?;
        known.has(kind, name)?;
        match self.webhook(name) {
            WebhookReply::Answer(answer) if kind == "webhook" => known.may_answer(plan, name, &answer),
            _ => Ok(()),
        }
    }

    /// Grants these permissions and no others.
    pub fn permit(&mut self, permissions: impl IntoIterator<Item = String>) {
        self.permissions = Some(permissions.into_iter().collect());
    }

    pub(crate) fn reply(&self, about: &str) -> Option<Reply> {
        self.replies.get(about).copied()
    }

    /// What is pressed the `time`-th time that this is asked for, from 0.
    pub(crate) fn pressed(&self, variable: &str, time: usize) -> &str {
        let texts = self.digits.get(variable).map(Vec::as_slice).unwrap_or_default();
        texts.get(time).or_else(|| texts.last()).map_or("", String::as_str)
    }

    pub(crate) fn webhook(&self, name: &str) -> WebhookReply {
        let reply = self.webhooks.get(name).cloned();
        reply.unwrap_or_else(|| WebhookReply::Answer(WebhookAnswer::default()))
    }

    pub(crate) fn is_granted(&self, permission: &str) -> bool {
        !self.denied.contains(permission)
            && self.permissions.as_ref().is_none_or(|granted| granted.contains(permission))
    }
}

impl GivenError {
    /// A likely remedy.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Key(key) => {
                let kind = key.split_once(':')?.0;
                words::did_you_mean(kind, KINDS)
            }
            Self::Value { nearest, .. } => nearest.map(|near| format!("did you mean `{near}`?")),
            Self::Unknown { nearest, .. } => nearest.as_ref().map(|near| format!("did you mean `{near}`?")),
            Self::Destination(_) | Self::Form(_) => None,
        }
    }
}

impl GivenValue {
    fn refused(self, expected: &'static str) -> GivenError {
        let word = match self {
            Self::Text(text) => text,
            Self::Texts(_) => "a list".to_string(),
            Self::Answer(_) => "a table".to_string(),
        };
        GivenError::Value { word, expected, nearest: None }
    }
}

impl FromStr for Reply {
    type Err = GivenError;

    fn from_str(word: &str) -> Result<Self, GivenError> {
        Ok(match word {
            "answered" => Self::Answered,
            "no-media" => Self::NoMedia,
            "no-answer" => Self::NoAnswer,
            "unavailable" => Self::Unavailable,
            "busy" => Self::Status(486),
            "declined" => Self::Status(603),
            _ => match word.parse() {
                Ok(status @ 300..=699) => Self::Status(status),
                _ => {
                    return Err(GivenError::Value {
                        word: word.to_string(),
                        expected: REPLIES,
                        nearest: words::nearest(word, WORDS)
                            .and_then(|near| WORDS.into_iter().find(|known| *known == near)),
                    });
                }
            },
        })
    }
}

/// `{ destination = "group:balie", variables = { klant = "12" } }`, on a command line.
fn answer(text: &str) -> Result<WebhookAnswer, GivenError> {
    let refused = || GivenError::Value { word: text.to_string(), expected: WEBHOOKS, nearest: None };
    let root = tree::parse(&format!("answer = {text}")).map_err(|_| refused())?;
    let Some(Kind::Table(table)) = root.get("answer").map(|node| &node.kind) else { return Err(refused()) };
    let text_of = |node: &Node| match &node.kind {
        Kind::Text(text) => Ok(text.clone()),
        Kind::Integer(number) => Ok(number.to_string()),
        _ => Err(refused()),
    };
    let mut answer = WebhookAnswer::default();
    for entry in &table.entries {
        match (entry.key.as_str(), &entry.node.kind) {
            ("destination", _) => answer.destination = Some(text_of(&entry.node)?),
            ("variables", Kind::Table(variables)) => {
                for variable in &variables.entries {
                    answer.variables.push((variable.key.clone(), text_of(&variable.node)?));
                }
            }
            _ => return Err(refused()),
        }
    }
    Ok(answer)
}

/// What can be pressed on a phone.
fn keys(text: String) -> Result<String, GivenError> {
    if text.chars().all(|key| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D')) {
        return Ok(text);
    }
    Err(GivenError::Value { word: text, expected: KEYS, nearest: None })
}

pub(crate) const KINDS: [&str; 6] = ["ext", "trunk", "group", "webhook", "require", "digits"];
const WORDS: [&str; 6] = ["answered", "busy", "no-answer", "unavailable", "declined", "no-media"];
const REPLIES: &str =
    "`answered`, `busy`, `no-answer`, `unavailable`, `declined`, `no-media` or a SIP status from 300 to 699";
const WEBHOOKS: &str = "a destination, `failed` or { destination = \"...\", variables = { ... } }";
const KEYS: &str = "keys of a phone such as \"12\" or \"1#\", or a list of them";
