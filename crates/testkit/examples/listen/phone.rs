//! As much SIP as it takes for two phones to register with the PBX and call each other through it.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, bail};
use kiestoon_sip::Method;
use kiestoon_sip::digest::{Challenge, Secret, answer};

use crate::sip::line;

/// A phone of the PBX. Its password is "pw" and its number.
pub(crate) struct Phone {
    socket: UdpSocket,
    pbx: SocketAddr,
    number: u32,
    sequence: u32,
}

/// A request of ours, but for what differs with each try.
struct Asked<'a> {
    method: Method,
    uri: &'a str,
    to: &'a str,
    body: &'a str,
}

const PATIENCE: Duration = Duration::from_secs(5);

impl Phone {
    /// Registers.
    pub(crate) fn register(pbx: SocketAddr, number: u32) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut phone = Self { socket, pbx, number, sequence: 0 };
        let (uri, to) = (format!("sip:{pbx}"), format!("<sip:{number}@{pbx}>"));
        phone.ask(&Asked { method: Method::Register, uri: &uri, to: &to, body: "" })?;
        Ok(phone)
    }

    /// Offers `sdp` to another phone, which answers `answer`; where the PBX wants to hear each of them: caller, callee.
    pub(crate) fn call(
        &mut self,
        callee: &Self,
        sdp: &str,
        answer: &str,
    ) -> anyhow::Result<(SocketAddr, SocketAddr)> {
        let uri = format!("sip:{}@{}", callee.number, self.pbx);
        let to = format!("<{uri}>");
        let asked = Asked { method: Method::Invite, uri: &uri, to: &to, body: sdp };
        std::thread::scope(|scope| {
            let offered = scope.spawn(|| callee.take(answer));
            let answered = self.ask(&asked)?;
            let to = line(&answered, "To:").context("200 without To")?.to_owned();
            let target = line(&answered, "Contact:").context("200 without Contact")?;
            let target = target.trim_start_matches('<').split('>').next().unwrap_or_default().to_owned();
            self.send(&Asked { method: Method::Ack, uri: &target, to: &to, body: "" }, "")?;
            let offered = offered.join().ok().context("the callee panicked")??;
            Ok((self.heard_at(&answered)?, self.heard_at(&offered)?))
        })
    }

    /// Sends a request until it is answered, with credentials where they are asked for. Fails on any other refusal.
    fn ask(&mut self, asked: &Asked<'_>) -> anyhow::Result<String> {
        let mut credentials = String::new();
        for _ in 0..3 {
            self.sequence += 1;
            self.send(asked, &credentials)?;
            let answer = self.final_answer()?;
            if answer.starts_with("SIP/2.0 200") {
                return Ok(answer);
            }
            if asked.method == Method::Invite {
                let to = line(&answer, "To:").context("no To")?.to_owned();
                self.send(&Asked { method: Method::Ack, uri: asked.uri, to: &to, body: "" }, "")?;
            }
            credentials = self.credentials(asked, &answer)?;
        }
        bail!("{} is not let in", self.number)
    }

    fn credentials(&self, asked: &Asked<'_>, refusal: &str) -> anyhow::Result<String> {
        let (name, value) = match (line(refusal, "WWW-Authenticate:"), line(refusal, "Proxy-Authenticate:")) {
            (Some(value), _) => ("Authorization", value),
            (None, Some(value)) => ("Proxy-Authorization", value),
            (None, None) => bail!("{}: {}", self.number, refusal.lines().next().unwrap_or_default()),
        };
        let password = format!("pw{}", self.number);
        let secret = Secret::Password(&password);
        let user = self.number.to_string();
        let signed = answer(&Challenge::parse(value)?, &user, secret, &asked.method, asked.uri, 1, "listen")?;
        Ok(format!("{name}: {signed}\r\n"))
    }

    fn final_answer(&self) -> anyhow::Result<String> {
        loop {
            let text = self.receive()?;
            if text.starts_with("SIP/2.0 ") && !text.starts_with("SIP/2.0 1") {
                return Ok(text);
            }
        }
    }

    /// Answers the INVITE that comes; what it offers.
    fn take(&self, answer: &str) -> anyhow::Result<String> {
        let invite = loop {
            let text = self.receive()?;
            if text.starts_with("INVITE ") {
                break text;
            }
        };
        let copied: String = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"]
            .iter()
            .filter_map(|name| {
                let tag = if *name == "To:" { ";tag=ear" } else { "" };
                Some(format!("{name} {}{tag}\r\n", line(&invite, name)?))
            })
            .collect();
        let response = format!(
            "SIP/2.0 200 OK\r\n{copied}Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{answer}",
            self.number,
            self.socket.local_addr()?,
            answer.len(),
        );
        self.socket.send_to(response.as_bytes(), self.pbx)?;
        Ok(invite)
    }

    fn receive(&self) -> anyhow::Result<String> {
        let mut buffer = [0; 8192];
        let length =
            self.socket.recv(&mut buffer).with_context(|| format!("{} hears nothing", self.number))?;
        Ok(String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned())
    }

    fn send(&self, asked: &Asked<'_>, credentials: &str) -> anyhow::Result<()> {
        let Asked { method, uri, to, body } = asked;
        let (number, sequence, pbx) = (self.number, self.sequence, self.pbx);
        let us = self.socket.local_addr()?;
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let message = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {us};rport;branch=z9hG4bK{sequence}{method}{number}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{number}@{pbx}>;tag=m{number}\r\nTo: {to}\r\nCall-ID: {method}{number}@{us}\r\n\
             CSeq: {sequence} {method}\r\nContact: <sip:{number}@{us}>\r\n{credentials}{kind}Content-Length: {}\r\n\r\n{body}",
            body.len(),
        );
        // An ACK belongs to its INVITE's dialog.
        let message = message.replacen("Call-ID: ACK", "Call-ID: INVITE", 1);
        self.socket.send_to(message.as_bytes(), pbx)?;
        Ok(())
    }

    fn heard_at(&self, description: &str) -> anyhow::Result<SocketAddr> {
        let port = line(description, "m=audio ").and_then(|it| it.split(' ').next()).context("no audio")?;
        Ok(SocketAddr::new(self.pbx.ip(), port.parse()?))
    }
}
