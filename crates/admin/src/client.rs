//! Who is at the other end of a request: its address and scheme, also behind a proxy that is trusted, and its web page's
//! origin.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderValue, header};
use kiestoon_config::Cidr;

/// The connection that a request came on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    pub(crate) is_tls: bool,
}

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address, IPv4 as IPv4.
    pub(crate) address: IpAddr,
    /// Whether it speaks HTTPS with us or our proxy.
    pub(crate) is_https: bool,
    /// The Host header, where it is a host with perhaps a port.
    pub(crate) host: Option<String>,
}

impl Client {
    /// What the connection and the headers say; of whom a proxy relays only where that is trusted. Of several addresses the
    /// last counts: the proxy itself has added it.
    pub(crate) fn new(connection: Connection, headers: &HeaderMap, trusted: &[Cidr]) -> Self {
        let peer = connection.peer.ip().to_canonical();
        let is_proxy = trusted.iter().any(|block| block.contains(peer));
        let last = |name: &str| {
            let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
            value.rsplit(',').next().map(str::trim)
        };
        let said = Some(()).filter(|()| is_proxy);
        let address = said.and_then(|()| last("x-forwarded-for")?.parse::<IpAddr>().ok());
        let scheme = said.and_then(|()| last("x-forwarded-proto"));
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
        Self {
            address: address.map_or(peer, |address| address.to_canonical()),
            is_https: scheme.map_or(connection.is_tls, |scheme| scheme.eq_ignore_ascii_case("https")),
            host: host.map(str::to_ascii_lowercase),
        }
    }

    /// Whether a request's web page, where it says one, is ours.
    pub(crate) fn is_own_page(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Some(host) = &self.host else { return false };
        let (scheme, port) = if self.is_https { ("https", ":443") } else { ("http", ":80") };
        let bare = |host: &str| host.strip_suffix(port).unwrap_or(host).to_owned();
        let own = format!("{scheme}://{}", bare(host));
        origin.to_str().is_ok_and(|origin| bare(&origin.to_ascii_lowercase()) == own)
    }

    /// Whether this is the machine itself.
    pub(crate) fn is_local(&self) -> bool {
        self.address.is_loopback()
    }

    /// The network that counts as one source: an address, or the /64 of an IPv6 one.
    pub(crate) fn source(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => self.address,
            IpAddr::V6(address) => {
                let network = u128::from(address) & (u128::MAX << 64);
                IpAddr::V6(network.into())
            }
        }
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line: &HeaderValue| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

/// A host name or address with perhaps a port; it is repeated in answers, so it may hold nothing else.
fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    (1..=261).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn client(peer: &str, is_tls: bool, lines: &[(&'static str, &str)]) -> Client {
        let trusted = [Cidr { address: [192, 0, 2, 1].into(), prefix: 32 }];
        let connection = Connection { peer: SocketAddr::new(peer.parse().unwrap(), 1234), is_tls };
        Client::new(connection, &headers(lines), &trusted)
    }

    #[test]
    fn only_a_trusted_proxy_speaks_for_others() {
        let said = [("x-forwarded-for", "203.0.113.9, 198.51.100.7"), ("x-forwarded-proto", "https")];
        let through = client("192.0.2.1", false, &said);
        assert_eq!((through.address.to_string(), through.is_https), ("198.51.100.7".into(), true));
        let direct = client("192.0.2.9", false, &said);
        assert_eq!((direct.address.to_string(), direct.is_https), ("192.0.2.9".into(), false));
        assert!(client("::ffff:127.0.0.1", true, &[]).is_local());
        assert_eq!(client("2001:db8::1:2", true, &[]).source().to_string(), "2001:db8::");
    }

    #[test]
    fn a_page_is_ours_by_scheme_host_and_port() {
        for (is_tls, host, origin, expected) in [
            (true, "pbx.example:8443", "https://pbx.example:8443", true),
            (true, "PBX.example", "https://pbx.example", true),
            (true, "pbx.example:443", "https://pbx.example", true),
            (false, "localhost:8080", "http://localhost:8080", true),
            (true, "pbx.example:8443", "http://pbx.example:8443", false),
            (true, "pbx.example:8443", "https://pbx.example", false),
            (true, "pbx.example", "https://pbx.example.evil", false),
            (true, "pbx.example", "null", false),
        ] {
            let lines = [("host", host), ("origin", origin)];
            assert_eq!(
                client("192.0.2.9", is_tls, &lines).is_own_page(&headers(&lines)),
                expected,
                "{origin}"
            );
        }
        assert!(client("192.0.2.9", true, &[]).is_own_page(&headers(&[])), "no page at all");
        let odd = client("192.0.2.9", true, &[("host", "a\"b")]);
        assert_eq!(odd.host, None);
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let lines = headers(&[("cookie", "a=1; kiestoon_session=tok; b=2"), ("cookie", "c=3")]);
        assert_eq!(cookie(&lines, "kiestoon_session"), Some("tok"));
        assert_eq!(cookie(&lines, "c"), Some("3"));
        assert_eq!(cookie(&lines, "session"), None);
    }
}
