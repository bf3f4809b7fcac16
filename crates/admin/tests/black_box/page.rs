//! A web phone as far as these tests need one: SIP over the relayed WebSocket, with the credentials of its user.

use std::sync::atomic::{AtomicU32, Ordering};

use kiestoon_sip::Method;
use kiestoon_sip::digest::{Challenge, Secret, answer};
use serde_json::Value;
use tungstenite::{Error, Message, WebSocket};

use crate::browser::{Browser, Secure};

pub(crate) struct Page {
    pub(crate) socket: WebSocket<Secure>,
    token: Value,
    /// Which page of this process it is.
    number: u32,
    cseq: u32,
}

impl Page {
    /// Opens the WebSocket of a user who is logged in.
    pub(crate) fn open(browser: &Browser<'_>) -> Self {
        static PAGES: AtomicU32 = AtomicU32::new(0);
        let number = PAGES.fetch_add(1, Ordering::Relaxed);
        let token = browser.get("/api/telephony/auth/token").json();
        Self { socket: browser.open_sip(&browser.origin()).unwrap(), token, number, cseq: 0 }
    }

    /// Registers, or panics.
    pub(crate) fn register(&mut self) {
        let challenged = self.say("REGISTER");
        assert!(challenged.starts_with("SIP/2.0 401 "), "{challenged}");
        let line = challenged.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: ")).unwrap();
        let challenge = Challenge::parse(line).unwrap();
        let secret = Secret::Password(self.token["password"].as_str().unwrap());
        let (user, target) = (self.token["username"].as_str().unwrap(), format!("sip:{}", self.domain()));
        let signed = answer(&challenge, user, secret, &Method::Register, &target, 1, "c0ffee").unwrap();
        let answered = self.ask("REGISTER", &format!("Authorization: {signed}\r\n"));
        assert!(answered.starts_with("SIP/2.0 200 "), "{answered}");
    }

    /// Sends a request without credentials; the answer.
    pub(crate) fn say(&mut self, method: &str) -> String {
        self.ask(method, "")
    }

    /// What ends the WebSocket: the code of the close frame, or none.
    pub(crate) fn end(&mut self) -> Option<u16> {
        loop {
            match self.socket.read() {
                Ok(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("no end"),
                Err(_) => return None,
            }
        }
    }

    fn domain(&self) -> String {
        self.token["uri"].as_str().unwrap().split('@').nth(1).unwrap().to_owned()
    }

    fn ask(&mut self, method: &str, more: &str) -> String {
        self.cseq += 1;
        let (uri, domain) = (self.token["uri"].as_str().unwrap(), self.domain());
        let (number, cseq) = (self.number, self.cseq);
        let text = format!(
            "{method} sip:{domain} SIP/2.0\r\nVia: SIP/2.0/WSS browser.invalid;branch=z9hG4bK{number}x{cseq}\r\nMax-Forwards: 70\r\n\
             From: <{uri}>;tag=a\r\nTo: <{uri}>\r\nCall-ID: page{number}@{domain}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:x{number}@browser.invalid;transport=ws>\r\nExpires: 300\r\nUser-Agent: Bladeraar\r\n{more}\
             Content-Length: 0\r\n\r\n"
        );
        self.socket.send(Message::text(text)).unwrap();
        loop {
            match self.socket.read().unwrap() {
                // The answer to a keep-alive of before.
                Message::Text(text) if text.trim().is_empty() => {}
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
