//! The HTTP request that opens a WebSocket (RFC 6455 section 4, RFC 7118 section 4): who may, for whom, and what is answered.
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use kiestoon_call::Network;
use kiestoon_sip::{flow::Transport, message::Limits};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async_with_config,
    tungstenite::{
        self,
        handshake::server::{ErrorResponse, Request, Response},
        http::{HeaderMap, HeaderValue, StatusCode, header},
        protocol::WebSocketConfig,
    },
};

/// Who may open a WebSocket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admission {
    /// Origins of web pages that are let in; `*` lets all in. Who names no origin is no web page, and is let in.
    pub(crate) origins: Arc<[String]>,
    /// Proxies that say truly whom they relay.
    pub(crate) trusted_proxies: Arc<[Network]>,
}

/// An open WebSocket, and whose it is.
pub(in crate::transport) struct Upgraded {
    pub(in crate::transport) socket: WebSocketStream<TcpStream>,
    /// The client, also behind a trusted proxy; its port is then that of the proxy's connection.
    pub(in crate::transport) remote: SocketAddr,
    /// WSS where a trusted proxy ends the client's TLS.
    pub(in crate::transport) transport: Transport,
}

/// What an opening request says of whom it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Client {
    address: IpAddr,
    is_secure: bool,
}

impl Admission {
    /// Whether an address is a proxy's, which stands for many clients.
    pub(in crate::transport) fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }

    /// Answers the opening request: 101, or 403 where the origin is not let in, or 400 where it does not ask for SIP.
    ///
    /// # Errors
    /// What was wrong with the request, which has been answered where that was possible.
    pub(in crate::transport) async fn upgrade(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        limits: &Limits,
    ) -> Result<Upgraded, tungstenite::Error> {
        let mut client = Client { address: remote.ip(), is_secure: false };
        #[expect(clippy::result_large_err, reason = "the library's own type")]
        let check = |request: &Request, mut response: Response| {
            self.check(request.headers()).map_err(refusal)?;
            client = self.client(remote.ip(), request.headers());
            response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SIP));
            Ok(response)
        };
        let socket = accept_hdr_async_with_config(stream, check, Some(config(limits))).await?;
        let transport = if client.is_secure { Transport::Wss } else { Transport::Ws };
        Ok(Upgraded { socket, remote: SocketAddr::new(client.address, remote.port()), transport })
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
        let is_let_in = |origin: &[u8]| {
            self.origins.iter().any(|own| own == "*" || own.as_bytes().eq_ignore_ascii_case(origin))
        };
        if origin.is_some_and(|origin| !is_let_in(origin)) {
            return Err(Refused::Origin);
        }
        let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let mut offered =
            offered.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        if offered.any(|protocol| protocol.trim().eq_ignore_ascii_case(SIP)) {
            Ok(())
        } else {
            Err(Refused::Protocol)
        }
    }

    /// What a trusted proxy says of its client; of others, nothing is believed. Of several addresses the last counts: the
    /// proxy itself has added it.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let last = |name: &str| {
            let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
            value.rsplit(',').next().map(str::trim)
        };
        let said = Some(()).filter(|()| self.is_proxy(peer));
        Client {
            address: said.and_then(|()| last("x-forwarded-for")?.parse().ok()).unwrap_or(peer),
            is_secure: said.and_then(|()| last("x-forwarded-proto")).is_some_and(|scheme| scheme == "https"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Origin,
    Protocol,
}

fn refusal(refused: Refused) -> ErrorResponse {
    let (status, why) = match refused {
        Refused::Origin => (StatusCode::FORBIDDEN, "this origin is not among sip.ws.origins\n"),
        Refused::Protocol => (StatusCode::BAD_REQUEST, "Sec-WebSocket-Protocol must offer sip (RFC 7118)\n"),
    };
    let mut response = ErrorResponse::new(Some(why.to_owned()));
    *response.status_mut() = status;
    response
}

/// A frame holds a message, so a message's bound is a frame's. Buffers are small: most connections are idle.
fn config(limits: &Limits) -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes))
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(limits.message_bytes.saturating_mul(2))
}

/// Why a WebSocket was not opened, for the log.
pub(in crate::transport) fn words(error: &tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Http(response) => match response.body() {
            Some(why) => String::from_utf8_lossy(why).trim_end().to_owned(),
            None => response.status().to_string(),
        },
        tungstenite::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the peer closed it".into()
        }
        error => error.to_string(),
    }
}

const SIP: &str = "sip";
const READ_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(origins: &[&str]) -> Admission {
        let loopback = Network { address: IpAddr::from([127, 0, 0, 0]), prefix: 8 };
        Admission {
            origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
            trusted_proxies: Arc::new([loopback]),
        }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn only_origins_that_are_named_are_let_in() {
        let sip = ("sec-websocket-protocol", "sip");
        let own = admission(&["https://pbx.example"]);
        let cases = [
            (&own, Some("https://pbx.example"), Ok(())),
            (&own, Some("HTTPS://PBX.example"), Ok(())),
            (&own, Some("https://pbx.example.evil"), Err(Refused::Origin)),
            (&own, Some("https://pbx.example:8443"), Err(Refused::Origin)),
            (&own, Some("null"), Err(Refused::Origin)),
            (&own, None, Ok(())),
            (&admission(&["*"]), Some("https://anybody.example"), Ok(())),
            (&admission(&[]), Some("https://pbx.example"), Err(Refused::Origin)),
        ];
        for (admission, origin, expected) in cases {
            let lines: Vec<_> = [sip].into_iter().chain(origin.map(|origin| ("origin", origin))).collect();
            assert_eq!(admission.check(&headers(&lines)), expected, "{origin:?}");
        }
    }

    #[test]
    fn sip_must_be_offered() {
        let all = admission(&["*"]);
        for (offered, expected) in [
            (&["sip"][..], Ok(())),
            (&["chat, SIP"], Ok(())),
            (&["chat", "sip"], Ok(())),
            (&["sips"], Err(Refused::Protocol)),
            (&[], Err(Refused::Protocol)),
        ] {
            let lines: Vec<_> = offered.iter().map(|value| ("sec-websocket-protocol", *value)).collect();
            assert_eq!(all.check(&headers(&lines)), expected, "{offered:?}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_speaks_for_others() {
        let admission = admission(&[]);
        let said = headers(&[("x-forwarded-for", "203.0.113.9, 192.0.2.7"), ("x-forwarded-proto", "https")]);
        let peer = |text: &str| text.parse::<IpAddr>().unwrap();
        let client = |peer, headers: &HeaderMap| {
            let Client { address, is_secure } = admission.client(peer, headers);
            (address.to_string(), is_secure)
        };
        assert_eq!(client(peer("127.0.0.1"), &said), ("192.0.2.7".into(), true), "what it has added itself");
        assert_eq!(client(peer("198.51.100.1"), &said), ("198.51.100.1".into(), false));
        assert_eq!(client(peer("127.0.0.1"), &HeaderMap::new()), ("127.0.0.1".into(), false));
        let odd = headers(&[("x-forwarded-for", "unknown"), ("x-forwarded-proto", "http")]);
        assert_eq!(client(peer("127.0.0.1"), &odd), ("127.0.0.1".into(), false));
    }
}
