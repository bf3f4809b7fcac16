//! Percent escapes. A part of a URI is held unescaped, but for `%` itself, control characters and bytes that are no
//! UTF-8: these stay `%XX`. So what is held is printable text, and writing and reading it again gives the same.

use crate::header::cursor::{Cursor, Flaw};
use crate::header::text;
use crate::message::Reason;

/// Reads a part; `start` stands at its first byte. The caller has made sure that no delimiter is in it.
///
/// # Errors
/// Where a `%` is not followed by two hexadecimal digits.
pub(crate) fn canonical(part: &str, start: &Cursor<'_>) -> Result<Box<str>, Flaw> {
    if part.bytes().fold(true, |plain, b| plain & b.is_ascii_graphic() & (b != b'%')) {
        return Ok(part.into());
    }
    decode(part, true).ok_or_else(|| start.flaw(Reason::Expected("two hexadecimal digits after %")))
}

/// What a setter keeps of any text: as [`canonical`], a `%` without digits being a plain percent sign.
pub(crate) fn settled(part: &str) -> Box<str> {
    decode(part, false).unwrap_or_default()
}

fn decode(part: &str, strict: bool) -> Option<Box<str>> {
    let mut kept = String::with_capacity(part.len());
    let mut run = Vec::new();
    let mut rest = part;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if c == '%' {
            if let Some(byte) = hex_pair(rest) {
                run.push(byte);
                rest = rest.get(2..).unwrap_or_default();
                continue;
            }
            if strict {
                return None;
            }
        }
        flush(&mut run, &mut kept);
        keep(&mut kept, c);
    }
    flush(&mut run, &mut kept);
    Some(kept.into())
}

/// Writes a part: characters of the class and kept escapes as they are, all others escaped.
pub(crate) fn put(out: &mut Vec<u8>, part: &str, class: u8) {
    if text::all(part, class) {
        return text::put(out, part);
    }
    let mut rest = part;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if c == '%' && hex_pair(rest).is_some() {
            out.push(b'%');
            continue;
        }
        let mut buffer = [0; 4];
        for &byte in c.encode_utf8(&mut buffer).as_bytes() {
            if byte != b'%' && text::is(byte, class) {
                out.push(byte);
            } else {
                out.extend_from_slice(&escaped(byte));
            }
        }
    }
}

fn flush(run: &mut Vec<u8>, kept: &mut String) {
    for chunk in run.utf8_chunks() {
        for c in chunk.valid().chars() {
            keep(kept, c);
        }
        for byte in chunk.invalid() {
            kept.extend(escaped(*byte).map(char::from));
        }
    }
    run.clear();
}

fn keep(kept: &mut String, c: char) {
    if c == '%' || c.is_control() {
        let mut buffer = [0; 4];
        for byte in c.encode_utf8(&mut buffer).as_bytes() {
            kept.extend(escaped(*byte).map(char::from));
        }
    } else {
        kept.push(c);
    }
}

fn escaped(byte: u8) -> [u8; 3] {
    let digit =
        |nibble: u8| if nibble < 10 { nibble.wrapping_add(b'0') } else { nibble.wrapping_add(b'A' - 10) };
    [b'%', digit(byte >> 4), digit(byte & 0x0f)]
}

fn hex_pair(text: &str) -> Option<u8> {
    let pair = text.get(..2)?;
    if !pair.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(pair, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::text::USER;

    fn both(part: &str) -> (String, String) {
        let held = canonical(part, &Cursor::new(part, 0)).unwrap();
        let mut out = Vec::new();
        put(&mut out, &held, USER);
        (held.into(), String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_can_be_shown_is_unescaped_and_the_rest_stays() {
        let table = [
            ("%61lice", "alice", "alice"),
            ("*21*100%23", "*21*100#", "*21*100%23"),
            ("null-%00-null", "null-%00-null", "null-%00-null"),
            ("%0d%0aEvil", "%0D%0AEvil", "%0D%0AEvil"),
            ("50%25", "50%25", "50%25"),
            ("%2500", "%2500", "%2500"),
            ("b%C3%BCro", "büro", "b%C3%BCro"),
            ("%ff%C3%BC%c3", "%FFü%C3", "%FF%C3%BC%C3"),
            ("sips%3Auser%40example.com", "sips:user@example.com", "sips%3Auser%40example.com"),
            ("I%20have%20spaces", "I have spaces", "I%20have%20spaces"),
        ];
        for (part, held, written) in table {
            assert_eq!(both(part), (held.to_owned(), written.to_owned()), "{part}");
            assert_eq!(both(written).0, held);
        }
        assert!(canonical("50%", &Cursor::new("50%", 0)).is_err());
        assert!(canonical("%+1", &Cursor::new("", 0)).is_err());
    }

    #[test]
    fn setters_take_any_text() {
        assert_eq!(&*settled("100%"), "100%25");
        assert_eq!(&*settled("a\r\nb"), "a%0D%0Ab");
    }
}
