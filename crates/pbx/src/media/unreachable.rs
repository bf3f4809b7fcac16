//! ICMP errors that come back for speech: the proof that a phone does not hear, seconds before its own reports could say so.
//! The kernel keeps them in a queue of the socket's errors (IP_RECVERR); nothing of this is done for a packet that arrives.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;

use nix::cmsg_space;
use nix::libc::{SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6, sock_extended_err, sockaddr_in6};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use super::leg::{Legs, Token};
use crate::socket_address;

/// Asks the kernel to keep them. Where it does not, the phone's reports have to do.
pub(super) fn watch(socket: &UdpSocket, address: IpAddr) {
    let _ = match address {
        IpAddr::V4(_) => setsockopt(socket, sockopt::Ipv4RecvErr, &true),
        IpAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvErr, &true),
    };
}

/// Sends; an error that the kernel has kept of a packet before is told once in place of sending, and means nothing for this one.
pub(super) fn send(socket: &UdpSocket, datagram: &[u8], to: SocketAddr) -> io::Result<usize> {
    match socket.send_to(datagram, to) {
        Err(error) if is_of_before(&error) => socket.send_to(datagram, to),
        sent => sent,
    }
}

fn is_of_before(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, PermissionDenied};
    matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable | PermissionDenied)
}

impl Legs {
    /// Takes the errors of a socket, all of them: epoll speaks of them until none is left. Those that are about where the
    /// phone is now are counted.
    pub(super) fn errors(&mut self, token: Token) {
        let Some(leg) = self.leg_mut(token.index) else { return };
        let socket = if token.rtcp { leg.sockets.rtcp.as_ref() } else { leg.sockets.rtp.as_ref() };
        let mut refused = 0;
        let Some(socket) = socket else { return };
        take(socket, |about| {
            let is_speech = !token.rtcp && about.is_some() && about == leg.media.destination();
            refused += u32::from(is_speech);
        });
        leg.media.refused(refused);
    }
}

/// Takes the errors of a socket, so that epoll has none to speak of.
fn take(socket: &UdpSocket, mut each: impl FnMut(Option<SocketAddr>)) {
    let mut is_any = false;
    for about in std::iter::from_fn(|| next(socket)).take(MOST) {
        is_any = true;
        each(about);
    }
    if !is_any {
        // One that the queue had no room for, or that a connected socket has beside it.
        let _ = socket.take_error();
    }
}

/// The next error: where the packet went that an ICMP error is about; within, None for an error of another kind.
fn next(socket: &UdpSocket) -> Option<Option<SocketAddr>> {
    let mut control = cmsg_space!(TimeSpec, sock_extended_err, sockaddr_in6);
    let mut start = [0; 64];
    let mut slices = [IoSliceMut::new(&mut start)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let received =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut control), flags).ok()?;
    let is_icmp = received.cmsgs().is_ok_and(|mut messages| {
        messages.any(|message| match message {
            ControlMessageOwned::Ipv4RecvErr(error, _) => error.ee_origin == SO_EE_ORIGIN_ICMP,
            ControlMessageOwned::Ipv6RecvErr(error, _) => error.ee_origin == SO_EE_ORIGIN_ICMP6,
            _ => false,
        })
    });
    Some(received.address.as_ref().filter(|_| is_icmp).and_then(socket_address::of))
}

/// The kernel's queue holds a few hundred; the rest is taken when epoll speaks again.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};

    use super::*;

    /// The path of a browser that was killed: its leg would be looked at without end.
    #[test]
    fn once_taken_an_error_wakes_nobody_again() {
        for watched in [true, false] {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            socket.connect(closed).unwrap();
            socket.set_nonblocking(true).unwrap();
            if watched {
                watch(&socket, closed.ip());
            }
            let epoll = Epoll::new(EpollCreateFlags::empty()).unwrap();
            epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, 1)).unwrap();
            let mut events = [EpollEvent::empty(); 1];
            for _ in 0..3 {
                send(&socket, b"speech", closed).unwrap();
                assert_eq!(epoll.wait(&mut events, 5000_u16), Ok(1), "an error");
                let (mut told, begun) = (Vec::new(), Instant::now());
                while epoll.wait(&mut events, 0_u8) == Ok(1) {
                    assert!(begun.elapsed() < Duration::from_secs(1), "again and again");
                    take(&socket, |about| told.extend(about));
                }
                assert_eq!(told.first(), watched.then_some(&closed));
            }
        }
    }

    #[test]
    fn a_closed_port_is_told_and_the_next_packet_is_sent_all_the_same() {
        for ip in ["127.0.0.1", "::1"] {
            let ip: IpAddr = ip.parse().unwrap();
            let socket = UdpSocket::bind((ip, 0)).unwrap();
            watch(&socket, ip);
            // A leg that is read by its tick has them: they come with errors too.
            setsockopt(&socket, sockopt::ReceiveTimestampns, &true).unwrap();
            let closed = UdpSocket::bind((ip, 0)).unwrap().local_addr().unwrap();
            let open = UdpSocket::bind((ip, 0)).unwrap();
            for _ in 0..3 {
                send(&socket, b"speech", closed).unwrap();
                send(&socket, b"speech", open.local_addr().unwrap()).unwrap();
                let mut buffer = [0; 16];
                assert_eq!(open.recv(&mut buffer).unwrap(), 6);
            }
            let told: Vec<_> = std::iter::from_fn(|| next(&socket)).collect();
            assert_eq!(told.first(), Some(&Some(closed)), "{told:?}");
        }
    }
}
