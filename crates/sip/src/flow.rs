//! Where a message came from and where its answer goes: transport, both addresses, the connection. A value, not a
//! socket.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// A SIP transport of ours (RFC 3261 section 18, RFC 7118).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Transport {
    /// Datagrams; requests are retransmitted.
    Udp,
    /// A TCP stream.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Transport {
    /// The word that the Via header uses: `UDP`, `TCP`, `TLS`, `WS`, `WSS`.
    pub fn via_token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The value of a URI's `transport` parameter: `udp`, `tcp`, `tls`, `ws`, `wss`.
    pub fn uri_token(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// True where the transport itself retransmits, so that SIP must not (RFC 3261 section 17.1).
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// True where nobody on this hop can read or change what is said, as `sips:` asks (RFC 3261 section 26.2.2).
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The port of a URI or Via that names none (RFC 3261 section 19.1.2, RFC 7118 section 5).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uri_token())
    }
}

/// One connection of a stream transport; never reused while the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnectionId(pub u64);

/// A two-way path to a peer, in the sense of RFC 5626.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// How messages travel.
    pub transport: Transport,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address as the socket saw it.
    pub remote: SocketAddr,
    /// The connection, where the transport has one.
    pub connection: Option<ConnectionId>,
}

/// Who a bound on sources counts: an IPv4 address, however it is written, or the /64 network of an IPv6 address, in which
/// one host may have as many addresses as it likes.
#[must_use]
pub fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.remote)
    }
}

/// The address of ours to tell a peer: the external one where there is one of the same family and the peer is beyond the
/// router that translates it, else the one that reaches the peer. A private peer is on this side of that router, which
/// may not lead a packet out and in again.
pub fn advertised(local: IpAddr, external: Option<IpAddr>, peer: IpAddr) -> IpAddr {
    external.filter(|external| external.is_ipv4() == local.is_ipv4() && !is_near(peer)).unwrap_or(local)
}

/// Loopback, link-local and private addresses (RFC 1918, RFC 4193), and those that carriers and overlays use (RFC 6598).
fn is_near(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(ip) => {
            let is_shared = matches!(ip.octets(), [100, 64..=127, _, _]);
            ip.is_loopback() || ip.is_link_local() || ip.is_private() || is_shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_external_address_is_for_peers_beyond_the_router() {
        let external: IpAddr = "203.0.113.10".parse().unwrap();
        let told = |local: &str, peer: &str| {
            advertised(local.parse().unwrap(), Some(external), peer.parse().unwrap()).to_string()
        };
        assert_eq!(told("10.0.0.5", "198.51.100.7"), "203.0.113.10");
        for near in ["127.0.0.1", "10.0.0.9", "172.16.3.4", "192.168.1.2", "169.254.1.1", "100.64.0.1"] {
            assert_eq!(told("10.0.0.5", near), "10.0.0.5", "{near}");
        }
        assert_eq!(told("fd00::5", "2001:db8::7"), "fd00::5", "of another family");
        let six: Option<IpAddr> = "2001:db8::5".parse().ok();
        let local: IpAddr = "fd00::5".parse().unwrap();
        assert_eq!(advertised(local, six, "2001:db8:1::7".parse().unwrap()).to_string(), "2001:db8::5");
        assert_eq!(advertised(local, six, "fd00::9".parse().unwrap()), local);
        assert_eq!(advertised(local, None, "2001:db8:1::7".parse().unwrap()), local);
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_network() {
        let source = |text: &str| source_of(text.parse().unwrap()).to_string();
        assert_eq!(source("192.0.2.1"), "192.0.2.1");
        assert_eq!(source("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
