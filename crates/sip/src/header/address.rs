//! `name-addr` and `addr-spec` with header parameters: From, To, Contact, Route, Record-Route (RFC 3261 section 20).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, Flaw};
use super::params::Params;
use super::text;
use crate::message::{Limits, ParseError, Part, Reason};
use crate::uri::Uri;

/// An address with an optional display name and the header's parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameAddr {
    /// The display name without quotes and escapes; control characters that a peer escaped are left out.
    pub display: Option<Box<str>>,
    /// The address.
    pub uri: Uri,
    /// The header's parameters, `tag` for one; not those of the URI.
    pub params: Params,
}

/// The value of all Contact lines of a message together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contacts {
    /// `*`: all bindings (RFC 3261 section 10.2.2).
    Star,
    /// Addresses in order; empty where there is no Contact.
    List(Vec<NameAddr>),
}

impl NameAddr {
    /// An address alone.
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// The same with a display name; control characters are left out.
    #[must_use]
    pub fn with_display(mut self, display: &str) -> Self {
        self.display = Some(text::printable(display));
        self
    }

    /// The same with a `tag`.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", tag);
        self
    }

    /// The same with a parameter.
    #[must_use]
    pub fn with_param<'a>(mut self, name: &str, value: impl Into<Option<&'a str>>) -> Self {
        self.params.set(name, value);
        self
    }

    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag")
    }

    /// The `q` parameter in thousandths; `None` where absent or no qvalue (RFC 3261 section 25.1).
    pub fn q(&self) -> Option<u16> {
        let text = self.params.get("q")?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > 3
            || !fraction.bytes().all(|b| b.is_ascii_digit())
            || !matches!(whole, "0" | "1" | "")
        {
            return None;
        }
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
        let q = if whole == "1" { thousandths.checked_add(1000)? } else { thousandths };
        (q <= 1000).then_some(q)
    }

    /// The `expires` parameter in seconds, at most 2^32-1; `None` where absent or no number.
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires").and_then(super::seconds)
    }

    /// Reads one address with its parameters.
    ///
    /// # Errors
    /// Where the text is not exactly one `name-addr` or `addr-spec`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let error = |flaw: Flaw| ParseError { part: Part::Address, reason: flaw.reason, at: flaw.at };
        if let Some(at) = text.bytes().position(text::is_control) {
            return Err(ParseError { part: Part::Address, reason: Reason::Control, at });
        }
        let mut cursor = Cursor::new(text, 0);
        let parsed = Self::parse_one(&mut cursor, &Limits::DEFAULT).map_err(error)?;
        cursor.finish("one address only").map_err(error)?;
        Ok(parsed)
    }

    pub(crate) fn parse_one(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Self, Flaw> {
        cursor.skip_space();
        let display = match cursor.peek() {
            Some(b'"') => {
                let display = text::printable(&cursor.quoted()?);
                cursor.skip_space();
                if cursor.peek() != Some(b'<') {
                    return cursor.expected("< after the display name");
                }
                Some(display)
            }
            Some(b'<') => None,
            _ => {
                // Whatever comes first decides: "<" ends a display name, the others cannot stand in one unquoted.
                let mut ahead = cursor.clone();
                let before = ahead.take_while(|b| !matches!(b, b'<' | b';' | b',' | b'"'));
                if ahead.peek() != Some(b'<') {
                    return Self::parse_bare(cursor, limits);
                }
                *cursor = ahead;
                Some(text::printable(before.trim_matches([' ', '\t'])))
            }
        };
        if !cursor.take(b'<') {
            return cursor.expected("<");
        }
        let at = cursor.at();
        let uri = cursor.take_while(|b| b != b'>');
        if !cursor.take(b'>') {
            return cursor.expected(">");
        }
        let uri = Uri::parse_at(uri, at, limits)?;
        let params = Params::parse(cursor, limits.params)?;
        Ok(Self { display: display.filter(|d| !d.is_empty()), uri, params })
    }

    /// An address without angle brackets: its parameters are the header's, and it may hold no question mark
    /// (RFC 3261 section 20).
    fn parse_bare(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Self, Flaw> {
        let at = cursor.at();
        let uri = cursor.take_while(|b| !matches!(b, b';' | b',' | b' ' | b'\t' | b'"'));
        if let Some(mark) = uri.bytes().position(|b| b == b'?') {
            let reason = Reason::Expected("angle brackets around a URI with a question mark");
            return Err(Flaw { reason, at: at.saturating_add(mark) });
        }
        let uri = Uri::parse_at(uri, at, limits)?;
        let params = Params::parse(cursor, limits.params)?;
        Ok(Self { display: None, uri, params })
    }

    /// A comma-separated list, appended.
    pub(crate) fn parse_list(
        cursor: &mut Cursor<'_>,
        limits: &Limits,
        list: &mut Vec<Self>,
    ) -> Result<(), Flaw> {
        loop {
            if list.len() >= limits.addresses {
                return Err(cursor.flaw(Reason::TooMany(limits.addresses)));
            }
            list.push(Self::parse_one(cursor, limits)?);
            if !cursor.take_spaced(b',') {
                return cursor.finish("a comma or the end of the line");
            }
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        if let Some(display) = self.display.as_deref().filter(|display| !display.is_empty()) {
            text::put_quoted(out, display);
            out.push(b' ');
        }
        out.push(b'<');
        self.uri.write(out);
        out.push(b'>');
        self.params.write(out);
    }
}

impl FromStr for NameAddr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl From<Uri> for NameAddr {
    fn from(uri: Uri) -> Self {
        Self::new(uri)
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}
