//! A browser as far as these tests need one: HTTPS with the authority of `/ca.crt`, a cookie, and a WebSocket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Error, HandshakeError, WebSocket};

use crate::house::{House, PASSWORD};

pub(crate) type Secure = StreamOwned<ClientConnection, TcpStream>;

pub(crate) struct Browser<'a> {
    house: &'a House,
    tls: Arc<ClientConfig>,
    session: Option<(String, String)>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.head, self.body))
    }
}

impl<'a> Browser<'a> {
    /// Trusts the authority that the sidecar serves.
    pub(crate) fn new(house: &'a House) -> Self {
        let mut stream = TcpStream::connect(house.http()).unwrap();
        Self::trusting(house, &exchange(&mut stream, "GET", "/ca.crt", "", "").body)
    }

    /// Trusts this certificate.
    pub(crate) fn trusting(house: &'a House, pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = Arc::new(tls.with_root_certificates(roots).with_no_client_auth());
        Self { house, tls, session: None }
    }

    /// The same, logged in.
    pub(crate) fn of(house: &'a House, login: &str) -> Self {
        Self::new(house).logged_in(login)
    }

    /// The same, logged in.
    pub(crate) fn logged_in(mut self, login: &str) -> Self {
        let browser = &mut self;
        let answer = browser.log_in(login, PASSWORD);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let cookie = answer.head.split("kiestoon_session=").nth(1).unwrap().split(';').next().unwrap();
        browser.session = Some((cookie.to_owned(), answer.json()["csrf"].as_str().unwrap().to_owned()));
        self
    }

    pub(crate) fn log_in(&self, login: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "login": login, "password": password }).to_string();
        self.ask("POST", "/api/v1/session", &body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        exchange(&mut self.connect(), method, path, &self.headers(), body)
    }

    /// The page's own origin.
    pub(crate) fn origin(&self) -> String {
        format!("https://localhost:{}", self.house.https().port())
    }

    /// A number of the metrics.
    pub(crate) fn metric(&self, name: &str) -> Option<i64> {
        let text = self.get("/metrics").body;
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// A stream of events, its head read.
    pub(crate) fn events(&self) -> Secure {
        let mut stream = self.connect();
        write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n{}\r\n", self.headers()).unwrap();
        read_until(&mut stream, "\r\n\r\n");
        stream
    }

    /// Opens `/sip` for a page of this origin; an error is the status.
    pub(crate) fn open_sip(&self, origin: &str) -> Result<WebSocket<Secure>, u16> {
        let mut request =
            format!("wss://localhost:{}/sip", self.house.https().port()).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "sip".parse().unwrap());
        request.headers_mut().insert("origin", origin.parse().unwrap());
        match tungstenite::client(request, self.connect()) {
            Ok((socket, _)) => Ok(socket),
            Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// What is shown to a new connection; `None` where it is not believed.
    pub(crate) fn certificate(&self) -> Option<CertificateDer<'static>> {
        let mut stream = self.connect();
        stream.write_all(b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        stream.conn.peer_certificates().map(|chain| chain[0].clone().into_owned())
    }

    fn connect(&self) -> Secure {
        let stream = TcpStream::connect(self.house.https()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::clone(&self.tls), name).unwrap(), stream)
    }

    fn headers(&self) -> String {
        self.session.as_ref().map_or_else(String::new, |(cookie, csrf)| {
            format!("Cookie: kiestoon_session={cookie}\r\nX-CSRF-Token: {csrf}\r\n")
        })
    }
}

/// Reads until this text has come; all that has come.
#[track_caller]
pub(crate) fn read_until(stream: &mut Secure, text: &str) -> String {
    let mut all = String::new();
    let mut byte = [0];
    while !all.contains(text) {
        stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error} after {all}"));
        all.push(char::from(byte[0]));
    }
    all
}

pub(crate) fn exchange(
    stream: &mut (impl std::io::Read + std::io::Write),
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Answer {
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         {headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut all = Vec::new();
    // The end of a connection may come without TLS's own word.
    let _ = stream.read_to_end(&mut all);
    let all = String::from_utf8(all).unwrap();
    let (head, body) = all.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {all}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
