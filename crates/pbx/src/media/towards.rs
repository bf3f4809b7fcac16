//! Which address of ours reaches a phone: the kernel's choice, remembered for a moment, because a call asks for the same few again and again.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// The local address that the kernel would send from. Connecting a UDP socket sends nothing.
pub(crate) fn address_towards(peer: IpAddr) -> io::Result<IpAddr> {
    let peer = peer.to_canonical();
    let any: IpAddr = match peer {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let scratch = UdpSocket::bind(SocketAddr::new(any, 0))?;
    scratch.connect(SocketAddr::new(peer, DISCARD))?;
    Ok(scratch.local_addr()?.ip())
}

/// The answers of the last second. Routes change, but a call that begins a second after one did is rare, and five system calls a leg
/// were 3 % of what a call costs.
#[derive(Debug, Default)]
pub(super) struct RecentAddresses {
    known: HashMap<IpAddr, (IpAddr, Instant)>,
}

impl RecentAddresses {
    /// As [`address_towards`]; an error is not remembered.
    pub(super) fn towards(&mut self, now: Instant, peer: IpAddr) -> io::Result<IpAddr> {
        if let Some((address, asked)) = self.known.get(&peer)
            && now.saturating_duration_since(*asked) < VALID
        {
            return Ok(*address);
        }
        let address = address_towards(peer)?;
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(peer, (address, now));
        Ok(address)
    }
}

/// Any port does; this one is nobody's.
const DISCARD: u16 = 9;
const VALID: Duration = Duration::from_secs(1);
/// Peers are counted by what they send us: a bound, and no upkeep.
const MOST: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_remembered_for_a_second_and_never_more_than_the_bound() -> io::Result<()> {
        let (start, peer) = (Instant::now(), IpAddr::from([127, 0, 0, 1]));
        let mut recent = RecentAddresses::default();
        let stale = IpAddr::from([192, 0, 2, 1]);
        recent.known.insert(peer, (stale, start));
        assert_eq!(recent.towards(start + VALID / 2, peer)?, stale);
        assert_eq!(recent.towards(start + VALID, peer)?, peer);
        for host in 0..=u8::MAX {
            for net in 0..=8 {
                recent.towards(start, IpAddr::from([127, 0, net, host]))?;
                assert!(recent.known.len() <= MOST);
            }
        }
        Ok(())
    }
}
