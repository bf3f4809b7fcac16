//! A web page with a phone, as far as SIP goes: what it sends over its WebSocket, and what it answers.
use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use kiestoon_sip::{
    Method,
    digest::{Challenge, Secret, answer},
};
use tungstenite::{
    Error, HandshakeError, Message, WebSocket,
    client::IntoClientRequest as _,
    http::{HeaderName, HeaderValue},
};

use crate::pbx::{PASSWORD_PREFIX, Pbx};
use crate::raw::header;

/// What a page of ours sends when it opens its socket.
pub(crate) const OWN: &[(&str, &str)] =
    &[("sec-websocket-protocol", "sip"), ("origin", "https://pbx.example")];

/// A web page with a phone.
pub(crate) struct Page {
    pub(crate) socket: WebSocket<TcpStream>,
    number: &'static str,
    pub(crate) pbx: SocketAddr,
    requests: u32,
}

/// Opens a WebSocket; an error is the HTTP status that refuses it.
pub(crate) fn open(pbx: &Pbx, headers: &[(&str, &str)]) -> Result<WebSocket<TcpStream>, u16> {
    open_at(pbx.address_over("ws"), headers)
}

/// The same at any address.
pub(crate) fn open_at(address: SocketAddr, headers: &[(&str, &str)]) -> Result<WebSocket<TcpStream>, u16> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut request = format!("ws://{address}/sip").into_client_request().unwrap();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
    }
    match tungstenite::client(request, stream) {
        Ok((socket, response)) => {
            assert_eq!(response.headers()["sec-websocket-protocol"], "sip");
            Ok(socket)
        }
        Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

impl Page {
    pub(crate) fn open(pbx: &Pbx, number: &'static str, headers: &[(&str, &str)]) -> Self {
        let socket = open(pbx, headers).unwrap();
        Self { socket, number, pbx: pbx.address_over("ws"), requests: 0 }
    }

    pub(crate) fn say(&mut self, message: &str) {
        self.socket.send(Message::text(message)).unwrap();
    }

    /// The next message.
    pub(crate) fn hear(&mut self) -> String {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message that begins like this, others left aside.
    pub(crate) fn expect(&mut self, start: &str) -> String {
        std::iter::repeat_with(|| self.hear()).take(20).find(|message| message.starts_with(start)).unwrap()
    }

    /// Asks, and once more with credentials; the final response.
    pub(crate) fn ask(&mut self, method: &Method, uri: &str, to: &str, more: &str, body: &str) -> String {
        let first = self.request(method, uri, to, more, body);
        self.say(&first);
        let mut answered = self.answer();
        let asked = [("Authorization", "WWW-Authenticate"), ("Proxy-Authorization", "Proxy-Authenticate")];
        let status: usize = answered[8..11].parse().unwrap();
        if let Some((given, asked)) = [401, 407].iter().position(|code| *code == status).map(|at| asked[at]) {
            let challenge = Challenge::parse(header(&answered, asked)).unwrap();
            let password = format!("{PASSWORD_PREFIX}{}", self.number);
            let secret = Secret::Password(&password);
            let credentials = answer(&challenge, self.number, secret, method, uri, 1, "c0ffee").unwrap();
            let again = self.request(method, uri, to, &format!("{more}{given}: {credentials}\r\n"), body);
            self.say(&again);
            answered = self.answer();
        }
        answered
    }

    fn answer(&mut self) -> String {
        std::iter::repeat_with(|| self.hear()).find(|message| !message.starts_with("SIP/2.0 1")).unwrap()
    }

    fn request(&mut self, method: &Method, uri: &str, to: &str, more: &str, body: &str) -> String {
        self.requests += 1;
        let (pbx, number, n) = (self.pbx, self.number, self.requests);
        let call = if *method == Method::Register { 0 } else { n };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        // Without a Content-Length, as RFC 7118 section 5 allows.
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS page.invalid;branch=z9hG4bKpage{number}x{n}\r\nMax-Forwards: 70\r\n\
             From: <sip:{number}@{pbx}>;tag=p{number}\r\nTo: <sip:{to}@{pbx}>\r\nCall-ID: page-{number}-{call}\r\n\
             CSeq: {n} {method}\r\nContact: <sip:{number}@page.invalid;transport=ws;ob>;reg-id=1;\
             +sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000000000{number}>\"\r\nSupported: outbound, path, gruu\r\n{more}{kind}\r\n{body}"
        )
    }

    pub(crate) fn register(&mut self) -> String {
        let (uri, number) = (format!("sip:{}", self.pbx), self.number);
        self.ask(&Method::Register, &uri, number, "Expires: 600\r\n", "")
    }

    /// Accepts a request, an INVITE with this answer.
    pub(crate) fn accept(&mut self, request: &str, body: &str) {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let to = header(request, "To");
        let tag = if to.contains("tag=") { "" } else { ";tag=page" };
        let number = self.number;
        self.say(&format!(
            "SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
             Contact: <sip:{number}@page.invalid;transport=ws>\r\n{kind}\r\n{body}",
            header(request, "Via"),
            header(request, "From"),
            header(request, "Call-ID"),
            header(request, "CSeq"),
        ));
    }

    /// Calls a number with this offer: the 200, which has been acknowledged.
    pub(crate) fn invite(&mut self, number: &str, offer: &str) -> String {
        let uri = format!("sip:{number}@{}", self.pbx);
        let answered = self.ask(&Method::Invite, &uri, number, "", offer);
        self.acknowledged(answered)
    }

    /// Offers another session in the call of that 200.
    pub(crate) fn reinvite(&mut self, call: &str, offer: &str) -> String {
        self.requests += 1;
        let request = self.within("INVITE", call, offer);
        self.say(&request);
        let answered = self.answer();
        self.acknowledged(answered)
    }

    /// Ends the call of that 200.
    pub(crate) fn hang_up(&mut self, call: &str) {
        self.requests += 1;
        let bye = self.within("BYE", call, "");
        self.say(&bye);
        assert!(self.answer().starts_with("SIP/2.0 200 "));
    }

    fn acknowledged(&mut self, answered: String) -> String {
        assert!(answered.starts_with("SIP/2.0 200 "), "{answered}");
        let ack = self.within("ACK", &answered, "");
        self.say(&ack);
        answered
    }

    /// A request in the dialog of a 200, under the number of the last.
    fn within(&self, method: &str, answered: &str, body: &str) -> String {
        let (number, n) = (self.number, self.requests);
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let target = header(answered, "Contact").trim_start_matches('<').split('>').next().unwrap();
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/WS page.invalid;branch=z9hG4bK{method}{number}x{n}\r\nMax-Forwards: 70\r\n\
             From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {n} {method}\r\n\
             Contact: <sip:{number}@page.invalid;transport=ws;ob>\r\n{kind}\r\n{body}",
            header(answered, "From"),
            header(answered, "To"),
            header(answered, "Call-ID"),
        )
    }
}
