//! The floor of a relay: one socket a leg, wait, receive, send, and nothing else. What a relay costs above this is its
//! own doing; what is below is the kernel's.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsFd as _;

use anyhow::Context as _;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// What to forward.
#[derive(clap::Args)]
pub(crate) struct Settings {
    #[arg(long, default_value = "127.0.0.1")]
    host: Ipv4Addr,
    /// Leg N is at this port + 2N
    #[arg(long)]
    port: u16,
    #[arg(long)]
    legs: u16,
}

/// Forwards between legs 2n and 2n+1 until it is killed. Each leg's address is that of its last packet.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    let mut sockets = Vec::new();
    for (index, port) in (settings.port..).step_by(2).take(settings.legs.into()).enumerate() {
        let address = SocketAddrV4::new(settings.host, port);
        let socket = UdpSocket::bind(address).with_context(|| format!("cannot bind {address}"))?;
        socket.set_nonblocking(true)?;
        epoll.add(socket.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        sockets.push(socket);
    }
    println!("ready");
    let mut legs: BTreeMap<usize, SocketAddr> = BTreeMap::new();
    let mut events = [EpollEvent::empty(); 256];
    let mut packet = [0; 2048];
    loop {
        let ready = epoll.wait(&mut events, EpollTimeout::NONE).unwrap_or(0);
        for event in events.iter().take(ready) {
            let index = usize::try_from(event.data())?;
            let (Some(socket), Some(other)) = (sockets.get(index), sockets.get(index ^ 1)) else { continue };
            let Ok((length, source)) = socket.recv_from(&mut packet) else { continue };
            legs.insert(index, source);
            if let (Some(to), Some(bytes)) = (legs.get(&(index ^ 1)), packet.get(..length)) {
                // A packet that cannot be sent is a lost packet, and the generator counts those.
                let _ = other.send_to(bytes, to);
            }
        }
    }
}
