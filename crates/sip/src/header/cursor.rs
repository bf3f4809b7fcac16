//! A reader over one piece of header text. It moves forward only, so parsing is linear, and it knows where in the
//! message it stands, so that an error can say so.

use std::borrow::Cow;

use super::text::{self, TOKEN};
use crate::message::Reason;

/// What is wrong and at which byte of the message; becomes a `ParseError` where the header is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) reason: Reason,
    pub(crate) at: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    pos: usize,
    base: usize,
}

impl<'a> Cursor<'a> {
    /// `base` is the position of the text's first byte in the message.
    pub(crate) fn new(text: &'a str, base: usize) -> Self {
        Self { text, pos: 0, base }
    }

    pub(crate) fn at(&self) -> usize {
        self.base.saturating_add(self.pos)
    }

    pub(crate) fn flaw(&self, reason: Reason) -> Flaw {
        Flaw { reason, at: self.at() }
    }

    pub(crate) fn expected<T>(&self, what: &'static str) -> Result<T, Flaw> {
        Err(self.flaw(Reason::Expected(what)))
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.pos >= self.text.len()
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.pos..).unwrap_or_default()
    }

    pub(crate) fn skip(&mut self, bytes: usize) {
        self.pos = self.pos.saturating_add(bytes).min(self.text.len());
    }

    /// Takes the byte if it is the next one.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.pos += 1;
        }
        found
    }

    pub(crate) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.pos += 1;
        }
    }

    /// Takes the byte with white space around it, as RFC 3261's SLASH, SEMI, EQUAL and the like allow.
    pub(crate) fn take_spaced(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.take(byte);
        if found {
            self.skip_space();
        }
        found
    }

    /// The longest run of bytes that satisfy the test. The test must treat all bytes of a non-ASCII character alike.
    pub(crate) fn take_while(&mut self, test: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().position(|b| !test(b)).unwrap_or(rest.len());
        self.pos = self.pos.saturating_add(length);
        rest.get(..length).unwrap_or_default()
    }

    pub(crate) fn token(&mut self) -> Result<&'a str, Flaw> {
        let token = self.take_while(|b| text::is(b, TOKEN));
        if token.is_empty() { self.expected("a token") } else { Ok(token) }
    }

    /// A quoted string, unescaped; the cursor stands on its opening quote.
    pub(crate) fn quoted(&mut self) -> Result<Cow<'a, str>, Flaw> {
        let start = self.flaw(Reason::OpenQuote);
        if !self.take(b'"') {
            return self.expected("a quoted string");
        }
        let plain = self.take_while(|b| b != b'"' && b != b'\\');
        if self.take(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut value = String::from(plain);
        while self.take(b'\\') {
            let escaped = self.rest().chars().next().ok_or(start)?;
            self.skip(escaped.len_utf8());
            value.push(escaped);
            value.push_str(self.take_while(|b| b != b'"' && b != b'\\'));
        }
        if self.take(b'"') { Ok(Cow::Owned(value)) } else { Err(start) }
    }

    /// A decimal number of at most `max`; leading zeros are allowed.
    pub(crate) fn number(&mut self, max: u64, what: &'static str) -> Result<u64, Flaw> {
        let start = self.flaw(Reason::Expected(what));
        let digits = self.take_while(|b| b.is_ascii_digit());
        if digits.is_empty() {
            return Err(start);
        }
        let mut value: u64 = 0;
        for digit in digits.bytes() {
            value = value
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(u64::from(digit.wrapping_sub(b'0'))))
                .filter(|&value| value <= max)
                .ok_or(start)?;
        }
        Ok(value)
    }

    /// Nothing but white space may be left.
    pub(crate) fn finish(&mut self, what: &'static str) -> Result<(), Flaw> {
        self.skip_space();
        if self.is_done() { Ok(()) } else { self.expected(what) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_strings_are_unescaped() {
        assert_eq!(Cursor::new(r#""a \"b\" \\c" rest"#, 0).quoted().unwrap(), r#"a "b" \c"#);
        assert_eq!(
            Cursor::new(r#""open"#, 7).quoted().unwrap_err(),
            Flaw { reason: Reason::OpenQuote, at: 7 }
        );
        assert!(Cursor::new(r#""open\"#, 0).quoted().is_err());
    }

    #[test]
    fn numbers_are_bounded_and_never_overflow() {
        assert_eq!(Cursor::new("0068", 0).number(255, "n").unwrap(), 68);
        assert!(Cursor::new("300", 0).number(255, "n").is_err());
        assert!(Cursor::new("36893488147419103232", 0).number(u64::MAX, "n").is_err());
        assert!(Cursor::new("-1", 0).number(255, "n").is_err());
    }
}
