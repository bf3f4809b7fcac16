//! The Via header (RFC 3261 section 20.42) with response routing of section 18.2 and RFC 3581.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::cursor::{Cursor, Flaw};
use super::params::Params;
use super::text;
use crate::flow::Transport;
use crate::message::Limits;
use crate::message::Reason;
use crate::uri::Host;

/// One hop of the way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Via {
    /// The transport of the hop.
    pub transport: ViaTransport,
    /// `sent-by`: the host.
    pub host: Host,
    /// `sent-by`: the port, where given.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport` and others.
    pub params: Params,
}

/// The transport word of a Via.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ViaTransport {
    /// One of ours.
    Known(Transport),
    /// Any other token, `SCTP` for one, as the peer wrote it.
    Other(Box<str>),
}

impl ViaTransport {
    /// The word as written in the header.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(transport) => transport.via_token(),
            Self::Other(token) => token,
        }
    }

    fn from_token(token: &str) -> Self {
        let known = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Wss, Transport::Ws];
        known
            .into_iter()
            .find(|transport| transport.via_token().eq_ignore_ascii_case(token))
            .map_or_else(|| Self::Other(token.into()), Self::Known)
    }
}

impl From<Transport> for ViaTransport {
    fn from(transport: Transport) -> Self {
        Self::Known(transport)
    }
}

impl Via {
    /// What a branch of RFC 3261 begins with; others are of RFC 2543 elements.
    pub const MAGIC_COOKIE: &'static str = "z9hG4bK";

    /// A Via with a branch and nothing else.
    pub fn new(transport: Transport, host: Host, port: Option<u16>, branch: &str) -> Self {
        Self { transport: transport.into(), host, port, params: Params::new().with("branch", branch) }
    }

    /// A Via for a request of ours: `sent_by` written out, branch, and the request for `rport` (RFC 3581).
    pub fn of_ours(transport: Transport, sent_by: SocketAddr, branch: &str) -> Self {
        let mut via = Self::new(transport, sent_by.ip().into(), Some(sent_by.port()), branch);
        via.params.set("rport", None);
        via
    }

    /// The branch, with or without the magic cookie.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch")
    }

    /// The branch where it identifies a transaction: cookie and something behind it (RFC 3261 section 17.2.3).
    pub fn rfc3261_branch(&self) -> Option<&str> {
        self.branch().filter(|branch| {
            branch.len() > Self::MAGIC_COOKIE.len()
                && branch
                    .get(..Self::MAGIC_COOKIE.len())
                    .is_some_and(|c| c.eq_ignore_ascii_case(Self::MAGIC_COOKIE))
        })
    }

    /// The `received` address, an IPv6 one with or without brackets (RFC 5118 section 4.5); `None` where absent or
    /// unreadable.
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text).parse().ok()
    }

    /// `None`: no `rport`; `Some(None)`: asked for; `Some(Some(port))`: filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.contains("rport").then(|| self.params.get("rport").and_then(|port| port.parse().ok()))
    }

    /// Notes where the request really came from: `received` where it is not `sent-by` itself or `rport` is asked
    /// for, and the port in `rport` (RFC 3261 section 18.2.1, RFC 3581 section 4). Any `received` that the sender
    /// wrote itself is replaced.
    pub fn set_received(&mut self, source: SocketAddr) {
        let source_ip = source.ip().to_canonical();
        let wants_port = self.params.contains("rport");
        self.params.remove("received");
        if wants_port || self.host.ip() != Some(source_ip) {
            self.params.set("received", source_ip.to_string().as_str());
        }
        if wants_port {
            self.params.set("rport", source.port().to_string().as_str());
        }
    }

    /// Where a response goes on an unreliable transport: `received` or the literal host, at `rport`, the port of
    /// `sent-by` or the default one. `None` where that needs a name to be resolved. `maddr` is not followed: it would
    /// let a stranger aim our responses (RFC 3261 section 18.2.2 has it for multicast).
    pub fn reply_address(&self) -> Option<SocketAddr> {
        let ip = self.received().or_else(|| self.host.ip())?;
        let default = match &self.transport {
            ViaTransport::Known(transport) => transport.default_port(),
            ViaTransport::Other(_) => 5060,
        };
        Some(SocketAddr::new(ip, self.rport().flatten().or(self.port).unwrap_or(default)))
    }

    /// One `via-parm` at the cursor, which then stands behind it.
    pub(crate) fn parse_one(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Self, Flaw> {
        let mut via = Self::parse_hop(cursor, |version| version == "2.0")?;
        via.params = Params::parse(cursor, limits.params)?;
        Ok(via)
    }

    /// `sent-protocol LWS sent-by`.
    fn parse_hop(cursor: &mut Cursor<'_>, speaks: impl Fn(&str) -> bool) -> Result<Self, Flaw> {
        cursor.skip_space();
        let protocol = cursor.take_while(|b| text::is(b, text::TOKEN));
        if !protocol.eq_ignore_ascii_case("SIP") || !cursor.take_spaced(b'/') {
            return cursor.expected("SIP/2.0/transport");
        }
        if !speaks(cursor.take_while(|b| text::is(b, text::TOKEN))) || !cursor.take_spaced(b'/') {
            return cursor.expected("SIP/2.0/transport");
        }
        let transport = ViaTransport::from_token(cursor.token()?);
        if !matches!(cursor.peek(), Some(b' ' | b'\t')) {
            return cursor.expected("white space before sent-by");
        }
        cursor.skip_space();
        let host = Host::parse_at(cursor)?;
        let port = if cursor.take_spaced(b':') { Some(parse_port(cursor)?) } else { None };
        Ok(Self { transport, host, port, params: Params::new() })
    }

    /// What is readable of a broken topmost Via, so that its request can be answered all the same: hop and the
    /// parameters that are right, of any SIP version.
    pub(crate) fn salvage(value: &str, limits: &Limits) -> Option<Self> {
        let mut pieces = value.split(',').next()?.split(';');
        let mut via = Self::parse_hop(&mut Cursor::new(pieces.next()?, 0), |_| true).ok()?;
        for piece in pieces.take(limits.params) {
            let param = format!(";{piece}");
            for (name, value) in Params::parse(&mut Cursor::new(&param, 0), 1).unwrap_or_default().iter() {
                via.params.add(name, value.map(Into::into), false);
            }
        }
        Some(via)
    }

    /// A comma-separated list of them.
    pub(crate) fn parse_list(
        cursor: &mut Cursor<'_>,
        limits: &Limits,
        vias: &mut Vec<Self>,
    ) -> Result<(), Flaw> {
        loop {
            if vias.len() >= limits.vias {
                return Err(cursor.flaw(Reason::TooMany(limits.vias)));
            }
            vias.push(Self::parse_one(cursor, limits)?);
            if !cursor.take_spaced(b',') {
                return cursor.finish("a comma or the end of the line");
            }
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        text::put(out, "SIP/2.0/");
        text::put_token(out, self.transport.as_str());
        out.push(b' ');
        self.host.write(out);
        if let Some(port) = self.port {
            out.push(b':');
            text::put_number(out, port.into());
        }
        self.params.write(out);
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

pub(crate) fn parse_port(cursor: &mut Cursor<'_>) -> Result<u16, Flaw> {
    let start = cursor.flaw(Reason::Expected("a port"));
    let port = cursor.number(u16::MAX.into(), "a port below 65536")?;
    u16::try_from(port).map_err(|_| start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(text: &str) -> Via {
        Via::parse_one(&mut Cursor::new(text, 0), &Limits::DEFAULT).unwrap()
    }

    #[test]
    fn rport_is_filled_in_and_forged_received_replaced() {
        let mut hop = via("SIP/2.0/UDP 10.1.1.1:4540;received=203.0.113.9;rport;branch=z9hG4bKkjshdyff");
        hop.set_received("192.0.2.1:9988".parse().unwrap());
        assert_eq!(hop.received(), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(hop.rport(), Some(Some(9988)));
        assert_eq!(hop.reply_address(), Some("192.0.2.1:9988".parse().unwrap()));
    }

    #[test]
    fn received_is_left_out_where_sent_by_is_the_source() {
        let mut hop = via("SIP / 2.0 / tcp  192.0.2.1 : 5070 ;branch=z9hG4bKa");
        hop.set_received("192.0.2.1:40000".parse().unwrap());
        assert_eq!(hop.to_string(), "SIP/2.0/TCP 192.0.2.1:5070;branch=z9hG4bKa");
        assert_eq!(hop.reply_address(), Some("192.0.2.1:5070".parse().unwrap()));
    }

    #[test]
    fn a_bare_cookie_identifies_nothing() {
        assert_eq!(via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK").rfc3261_branch(), None);
        assert_eq!(via("SIP/2.0/UDP 192.0.2.1;branch=1").rfc3261_branch(), None);
        assert_eq!(via("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1").rfc3261_branch(), Some("z9hG4bK1"));
    }
}
