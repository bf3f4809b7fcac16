//! As much SIP as it takes to have a baresip answer.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::Context as _;

/// One call to a baresip, as its caller.
pub(crate) struct Call {
    socket: UdpSocket,
    baresip: SocketAddr,
    id: u16,
    to: String,
}

impl Call {
    /// Calls with this description; also where it wants to hear.
    pub(crate) fn make(baresip: SocketAddr, sdp: &str) -> anyhow::Result<(Self, SocketAddr)> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(Duration::from_secs(1)))?;
        let id = socket.local_addr()?.port();
        let mut call = Self { socket, baresip, id, to: format!("<sip:ear@{baresip}>") };
        let answer = (0..10).find_map(|_| call.invite(sdp).ok()).context("baresip does not answer")?;
        let to = line(&answer, "To:").context("200 without To")?;
        call.to = to.to_owned();
        call.send("ACK", "")?;
        let port =
            line(&answer, "m=audio ").and_then(|it| it.split(' ').next()).context("200 without audio")?;
        Ok((call, SocketAddr::new(baresip.ip(), port.parse()?)))
    }

    /// Hangs up.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        self.send("BYE", "")
    }

    fn invite(&self, sdp: &str) -> anyhow::Result<String> {
        self.send("INVITE", sdp)?;
        let mut buffer = [0; 4096];
        loop {
            let length = self.socket.recv(&mut buffer)?;
            let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
            if text.starts_with("SIP/2.0 200") {
                return Ok(text);
            }
        }
    }

    fn send(&self, method: &str, body: &str) -> anyhow::Result<()> {
        let (id, to, peer) = (self.id, &self.to, self.baresip);
        let sequence = if method == "BYE" { 2 } else { 1 };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let message = format!(
            "{method} sip:ear@{peer} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{id};rport;branch=z9hG4bK{method}{id}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:mouth@127.0.0.1:{id}>;tag=m{id}\r\nTo: {to}\r\nCall-ID: {id}@127.0.0.1\r\n\
             CSeq: {sequence} {method}\r\nContact: <sip:mouth@127.0.0.1:{id}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len(),
        );
        self.socket.send_to(message.as_bytes(), peer)?;
        Ok(())
    }
}

/// What follows `start` on the line that begins with it.
pub(crate) fn line<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(start)).map(str::trim)
}
