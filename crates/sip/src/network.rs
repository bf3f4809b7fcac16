//! Blocks of addresses, and which address of ours the peers in one are told: in Contact and in session descriptions.

use std::net::IpAddr;

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Any address of it.
    pub address: IpAddr,
    /// The length of the prefix in bits.
    pub prefix: u8,
}

impl Network {
    /// Whether an address lies in it. An IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32u32.saturating_sub(u32::from(self.prefix));
                same_prefix(u128::from(ours.to_bits()), u128::from(theirs.to_bits()), shift)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128u32.saturating_sub(u32::from(self.prefix));
                same_prefix(ours.to_bits(), theirs.to_bits(), shift)
            }
            _ => false,
        }
    }
}

fn same_prefix(a: u128, b: u128, shift: u32) -> bool {
    (a ^ b).checked_shr(shift).unwrap_or(0) == 0
}

/// The addresses of ours as peers see them. Default: those that we have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicAddresses {
    elsewhere: Option<IpAddr>,
    networks: Vec<(Network, Option<IpAddr>)>,
}

impl PublicAddresses {
    /// `elsewhere` is for peers beyond the router that lie in no network of the list; a network without an address of its
    /// own is told the address that reaches it.
    #[must_use]
    pub fn new(elsewhere: Option<IpAddr>, networks: Vec<(Network, Option<IpAddr>)>) -> Self {
        Self { elsewhere, networks }
    }

    /// The address to tell a peer that `local` reaches. Of the networks that hold the peer the longest prefix counts.
    #[must_use]
    pub fn told(&self, local: IpAddr, peer: IpAddr) -> IpAddr {
        let holding = self.networks.iter().filter(|(network, _)| network.contains(peer));
        match holding.max_by_key(|(network, _)| network.prefix) {
            Some((_, told)) => told.filter(|told| told.is_ipv4() == local.is_ipv4()).unwrap_or(local),
            None => advertised(local, self.elsewhere, peer),
        }
    }

    /// All that peers may be told.
    pub fn all(&self) -> impl Iterator<Item = IpAddr> {
        self.elsewhere.into_iter().chain(self.networks.iter().filter_map(|(_, told)| *told))
    }
}

/// The address of ours to tell a peer: the external one where there is one of the same family and the peer is beyond the
/// router that translates it, else the one that reaches the peer. A private peer is on this side of that router, which
/// may not lead a packet out and in again.
fn advertised(local: IpAddr, external: Option<IpAddr>, peer: IpAddr) -> IpAddr {
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

/// Whether an address that a peer names can be the one that it means: one of its own private network, or one that is the same
/// everywhere. Each private range is taken to be one network; the addresses of another lie behind a router.
#[must_use]
pub fn is_beside(named: IpAddr, peer: IpAddr) -> bool {
    !is_near(named) || private_range(named).is_some_and(|range| private_range(peer) == Some(range))
}

/// The first octets of the private range that an address is in.
fn private_range(address: IpAddr) -> Option<[u8; 2]> {
    match address.to_canonical() {
        IpAddr::V4(ip) => match ip.octets() {
            [first @ (10 | 127), ..] => Some([first, 0]),
            [172, 16..=31, _, _] => Some([172, 16]),
            [100, 64..=127, _, _] => Some([100, 64]),
            [192, 168, ..] => Some([192, 168]),
            [169, 254, ..] => Some([169, 254]),
            _ => None,
        },
        IpAddr::V6(ip) => is_near(ip.into()).then(|| {
            let [first, second, ..] = ip.octets();
            [first, second]
        }),
    }
}

/// Whether a peer at `from` may have us send to `to`. Names lead where their owner wants: not to this machine, nor to the
/// networks of its links, where what trusts its neighbours listens, unless the peer itself is there. `local` is the address of
/// ours that we would send from: what goes to an address of this machine leaves from that very address.
#[must_use]
pub fn may_send(from: IpAddr, local: IpAddr, to: IpAddr) -> bool {
    let reach = |address: IpAddr| match Reach::of(address) {
        Reach::Far | Reach::Link if address.to_canonical() == local.to_canonical() => Reach::Machine,
        reach => reach,
    };
    match reach(to) {
        Reach::Nowhere => false,
        Reach::Far => true,
        near => near == reach(from),
    }
}

/// How far an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// No single host: unspecified, which the kernel takes for this machine, multicast, broadcast.
    Nowhere,
    /// This machine.
    Machine,
    /// The link (RFC 3927, RFC 4291 section 2.5.6); clouds keep their secrets there.
    Link,
    /// Anywhere else, private networks included: phones are there.
    Far,
}

impl Reach {
    fn of(address: IpAddr) -> Self {
        let (is_machine, is_link, is_nowhere) = match address.to_canonical() {
            IpAddr::V4(ip) => {
                // All of 0.0.0.0/8 is this network (RFC 1122 section 3.2.1.3).
                let is_nowhere = ip.octets().first() == Some(&0) || ip.is_multicast() || ip.is_broadcast();
                (ip.is_loopback(), ip.is_link_local(), is_nowhere)
            }
            IpAddr::V6(ip) => {
                (ip.is_loopback(), ip.is_unicast_link_local(), ip.is_unspecified() || ip.is_multicast())
            }
        };
        if is_nowhere {
            Self::Nowhere
        } else if is_machine {
            Self::Machine
        } else if is_link {
            Self::Link
        } else {
            Self::Far
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_us_send_where_only_we_can() {
        let local = "10.0.0.5".parse().unwrap();
        let may = |from: &str, to: &str| may_send(from.parse().unwrap(), local, to.parse().unwrap());
        let never = ["0.0.0.0", "0.1.2.3", "::", "224.0.1.75", "ff02::1", "255.255.255.255"];
        for to in never.into_iter().chain(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
            assert!(!may("192.0.2.1", to), "{to}");
        }
        for to in ["169.254.169.254", "fe80::1", "::ffff:169.254.1.1"] {
            assert!(!may("192.0.2.1", to) && !may("127.0.0.1", to) && may("169.254.9.9", to), "{to}");
        }
        assert!(never.into_iter().all(|to| !may("127.0.0.1", to)));
        assert!(may("127.0.0.1", "127.0.0.2") && may("::1", "127.0.0.1"), "a phone on this machine");
        assert!(!may("192.0.2.1", "10.0.0.5") && !may("192.0.2.1", "::ffff:10.0.0.5"));
        assert!(may("10.0.0.5", "10.0.0.5") && may("127.0.0.1", "10.0.0.5"), "a phone on this machine");
        assert!(may("192.0.2.1", "10.0.0.1") && may("192.0.2.1", "2001:db8::1"));
    }

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
    fn the_longest_prefix_that_holds_a_peer_counts() {
        let ip = |text: &str| -> IpAddr { text.parse().unwrap() };
        let public = PublicAddresses::new(
            Some(ip("203.0.113.10")),
            vec![
                (network("10.0.0.0", 8), None),
                (network("10.8.0.0", 16), Some(ip("10.8.0.1"))),
                (network("198.51.100.0", 24), Some(ip("2001:db8::1"))),
            ],
        );
        let told = |peer: &str| public.told(ip("10.1.0.5"), ip(peer)).to_string();
        assert_eq!(told("10.8.3.4"), "10.8.0.1", "a private network beyond another router");
        assert_eq!(told("10.9.3.4"), "10.1.0.5", "a network without an address of its own");
        assert_eq!(told("192.0.2.7"), "203.0.113.10");
        assert_eq!(told("192.168.1.7"), "10.1.0.5");
        assert_eq!(told("198.51.100.7"), "10.1.0.5", "of another family");
        assert_eq!(public.all().count(), 3);
    }

    fn network(address: &str, prefix: u8) -> Network {
        Network { address: address.parse().unwrap(), prefix }
    }

    #[test]
    fn a_network_holds_its_own_addresses_only() {
        let office = network("192.0.2.7", 24);
        assert!(office.contains("192.0.2.200".parse().unwrap()));
        assert!(office.contains("::ffff:192.0.2.1".parse().unwrap()));
        assert!(!office.contains("192.0.3.1".parse().unwrap()));
        assert!(!office.contains("2001:db8::1".parse().unwrap()));
        assert!(network("0.0.0.0", 0).contains("203.0.113.9".parse().unwrap()));
        assert!(network("2001:db8::", 32).contains("2001:db8:1::9".parse().unwrap()));
        assert!(!network("2001:db8::", 32).contains("2001:db9::1".parse().unwrap()));
    }
}
