//! Values that are one of a few words.

use super::{Fault, Text};
use crate::section::nearest;
use crate::sentence::{Wanted, both};

/// A digest algorithm that phones are challenged with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthAlgorithm {
    /// `MD5`, which every phone knows.
    Md5,
    /// `SHA-256` (RFC 7616).
    Sha256,
    /// `SHA-512-256` (RFC 8760).
    Sha512_256,
}

impl AuthAlgorithm {
    /// The token of the RFC.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }
}

impl Text for AuthAlgorithm {
    const EXPECTED: Wanted = Wanted {
        en: "\"MD5\", \"SHA-256\" or \"SHA-512-256\"",
        nl: "\"MD5\", \"SHA-256\" of \"SHA-512-256\"",
    };

    fn parse(text: &str) -> Result<Self, Fault> {
        match text.to_ascii_uppercase().as_str() {
            "MD5" => Ok(Self::Md5),
            "SHA-256" => Ok(Self::Sha256),
            "SHA-512-256" => Ok(Self::Sha512_256),
            _ => Err(choice(text, <Self as Text>::EXPECTED, &["MD5", "SHA-256", "SHA-512-256"])),
        }
    }

    fn text(&self) -> String {
        self.as_str().into()
    }
}

/// Whether speech is encrypted with keys in the session description (RFC 4568).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Srtp {
    /// Never.
    Off,
    /// Where the phone offers it, and offered to phones whose signalling is encrypted.
    Optional,
    /// Always; speech without it is refused.
    Required,
}

impl Text for Srtp {
    const EXPECTED: Wanted =
        Wanted { en: "\"off\", \"optional\" or \"required\"", nl: "\"off\", \"optional\" of \"required\"" };

    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "off" => Ok(Self::Off),
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            _ => Err(choice(text, <Self as Text>::EXPECTED, &["off", "optional", "required"])),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
        .into()
    }
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Text for LogFormat {
    const EXPECTED: Wanted = Wanted { en: "\"text\" or \"json\"", nl: "\"text\" of \"json\"" };

    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(choice(text, <Self as Text>::EXPECTED, &["text", "json"])),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Json => "json".into(),
        }
    }
}

pub(crate) fn choice(text: &str, expected: Wanted, known: &[&str]) -> Fault {
    let mut fault = Fault::instead_of(expected, text);
    fault.hint = nearest(text, known).map(|near| both!("did you mean \"{near}\"?", "bedoelde u \"{near}\"?"));
    fault
}
