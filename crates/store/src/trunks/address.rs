//! Where a trunk is: its hosts, and the blocks of addresses that its calls come from.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::word::{TrunkTransport, shown, written};
use super::wrong::WrongValue;
use crate::rules;

/// A host or domain of a trunk: `name`, `name:port`, `sip:name:port;transport=tls`, an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrunkHost {
    /// A host name in lower case, an IPv4 address, or an IPv6 address in brackets.
    pub name: String,
    /// Without one, the DNS says it, or it is the usual one of the transport.
    pub port: Option<u16>,
    /// The transport of this host alone.
    pub transport: Option<TrunkTransport>,
}

impl FromStr for TrunkHost {
    type Err = WrongValue;

    fn from_str(text: &str) -> Result<Self, WrongValue> {
        let quoted = shown(text);
        let lower = text.trim().to_ascii_lowercase();
        if lower.starts_with("sips:") {
            return Err(WrongValue::HostWithSips(quoted));
        }
        let rest = lower.strip_prefix("sip:").unwrap_or(&lower);
        let (address, parameters) = rest.split_once(';').map_or((rest, ""), |(a, b)| (a, b));
        let transport = match parameters.split_once('=') {
            _ if parameters.is_empty() => None,
            Some(("transport", word)) => {
                Some(word.parse().map_err(|wrong| WrongValue::HostTransport(Box::new(wrong)))?)
            }
            _ => return Err(WrongValue::HostParameter(quoted)),
        };
        if address.contains('@') {
            return Err(WrongValue::HostWithUser(quoted));
        }
        if address.parse::<Ipv6Addr>().is_ok() {
            return Err(WrongValue::HostWithoutBrackets(quoted));
        }
        let (name, port) = split_port(address);
        let port = port
            .map(|port| port.parse::<u16>().ok().filter(|port| *port != 0))
            .map(|port| port.ok_or_else(|| WrongValue::HostPort(quoted.clone())))
            .transpose()?;
        let name = name.strip_suffix('.').unwrap_or(name);
        if rules::domain(name).is_err() {
            return Err(WrongValue::NoHost(quoted));
        }
        Ok(Self { name: name.into(), port, transport })
    }
}

/// The host and what stands behind its colon, which an address in brackets has inside too.
fn split_port(address: &str) -> (&str, Option<&str>) {
    let inside = address.rfind(']').unwrap_or(0);
    match address.rfind(':').filter(|colon| *colon > inside) {
        Some(colon) => {
            let (name, port) = address.split_at(colon);
            (name, port.strip_prefix(':'))
        }
        None => (address, None),
    }
}

impl fmt::Display for TrunkHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        match self.transport {
            Some(transport) => write!(f, ";transport={transport}"),
            None => Ok(()),
        }
    }
}

impl From<TrunkHost> for String {
    fn from(host: TrunkHost) -> Self {
        host.to_string()
    }
}

written!(TrunkHost);

/// A block of addresses, `192.0.2.0/24`; a single address is one too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressBlock {
    /// Its first address.
    pub address: IpAddr,
    /// The length of the prefix in bits.
    pub prefix: u8,
}

impl FromStr for AddressBlock {
    type Err = WrongValue;

    fn from_str(text: &str) -> Result<Self, WrongValue> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address = address.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let address = address.map_err(|_| WrongValue::NoAddress(shown(text)))?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => Some(bits),
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= bits),
        };
        let prefix = prefix.ok_or_else(|| WrongValue::BlockPrefix { said: shown(text), bits })?;
        let first = first_address(address, prefix);
        if first != address {
            return Err(WrongValue::BlockBegins { said: shown(text), first, prefix });
        }
        Ok(Self { address, prefix })
    }
}

fn first_address(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((ip.to_bits() & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((ip.to_bits() & mask).into())
        }
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl From<AddressBlock> for String {
    fn from(block: AddressBlock) -> Self {
        block.to_string()
    }
}

written!(AddressBlock);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_taken_as_operators_write_them() {
        for (written, read) in [
            ("sip.example.net", "sip.example.net"),
            ("SIP.Example.net:5070", "sip.example.net:5070"),
            ("sip:sip.example.net:5061;transport=tls", "sip.example.net:5061;transport=tls"),
            ("sip.example.net.;transport=TCP", "sip.example.net;transport=tcp"),
            ("192.0.2.1:5060", "192.0.2.1:5060"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("[2001:db8::1]:5060", "[2001:db8::1]:5060"),
        ] {
            assert_eq!(
                written.parse::<TrunkHost>().map(|host| host.to_string()).as_deref(),
                Ok(read),
                "{written}"
            );
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_what_to_write() {
        for (written, wanted) in [
            ("", "write a host such as"),
            ("sips:a.example", "transport = \"tls\""),
            ("2001:db8::1", "in brackets"),
            ("[2001:db8::1", "write a host such as"),
            ("100001@sip.example.net", "`username`"),
            ("sip.example.net:0", "no port"),
            ("sip.example.net:66000", "no port"),
            ("sip.example.net:", "no port"),
            ("sip.example.net;lr", "only ;transport="),
            ("sip.example.net;transport=ws", "transport that must be one of"),
            ("a b", "write a host such as"),
        ] {
            let error = written.parse::<TrunkHost>().unwrap_err().to_string();
            assert!(error.contains(wanted), "{written}: {error}");
        }
    }

    #[test]
    fn blocks_of_addresses() {
        for (written, read) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("[2001:db8::1]", "2001:db8::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(
                written.parse::<AddressBlock>().map(|block| block.to_string()).as_deref(),
                Ok(read),
                "{written}"
            );
        }
        for (written, wanted) in [
            ("192.0.2.0/33", "from 0 to 32"),
            ("192.0.2.0/x", "from 0 to 32"),
            ("192.0.2.300", "write addresses"),
            ("sip.example.net", "write addresses"),
            ("192.0.2.7/24", "write \"192.0.2.0/24\""),
        ] {
            let error = written.parse::<AddressBlock>().unwrap_err().to_string();
            assert!(error.contains(wanted), "{written}: {error}");
        }
    }
}
