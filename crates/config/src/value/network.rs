//! Blocks of addresses and ranges of ports.

use std::fmt;
use std::net::IpAddr;

use super::{Fault, Text};
use crate::sentence::{Wanted, both};

/// A block of addresses, written `ADDRESS/PREFIX` or as a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// Any address of the block.
    pub address: IpAddr,
    /// The length of the prefix in bits.
    pub prefix: u8,
}

impl Cidr {
    /// Whether an address lies in the block. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(block), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(self.prefix.into())).unwrap_or(0);
                u32::from(block) & mask == u32::from(ip) & mask
            }
            (IpAddr::V6(block), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(self.prefix.into())).unwrap_or(0);
                u128::from(block) & mask == u128::from(ip) & mask
            }
            _ => false,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Text for Cidr {
    const EXPECTED: Wanted = Wanted {
        en: "an address block such as \"192.0.2.0/24\"",
        nl: "een blok adressen zoals \"192.0.2.0/24\"",
    };

    fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = || Fault::instead_of(<Self as Text>::EXPECTED, text);
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), str::parse).map_err(|_| wrong())?;
        if prefix > longest { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// A range of ports, both ends included, written `FIRST-LAST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl Text for PortRange {
    const EXPECTED: Wanted = Wanted {
        en: "a range of ports such as \"20000-29999\"",
        nl: "een reeks poorten zoals \"20000-29999\"",
    };

    fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = || Fault::instead_of(<Self as Text>::EXPECTED, text);
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
        let (first, last) = (port(first)?, port(last)?);
        if first == 0 {
            return Err(Fault::new(both!(
                "starts at port 0, which is no port",
                "begint bij poort 0, wat geen poort is"
            )));
        }
        if last <= first {
            return Err(Fault::new(both!(
                "is {text:?}, but a leg takes two ports: the last must be above the first",
                "is {text:?}, maar elke kant van een gesprek neemt twee poorten: de laatste moet hoger zijn dan de eerste"
            )));
        }
        Ok(Self { first, last })
    }

    fn text(&self) -> String {
        format!("{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_contains_its_own_addresses_only() {
        let block = <Cidr as Text>::parse("192.0.2.0/25").unwrap();
        assert!(block.contains("192.0.2.127".parse().unwrap()));
        assert!(block.contains("::ffff:192.0.2.1".parse().unwrap()));
        assert!(!block.contains("192.0.2.128".parse().unwrap()));
        assert!(!block.contains("2001:db8::1".parse().unwrap()));
        let all = <Cidr as Text>::parse("::/0").unwrap();
        assert!(all.contains("2001:db8::1".parse().unwrap()));
        let one = <Cidr as Text>::parse("2001:db8::1").unwrap();
        assert!(
            one.contains("2001:db8::1".parse().unwrap()) && !one.contains("2001:db8::2".parse().unwrap())
        );
        for bad in ["192.0.2.0/33", "192.0.2/24", "x", "::/129", "10.0.0.0/"] {
            assert!(<Cidr as Text>::parse(bad).is_err(), "{bad}");
        }
    }
}
