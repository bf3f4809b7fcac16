//! Hosts: names, IPv4 addresses, IPv6 addresses in brackets.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::header::cursor::{Cursor, Flaw};
use crate::header::text::{self, HOST};
use crate::message::{ParseError, Part};

/// The host of a URI or a Via. Names compare without case; an IPv4-mapped IPv6 address is not that IPv4 address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Host {
    /// A domain name; characters that no name holds are left out when written.
    Name(Box<str>),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, written in brackets.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads a host as it stands in a URI: a name, an IPv4 address, or an IPv6 address in brackets.
    ///
    /// # Errors
    /// Where the text is none of them.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text, 0);
        let host = Self::parse_at(&mut cursor).and_then(|host| match cursor.is_done() {
            true => Ok(host),
            false => cursor.expected("the end of the host"),
        });
        host.map_err(|flaw| flaw.in_part(Part::Uri))
    }

    /// The address, where it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(ip) => Some(IpAddr::V4(*ip)),
            Self::V6(ip) => Some(IpAddr::V6(*ip)),
        }
    }

    pub(crate) fn parse_at(cursor: &mut Cursor<'_>) -> Result<Self, Flaw> {
        let start = cursor.clone();
        if cursor.take(b'[') {
            let inner = cursor.take_while(|b| b != b']');
            return match three_colons_mended(inner) {
                Some(ip) if cursor.take(b']') => Ok(Self::V6(ip)),
                _ => start.expected("an IPv6 address in brackets"),
            };
        }
        let name = cursor.take_while(|b| text::is(b, HOST));
        if name.bytes().next().is_some_and(|b| b.is_ascii_digit())
            && let Ok(ip) = name.parse()
        {
            return Ok(Self::V4(ip));
        }
        // An all-digit last label cannot be a domain: it is a mistyped address (RFC 3261 section 25.1, toplabel).
        let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        if last.is_empty() || last.bytes().all(|b| b.is_ascii_digit()) {
            return start.expected("a host");
        }
        Ok(Self::Name(name.into()))
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Name(name) => {
                let start = out.len();
                text::put_class(out, name, HOST);
                if out.len() == start {
                    text::put(out, "invalid");
                }
            }
            Self::V4(ip) => {
                for (index, octet) in ip.octets().into_iter().enumerate() {
                    if index > 0 {
                        out.push(b'.');
                    }
                    text::put_number(out, octet.into());
                }
            }
            Self::V6(ip) => text::put(out, &format!("[{ip}]")),
        }
    }
}

/// RFC 3261's grammar asks for three colons before an embedded IPv4 address; elements built to the letter of it send
/// them, and are to be understood (RFC 5118 section 4.10).
fn three_colons_mended(text: &str) -> Option<Ipv6Addr> {
    match text.parse() {
        Ok(ip) => Some(ip),
        Err(_) if text.contains(":::") => text.replacen(":::", "::", 1).parse().ok(),
        Err(_) => None,
    }
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            _ => self.ip().is_some() && self.ip() == other.ip(),
        }
    }
}

impl Eq for Host {}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6(ip),
        }
    }
}

impl From<SocketAddr> for Host {
    fn from(address: SocketAddr) -> Self {
        address.ip().into()
    }
}

/// The host that the text names; text that is no host becomes a name, of which only host characters are written.
impl From<&str> for Host {
    fn from(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|_| {
            let bare = text.parse::<Ipv6Addr>().map(Self::V6);
            bare.unwrap_or_else(|_| {
                Self::Name(text.chars().filter(|c| c.is_ascii() && text::is(*c as u8, HOST)).collect())
            })
        })
    }
}

impl FromStr for Host {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(ip) => ip.fmt(f),
            Self::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_each_kind() {
        assert_eq!(Host::parse("192.0.2.1").unwrap(), Host::V4(Ipv4Addr::new(192, 0, 2, 1)));
        assert_eq!(Host::parse("[2001:db8::10]").unwrap().to_string(), "[2001:db8::10]");
        assert_eq!(
            Host::parse("[2001:db8:::192.0.2.1]").unwrap(),
            Host::parse("[2001:db8::192.0.2.1]").unwrap()
        );
        assert_eq!(Host::parse("Kantoor.Example.").unwrap(), Host::Name("kantoor.example.".into()));
        for bad in ["", ".", "192.0.2.300", "2001:db8::10", "[2001:db8::10", "[]", "a b", "a\r\nb", "1.2.3"] {
            assert!(Host::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place() {
        let mut out = Vec::new();
        Host::Name("evil;lr>\r\nX: y".into()).write(&mut out);
        Host::from("a b\r\n").write(&mut out);
        Host::Name("".into()).write(&mut out);
        assert_eq!(out, b"evillrXyabinvalid");
    }
}
