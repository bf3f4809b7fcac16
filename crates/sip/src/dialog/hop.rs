//! Where the requests of a dialog go whose peer says where it is: to the address in the first Route, or in its Contact (RFC 3261
//! section 12.2.1.1). A private address that somebody names from elsewhere is one of a network behind a router, where only the
//! flow leads.

use crate::flow::{Flow, Transport};
use crate::network;
use crate::uri::Uri;

/// The way to the next hop from where the peer was heard; None where the flow is the better way, or the only one.
pub(super) fn way(flow: &Flow, hop: &Uri) -> Option<Flow> {
    let uri = hop.as_sip()?;
    let (ip, port) = (uri.host.ip()?, uri.port_or_default());
    let heard = flow.remote.ip();
    let is_spoken = uri.transport().is_none_or(|transport| transport == flow.transport);
    let is_meant = network::may_send(heard, flow.local.ip(), ip) && network::is_beside(ip, heard);
    if !is_spoken || uri.secure || port == 0 || ip.is_ipv4() != flow.local.is_ipv4() || !is_meant {
        return None;
    }
    let remote = (ip, port).into();
    match flow.transport {
        Transport::Udp => Some(Flow { remote, ..*flow }),
        // A connection to the same host is there already; who called has opened it from some port.
        Transport::Tcp if ip != heard => Some(Flow { remote, connection: None, ..*flow }),
        // One that has to prove a name cannot be opened without it.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(transport: Transport, from: &str, hop: &str) -> Option<String> {
        let remote: std::net::SocketAddr = from.parse().unwrap();
        let local = if remote.is_ipv4() { "192.0.2.1:5060" } else { "[2001:db8::1]:5060" };
        let connection = transport.is_reliable().then_some(crate::ConnectionId(1));
        let flow = Flow { transport, local: local.parse().unwrap(), remote, connection };
        let to = way(&flow, &Uri::parse(hop).unwrap())?;
        assert_eq!((to.transport, to.connection), (transport, None));
        Some(to.remote.to_string())
    }

    #[test]
    fn it_is_the_address_that_the_peer_names() {
        for (from, hop, to) in [
            ("203.0.113.1:5060", "sip:203.0.113.9", "203.0.113.9:5060"),
            ("203.0.113.1:5060", "sip:1@203.0.113.1:5080;transport=udp", "203.0.113.1:5080"),
            ("10.0.0.1:5060", "sip:10.1.0.2:5070", "10.1.0.2:5070"),
            ("10.0.0.1:5060", "sip:203.0.113.9", "203.0.113.9:5060"),
            ("[2001:db8::5]:5060", "sip:[2001:db8::6]", "[2001:db8::6]:5060"),
        ] {
            assert_eq!(leads(Transport::Udp, from, hop).as_deref(), Some(to), "{hop} from {from}");
        }
        assert_eq!(
            leads(Transport::Tcp, "203.0.113.1:40000", "sip:203.0.113.9").as_deref(),
            Some("203.0.113.9:5060")
        );
    }

    #[test]
    fn it_is_the_flow_where_that_address_leads_nowhere_from_here() {
        for (from, hop) in [
            ("203.0.113.1:31000", "sip:192.168.1.5"),
            ("203.0.113.1:31000", "sip:127.0.0.1"),
            ("203.0.113.1:31000", "sip:100.64.0.5"),
            ("203.0.113.1:31000", "sip:0.0.0.0"),
            ("203.0.113.1:31000", "sip:224.0.0.1"),
            ("10.0.0.1:31000", "sip:192.168.1.5"),
            ("10.0.0.1:31000", "sip:127.0.0.1"),
            ("203.0.113.1:5060", "sip:[2001:db8::6]"),
            ("203.0.113.1:5060", "sip:203.0.113.9;transport=tcp"),
            ("203.0.113.1:5060", "sips:203.0.113.9"),
            ("203.0.113.1:5060", "sip:203.0.113.9:0"),
            ("203.0.113.1:5060", "sip:gateway.example"),
            ("203.0.113.1:5060", "tel:+31201234567"),
        ] {
            assert_eq!(leads(Transport::Udp, from, hop), None, "{hop} from {from}");
        }
        assert_eq!(leads(Transport::Tcp, "203.0.113.1:40000", "sip:203.0.113.1"), None);
        assert_eq!(leads(Transport::Tls, "203.0.113.1:5061", "sip:203.0.113.9"), None);
    }
}
