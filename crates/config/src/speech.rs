//! The values of `[media]` that name what is spoken: codecs and the tones of a country.

use crate::sentence::Wanted;
use crate::value::{Fault, Text, choice};

/// A codec that the PBX speaks itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeechCodec {
    /// Opus.
    Opus,
    /// G.722, 16 kHz.
    G722,
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
}

impl SpeechCodec {
    /// All of them, in the order that they are offered in by default.
    pub const ALL: [Self; 4] = [Self::Opus, Self::G722, Self::Pcma, Self::Pcmu];

    fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::G722 => "G722",
            Self::Pcma => "PCMA",
            Self::Pcmu => "PCMU",
        }
    }
}

impl Text for SpeechCodec {
    const EXPECTED: Wanted = Wanted {
        en: "\"opus\", \"G722\", \"PCMA\" or \"PCMU\"",
        nl: "\"opus\", \"G722\", \"PCMA\" of \"PCMU\"",
    };

    fn parse(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| choice(text, Self::EXPECTED, &Self::ALL.map(Self::name)))
    }

    fn text(&self) -> String {
        self.name().into()
    }
}

/// The country whose tones are heard, by its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToneCountry(Box<str>);

/// The countries that have tones here.
const COUNTRIES: [&str; 12] = ["nl", "be", "de", "fr", "gb", "us", "pt", "br", "es", "it", "lu", "eu"];

impl ToneCountry {
    /// The code, in lower case.
    pub fn code(&self) -> &str {
        &self.0
    }
}

impl Default for ToneCountry {
    fn default() -> Self {
        Self("nl".into())
    }
}

impl Text for ToneCountry {
    const EXPECTED: Wanted = Wanted {
        en: "a country such as \"nl\" (nl be de fr gb us pt br es it lu eu)",
        nl: "een land zoals \"nl\" (nl be de fr gb us pt br es it lu eu)",
    };

    fn parse(text: &str) -> Result<Self, Fault> {
        let code = text.to_ascii_lowercase();
        if COUNTRIES.contains(&code.as_str()) {
            Ok(Self(code.into()))
        } else {
            Err(choice(text, Self::EXPECTED, &COUNTRIES))
        }
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_without_case_and_mistakes_are_named() {
        assert_eq!(SpeechCodec::parse("OPUS").ok(), Some(SpeechCodec::Opus));
        assert_eq!(ToneCountry::parse("NL").ok(), Some(ToneCountry::default()));
        assert!(SpeechCodec::parse("G711").is_err() && ToneCountry::parse("xx").is_err());
    }
}
