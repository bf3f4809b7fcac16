//! A way to a host with a port of its own: a request goes out, its final response is waited for.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kiestoon_call::{Settings, Trunk};
use kiestoon_sip::header::Via;
use kiestoon_sip::message::Limits;
use kiestoon_sip::{Flow, Frame, Framer, HeaderName, Message, Request, Response, Transport};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::rung::Draft;

/// What is spoken over, and with which addresses.
pub(super) struct Line {
    way: Way,
    pub(super) flow: Flow,
    /// Our address as peers are told it.
    sent_by: SocketAddr,
    t1: Duration,
    patience: Duration,
    /// What a connection has not taken yet.
    unsent: BytesMut,
}

enum Way {
    Datagrams(UdpSocket),
    Stream(Box<dyn Stream>, Box<Framer>),
}

/// TCP, or TLS over it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why there is no response.
#[derive(Debug)]
pub(super) enum Silence {
    /// None came in time.
    Nothing,
    /// The connection was closed.
    Closed,
    /// Nobody listens there, or no way leads there.
    Refused(io::Error),
    /// What came was not SIP.
    Nonsense,
}

impl Line {
    /// Over UDP, from a port that is free.
    pub(super) async fn datagrams(flow: &Flow, settings: &Settings, trunk: &Trunk) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::new(flow.local.ip(), 0)).await?;
        // Connected: the kernel then says where nobody listens.
        socket.connect(flow.remote).await?;
        let local = socket.local_addr()?;
        Ok(Self::new(Way::Datagrams(socket), Flow { local, ..*flow }, settings, trunk))
    }

    /// Over a connection that is open.
    pub(super) fn stream(
        stream: Box<dyn Stream>,
        local: SocketAddr,
        flow: &Flow,
        settings: &Settings,
        trunk: &Trunk,
    ) -> Self {
        let framer = Box::new(Framer::new(Limits::DEFAULT));
        Self::new(Way::Stream(stream, framer), Flow { local, ..*flow }, settings, trunk)
    }

    fn new(way: Way, flow: Flow, settings: &Settings, trunk: &Trunk) -> Self {
        let sent_by =
            SocketAddr::new(settings.public.told(flow.local.ip(), flow.remote.ip()), flow.local.port());
        let t1 = settings.timers.t1;
        let patience = trunk.patience.max(t1.saturating_mul(SILENT_T1)).min(LONGEST);
        Self { way, flow, sent_by, t1, patience, unsent: BytesMut::new() }
    }

    /// How long a response is waited for.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Our address as the host is told it.
    pub(super) fn sent_by(&self) -> SocketAddr {
        self.sent_by
    }

    /// Sends a request, over UDP again and again (RFC 3261 section 17.1.2), and waits for its final response.
    pub(super) async fn ask(
        &mut self,
        mut request: Request,
        settings: &Settings,
        branch: &str,
        draft: &mut Draft,
    ) -> Result<Response, Silence> {
        let branch = format!("{}{branch}", Via::MAGIC_COOKIE);
        request.via = vec![Via::of_ours(self.flow.transport, self.sent_by, &branch)];
        request.headers.set(HeaderName::UserAgent, settings.user_agent.clone());
        let bytes = request.to_bytes();
        draft.message(true, &bytes);
        let end = Instant::now() + self.patience;
        let mut wait = self.t1;
        self.send(&bytes).await?;
        loop {
            let again = match self.way {
                Way::Datagrams(_) => (Instant::now() + wait).min(end),
                Way::Stream(..) => end,
            };
            match timeout_at(again, self.response(&branch, draft)).await {
                Ok(Ok(response)) if response.status.is_final() => return Ok(response),
                // It lives: what it says next is waited for, and it is not asked again.
                Ok(Ok(_)) => wait = self.patience,
                Ok(Err(silence)) => return Err(silence),
                Err(_) if again >= end => return Err(Silence::Nothing),
                Err(_) => {
                    self.send(&bytes).await?;
                    wait = wait.saturating_mul(2);
                }
            }
        }
    }

    /// Sends a message. Over a connection none is cut short where nobody waits any more: its rest goes out before the next one.
    pub(super) async fn send(&mut self, bytes: &Bytes) -> Result<(), Silence> {
        match &mut self.way {
            Way::Datagrams(socket) => socket.send(bytes).await.map(drop).map_err(Silence::Refused),
            Way::Stream(..) => {
                self.unsent.extend_from_slice(bytes);
                self.finish().await
            }
        }
    }

    /// The same to another address, where that is no matter of a connection. What it says to this is not heard.
    pub(super) async fn send_to(&mut self, bytes: &Bytes, remote: SocketAddr) -> Result<(), Silence> {
        match &mut self.way {
            Way::Datagrams(socket) if remote != self.flow.remote => {
                // No way leads there: then it does not hear of this.
                let _ = socket.send_to(bytes, remote).await;
                Ok(())
            }
            _ => self.send(bytes).await,
        }
    }

    /// Sends what a connection has not taken yet.
    pub(super) async fn finish(&mut self) -> Result<(), Silence> {
        let (way, unsent) = (&mut self.way, &mut self.unsent);
        let Way::Stream(stream, _) = way else { return Ok(()) };
        let sent = async {
            stream.write_all_buf(unsent).await?;
            stream.flush().await
        };
        sent.await.map_err(|_| Silence::Closed)
    }

    /// Over UDP, what follows goes to another address; a connection stays what it is.
    pub(super) async fn turn_to(&mut self, remote: SocketAddr) -> io::Result<()> {
        if let Way::Datagrams(socket) = &self.way {
            socket.connect(remote).await?;
            self.flow.remote = remote;
        }
        Ok(())
    }

    /// The next response to the request of this branch.
    async fn response(&mut self, branch: &str, draft: &mut Draft) -> Result<Response, Silence> {
        loop {
            let bytes = self.receive().await?;
            let Ok(Message::Response(response)) = Message::parse(&bytes) else { continue };
            let ours = response.via.first().and_then(Via::branch);
            if ours.is_some_and(|ours| ours.eq_ignore_ascii_case(branch)) {
                // As it was understood: in this form nothing secret hides from the mask.
                draft.message(false, &response.to_bytes());
                return Ok(response);
            }
        }
    }

    /// The next message. What was not given back is not lost where nobody waits any more.
    pub(super) async fn receive(&mut self) -> Result<Bytes, Silence> {
        match &mut self.way {
            Way::Datagrams(socket) => {
                let mut buffer = vec![0; MAX_DATAGRAM_BYTES];
                let length = socket.recv(&mut buffer).await.map_err(Silence::Refused)?;
                buffer.truncate(length);
                Ok(buffer.into())
            }
            Way::Stream(stream, framer) => loop {
                match framer.next() {
                    Ok(Some(Frame::Message(bytes))) => return Ok(bytes),
                    Ok(Some(Frame::Ping | Frame::Pong)) => continue,
                    Ok(None) => {}
                    Err(_) => return Err(Silence::Nonsense),
                }
                let mut buffer = vec![0; READ_BYTES];
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return Err(Silence::Closed),
                    Ok(length) => framer.push(buffer.get(..length).unwrap_or_default()),
                }
            },
        }
    }
}

/// How a host is reached, in words.
pub(super) fn over(transport: Transport) -> &'static str {
    transport.via_token()
}

/// As where the health of hosts is asked: four datagrams.
const SILENT_T1: u32 = 8;
const LONGEST: Duration = Duration::from_secs(10);
const MAX_DATAGRAM_BYTES: usize = 65_535;
const READ_BYTES: usize = 8_192;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kiestoon_dialplan::Country;
    use tokio::io::duplex;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_message_that_was_cut_short_is_finished_before_the_next() {
        let (ours, mut theirs) = duplex(4);
        let at = |port| SocketAddr::from(([192, 0, 2, 1], port));
        let flow = Flow { transport: Transport::Tcp, local: at(5070), remote: at(5060), connection: None };
        let trunk = Trunk::new(Arc::from("id"), Arc::from("voys"), Country::find("nl").unwrap());
        let mut line = Line::stream(Box::new(ours), flow.local, &flow, &Settings::default(), &trunk);
        let first = Bytes::from_static(b"0123456789");
        assert!(timeout(Duration::from_millis(10), line.send(&first)).await.is_err());
        let mut all = [0; 13];
        let next = Bytes::from_static(b"abc");
        let (sent, read) = tokio::join!(line.send(&next), theirs.read_exact(&mut all));
        assert!(sent.is_ok() && read.is_ok());
        assert_eq!(&all, b"0123456789abc");
    }
}
