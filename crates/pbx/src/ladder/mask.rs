//! SIP for operators to look at, without what would let a reader make calls: answers to challenges and keys of speech are taken out,
//! nonces are cut short.

/// A message as text, secrets masked.
pub(super) fn masked(message: &[u8]) -> String {
    let cut = message.get(..LONGEST).unwrap_or(message);
    let text = String::from_utf8_lossy(cut);
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        out.push_str(&masked_line(line));
    }
    if cut.len() < message.len() {
        out.push_str(CUT);
    }
    out
}

fn masked_line(line: &str) -> String {
    let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    let parameters: &[(&str, usize)] = match name.as_str() {
        "authorization" | "proxy-authorization" => {
            &[("response", 0), ("cnonce", 0), ("nonce", NONCE), ("opaque", NONCE)]
        }
        "www-authenticate" | "proxy-authenticate" => &[("nonce", NONCE), ("opaque", NONCE)],
        "authentication-info" | "proxy-authentication-info" => {
            &[("rspauth", 0), ("cnonce", 0), ("nextnonce", NONCE)]
        }
        _ => return without_key(line),
    };
    let known = ["digest"].iter().any(|scheme| line.to_ascii_lowercase().contains(scheme));
    if !known && !name.ends_with("-info") {
        // Basic, or a scheme that nobody knows: all of it may be secret.
        let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
        return format!("{}: {CUT}{end}", line.split(':').next().unwrap_or_default());
    }
    parameters.iter().fold(line.to_owned(), |line, (name, kept)| shortened(&line, name, *kept))
}

/// Cuts the value of each parameter of this name after so many characters.
fn shortened(line: &str, name: &str, kept: usize) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = find(rest, name) {
        out.push_str(before);
        let (quote, value) = match after.strip_prefix('"') {
            Some(value) => ("\"", value),
            None => ("", after),
        };
        let end = match quote {
            "" => value.find([',', ';', ' ', '\r', '\n']).unwrap_or(value.len()),
            _ => closing(value),
        };
        let (value, after) = value.split_at(end);
        let is_short = value.chars().count() <= kept;
        let shown: String = value.chars().take(kept).collect();
        out.push_str(quote);
        out.push_str(if is_short { value } else { &shown });
        if !is_short {
            out.push_str(CUT);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where a quoted text ends, which may hold escaped quotes.
fn closing(value: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in value.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    value.trim_end().len()
}

/// The text up to the value of the next parameter of this name, and what follows.
fn find<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower.get(from..)?.find(name) {
        let (at, end) = (from + found, from + found + name.len());
        let starts = lower.get(..at)?.chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        let rest = text.get(end..)?;
        let value = rest.trim_start().strip_prefix('=').map(str::trim_start);
        if let (true, Some(value)) = (starts, value) {
            return Some((text.get(..text.len() - value.len())?, value));
        }
        from = end;
    }
    None
}

/// SDES keys (RFC 4568): `a=crypto:1 SUITE inline:KEY|...`.
fn without_key(line: &str) -> String {
    if !line.trim_start().to_ascii_lowercase().starts_with("a=crypto:") {
        return line.to_owned();
    }
    let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
    let kept = line.to_ascii_lowercase().find("inline:").map_or("a=crypto:".len(), |at| at + "inline:".len());
    format!("{}{CUT}{end}", line.get(..kept).unwrap_or_default())
}

/// Bytes of a message that are shown.
const LONGEST: usize = 16 * 1024;
/// Characters of a nonce that are shown.
const NONCE: usize = 8;
const CUT: &str = "…";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_and_keys_are_taken_out_and_nonces_cut_short() {
        let message = "REGISTER sip:a.example SIP/2.0\r\n\
            Authorization: Digest username=\"100001\", realm=\"a \\\" response=\", nonce=\"0123456789abcdef\", \
            uri=\"sip:a.example\", Response = \"5ecre7\", algorithm=MD5, qop=auth, nc=00000001, cnonce=c0ffee\r\n\
            Proxy-Authorization: Basic c2VjcmV0\r\n\
            WWW-Authenticate: Digest realm=\"r\", nonce=\"0123456789abcdef\", opaque=\"x\"\r\n\
            \r\n\
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:5ecre7|2^20\r\n\
            a=sendrecv\r\n";
        let expected = "REGISTER sip:a.example SIP/2.0\r\n\
            Authorization: Digest username=\"100001\", realm=\"a \\\" response=…\", nonce=\"01234567…\", \
            uri=\"sip:a.example\", Response = \"…\", algorithm=MD5, qop=auth, nc=00000001, cnonce=…\r\n\
            Proxy-Authorization: …\r\n\
            WWW-Authenticate: Digest realm=\"r\", nonce=\"01234567…\", opaque=\"x\"\r\n\
            \r\n\
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…\r\n\
            a=sendrecv\r\n";
        let shown = masked(message.as_bytes());
        assert!(
            !shown.contains("5ecre7") && !shown.contains("c0ffee") && !shown.contains("c2VjcmV0"),
            "{shown}"
        );
        // A realm that looks like a parameter costs its own reader something, never a secret.
        assert_eq!(
            shown.replace("response=…\"", "response=\""),
            expected.replace("response=…\"", "response=\"")
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_is_shown_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            masked(&bytes);
        }

        #[test]
        fn parameters_of_any_shape_are_cut_without_a_panic(text in "(Authorization|a=crypto): ?.{0,200}") {
            masked(text.as_bytes());
        }
    }
}
