//! The faults that operators meet most, as values: their English is here, and whoever shows them in another language has the pieces.

use std::fmt;

use crate::plan::ReferenceKind;
use crate::words;

/// What is wrong at a place of a plan. Words of the file are quoted, short and printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A table has a key that it does not know.
    UnknownKey {
        /// The key.
        key: String,
        /// What the table is, in English.
        of: String,
        /// The keys that it knows.
        known: Vec<String>,
    },
    /// The value of a key has another type.
    Type {
        /// The key.
        key: String,
        /// The type that it should have.
        wanted: Wanted,
        /// The type that it has.
        found: Found,
    },
    /// A key has no whole number, or one that is too small or too large.
    OutOfBounds {
        /// The key.
        key: String,
        /// The least that it may be.
        first: i64,
        /// The most that it may be.
        last: i64,
    },
    /// Nothing of that name is defined.
    Undefined {
        /// Its kind.
        kind: Definition,
        /// The name.
        name: String,
    },
    /// A context has no rule of that name.
    NoRule {
        /// The context.
        context: String,
        /// The rule.
        rule: String,
    },
    /// No step begins with that word.
    UnknownStep {
        /// The word.
        word: String,
        /// The words that there are.
        known: Vec<String>,
    },
    /// No variable has that name.
    UnknownVariable {
        /// The name.
        name: String,
        /// Some that there are.
        known: Vec<String>,
    },
    /// What lives outside the dialplan is not there.
    Missing {
        /// What it is.
        kind: ReferenceKind,
        /// Its name; of recordings, the word that asks for them.
        name: String,
    },
    /// A trunk is there, and switched off.
    Disabled {
        /// Its name, in backquotes.
        trunk: String,
    },
}

/// What a plan defines by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definition {
    /// `[[context.*]]`.
    Context,
    /// `[group.*]`.
    Group,
    /// `[set.*]`.
    Set,
    /// `[ivr.*]`.
    Ivr,
    /// `[queue.*]`.
    Queue,
    /// `[webhook.*]`.
    Webhook,
    /// `[hours.*]`.
    Hours,
    /// `[hours.*]` or `[closure.*]`.
    Span,
}

impl Definition {
    /// Its word in the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Group => "group",
            Self::Set => "set",
            Self::Ivr => "ivr",
            Self::Queue => "queue",
            Self::Webhook => "webhook",
            Self::Hours | Self::Span => "hours",
        }
    }
}

/// The type that a value should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A text such as this one.
    Text(String),
    /// True or false.
    Flag,
    /// A length of time.
    Time,
}

/// The type that a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A number with a fraction.
    Fraction,
    /// True or false.
    Flag,
    /// A date without quotes.
    Date,
    /// A list.
    List,
    /// A table.
    Table,
    /// Nothing.
    Nothing,
}

impl Fault {
    /// A key that the table does not know.
    pub(crate) fn unknown_key(key: &str, of: &str, known: &[&str]) -> Self {
        let known = known.iter().map(|key| (*key).to_owned()).collect();
        Self::UnknownKey { key: words::quote(key), of: of.to_owned(), known }
    }

    /// A name of which nothing is defined.
    pub(crate) fn undefined(kind: Definition, name: &str) -> Self {
        Self::Undefined { kind, name: words::quote(name) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_of = |known: &[String]| words::one_of(known.iter().map(String::as_str));
        match self {
            Self::UnknownKey { key, of, known } => {
                write!(f, "unknown key {key} in {of}, expected {}", one_of(known))
            }
            Self::Type { key, wanted, found } => write!(f, "`{key}` must be {wanted}, not {found}"),
            Self::OutOfBounds { key, first, last } => {
                write!(f, "`{key}` must be a number from {first} to {last}")
            }
            Self::Undefined { kind, name } => {
                let word = kind.word();
                match kind {
                    Definition::Span => {
                        write!(f, "unknown {word} {name}, expected the name of an [hours.*] or a [closure.*]")
                    }
                    Definition::Context => {
                        write!(f, "unknown {word} {name}, expected the name of a [[{word}.*]]")
                    }
                    _ => write!(f, "unknown {word} {name}, expected the name of a [{word}.*]"),
                }
            }
            Self::NoRule { context, rule } => write!(f, "context {context} has no rule {rule}"),
            Self::UnknownStep { word, known } => {
                write!(f, "unknown step {word}, expected {}", one_of(known))
            }
            Self::UnknownVariable { name, known } => {
                write!(f, "unknown variable {name}, expected {}", one_of(known))
            }
            Self::Disabled { trunk } => write!(f, "trunk {trunk} is disabled, so no call goes over it"),
            Self::Missing { kind: ReferenceKind::Extension, name } => {
                write!(f, "extension {name} does not exist")
            }
            Self::Missing { kind: ReferenceKind::Trunk, name } => write!(f, "trunk {name} does not exist"),
            Self::Missing { kind: ReferenceKind::Prompt, name } => write!(f, "prompt {name} does not exist"),
            Self::Missing { kind: ReferenceKind::Saying, name } => {
                write!(f, "recordings of `say = \"{name}:\"` are missing in the language of the plan")
            }
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(example) => write!(f, "a text such as \"{example}\""),
            Self::Flag => f.write_str("true or false"),
            Self::Time => f.write_str("a time such as \"25s\""),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Fraction => "a number with a fraction",
            Self::Flag => "true or false",
            Self::Date => "a date without quotes",
            Self::List => "a list",
            Self::Table => "a table",
            Self::Nothing => "nothing",
        })
    }
}
