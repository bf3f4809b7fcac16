//! Which addresses a stranger may have us connect to: those of the public network, and what the operator adds. What is inside has
//! services that trust whoever reaches them.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use kiestoon_sip::network::Network;

/// Whether an address may be connected to. `inside` are networks that may be although they are not public.
pub(super) fn may_reach(address: IpAddr, inside: &[Network]) -> bool {
    let is_public = match address.to_canonical() {
        IpAddr::V4(ip) => !NOT_PUBLIC_4.iter().any(|(network, prefix)| holds_4(*network, *prefix, ip)),
        IpAddr::V6(ip) => {
            holds_6(GLOBAL_UNICAST, ip) && !NOT_PUBLIC_6.iter().any(|known| holds_6(*known, ip))
        }
    };
    is_public || inside.iter().any(|network| network.contains(address))
}

fn holds_4(network: [u8; 4], prefix: u8, ip: Ipv4Addr) -> bool {
    Network { address: network.into(), prefix }.contains(ip.into())
}

fn holds_6((network, prefix): ([u16; 8], u8), ip: Ipv6Addr) -> bool {
    Network { address: network.into(), prefix }.contains(ip.into())
}

/// IANA's special-purpose addresses (RFC 6890), multicast, and what is reserved.
const NOT_PUBLIC_4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];
const GLOBAL_UNICAST: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// Of it: what is for documentation or for protocols, and what leads to IPv4 addresses (6to4, Teredo).
const NOT_PUBLIC_6: [([u16; 8], u8); 4] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_network_is_reached() {
        let may = |text: &str| may_reach(text.parse().unwrap(), &[]);
        for public in
            ["1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "223.255.255.255", "2a00:1450::1"]
        {
            assert!(may(public), "{public}");
        }
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:a00:1::",
        ] {
            assert!(!may(inside), "{inside}");
        }
    }

    #[test]
    fn the_operator_may_add_networks() {
        let inside = [Network { address: [10, 1, 0, 0].into(), prefix: 16 }];
        assert!(may_reach([10, 1, 2, 3].into(), &inside));
        assert!(!may_reach([10, 2, 2, 3].into(), &inside));
    }
}
