//! SIP for operators to look at, without what would let a reader make calls: answers to challenges and keys of speech are taken out,
//! nonces are cut short.

/// A message as text, secrets masked. `hidden` is the name of a header field that is one, such as the one that a carrier is known by.
pub(super) fn masked(message: &[u8], hidden: Option<&str>) -> String {
    let cut = message.get(..LONGEST).unwrap_or(message);
    let text = String::from_utf8_lossy(cut);
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // To those who read session descriptions a carriage return alone ends a line too.
        masked_line(line, hidden).split_inclusive('\r').for_each(|line| out.push_str(&without_key(line)));
    }
    if cut.len() < message.len() {
        out.push_str(CUT);
    }
    out
}

fn masked_line(line: &str, hidden: Option<&str>) -> String {
    let name = line.split(':').next().unwrap_or_default().trim().to_ascii_lowercase();
    if hidden.is_some_and(|hidden| hidden.eq_ignore_ascii_case(&name)) {
        return without_value(line);
    }
    let parameters: &[(&str, usize)] = match name.as_str() {
        "authorization" | "proxy-authorization" => {
            &[("response", 0), ("cnonce", 0), ("nonce", NONCE), ("opaque", NONCE)]
        }
        "www-authenticate" | "proxy-authenticate" => &[("nonce", NONCE), ("opaque", NONCE)],
        "authentication-info" | "proxy-authentication-info" => {
            &[("rspauth", 0), ("cnonce", 0), ("nextnonce", NONCE)]
        }
        _ => return line.to_owned(),
    };
    let value = line.split_once(':').map_or("", |(_, value)| value.trim_start());
    let is_digest = value.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("digest"));
    if !is_digest && !name.ends_with("-info") {
        // Basic, or a scheme that nobody knows: all of it may be secret.
        return without_value(line);
    }
    cut(line, parameters)
}

fn without_value(line: &str) -> String {
    let end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
    format!("{}: {CUT}{end}", line.split(':').next().unwrap_or_default())
}

/// Cuts the values of these parameters, each after so many characters. What stands in quotes is no parameter, whatever it says.
fn cut(line: &str, rules: &[(&str, usize)]) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['=', '"']) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let kept = match after.strip_prefix('=') {
            None => None,
            Some(_) => {
                let name =
                    before.trim_end().rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                rules.iter().find(|(rule, _)| name.eq_ignore_ascii_case(rule)).map(|(_, kept)| *kept)
            }
        };
        let value = after.trim_start_matches('=').trim_start();
        out.push_str(after.strip_suffix(value).unwrap_or_default());
        let (text, after) = match value.strip_prefix('"') {
            Some(quoted) => {
                out.push('"');
                quoted.split_at(closing(quoted))
            }
            None => value.split_at(value.find([',', ';', ' ', '\r', '\n', '"']).unwrap_or(value.len())),
        };
        match kept {
            Some(kept) if text.chars().count() > kept => {
                out.extend(text.chars().take(kept));
                out.push_str(CUT);
            }
            _ => out.push_str(text),
        }
        rest = match (value.starts_with('"'), after.strip_prefix('"')) {
            (true, Some(after)) => {
                out.push('"');
                after
            }
            _ => after,
        };
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

/// SDES keys (RFC 4568): `a=crypto:1 SUITE inline:KEY|...`, wherever that begins; MIKEY (RFC 4567), and the keys of old (RFC 4566
/// section 5.12).
fn without_key(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let is_old = lower.trim_start_matches(|c: char| c.is_whitespace() || c == '\0').starts_with("k=");
    let begins = |word: &str| lower.find(word).map(|at| at.saturating_add(word.len()));
    let sdes = begins("inline:").or_else(|| begins("a=crypto:"));
    let old = begins("k=").filter(|_| is_old);
    let Some(kept) = [sdes, begins("a=key-mgmt:"), old].into_iter().flatten().min() else {
        return line.to_owned();
    };
    let end = line.trim_end_matches(['\r', '\n']).len();
    format!("{}{CUT}{}", line.get(..kept).unwrap_or_default(), line.get(end..).unwrap_or_default())
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
            Authorization: Digest username=\"100001\", realm=\"a \\\" response=\", nonce=\"01234567…\", \
            uri=\"sip:a.example\", Response = \"…\", algorithm=MD5, qop=auth, nc=00000001, cnonce=…\r\n\
            Proxy-Authorization: …\r\n\
            WWW-Authenticate: Digest realm=\"r\", nonce=\"01234567…\", opaque=\"x\"\r\n\
            \r\n\
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:…\r\n\
            a=sendrecv\r\n";
        let shown = masked(message.as_bytes(), None);
        assert!(
            !shown.contains("5ecre7") && !shown.contains("c0ffee") && !shown.contains("c2VjcmV0"),
            "{shown}"
        );
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_key_is_not_shown_in_whatever_line_it_stands() {
        for line in [
            "a=sendrecv\ra=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:5ecre7",
            "\0 A=Crypto:1 AES_CM_128_HMAC_SHA1_80 INLINE:5ecre7|2^20;inline:5ecre7",
            "a=crypto:5ecre7",
            "a=key-mgmt:mikey 5ecre7",
            "k=base64:5ecre7",
        ] {
            let message = format!("INVITE sip:a.example SIP/2.0\r\n\r\nv=0\r\n{line}\r\na=sendrecv\r\n");
            let shown = masked(message.as_bytes(), None);
            assert!(!shown.contains("5ecre7"), "{shown}");
            assert!(shown.contains("v=0\r\n") && shown.ends_with("…\r\na=sendrecv\r\n"), "{shown}");
        }
    }

    #[test]
    fn what_a_carrier_is_known_by_is_not_shown() {
        let message =
            "INVITE sip:a.example SIP/2.0\r\nX-Key: 5ecre7\r\nx-key : 5ecre7\r\nX-Keys: seen\r\n\r\n";
        let shown = masked(message.as_bytes(), Some("X-KEY"));
        assert_eq!(shown, "INVITE sip:a.example SIP/2.0\r\nX-Key: …\r\nx-key : …\r\nX-Keys: seen\r\n\r\n");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_shown_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            masked(&bytes, Some("x"));
        }

        #[test]
        fn parameters_of_any_shape_are_cut_without_a_panic(text in "(Authorization|a=crypto): ?.{0,200}") {
            masked(text.as_bytes(), None);
        }
    }
}
