//! Character classes of RFC 3261 section 25.1 and the writers that keep to them. Whatever a caller put into a field,
//! nothing leaves these functions that could end a line or a value.

/// A character of a token.
pub(crate) const TOKEN: u8 = 1;
/// A character of a parameter value that needs no quotes when written.
pub(crate) const PLAIN: u8 = 1 << 1;
/// A character that stands unescaped in a URI's user part.
pub(crate) const USER: u8 = 1 << 2;
/// A character that stands unescaped in a URI's password.
pub(crate) const PASSWORD: u8 = 1 << 3;
/// A character that stands unescaped in a URI parameter.
pub(crate) const URI_PARAM: u8 = 1 << 4;
/// A character that stands unescaped in a URI header.
pub(crate) const URI_HEADER: u8 = 1 << 5;
/// A character of a host name.
pub(crate) const HOST: u8 = 1 << 6;
/// A character of an opaque URI: visible, and no delimiter of a name-addr.
pub(crate) const OPAQUE: u8 = 1 << 7;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0x21;
    while byte < 0x7f {
        let c = byte as u8;
        let mut class = 0;
        let word = c.is_ascii_alphanumeric();
        let unreserved = word || among(c, b"-_.!~*'()");
        if word || among(c, b"-.!%*_+`'~") {
            class |= TOKEN | PLAIN;
        }
        if among(c, b"[]:/@?&=$#") {
            class |= PLAIN;
        }
        if unreserved || among(c, b"&=+$,;?/") {
            class |= USER;
        }
        if unreserved || among(c, b"&=+$,") {
            class |= PASSWORD;
        }
        if unreserved || among(c, b"[]/:&+$") {
            class |= URI_PARAM;
        }
        if unreserved || among(c, b"[]/?:+$") {
            class |= URI_HEADER;
        }
        if word || among(c, b"-._") {
            class |= HOST;
        }
        if !among(c, b"<>\"\\^`{|}") {
            class |= OPAQUE;
        }
        table[byte] = class;
        byte += 1;
    }
    table
}

const fn among(c: u8, set: &[u8]) -> bool {
    let mut i = 0;
    while i < set.len() {
        if set[i] == c {
            return true;
        }
        i += 1;
    }
    false
}

/// True where the byte is of the class.
pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|found| found & class != 0)
}

/// True for a non-empty run of token characters.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && all(text, TOKEN)
}

pub(crate) fn all(text: &str, class: u8) -> bool {
    text.bytes().all(|b| is(b, class))
}

/// A control character that no header value may hold; a tab is white space.
pub(crate) fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

/// The position of the first such byte, eight bytes at a time: messages are searched for line ends more than for
/// anything else.
pub(crate) fn find(bytes: &[u8], needle: u8) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let pattern = u64::from_le_bytes([needle; 8]);
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        // A byte that equals the needle becomes zero, and the lowest zero byte sets its high bit.
        let differing = u64::from_le_bytes(*word) ^ pattern;
        let zeros = differing.wrapping_sub(LOW) & !differing & HIGH;
        if zeros != 0 {
            return Some(index.saturating_mul(8).saturating_add(zeros.trailing_zeros() as usize / 8));
        }
    }
    let before = bytes.len().saturating_sub(tail.len());
    tail.iter().position(|&b| b == needle).map(|at| before.saturating_add(at))
}

/// True where every line of the text ends in CRLF and no other control character is in it.
pub(crate) fn is_clean_head(bytes: &[u8]) -> bool {
    let mut controls = false;
    let (mut returns, mut feeds) = (0usize, 0usize);
    // 128 bytes a turn, counted in bytes, is what the compiler makes vector code of.
    for block in bytes.chunks(128) {
        let (mut cr, mut lf) = (0u8, 0u8);
        for &b in block {
            cr = cr.wrapping_add(u8::from(b == b'\r'));
            lf = lf.wrapping_add(u8::from(b == b'\n'));
            controls |= (b < 0x20) & (b != b'\r') & (b != b'\n') & (b != b'\t') | (b == 0x7f);
        }
        returns = returns.saturating_add(cr.into());
        feeds = feeds.saturating_add(lf.into());
    }
    !controls && returns == feeds
}

// A fold instead of `any`: the compiler turns it into vector code, and almost every text is clean.
pub(crate) fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, &b| found | is_control(b))
}

/// The text with every control character replaced by a space, trimmed: what setters keep.
pub(crate) fn cleaned(text: Box<str>) -> Box<str> {
    let outer = |c: &char| *c == ' ' || *c == '\t';
    if !has_control(text.as_bytes())
        && !text.chars().next().is_some_and(|c| outer(&c))
        && !text.chars().next_back().is_some_and(|c| outer(&c))
    {
        return text;
    }
    let spaced: String =
        text.chars().map(|c| if c.is_ascii() && is_control(c as u8) { ' ' } else { c }).collect();
    spaced.trim_matches([' ', '\t']).into()
}

/// The text of a quoted string or display name: no control character at all, a tab becomes a space.
pub(crate) fn printable(text: &str) -> Box<str> {
    if text.bytes().fold(true, |clean, b| clean & (b >= 0x20) & (b != 0x7f)) {
        return text.into();
    }
    text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|&c| !c.is_ascii_control()).collect()
}

pub(crate) fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Writes header text; control characters become spaces.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    if has_control(text.as_bytes()) {
        out.extend(text.bytes().map(|b| if is_control(b) { b' ' } else { b }));
    } else {
        put(out, text);
    }
}

/// Writes the visible characters of a word such as a Call-ID.
pub(crate) fn put_word(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().filter(u8::is_ascii_graphic));
}

/// Writes the characters of a class and leaves the others out.
pub(crate) fn put_class(out: &mut Vec<u8>, text: &str, class: u8) {
    out.extend(text.bytes().filter(|&b| is(b, class)));
}

/// Writes a token; characters outside a token are left out, and an empty one becomes `-`.
pub(crate) fn put_token(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    put_class(out, text, TOKEN);
    if out.len() == start {
        out.push(b'-');
    }
}

/// Writes a quoted string with its escapes (RFC 3261 section 25.1).
pub(crate) fn put_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for b in text.bytes() {
        match b {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', b]),
            b'\t' => out.push(b' '),
            _ if is_control(b) => {}
            _ => out.push(b),
        }
    }
    out.push(b'"');
}

/// Writes a decimal number.
pub(crate) fn put_number(out: &mut Vec<u8>, number: u64) {
    if number >= 10 {
        put_number(out, number / 10);
    }
    out.push(b'0'.wrapping_add((number % 10) as u8));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setters_lose_line_ends_and_outer_space() {
        assert_eq!(&*cleaned(" a\r\nEvil: b\0 ".into()), "a  Evil: b");
        assert_eq!(&*cleaned("plain".into()), "plain");
        assert_eq!(&*printable("a\r\n\0b\tc"), "ab c");
    }

    #[test]
    fn bytes_are_found_wherever_they_stand() {
        let mut bytes = vec![0x0b; 40];
        assert_eq!(find(&bytes, b'\n'), None);
        for at in (0..40).rev() {
            bytes[at] = b'\n';
            assert_eq!(find(&bytes, b'\n'), Some(at));
        }
        assert_eq!(find(&bytes[..0], b'\n'), None);
    }

    #[test]
    fn a_stray_control_is_seen_in_a_head() {
        assert!(is_clean_head(b"a\r\nb\t\r\n"));
        for dirty in [&b"a\rb\r\n"[..], b"a\0\r\n", b"a\x7f\r\n", b"a\nb\r\n"] {
            assert!(!is_clean_head(dirty));
        }
    }

    #[test]
    fn writers_keep_to_their_classes() {
        let mut out = Vec::new();
        put_token(&mut out, "a b\r\n:");
        put_token(&mut out, "\r\n");
        put_quoted(&mut out, "x\"\\\r\ny");
        put_number(&mut out, 0);
        put_number(&mut out, 18_446_744_073_709_551_615);
        assert_eq!(out, b"ab-\"x\\\"\\\\y\"018446744073709551615");
    }
}
