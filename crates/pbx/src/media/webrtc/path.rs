//! Sockets on the browsers' port: the one that hears everybody, and one for each leg, connected to its browser, to which the kernel
//! gives what comes from there (the hash of all four parts of Linux 6.13 finds it at once; before, it looks through them).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use crate::media::open::prepare;
use crate::media::unreachable;
use crate::transport::source_address;

/// Binds the port for everybody, on IPv4 and, where the kernel has it, IPv6: the sockets and the port.
pub(super) fn bind_door(port: u16) -> io::Result<(Vec<UdpSocket>, u16)> {
    let any4 = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    // Shared sockets would share it with another process, too: whether it is free is asked before.
    let probe = UdpSocket::bind((any4, port))?;
    let port = probe.local_addr()?.port();
    drop(probe);
    let v4 = bind(SocketAddr::new(any4, port))?;
    source_address::report_local_address(&v4, true)?;
    let mut sockets = vec![v4];
    match bind(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port)) {
        Ok(v6) => {
            source_address::report_local_address(&v6, false)?;
            sockets.push(v6);
        }
        Err(error) => tracing::info!(%error, "no browsers over IPv6"),
    }
    Ok((sockets, port))
}

/// A socket of ours at `local` for what comes from `remote` and for nothing else.
pub(super) fn connect(local: SocketAddr, remote: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bind(local)?;
    socket.connect(remote)?;
    unreachable::watch(&socket, local.ip());
    // What came from others in between is theirs to repeat.
    let mut lost = [0; 1];
    while socket.recv(&mut lost).is_ok() {}
    Ok(socket)
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    prepare(&socket, address);
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn browser() -> UdpSocket {
        let browser = UdpSocket::bind("127.0.0.1:0").unwrap();
        browser.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        browser
    }

    #[test]
    fn each_browser_comes_to_its_own_socket_and_strangers_to_the_door() {
        let (sockets, port) = bind_door(0).unwrap();
        let local = SocketAddr::from(([127, 0, 0, 1], port));
        let browsers: Vec<_> = (0..5).map(|_| browser()).collect();
        let paths: Vec<_> =
            browsers.iter().map(|one| connect(local, one.local_addr().unwrap()).unwrap()).collect();
        let mut buffer = [0; 16];
        for (browser, path) in browsers.iter().zip(&paths) {
            browser.send_to(b"speech", local).unwrap();
            path.set_nonblocking(false).unwrap();
            assert_eq!(path.recv(&mut buffer).unwrap(), 6);
            path.send(b"back").unwrap();
            assert_eq!(browser.recv_from(&mut buffer).unwrap(), (4, local));
        }
        browser().send_to(b"stranger", local).unwrap();
        sockets[0].set_nonblocking(false).unwrap();
        let (length, _, came_to) = source_address::receive(&sockets[0], &mut buffer).unwrap();
        assert_eq!((length, came_to), (8, Some(local.ip())));
        drop(paths);
        browsers[0].send_to(b"late", local).unwrap();
        assert_eq!(
            source_address::receive(&sockets[0], &mut buffer).unwrap().0,
            4,
            "a closed leg's browser is a stranger"
        );
        assert!(bind_door(port).is_err(), "the port is taken, and not shared with whoever comes next");
    }
}
