//! `tel:` URIs (RFC 3966).

use serde::{Deserialize, Serialize};

use super::sip::{parse_params, write_params};
use crate::header::Params;
use crate::header::cursor::{Cursor, Flaw};
use crate::header::text;
use crate::message::Limits;

/// A telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelUri {
    /// The number without visual separators: digits, `*`, `#`, `A` to `F`, with `+` in front where global.
    pub number: Box<str>,
    /// `phone-context`, `ext` and others.
    pub params: Params,
}

impl TelUri {
    pub(crate) fn parse_at(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Self, Flaw> {
        let start = cursor.clone();
        let digits = cursor.take_while(|b| is_digit(b) || matches!(b, b'+' | b'-' | b'.' | b'(' | b')'));
        let number: Box<str> = digits.chars().filter(|&c| c == '+' || is_digit(c as u8)).collect();
        if !is_number(&number) {
            return start.expected("a telephone number");
        }
        let params = parse_params(cursor, limits.params)?;
        if cursor.is_done() { Ok(Self { number, params }) } else { cursor.expected("the end of the URI") }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        text::put(out, "tel:");
        let start = out.len();
        if self.number.starts_with('+') {
            out.push(b'+');
        }
        out.extend(self.number.bytes().filter(|&b| is_digit(b)));
        if out.len() == start {
            out.push(b'0');
        }
        write_params(&self.params, out);
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b'*' | b'#')
}

fn is_number(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    !digits.is_empty() && digits.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use crate::uri::Uri;

    #[test]
    fn separators_are_for_the_eye_only() {
        let uri = Uri::parse("tel:+31-20-(555).0123;ext=4").unwrap();
        assert_eq!(uri.user(), Some("+31205550123"));
        assert_eq!(uri.to_string(), "tel:+31205550123;ext=4");
        assert!(
            Uri::parse("tel:").is_err() && Uri::parse("tel:+").is_err() && Uri::parse("tel:12+3").is_err()
        );
    }
}
