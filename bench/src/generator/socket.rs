//! UDP sockets with the kernel's receive stamps, read in batches: a generator that is late to look does not make the
//! target look slow.

use std::io;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use nix::cmsg_space;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;

use crate::clock;

/// One bound socket of ours.
pub(crate) struct Endpoint {
    socket: UdpSocket,
    pub(crate) address: SocketAddrV4,
}

impl Endpoint {
    /// Binds the first free even port from `port` on (an RTP stream's RTCP goes to the port above it), with a
    /// receive buffer of `buffer` bytes as far as this user may ask for it.
    pub(crate) fn bind(ip: Ipv4Addr, port: u16, buffer: usize) -> io::Result<Self> {
        let candidates = (port..=u16::MAX).step_by(2).map(|port| SocketAddrV4::new(ip, port));
        let mut taken = io::Error::from(io::ErrorKind::AddrInUse);
        for address in candidates {
            match UdpSocket::bind(address) {
                Ok(socket) => return Self::prepare(socket, address, buffer),
                Err(error) => taken = error,
            }
        }
        Err(taken)
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    pub(crate) fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// True when the kernel took the whole datagram.
    pub(crate) fn send(&self, bytes: &[u8], to: SocketAddrV4) -> bool {
        self.socket.send_to(bytes, to).is_ok_and(|sent| sent == bytes.len())
    }

    fn prepare(socket: UdpSocket, address: SocketAddrV4, buffer: usize) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        if setsockopt(&socket, sockopt::RcvBufForce, &buffer).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &buffer)?;
        }
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        Ok(Self { socket, address })
    }
}

/// Buffers for COUNT datagrams of at most SIZE bytes (longer ones are cut).
pub(crate) struct Batch<const COUNT: usize, const SIZE: usize> {
    buffer: Vec<u8>,
    headers: MultiHeaders<SockaddrIn>,
}

impl<const COUNT: usize, const SIZE: usize> Batch<COUNT, SIZE> {
    pub(crate) fn new() -> Self {
        let stamps = cmsg_space!(TimeSpec);
        Self { buffer: vec![0; COUNT * SIZE], headers: MultiHeaders::preallocate(COUNT, Some(stamps)) }
    }

    /// Hands over everything that the socket holds, each with the time at which the kernel received it.
    pub(crate) fn drain(&mut self, socket: RawFd, mut each: impl FnMut(&[u8], u64)) {
        while self.receive(socket, &mut each) == COUNT {}
    }

    fn receive(&mut self, socket: RawFd, each: &mut impl FnMut(&[u8], u64)) -> usize {
        let mut slots = self.buffer.chunks_exact_mut(SIZE);
        let mut slices: [_; COUNT] =
            std::array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let received = recvmmsg(socket, &mut self.headers, slices.iter_mut(), MsgFlags::MSG_DONTWAIT, None);
        let Ok(received) = received else { return 0 };
        let mut count = 0;
        for datagram in received {
            let stamp = datagram.cmsgs().ok().into_iter().flatten().find_map(|message| match message {
                ControlMessageOwned::ScmTimestampns(stamp) => Some(nanos(stamp)),
                _ => None,
            });
            each(datagram.iovs().next().unwrap_or_default(), stamp.unwrap_or_else(clock::now));
            count += 1;
        }
        count
    }
}

fn nanos(stamp: TimeSpec) -> u64 {
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    part(stamp.tv_sec()) * clock::SECOND + part(stamp.tv_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_carry_kernel_stamps() {
        let receiver = Endpoint::bind(Ipv4Addr::LOCALHOST, 40_000, 1 << 16).unwrap();
        let sender = Endpoint::bind(Ipv4Addr::LOCALHOST, 40_000, 1 << 16).unwrap();
        assert_ne!(receiver.address, sender.address);
        let before = clock::now();
        for number in 0..5u8 {
            assert!(sender.send(&[number; 3], receiver.address));
        }
        let after = clock::now();
        let mut seen = Vec::new();
        Batch::<2, 64>::new().drain(receiver.fd(), |bytes, at| seen.push((bytes.to_vec(), at)));
        assert_eq!(seen.len(), 5);
        assert!(seen.iter().all(|(_, at)| (before..=after).contains(at)));
        assert_eq!(seen.last().map(|(bytes, _)| bytes.as_slice()), Some([4, 4, 4].as_slice()));
    }
}
