//! Reading of SIP messages as text: one pass over the header lines, nothing allocated, nothing interpreted that the
//! load does not need. Header names are matched in their long and compact forms (RFC 3261 section 7.3.3).

/// One received message; all parts point into the datagram.
pub(crate) struct Message<'a> {
    /// The request line or status line.
    pub(crate) start: &'a str,
    headers: [(&'a str, &'a str); MAX_HEADERS],
    count: usize,
    /// What follows the empty line.
    pub(crate) body: &'a str,
}

const MAX_HEADERS: usize = 48;

impl<'a> Message<'a> {
    /// None for what is not text, has no complete header section, or has more headers than any peer sends.
    pub(crate) fn read(datagram: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (start, mut rest) = text.split_once("\r\n")?;
        let mut message = Self { start, headers: [("", ""); MAX_HEADERS], count: 0, body: "" };
        loop {
            let (line, after) = rest.split_once("\r\n")?;
            rest = after;
            if line.is_empty() {
                message.body = rest;
                return Some(message);
            }
            let (name, value) = line.split_once(':')?;
            *message.headers.get_mut(message.count)? = (name.trim_end(), value.trim());
            message.count += 1;
        }
    }

    /// The status code of a response, None for a request.
    pub(crate) fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> &'a str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// Every value of a header, in order.
    pub(crate) fn all(&self, name: Name) -> impl Iterator<Item = &'a str> + '_ {
        let (long, compact) = name;
        let named = move |header: &&(&str, &str)| {
            header.0.eq_ignore_ascii_case(long)
                || (!compact.is_empty() && header.0.eq_ignore_ascii_case(compact))
        };
        self.headers.iter().take(self.count).filter(named).map(|header| header.1)
    }

    pub(crate) fn first(&self, name: Name) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The Digest challenge with MD5 (or without an algorithm, which means MD5), without its scheme word.
    pub(crate) fn challenge(&self) -> Option<&'a str> {
        let name = if self.status()? == 407 { PROXY_AUTHENTICATE } else { WWW_AUTHENTICATE };
        let digest = self.all(name).filter_map(|value| {
            let (scheme, parameters) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("Digest").then_some(parameters)
        });
        let mut digest =
            digest.filter(|p| parameter(p, "algorithm").is_none_or(|a| a.eq_ignore_ascii_case("MD5")));
        digest.next()
    }
}

/// A header's long and compact name.
pub(crate) type Name = (&'static str, &'static str);
pub(crate) const VIA: Name = ("Via", "v");
pub(crate) const FROM: Name = ("From", "f");
pub(crate) const TO: Name = ("To", "t");
pub(crate) const CALL_ID: Name = ("Call-ID", "i");
pub(crate) const CSEQ: Name = ("CSeq", "");
pub(crate) const CONTACT: Name = ("Contact", "m");
pub(crate) const RECORD_ROUTE: Name = ("Record-Route", "");
pub(crate) const WWW_AUTHENTICATE: Name = ("WWW-Authenticate", "");
pub(crate) const PROXY_AUTHENTICATE: Name = ("Proxy-Authenticate", "");

/// The value of one comma-separated `name=value` or `name="value"` of a challenge.
pub(crate) fn parameter<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (key, after) = rest.split_once('=')?;
        let value;
        (value, rest) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value.trim());
        }
    }
}

/// The tag of a From or To value.
pub(crate) fn tag(value: &str) -> Option<&str> {
    let (_, after) = value.split_once(";tag=")?;
    after.split([';', ' ', '>']).next()
}

/// The URI of a name-addr or addr-spec.
pub(crate) fn uri(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, after)) => after.split('>').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default(),
    }
}

/// The user part of a `sip:` URI as a number, as all our user names are.
pub(crate) fn user_number(uri: &str) -> Option<u32> {
    let (_, after) = uri.split_once("sip:")?;
    after.split(['@', ';', '>']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGED: &[u8] = b"SIP/2.0 401 Unauthorized\r\nv: SIP/2.0/UDP 127.0.0.1:22000;branch=z9hG4bK-1\r\n\
        VIA : SIP/2.0/UDP 10.0.0.1\r\nf: <sip:1@h>;tag=a\r\nTo: \"A <b\" <sip:1@h>;tag=b;x=1\r\n\
        WWW-Authenticate: Digest realm=\"h\", nonce=\"s\", algorithm=SHA-256\r\n\
        WWW-Authenticate: Digest realm=\"h, i\",nonce=\"n==\",algorithm=MD5,qop=\"auth\"\r\nContent-Length: 0\r\n\r\nbody";

    #[test]
    fn reads_headers_in_both_forms() {
        let message = Message::read(CHALLENGED).unwrap();
        assert_eq!(message.status(), Some(401));
        assert_eq!(message.all(VIA).count(), 2);
        assert_eq!(message.first(FROM).and_then(tag), Some("a"));
        assert_eq!(message.first(TO).and_then(tag), Some("b"));
        assert_eq!(message.first(CONTACT), None);
        assert_eq!(message.body, "body");
    }

    #[test]
    fn takes_the_md5_challenge() {
        let message = Message::read(CHALLENGED).unwrap();
        let challenge = message.challenge().unwrap();
        assert_eq!(parameter(challenge, "realm"), Some("h, i"));
        assert_eq!(parameter(challenge, "NONCE"), Some("n=="));
        assert_eq!(parameter(challenge, "algorithm"), Some("MD5"));
        assert_eq!(parameter(challenge, "qop"), Some("auth"));
        assert_eq!(parameter(challenge, "opaque"), None);
    }

    #[test]
    fn requests_have_a_method_and_no_status() {
        let message =
            Message::read(b"INVITE sip:100007@127.0.0.1;transport=udp SIP/2.0\r\nCall-ID: x\r\n\r\n")
                .unwrap();
        assert_eq!(message.status(), None);
        assert_eq!(message.method(), "INVITE");
        assert_eq!(user_number(message.start), Some(100_007));
        assert_eq!(message.first(CALL_ID), Some("x"));
    }

    #[test]
    fn refuses_what_is_not_whole() {
        assert!(Message::read(b"").is_none());
        assert!(Message::read(b"SIP/2.0 200 OK\r\nVia: x\r\n").is_none());
        assert!(Message::read(b"SIP/2.0 200 OK\r\nno colon\r\n\r\n").is_none());
        assert!(Message::read(b"\xff\xfe\r\n\r\n").is_none());
    }

    #[test]
    fn uris() {
        assert_eq!(uri("\"x\" <sip:1@h:1>;expires=3"), "sip:1@h:1");
        assert_eq!(uri("sip:1@h:1;expires=3"), "sip:1@h:1");
        assert_eq!(user_number("tel:1"), None);
    }
}
