//! A peer that sends whatever bytes a test gives it.
use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream, UdpSocket},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// An OPTIONS request as a healthy peer sends it, with a branch of its own.
pub(crate) fn options(pbx: SocketAddr, transport: &str, from: SocketAddr) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "OPTIONS sip:{pbx} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch=z9hG4bKlive{n};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:probe@{from}>;tag=p{n}\r\nTo: <sip:{pbx}>\r\nCall-ID: live-{n}@probe\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

/// A UDP peer.
pub(crate) struct Udp {
    socket: UdpSocket,
    pbx: SocketAddr,
}

impl Udp {
    pub(crate) fn new(pbx: SocketAddr) -> Self {
        let any: SocketAddr = if pbx.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" }.parse().unwrap();
        let socket = UdpSocket::bind(any).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Self { socket, pbx }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub(crate) fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.pbx).unwrap();
    }

    /// The next message, if one comes in time.
    pub(crate) fn receive(&self) -> Option<String> {
        let mut buffer = [0; 65_535];
        let length = self.socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    /// Waits for the message that satisfies `wanted`, passing over others.
    pub(crate) fn receive_until(&self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        loop {
            let message = self.receive()?;
            if wanted(&message) {
                return Some(message);
            }
        }
    }

    /// Whether the PBX answers a healthy OPTIONS.
    pub(crate) fn is_answered(&self) -> bool {
        let request = options(self.pbx, "UDP", self.local());
        let call_id = header(&request, "Call-ID").to_owned();
        self.send(request.as_bytes());
        self.receive_until(|message| message.starts_with("SIP/2.0 200") && message.contains(&call_id))
            .is_some()
    }
}

/// Whether the PBX answers a healthy OPTIONS on a fresh TCP connection.
pub(crate) fn tcp_is_answered(pbx: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(pbx).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = options(pbx, "TCP", stream.local_addr().unwrap());
    stream.write_all(request.as_bytes()).unwrap();
    read_some(&mut stream).is_some_and(|text| text.starts_with("SIP/2.0 200"))
}

/// What comes next on a connection, up to 64 kB; None when nothing comes in time or it is closed.
pub(crate) fn read_some(stream: &mut TcpStream) -> Option<String> {
    let mut buffer = [0; 65_535];
    match stream.read(&mut buffer) {
        Ok(length @ 1..) => Some(String::from_utf8_lossy(&buffer[..length]).into_owned()),
        _ => None,
    }
}

/// A header's value in a message of ours or theirs.
pub(crate) fn header<'a>(message: &'a str, name: &str) -> &'a str {
    message
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .unwrap_or_else(|| panic!("no {name} in\n{message}"))
        .trim()
}
