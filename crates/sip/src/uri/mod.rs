//! URIs: `sip:` and `sips:` in full (RFC 3261 section 19.1), `tel:` (RFC 3966), any other scheme as opaque text.

mod compare;
pub(crate) mod escape;
mod host;
mod sip;
mod tel;

pub use host::Host;
pub use sip::SipUri;
pub use tel::TelUri;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::header::cursor::{Cursor, Flaw};
use crate::header::text::{self, OPAQUE};
use crate::message::{Limits, ParseError, Part, Reason};

/// A URI. `==` compares the parts as they are; [`Uri::equivalent`] follows the rules of the scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Uri {
    /// `sip:` or `sips:`.
    Sip(SipUri),
    /// `tel:`.
    Tel(TelUri),
    /// Any other scheme.
    Other {
        /// The scheme, in lower case.
        scheme: Box<str>,
        /// What stands behind the colon; characters that cannot stand in a name-addr are escaped when written.
        rest: Box<str>,
    },
}

impl Uri {
    /// Reads one URI.
    ///
    /// # Errors
    /// Where the text is no URI.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::parse_at(text, 0, &Limits::DEFAULT).map_err(|flaw| flaw.in_part(Part::Uri))
    }

    pub(crate) fn parse_at(text: &str, at: usize, limits: &Limits) -> Result<Self, Flaw> {
        let mut cursor = Cursor::new(text, at);
        let scheme = cursor.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        let lettered = scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        if !lettered || !cursor.take(b':') {
            return Err(Flaw { reason: Reason::Expected("a URI scheme"), at });
        }
        if scheme.eq_ignore_ascii_case("sip") {
            return SipUri::parse_at(&mut cursor, false, limits).map(Self::Sip);
        }
        if scheme.eq_ignore_ascii_case("sips") {
            return SipUri::parse_at(&mut cursor, true, limits).map(Self::Sip);
        }
        if scheme.eq_ignore_ascii_case("tel") {
            return TelUri::parse_at(&mut cursor, limits).map(Self::Tel);
        }
        let rest = cursor.take_while(|b| text::is(b, OPAQUE));
        if rest.is_empty() || !cursor.is_done() {
            return cursor.expected("a URI character");
        }
        Ok(Self::Other { scheme: scheme.to_ascii_lowercase().into(), rest: rest.into() })
    }

    /// A `sip:` URI with user and host.
    pub fn sip(user: &str, host: impl Into<Host>) -> Self {
        Self::Sip(SipUri::new(host).with_user(user))
    }

    /// The scheme in lower case.
    pub fn scheme(&self) -> &str {
        match self {
            Self::Sip(uri) if uri.secure => "sips",
            Self::Sip(_) => "sip",
            Self::Tel(_) => "tel",
            Self::Other { scheme, .. } => scheme,
        }
    }

    /// The SIP URI, where it is one.
    pub fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// The user part of a SIP URI, the number of a `tel:` URI: what a dialplan matches.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Sip(uri) => uri.user.as_deref(),
            Self::Tel(uri) => Some(&uri.number),
            Self::Other { .. } => None,
        }
    }

    /// The host of a SIP URI.
    pub fn host(&self) -> Option<&Host> {
        self.as_sip().map(|uri| &uri.host)
    }

    /// Whether every hop to it must be secure: `sips:` (RFC 3261 section 19.1).
    pub fn is_secure(&self) -> bool {
        self.as_sip().is_some_and(|uri| uri.secure)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sip(uri) => uri.write(out),
            Self::Tel(uri) => uri.write(out),
            Self::Other { scheme, rest } => {
                text::put_token(out, scheme);
                out.push(b':');
                escape::put(out, if rest.is_empty() { "-" } else { rest }, OPAQUE);
            }
        }
    }
}

impl FromStr for Uri {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}
