//! Request methods (RFC 3261 section 7.1 and the extensions we know by name).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::header::text;

/// A request method. Methods are case-sensitive, so `Other("invite")` is not [`Method::Invite`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// RFC 3261.
    Invite,
    /// RFC 3261; never answered.
    Ack,
    /// RFC 3261.
    Bye,
    /// RFC 3261; hop by hop.
    Cancel,
    /// RFC 3261.
    Register,
    /// RFC 3261.
    Options,
    /// RFC 6086.
    Info,
    /// RFC 3428.
    Message,
    /// RFC 3262.
    Prack,
    /// RFC 3311.
    Update,
    /// RFC 6665.
    Subscribe,
    /// RFC 6665.
    Notify,
    /// RFC 3515.
    Refer,
    /// RFC 3903.
    Publish,
    /// Any other token; characters outside a token are left out when written.
    Other(Box<str>),
}

impl Method {
    /// The method that a token names; `None` where the text is not a token (RFC 3261 section 25.1).
    pub fn from_token(token: &str) -> Option<Self> {
        Some(match token {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "REGISTER" => Self::Register,
            "OPTIONS" => Self::Options,
            "INFO" => Self::Info,
            "MESSAGE" => Self::Message,
            "PRACK" => Self::Prack,
            "UPDATE" => Self::Update,
            "SUBSCRIBE" => Self::Subscribe,
            "NOTIFY" => Self::Notify,
            "REFER" => Self::Refer,
            "PUBLISH" => Self::Publish,
            other if text::is_token(other) => Self::Other(other.into()),
            _ => return None,
        })
    }

    /// The token as it stands in a request line.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Message => "MESSAGE",
            Self::Prack => "PRACK",
            Self::Update => "UPDATE",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Refer => "REFER",
            Self::Publish => "PUBLISH",
            Self::Other(token) => token,
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Other(token) => text::put_token(out, token),
            known => text::put(out, known.as_str()),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
