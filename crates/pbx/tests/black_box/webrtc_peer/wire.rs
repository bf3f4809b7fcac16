//! The line between a peer and the PBX: it passes everything on, remembers it, and sends again what a test wants, from the address that the
//! PBX knows the peer by.
use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use kiestoon_media::webrtc::Kind;

/// A running line.
pub(super) struct Wire {
    socket: UdpSocket,
    pbx: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What has passed.
#[derive(Default)]
struct Seen {
    to_pbx: Vec<Vec<u8>>,
    from_pbx: Vec<Vec<u8>>,
}

impl Wire {
    /// A line to the PBX of that description.
    pub(super) fn to(description: &str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let (pbx, seen, stop) = (address(description), Arc::default(), Arc::default());
        let run = (socket.try_clone().unwrap(), Arc::clone(&seen), Arc::clone(&stop));
        let thread = Some(thread::spawn(move || pass(&run.0, pbx, &run.1, &run.2)));
        Self { socket, pbx, seen, stop, thread }
    }

    /// The description with this line in place of the PBX's own candidates.
    pub(super) fn described(&self, description: &str) -> String {
        let here = self.socket.local_addr().unwrap();
        let lines = description
            .lines()
            .filter(|line| !line.starts_with("a=candidate:") || line.contains("127.0.0.1"));
        let theirs = format!("127.0.0.1 {} typ", self.pbx.port());
        lines.map(|line| line.replace(&theirs, &format!("127.0.0.1 {} typ", here.port())) + "\r\n").collect()
    }

    /// Where the PBX is.
    pub(super) fn pbx(&self) -> SocketAddr {
        self.pbx
    }

    /// What the peer has sent of a kind, the oldest first.
    pub(super) fn sent(&self, kind: Kind) -> Vec<Vec<u8>> {
        of_kind(&self.seen.lock().unwrap().to_pbx, kind)
    }

    /// What the PBX has sent of a kind, the oldest first.
    pub(super) fn came(&self, kind: Kind) -> Vec<Vec<u8>> {
        of_kind(&self.seen.lock().unwrap().from_pbx, kind)
    }

    /// Sends a datagram to the PBX, as if the peer had.
    pub(super) fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.pbx).unwrap();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn pass(socket: &UdpSocket, pbx: SocketAddr, seen: &Mutex<Seen>, stop: &AtomicBool) {
    let (mut peer, mut buffer) = (None, [0; 2_048]);
    while !stop.load(Ordering::Relaxed) {
        let Ok((length, source)) = socket.recv_from(&mut buffer) else { continue };
        let datagram = &buffer[..length];
        if source == pbx {
            seen.lock().unwrap().from_pbx.push(datagram.to_vec());
            let _ = peer.map(|peer| socket.send_to(datagram, peer));
        } else {
            peer = Some(source);
            seen.lock().unwrap().to_pbx.push(datagram.to_vec());
            let _ = socket.send_to(datagram, pbx);
        }
    }
}

fn of_kind(datagrams: &[Vec<u8>], kind: Kind) -> Vec<Vec<u8>> {
    let is_rtcp = |datagram: &[u8]| datagram.get(1).is_some_and(|second| (192..=223).contains(second));
    let wanted =
        datagrams.iter().filter(|one| Kind::of(one) == Some(kind) && (kind != Kind::Media || !is_rtcp(one)));
    wanted.cloned().collect()
}

/// The candidate on this machine.
fn address(description: &str) -> SocketAddr {
    let here =
        description.lines().find(|line| line.starts_with("a=candidate:") && line.contains(" 127.0.0.1 "));
    let port = here.expect("a candidate").split(' ').nth(5).unwrap();
    format!("127.0.0.1:{port}").parse().unwrap()
}
