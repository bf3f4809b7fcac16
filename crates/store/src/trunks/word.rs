//! The values of a trunk's settings that are written as one word: each is a type, read once and written back the same.

use std::fmt;
use std::str::FromStr;

use super::wrong::WrongValue;

/// A type whose values are words: it reads them, or says what it expected.
pub(crate) trait Word: FromStr<Err = WrongValue> + fmt::Display {}

/// An enum whose variants each have a word.
macro_rules! words {
    ($(#[doc = $about:literal])+ $name:ident { $( $(#[doc = $doc:literal])+ $variant:ident = $word:literal ),+ $(,)? }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum $name { $( $(#[doc = $doc])+ $variant ),+ }

        impl $name {
            /// The word as an operator writes it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::WrongValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                const KNOWN: &[(&str, $name)] = &[$( ($word, $name::$variant) ),+];
                crate::trunks::word::choose(text, KNOWN)
            }
        }

        impl From<$name> for &'static str {
            fn from(value: $name) -> Self {
                value.word()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl $crate::trunks::settings::Bounded for $name {}

        written!($name);
    };
}

pub(crate) use words;

/// What every word has: it is shown as it is written, and kept in the database so.
macro_rules! written {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = $crate::WrongValue;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl crate::trunks::word::Word for $name {}
    };
}
pub(crate) use written;

/// The value that a word names, in whatever case.
pub(crate) fn choose<T: Copy>(text: &str, known: &[(&'static str, T)]) -> Result<T, WrongValue> {
    if let Some((_, found)) = known.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
        return Ok(*found);
    }
    let known: Vec<&'static str> = known.iter().map(|(word, _)| *word).collect();
    Err(WrongValue::NoneOf { near: nearest(text, &known), said: shown(text), known })
}

/// The known word that was probably meant: the nearest in letters, else the shortest that begins with it.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    known
        .iter()
        .map(|candidate| (strsim::osa_distance(&word, &candidate.to_ascii_lowercase()), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().max(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
        .or_else(|| {
            let whole = known.iter().filter(|candidate| word.len() >= 3 && candidate.starts_with(&word));
            whole.min_by_key(|candidate| candidate.len()).copied()
        })
}

/// A refused value as one short, printable piece of a sentence.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

words! {
    /// How requests to a trunk travel.
    TrunkTransport {
        /// UDP.
        Udp = "udp",
        /// TCP.
        Tcp = "tcp",
        /// TLS.
        Tls = "tls",
    }
}

words! {
    /// How numbers are written that go out.
    NumberFormat {
        /// `+31201234567`.
        E164 = "e164",
        /// `31201234567`.
        E164Digits = "e164-digits",
        /// `0201234567`, and `0032...` abroad.
        National = "national",
        /// As the dialplan leaves it.
        AsDialled = "as-dialled",
    }
}

words! {
    /// How a trunk writes the numbers of calls that come in.
    IncomingFormat {
        /// As the country dials or in E.164, whichever it is.
        Auto = "auto",
        /// E.164 without its `+`.
        E164Digits = "e164-digits",
        /// As the country dials.
        National = "national",
    }
}

words! {
    /// What stands in From of calls that go out.
    CallerIdFrom {
        /// The caller's number.
        Caller = "caller",
        /// The user name of the account.
        Account = "account",
    }
}

words! {
    /// The header fields that name the caller.
    CallerIdIn {
        /// From alone.
        From = "from",
        /// P-Asserted-Identity (RFC 3325) too.
        PAssertedIdentity = "p-asserted-identity",
        /// Remote-Party-ID too.
        RemotePartyId = "remote-party-id",
        /// Both.
        Both = "both",
    }
}

words! {
    /// Whether speech to a trunk is encrypted (SDES-SRTP).
    TrunkSrtp {
        /// Never.
        Off = "off",
        /// Where it can.
        Optional = "optional",
        /// Always, or there is no call.
        Required = "required",
    }
}

words! {
    /// A codec that is spoken with a trunk.
    TrunkCodec {
        /// Opus.
        Opus = "opus",
        /// G.722.
        G722 = "G722",
        /// G.711 A-law.
        Pcma = "PCMA",
        /// G.711 µ-law.
        Pcmu = "PCMU",
        /// G.729.
        G729 = "G729",
    }
}

words! {
    /// How keys travel to a trunk.
    TrunkDtmf {
        /// As telephone events (RFC 4733).
        Rfc4733 = "rfc4733",
        /// In INFO requests.
        Info = "info",
        /// As tones in the speech.
        Inband = "inband",
        /// As both sides can.
        Auto = "auto",
    }
}

words! {
    /// How its provider signs webhooks, and in what form they come.
    TrunkWebhook {
        /// As Twilio: HMAC-SHA1 of the URL and the parameters.
        Twilio = "twilio",
        /// As Telnyx: Ed25519.
        Telnyx = "telnyx",
        /// As Standard Webhooks: HMAC-SHA256.
        Standard = "standard",
    }
}

words! {
    /// What becomes of calls that come in and are in some way unusual.
    TrunkAdmission {
        /// They enter the dialplan like any other.
        Take = "take",
        /// They are refused.
        Refuse = "refuse",
    }
}

words! {
    /// What is made of the signatures of callers' numbers (STIR).
    TrunkStir {
        /// Nobody looks at them.
        Off = "off",
        /// They are verified.
        Verify = "verify",
        /// A call whose number is not validated is refused.
        Require = "require",
    }
}

words! {
    /// The most that is attested of a caller (RFC 8588).
    StirAttest {
        /// The number is ours.
        A = "A",
        /// The caller is ours.
        B = "B",
        /// Nothing is known.
        C = "C",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_in_any_case_and_a_slip_is_told() {
        assert_eq!("TLS".parse(), Ok(TrunkTransport::Tls));
        assert_eq!("pcma".parse(), Ok(TrunkCodec::Pcma));
        assert_eq!(
            "nationl".parse::<NumberFormat>().unwrap_err().to_string(),
            "must be one of \"e164\", \"e164-digits\", \"national\", \"as-dialled\", not \"nationl\": did you mean \"national\"?"
        );
        assert_eq!(
            "ws".parse::<TrunkTransport>().unwrap_err().to_string(),
            "must be one of \"udp\", \"tcp\", \"tls\", not \"ws\""
        );
    }
}
