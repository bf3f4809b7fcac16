//! Which local address a datagram came to, and from which one the answer leaves. A socket bound to every address
//! (0.0.0.0, ::) does not know: the kernel tells through IP_PKTINFO (RFC 3542 section 6 for IPv6).
use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::{AsFd, AsRawFd},
};

use nix::{
    cmsg_space,
    libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo},
    sys::socket::{
        ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt,
    },
};

use crate::socket_address;

/// Asks the kernel to report the local address of each datagram.
pub(crate) fn report_local_address(socket: &impl AsFd, ipv4: bool) -> io::Result<()> {
    if ipv4 {
        setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?;
    } else {
        setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?;
    }
    Ok(())
}

/// Receives one datagram: its length, its source and the local address that it was sent to.
pub(crate) fn receive(
    socket: &impl AsRawFd,
    buffer: &mut [u8],
) -> io::Result<(usize, SocketAddr, Option<IpAddr>)> {
    let mut control = cmsg_space!(in6_pktinfo);
    let mut slices = [IoSliceMut::new(buffer)];
    let received =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())?;
    let source = received
        .address
        .as_ref()
        .and_then(socket_address::of)
        .ok_or_else(|| io::Error::other("datagram without source"))?;
    let local = received.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(IpAddr::V4(Ipv4Addr::from_bits(u32::from_be(info.ipi_spec_dst.s_addr))))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr))),
        _ => None,
    });
    Ok((received.bytes, source, local))
}

/// Sends one datagram from `local`.
pub(crate) fn send(
    socket: &impl AsRawFd,
    bytes: &[u8],
    local: IpAddr,
    remote: SocketAddr,
) -> io::Result<usize> {
    let slices = [IoSlice::new(bytes)];
    let remote = SockaddrStorage::from(remote);
    let sent = match local {
        IpAddr::V4(address) => {
            let info = in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: in_addr { s_addr: address.to_bits().to_be() },
                ipi_addr: in_addr { s_addr: 0 },
            };
            sendmsg(
                socket.as_raw_fd(),
                &slices,
                &[ControlMessage::Ipv4PacketInfo(&info)],
                MsgFlags::empty(),
                Some(&remote),
            )?
        }
        IpAddr::V6(address) => {
            let info = in6_pktinfo { ipi6_addr: in6_addr { s6_addr: address.octets() }, ipi6_ifindex: 0 };
            sendmsg(
                socket.as_raw_fd(),
                &slices,
                &[ControlMessage::Ipv6PacketInfo(&info)],
                MsgFlags::empty(),
                Some(&remote),
            )?
        }
    };
    Ok(sent)
}
