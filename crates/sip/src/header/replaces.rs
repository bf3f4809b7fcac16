//! Replaces (RFC 3891): the dialog that a new one takes the place of.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, Flaw};
use super::{HeaderName, Headers, text};
use crate::message::{ParseError, Part, Reason};

/// The dialog to be replaced, as whoever holds its other end sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: Box<str>,
    /// The local tag of who receives this.
    pub to_tag: Box<str>,
    /// The remote tag of who receives this.
    pub from_tag: Box<str>,
    /// Only while the dialog is early: 486 once it is answered.
    pub early_only: bool,
}

impl Replaces {
    /// Reads a value of its own, such as the one in a Refer-To URI, without its escapes.
    ///
    /// # Errors
    /// Where it is no Call-ID with exactly one `to-tag` and one `from-tag`.
    pub fn parse(value: &str) -> Result<Self, ParseError> {
        let error = |flaw: Flaw| flaw.in_header(HeaderName::Replaces);
        if let Some(at) = value.bytes().position(text::is_control) {
            return Err(error(Flaw { reason: Reason::Control, at }));
        }
        Self::parse_at(&mut Cursor::new(value, 0)).map_err(error)
    }

    fn parse_at(cursor: &mut Cursor<'_>) -> Result<Self, Flaw> {
        cursor.skip_space();
        let call_id = cursor.take_while(|b| b.is_ascii_graphic() && b != b';' && b != b',');
        if call_id.is_empty() {
            return cursor.expected("a Call-ID");
        }
        let (mut to_tag, mut from_tag, mut early_only) = (None, None, false);
        while cursor.take_spaced(b';') {
            let name = cursor.token()?;
            let value = match (cursor.take_spaced(b'='), cursor.peek()) {
                (false, _) => None,
                (true, Some(b'"')) => Some(cursor.quoted()?),
                (true, _) => Some(cursor.token()?.into()),
            };
            let slot = match name {
                name if name.eq_ignore_ascii_case("to-tag") => &mut to_tag,
                name if name.eq_ignore_ascii_case("from-tag") => &mut from_tag,
                name if name.eq_ignore_ascii_case("early-only") => {
                    early_only = true;
                    continue;
                }
                _ => continue,
            };
            let Some(value) = value else { return cursor.expected("a tag") };
            if slot.replace(value).is_some() {
                return cursor.expected("one to-tag and one from-tag");
            }
        }
        cursor.finish("a parameter or the end of the line")?;
        let (Some(to_tag), Some(from_tag)) = (to_tag, from_tag) else {
            return cursor.expected("a to-tag and a from-tag");
        };
        Ok(Self { call_id: call_id.into(), to_tag: to_tag.into(), from_tag: from_tag.into(), early_only })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |text: &str| {
            let mut out = Vec::new();
            text::put_word(&mut out, text);
            String::from_utf8_lossy(&out).into_owned()
        };
        let token = |text: &str| {
            let mut out = Vec::new();
            text::put_token(&mut out, text);
            String::from_utf8_lossy(&out).into_owned()
        };
        write!(f, "{};to-tag={}", word(&self.call_id), token(&self.to_tag))?;
        write!(f, ";from-tag={}", token(&self.from_tag))?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

impl Headers {
    /// The Replaces header; `None` where there is none.
    ///
    /// # Errors
    /// Where there are several, which RFC 3891 section 3 has answered with 400, or it cannot be read.
    pub fn replaces(&self) -> Result<Option<Replaces>, ParseError> {
        let mut values = self.get_all(&HeaderName::Replaces);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            let reason = Reason::Expected("one Replaces only");
            return Err(ParseError { part: Part::Header(HeaderName::Replaces), reason, at: 0 });
        }
        Replaces::parse(value).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_3891_are_read() {
        let replaces =
            Replaces::parse("98732@sip.example.com ;from-tag=r33th4x0r ;to-tag=ff87ff;early-only").unwrap();
        assert_eq!((&*replaces.call_id, &*replaces.to_tag), ("98732@sip.example.com", "ff87ff"));
        assert_eq!((&*replaces.from_tag, replaces.early_only), ("r33th4x0r", true));
        assert_eq!(Replaces::parse(&replaces.to_string()).unwrap(), replaces);
        let other = Replaces::parse("12adf2f34456gs5;to-tag=12345;from-tag=54321;x=\"y\"").unwrap();
        assert!(!other.early_only);
    }

    #[test]
    fn what_names_no_dialog_is_refused() {
        for bad in [
            "",
            ";to-tag=1;from-tag=2",
            "a@b;to-tag=1",
            "a@b;from-tag=1",
            "a@b;to-tag=1;to-tag=2;from-tag=3",
            "a@b;to-tag;from-tag=3",
            "a@b;to-tag=1;from-tag=3, c@d;to-tag=1;from-tag=3",
            "a b;to-tag=1;from-tag=3",
            "a@b;to-tag=1\r\nEvil: x;from-tag=3",
        ] {
            assert!(Replaces::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn two_headers_are_one_too_many() {
        let mut headers = Headers::new();
        assert_eq!(headers.replaces().unwrap(), None);
        headers.push(HeaderName::Replaces, "a@b;to-tag=1;from-tag=2");
        assert!(headers.replaces().unwrap().is_some());
        headers.push(HeaderName::Replaces, "a@b;to-tag=1;from-tag=2");
        assert!(headers.replaces().is_err());
    }
}
