//! What is wrong with what somebody said of a trunk or a profile. The sentences here are English; whoever shows them in another
//! language has the pieces.

use std::fmt;
use std::net::IpAddr;

use crate::rules::Refusal;

/// What is wrong with one thing that was said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordFault {
    /// There is no such key.
    #[error("a {of} has no key `{key}`: {}", hint(*.near, .known))]
    UnknownKey {
        /// What it was said of.
        of: Said,
        /// The key.
        key: String,
        /// The key that was probably meant.
        near: Option<&'static str>,
        /// The keys that there are.
        known: Vec<&'static str>,
    },
    /// The value of a key cannot be.
    #[error("`{key}` {wrong}")]
    Value {
        /// The key.
        key: String,
        /// What is wrong with it, as the end of the sentence.
        wrong: WrongValue,
    },
    /// A fault of something that does not name the key, such as a variable.
    #[error("{place}: {fault}")]
    In {
        /// What it stands in.
        place: String,
        /// The fault.
        fault: Box<Self>,
    },
    /// A password or a secret cannot be one. It is not shown.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

/// What settings are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Of a trunk.
    Trunk,
    /// Of a profile.
    Profile,
}

/// What is wrong with a value, as the end of a sentence that begins with its key. What was written is cut short and printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongValue {
    /// It has another type.
    #[error("must be {wanted}, not {found}")]
    Type {
        /// The type that it should have.
        wanted: Wanted,
        /// The type that it has.
        found: Found,
    },
    /// It is none of the words that are known.
    #[error("must be one of {}, not \"{said}\"{}", listed(.known), meant(*.near))]
    NoneOf {
        /// The words that are known.
        known: Vec<&'static str>,
        /// What was written.
        said: String,
        /// The word that was probably meant.
        near: Option<&'static str>,
    },
    /// It is too small or too large.
    #[error("is {said}, but must be from {low} to {high}")]
    OutOfBounds {
        /// What was written.
        said: String,
        /// The least that it may be.
        low: String,
        /// The most that it may be.
        high: String,
    },
    /// A list is too long.
    #[error("has {count} values, but may have {most}")]
    TooMany {
        /// How many it has.
        count: usize,
        /// How many it may have.
        most: usize,
    },
    /// A list has something twice.
    #[error("has {0} twice")]
    Twice(String),
    /// A rule for texts of its kind refuses it.
    #[error("is refused: {0}")]
    Refused(Refusal),
    /// It is no limit.
    #[error("must be a number or \"off\", not \"{0}\"")]
    NoLimit(String),
    /// It is no amount of money.
    #[error(
        "must be an amount such as 25.00 with at most {decimals} decimals, up to {most}, or \"off\", not \"{said}\""
    )]
    NoAmount {
        /// What was written.
        said: String,
        /// Decimals that it may have.
        decimals: usize,
        /// The most that it may be.
        most: u64,
    },
    /// No number begins so.
    #[error(
        "has \"{0}\", which is no beginning of a number: write it as +49, or as it is dialled, such as 0900"
    )]
    NoBeginning(String),
    /// Who dials it in another way would pass by it.
    #[error("has \"{said}\", which others dial in another way: write it as +{rest}")]
    AbroadBy00 {
        /// What was written.
        said: String,
        /// What stands behind the plus.
        rest: String,
    },
    /// It is no length of time.
    #[error("must be a length of time such as \"500ms\", \"2s\", \"30m\" or \"1h\", not \"{0}\"")]
    NoSpan(String),
    /// It says neither how often nor that it is not done.
    #[error("must be \"off\" or a length of time such as \"30s\" or \"30m\", not \"{0}\"")]
    NoInterval(String),
    /// It is no header field with a value.
    #[error("must be a header field and its value such as \"X-Account: 100001\", not \"{0}\"")]
    NoHeader(String),
    /// A host has the scheme of TLS.
    #[error("cannot be \"{0}\": write it without sips: and set transport = \"tls\"")]
    HostWithSips(String),
    /// Something else than a transport stands behind a host.
    #[error("cannot be \"{0}\": after the host only ;transport=udp, tcp or tls may follow")]
    HostParameter(String),
    /// A host has a transport that is none.
    #[error("has a transport that {0}")]
    HostTransport(Box<Self>),
    /// A host has a user in front.
    #[error("cannot be \"{0}\": write the user name as `username`, and here the host alone")]
    HostWithUser(String),
    /// Nobody knows where the address ends and the port begins.
    #[error("cannot be \"{0}\": write an IPv6 address in brackets, such as [2001:db8::1]")]
    HostWithoutBrackets(String),
    /// A host has a port that is none.
    #[error("has no port from 1 to 65535 in \"{0}\"")]
    HostPort(String),
    /// It is no host.
    #[error(
        "cannot be \"{0}\": write a host such as \"sip.example.net\", \"sip.example.net:5060\" or \"[2001:db8::1]:5060\""
    )]
    NoHost(String),
    /// It is no address.
    #[error("cannot have \"{0}\": write addresses such as \"192.0.2.7\" or blocks such as \"192.0.2.0/24\"")]
    NoAddress(String),
    /// A block has more bits than an address, or none.
    #[error("has a block whose prefix is not from 0 to {bits}: \"{said}\"")]
    BlockPrefix {
        /// What was written.
        said: String,
        /// Bits of such an address.
        bits: u8,
    },
    /// A block begins within itself.
    #[error("has the block \"{said}\", which begins within itself: write \"{first}/{prefix}\"")]
    BlockBegins {
        /// What was written.
        said: String,
        /// Its first address.
        first: IpAddr,
        /// Its bits.
        prefix: u8,
    },
}

/// The type that a value should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// A whole number.
    Number,
    /// A number, or `off`.
    Limit,
    /// An amount of money, or `off`.
    Amount,
}

/// The type that a value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// A date.
    Date,
    /// A list.
    List,
    /// A table.
    Table,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trunk => "trunk",
            Self::Profile => "profile",
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text in quotes",
            Self::Flag => "true or false",
            Self::Number => "a number without quotes",
            Self::Limit => "a number or \"off\"",
            Self::Amount => "an amount such as 25.00, or \"off\"",
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Date => "a date",
            Self::List => "a list",
            Self::Table => "a table",
        })
    }
}

fn hint(near: Option<&str>, known: &[&str]) -> String {
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    }
}

fn listed(known: &[&str]) -> String {
    known.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn meant(near: Option<&str>) -> String {
    near.map(|near| format!(": did you mean \"{near}\"?")).unwrap_or_default()
}
