//! The way of SIP messages: a UDP socket that many phones share, or a browser's WebSocket (RFC 7118).

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddrV4, TcpStream};
use std::os::fd::AsFd as _;

use anyhow::Context as _;
use nix::sys::epoll::{Epoll, EpollEvent};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::http::HeaderValue;
use tungstenite::{Error, Message, WebSocket};

use super::socket::Endpoint;

/// One of the ways; a browser has none before it comes and after it has gone.
pub(crate) enum Line {
    Udp(Endpoint),
    Web(RefCell<Box<WebSocket<TcpStream>>>),
    Gone,
}

impl Line {
    /// A browser's connection.
    pub(crate) fn open(server: SocketAddrV4) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).context("no connection for a browser")?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{server}/").into_client_request()?;
        request.headers_mut().append("sec-websocket-protocol", HeaderValue::from_static("sip"));
        let (socket, _) = tungstenite::client(request, stream).map_err(|error| anyhow::anyhow!("{error}"))?;
        socket.get_ref().set_nonblocking(true)?;
        Ok(Self::Web(RefCell::new(Box::new(socket))))
    }

    /// Has an epoll wait for it; a connection that closes leaves by itself.
    pub(crate) fn watch(&self, epoll: &Epoll, event: EpollEvent) -> nix::Result<()> {
        match self {
            Self::Udp(endpoint) => epoll.add(endpoint.socket(), event),
            Self::Web(socket) => epoll.add(socket.borrow().get_ref().as_fd(), event),
            Self::Gone => Ok(()),
        }
    }

    /// Whether what is sent arrives, or the connection is lost: then nothing is sent twice.
    pub(crate) fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp(_))
    }

    pub(crate) fn send(&self, text: &str, to: SocketAddrV4) {
        match self {
            Self::Udp(endpoint) => drop(endpoint.send(text.as_bytes(), to)),
            // A message that finds its connection closed is lost with it.
            Self::Web(socket) => drop(socket.borrow_mut().send(Message::text(text))),
            Self::Gone => {}
        }
    }

    /// What waits on a browser's connection; pings are answered on the way.
    pub(crate) fn read(&self) -> Vec<String> {
        let Self::Web(socket) = self else { return Vec::new() };
        let (mut socket, mut texts) = (socket.borrow_mut(), Vec::new());
        loop {
            match socket.read() {
                Ok(Message::Text(text)) => texts.push(text.to_string()),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => break,
            }
        }
        let _ = socket.flush();
        texts
    }
}
