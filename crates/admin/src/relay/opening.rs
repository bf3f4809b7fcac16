//! The HTTP request that opens a WebSocket (RFC 6455 section 4, RFC 7118 section 4): who may, and how the PBX is asked. The
//! key and its answer pass unchanged, so that what the browser checks is the PBX's own word. Extensions do not pass: bytes
//! that one side compresses the other would have to know of.

use std::io;
use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::client::Client;
use crate::problem::Refusal;

/// What the PBX said.
pub(super) struct Opened {
    pub(super) status: StatusCode,
    /// Those for the browser.
    pub(super) headers: HeaderMap,
    /// The open WebSocket, where it is one.
    pub(super) pbx: Option<Upgraded>,
}

/// Whether a request may open a WebSocket.
pub(super) fn check(client: &Client, headers: &HeaderMap, origins: &[String]) -> Result<(), Refusal> {
    let has = |name: HeaderName, word: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
    };
    let has_key = headers.get(header::SEC_WEBSOCKET_KEY).is_some_and(|key| key.len() == KEY_LENGTH);
    let is_upgrade = has(header::UPGRADE, "websocket") && has(header::CONNECTION, "upgrade");
    if !is_upgrade || !has(header::SEC_WEBSOCKET_VERSION, "13") || !has_key {
        return Err(Refusal::NoUpgrade);
    }
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    let is_listed = origin.is_some_and(|origin| {
        origins.iter().any(|known| known == "*" || known.as_bytes().eq_ignore_ascii_case(origin))
    });
    if !is_listed && !client.is_own_page(headers) {
        return Err(Refusal::Origin);
    }
    if has(header::SEC_WEBSOCKET_PROTOCOL, SIP) { Ok(()) } else { Err(Refusal::Subprotocol) }
}

/// Asks the PBX for a WebSocket in the name of a client. No Origin goes along: it has been checked, and a page of ours is
/// not in the PBX's list.
pub(super) async fn ask(to: SocketAddr, client: &Client, headers: &HeaderMap) -> io::Result<Opened> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let request = request(to, client, headers).map_err(io::Error::other)?;
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let answering = async {
        let mut response = sender.send_request(request).await?;
        let upgrading = hyper::upgrade::on(&mut response);
        Ok::<_, hyper::Error>((response.status(), answered(response.headers()), upgrading))
    };
    let mut answering = std::pin::pin!(answering);
    // The connection needs polling beside the request; it ends with the upgrade.
    let (status, headers, upgrading) = tokio::select! {
        answer = &mut answering => answer.map_err(io::Error::other)?,
        _ = &mut connection => answering.await.map_err(io::Error::other)?,
    };
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Opened { status, headers, pbx: None });
    }
    let mut upgrading = std::pin::pin!(upgrading);
    let pbx = tokio::select! {
        biased;
        pbx = &mut upgrading => pbx,
        _ = &mut connection => upgrading.await,
    };
    Ok(Opened { status, headers, pbx: Some(pbx.map_err(io::Error::other)?) })
}

fn request(
    to: SocketAddr,
    client: &Client,
    headers: &HeaderMap,
) -> Result<Request<Empty<Bytes>>, axum::http::Error> {
    let key = headers.get(header::SEC_WEBSOCKET_KEY).cloned().unwrap_or(HeaderValue::from_static(""));
    Request::get("/sip")
        .header(header::HOST, to.to_string())
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, key)
        .header(header::SEC_WEBSOCKET_PROTOCOL, SIP)
        // Replaced, not added to: what the client says of itself counts for nothing.
        .header("x-forwarded-for", client.address.to_string())
        .header("x-forwarded-proto", if client.is_https { "https" } else { "http" })
        .body(Empty::new())
}

fn answered(headers: &HeaderMap) -> HeaderMap {
    let names =
        [header::CONNECTION, header::UPGRADE, header::SEC_WEBSOCKET_ACCEPT, header::SEC_WEBSOCKET_PROTOCOL];
    let found = |name: HeaderName| Some((name.clone(), headers.get(name)?.clone()));
    names.into_iter().filter_map(found).collect()
}

const SIP: &str = "sip";
/// 16 bytes in base64.
const KEY_LENGTH: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Connection;

    fn checked(lines: &[(&'static str, &str)], origins: &[&str]) -> Result<(), u16> {
        use axum::response::IntoResponse as _;
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let connection = Connection { peer: ([192, 0, 2, 9], 1234).into(), is_tls: true };
        let client = Client::new(connection, &headers, &[]);
        let origins: Vec<_> = origins.iter().map(ToString::to_string).collect();
        check(&client, &headers, &origins).map_err(|refusal| refusal.into_response().status().as_u16())
    }

    const GOOD: [(&str, &str); 7] = [
        ("host", "pbx.example:8443"),
        ("origin", "https://pbx.example:8443"),
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "sip"),
    ];

    #[test]
    fn own_and_listed_pages_that_speak_sip_are_let_in() {
        assert_eq!(checked(&GOOD, &[]), Ok(()));
        let mut other = GOOD;
        other[1].1 = "https://crm.example";
        assert_eq!(checked(&other, &[]), Err(403));
        assert_eq!(checked(&other, &["https://crm.example"]), Ok(()));
        assert_eq!(checked(&other, &["*"]), Ok(()));
        assert_eq!(checked(&[&GOOD[..1], &GOOD[2..]].concat(), &[]), Ok(()), "no page");
        for (missing, status) in [(2, 426), (3, 426), (4, 426), (5, 426), (6, 400)] {
            let mut lines = GOOD.to_vec();
            lines.remove(missing);
            assert_eq!(checked(&lines, &[]), Err(status), "{missing}");
        }
    }

    #[test]
    fn the_pbx_is_told_the_client_and_nothing_that_it_said_of_itself() {
        let mut headers: HeaderMap = GOOD
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_static(value)))
            .collect();
        headers.insert("x-forwarded-for", HeaderValue::from_static("203.0.113.1"));
        headers.insert("sec-websocket-extensions", HeaderValue::from_static("permessage-deflate"));
        let connection = Connection { peer: ([192, 0, 2, 9], 1234).into(), is_tls: true };
        let client = Client::new(connection, &headers, &[]);
        let asked = request("127.0.0.1:5066".parse().unwrap(), &client, &headers).unwrap();
        let all: Vec<_> = asked.headers().get_all("x-forwarded-for").iter().collect();
        assert_eq!(all, ["192.0.2.9"]);
        assert_eq!(asked.headers()["x-forwarded-proto"], "https");
        assert!(!asked.headers().contains_key("sec-websocket-extensions"));
        assert!(!asked.headers().contains_key("origin"));
    }
}
