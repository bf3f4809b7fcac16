//! `sip:` and `sips:` URIs (RFC 3261 section 19.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Host, escape};
use crate::flow::Transport;
use crate::header::Params;
use crate::header::cursor::{Cursor, Flaw};
use crate::header::text::{self, PASSWORD, URI_HEADER, URI_PARAM, USER};
use crate::header::via::parse_port;
use crate::message::{Limits, Reason};

/// A `sip:` or `sips:` URI.
///
/// User, password, parameters and headers are held unescaped; control characters, `%` and bytes that are no UTF-8 stay
/// `%XX`. All that cannot stand there is escaped when written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SipUri {
    /// `sips:`.
    pub secure: bool,
    /// The user part, without password; a telephone number, for one, with `#` unescaped.
    pub user: Option<Box<str>>,
    /// The password, which nobody should send.
    pub password: Option<Box<str>>,
    /// The host.
    pub host: Host,
    /// The port, where given.
    pub port: Option<u16>,
    /// `transport`, `lr` and others.
    pub params: Params,
    /// What a request made from this URI would carry.
    pub headers: Params,
}

impl SipUri {
    /// `sip:host`.
    pub fn new(host: impl Into<Host>) -> Self {
        Self {
            secure: false,
            user: None,
            password: None,
            host: host.into(),
            port: None,
            params: Params::new(),
            headers: Params::new(),
        }
    }

    /// The same with a user. Escapes in it are read as such.
    #[must_use]
    pub fn with_user(mut self, user: &str) -> Self {
        self.user = Some(escape::settled(user)).filter(|user| !user.is_empty());
        self
    }

    /// The same with a port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// The same with a parameter.
    #[must_use]
    pub fn with_param<'a>(mut self, name: &str, value: impl Into<Option<&'a str>>) -> Self {
        self.params.set(name, value);
        self
    }

    /// True for a loose router, whatever value `lr` has (RFC 3261 section 16.12.1; some proxies write `lr=on`).
    pub fn is_loose_router(&self) -> bool {
        self.params.contains("lr")
    }

    /// The transport that the URI asks for: its parameter, TLS for `sips:`; `None` where it leaves the choice or
    /// names one that we do not have.
    pub fn transport(&self) -> Option<Transport> {
        let Some(named) = self.params.get("transport") else {
            return self.secure.then_some(Transport::Tls);
        };
        let ours = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws, Transport::Wss];
        let found = ours.into_iter().find(|transport| transport.uri_token().eq_ignore_ascii_case(named))?;
        Some(match found {
            Transport::Tcp if self.secure => Transport::Tls,
            Transport::Ws if self.secure => Transport::Wss,
            other => other,
        })
    }

    /// The port, or the default one of the scheme.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 5061 } else { 5060 })
    }

    /// `user@host` in canonical case, without port or parameters: the address of record (RFC 3261 section 10.3,
    /// step 5).
    pub fn aor(&self) -> String {
        let mut out = Vec::new();
        if let Some(user) = &self.user {
            escape::put(&mut out, user, USER);
            out.push(b'@');
        }
        let start = out.len();
        self.host.write(&mut out);
        if let Some(host) = out.get_mut(start..) {
            host.make_ascii_lowercase();
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    pub(crate) fn parse_at(cursor: &mut Cursor<'_>, secure: bool, limits: &Limits) -> Result<Self, Flaw> {
        let mut uri = Self::new(Host::V4(std::net::Ipv4Addr::UNSPECIFIED));
        uri.secure = secure;
        // "@" can stand nowhere but behind the user part, which may hold ";" and "?".
        if text::find(cursor.rest().as_bytes(), b'@').is_some() {
            uri.user_info(cursor)?;
        }
        uri.host = Host::parse_at(cursor)?;
        if cursor.take(b':') {
            uri.port = Some(parse_port(cursor)?);
        }
        uri.params = parse_params(cursor, limits.params)?;
        if cursor.take(b'?') {
            uri.parse_headers(cursor, limits.params)?;
        }
        if cursor.is_done() { Ok(uri) } else { cursor.expected("the end of the URI") }
    }

    fn user_info(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Flaw> {
        let start = cursor.clone();
        let user = cursor.take_while(|b| b != b':' && b != b'@' && is_part(b));
        if user.is_empty() {
            return cursor.expected("a user");
        }
        self.user = Some(escape::canonical(user, &start)?);
        if cursor.take(b':') {
            let start = cursor.clone();
            let password = cursor.take_while(|b| b != b'@' && is_part(b));
            self.password = Some(escape::canonical(password, &start)?);
        }
        if cursor.take(b'@') { Ok(()) } else { cursor.expected("a user") }
    }

    fn parse_headers(&mut self, cursor: &mut Cursor<'_>, max: usize) -> Result<(), Flaw> {
        let mut count: usize = 0;
        loop {
            count = count.saturating_add(1);
            if count > max {
                return Err(cursor.flaw(Reason::TooMany(max)));
            }
            let start = cursor.clone();
            let name = cursor.take_while(|b| !matches!(b, b'=' | b'&') && is_part(b));
            let name = escape::canonical(name, &start)?;
            if name.is_empty() || !cursor.take(b'=') {
                return cursor.expected("a URI header");
            }
            let start = cursor.clone();
            let value = cursor.take_while(|b| b != b'&' && is_part(b));
            self.headers.add_repeated(&name, escape::canonical(value, &start)?);
            if !cursor.take(b'&') {
                return Ok(());
            }
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        text::put(out, if self.secure { "sips:" } else { "sip:" });
        if let Some(user) = self.user.as_deref().filter(|user| !user.is_empty()) {
            escape::put(out, user, USER);
            if let Some(password) = &self.password {
                out.push(b':');
                escape::put(out, password, PASSWORD);
            }
            out.push(b'@');
        }
        self.host.write(out);
        if let Some(port) = self.port {
            out.push(b':');
            text::put_number(out, port.into());
        }
        write_params(&self.params, out);
        for (index, (name, value)) in self.headers.iter().enumerate() {
            out.push(if index == 0 { b'?' } else { b'&' });
            escape::put(out, name, URI_HEADER);
            out.push(b'=');
            escape::put(out, value.unwrap_or_default(), URI_HEADER);
        }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

/// `*( ";" uri-parameter )`.
pub(super) fn parse_params(cursor: &mut Cursor<'_>, max: usize) -> Result<Params, Flaw> {
    let mut params = Params::new();
    let mut count: usize = 0;
    while cursor.take(b';') {
        count = count.saturating_add(1);
        if count > max {
            return Err(cursor.flaw(Reason::TooMany(max)));
        }
        let start = cursor.clone();
        let name = cursor.take_while(|b| !matches!(b, b';' | b'=' | b'?') && is_part(b));
        if name.is_empty() {
            return cursor.expected("a URI parameter");
        }
        let name = escape::canonical(name, &start)?;
        if cursor.take(b'=') {
            let start = cursor.clone();
            let value = cursor.take_while(|b| !matches!(b, b';' | b'?') && is_part(b));
            params.add(&name, Some(escape::canonical(value, &start)?), false);
        } else {
            params.add(&name, None, false);
        }
    }
    Ok(params)
}

pub(super) fn write_params(params: &Params, out: &mut Vec<u8>) {
    for (name, value) in params.iter() {
        out.push(b';');
        escape::put(out, name, URI_PARAM);
        if let Some(value) = value {
            out.push(b'=');
            escape::put(out, value, URI_PARAM);
        }
    }
}

/// A byte of any part of a URI as phones send it; what the grammar wants escaped is escaped when written.
fn is_part(byte: u8) -> bool {
    byte >= 0x80 || (byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::Uri;

    fn sip(text: &str) -> SipUri {
        match Uri::parse(text).unwrap() {
            Uri::Sip(uri) => uri,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_parts_of_a_uri() {
        let uri = sip("SIPS:alice:pw@[2001:db8::1]:5071;lr=on;Transport=TCP?Subject=hi%20there&x=");
        assert_eq!(uri.user.as_deref(), Some("alice"));
        assert_eq!(uri.password.as_deref(), Some("pw"));
        assert_eq!(uri.port, Some(5071));
        assert!(uri.is_loose_router());
        assert_eq!(uri.transport(), Some(Transport::Tls));
        assert_eq!(uri.headers.get("subject"), Some("hi there"));
        assert_eq!(uri.aor(), "alice@[2001:db8::1]");
        assert_eq!(sip(&uri.to_string()), uri);
    }

    #[test]
    fn the_user_part_may_hold_semicolons() {
        let uri = sip("sip:user;par=u%40example.net@example.com");
        assert_eq!(uri.user.as_deref(), Some("user;par=u@example.net"));
        assert_eq!(uri.to_string(), "sip:user;par=u%40example.net@example.com");
    }

    #[test]
    fn what_is_no_sip_uri() {
        let bad = [
            "sip:",
            "sip:@host",
            "sip:a@",
            "sip:a@b@c",
            "sip:a b@c",
            "sip:a@b:",
            "sip:a@b:65536",
            "sip:a@b;",
            "sip:a@b?",
            "sip:a@b?x",
            "sip:a%zz@b",
            "sip:a@b:5060x",
            "sip:<a@b",
            "sip:a@2001:db8::1",
        ];
        for text in bad {
            assert!(Uri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_part_can_leave_its_place() {
        let mut uri = SipUri::new("h.example").with_user("a@b>\r\nVia: x");
        uri.user = Some("x\r\ny<>@;:".into());
        uri.password = Some("p@\r\n".into());
        uri.params.set("p", "v;lr>\r\n?");
        uri.headers.set("h", "1&2=3\r\n");
        let written = uri.to_string();
        assert_eq!(written, "sip:x%0D%0Ay%3C%3E%40;%3A:p%40%0D%0A@h.example;p=v%3Blr%3E%3F?h=1%262%3D3");
        assert_eq!(sip(&written).host, uri.host);
    }
}
