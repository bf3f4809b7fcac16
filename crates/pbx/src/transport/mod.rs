//! The sockets of SIP: each listener and connection is a task that frames, parses and polices what arrives and hands it
//! to the signalling task over one bounded queue. What the signalling task sends goes out from [`Transports`] without
//! waiting.
mod accept;
mod connection;
mod converse;
mod dial;
mod doors;
mod handshake;
mod places;
mod police;
mod resolve;
mod seldom;
pub(crate) mod source_address;
mod tcp;
mod tls;
mod trust;
mod udp;
mod websocket;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use kiestoon_call::Network;
use kiestoon_sip::{
    flow::{ConnectionId, Flow, Transport},
    message::{Limits, Malformed, Message},
};
use tokio::sync::mpsc;

use self::accept::Speaks;
use self::connection::{Connections, Outgoing};
pub(crate) use self::handshake::{Distrust, connect, handshake};
pub(crate) use self::resolve::{Asked, Resolved, Resolver, SEARCHES, Trace, Unanswered, resolver, trace};
pub(crate) use self::tls::{Certificates, OwnFiles, TlsError, TlsFiles};
pub(crate) use self::trust::authorities;
use self::udp::UdpListener;
pub(crate) use self::websocket::Admission;
use crate::task::Task;

pub(crate) use self::police::{Police, Standing};

/// What the transports tell the signalling task.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// A message that parsed.
    Message { message: Message, flow: Flow },
    /// A message that parsed, for which there is room only where it belongs to a call.
    Refused { message: Message, flow: Flow },
    /// A message that did not; it may still be answerable.
    Malformed { malformed: Malformed, flow: Flow },
    /// A keep-alive without a message came.
    KeptAlive { flow: Flow },
    /// A peer opened a connection; `outgoing` reaches it until [`Inbound::Closed`].
    Opened { id: ConnectionId, outgoing: Outgoing },
    /// A connection ended, or could not be opened (RFC 3261 section 18.4); `also` is a door that led to it. Both are told in one
    /// turn: in between, the door could be opened anew, and what goes through it then has not failed.
    Closed { flow: Flow, also: Option<Flow> },
}

/// Bounds on what peers may hold open. Every one is tested at its limit.
#[derive(Clone, Debug)]
pub(crate) struct StreamBounds {
    /// Connections in all.
    pub(crate) connections: usize,
    /// Connections from one source address; `exempt` sources have no such bound.
    pub(crate) connections_per_source: usize,
    /// A connection without a complete message for this long is closed.
    pub(crate) idle: Duration,
    /// The same while nobody has logged in on it; keep-alives do not count then.
    pub(crate) stranger_idle: Duration,
    /// A message that has begun must be complete within this time, and a new connection must bring its first one.
    pub(crate) half_message: Duration,
    /// Size and count bounds of one message.
    pub(crate) message: Limits,
    /// Sources without a bound of their own.
    pub(crate) exempt: Vec<Network>,
}

/// Where the PBX listens.
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    /// SIP over UDP.
    pub(crate) udp: Vec<SocketAddr>,
    /// SIP over TCP.
    pub(crate) tcp: Vec<SocketAddr>,
    /// SIP over TLS.
    pub(crate) tls: Vec<SocketAddr>,
    /// SIP over WebSocket.
    pub(crate) ws: Vec<SocketAddr>,
    /// Who may open a WebSocket.
    pub(crate) admission: Admission,
    /// Our certificate, where there is TLS.
    pub(crate) certificates: Certificates,
}

/// A listener that could not start.
#[derive(Debug, thiserror::Error)]
#[error("sip.{key}: cannot listen on {address}: {}; {}", source, hint(source))]
pub(crate) struct BindError {
    key: &'static str,
    address: SocketAddr,
    source: io::Error,
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program holds this port: stop it or choose another port",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address",
        io::ErrorKind::PermissionDenied => "ports below 1024 need CAP_NET_BIND_SERVICE",
        _ => "check the address",
    }
}

/// Whether a listener on every IPv6 address, as the defaults have it, failed because the kernel runs without IPv6: that
/// is no reason not to start.
pub(crate) fn is_no_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    let all = address.is_ipv6() && address.ip().is_unspecified();
    all && error.raw_os_error() == Some(nix::errno::Errno::EAFNOSUPPORT as i32)
}

/// All listeners and connections. Owned by the signalling task, and by nobody else.
#[derive(Debug)]
pub(crate) struct Transports {
    listen: Listen,
    udp: Vec<Arc<UdpListener>>,
    connections: Connections,
    _tasks: Vec<Task<()>>,
}

impl Transports {
    /// Binds every listener, or reports every one that failed. `inbound` is bounded: when it is full, datagrams are
    /// dropped and counted (the peer retransmits) and connections are not read (TCP holds the peer back).
    pub(crate) fn bind(
        listen: &Listen,
        bounds: &StreamBounds,
        police: &Police,
        inbound: &mpsc::Sender<Inbound>,
    ) -> Result<Self, Vec<BindError>> {
        let mut errors = Vec::new();
        let mut udp = Vec::new();
        let mut tcp = Vec::new();
        let mut failed = |key, address: SocketAddr, source: io::Error| {
            if is_no_ipv6(address, &source) {
                tracing::warn!(key, %address, "this machine has no IPv6: not listened on");
            } else {
                errors.push(BindError { key, address, source });
            }
        };
        for address in &listen.udp {
            match UdpListener::bind(*address) {
                Ok(listener) => udp.push(Arc::new(listener)),
                Err(source) => failed("udp", *address, source),
            }
        }
        for address in &listen.tcp {
            match tcp::bind(*address) {
                Ok(listener) => tcp.push((listener, Speaks::Sip)),
                Err(source) => failed("tcp", *address, source),
            }
        }
        for address in &listen.tls {
            match tcp::bind(*address) {
                Ok(listener) => tcp.push((listener, Speaks::Tls(listen.certificates.clone()))),
                Err(source) => failed("tls.listen", *address, source),
            }
        }
        for address in &listen.ws {
            match tcp::bind(*address) {
                Ok(listener) => tcp.push((listener, Speaks::WebSocket(listen.admission.clone()))),
                Err(source) => failed("ws.listen", *address, source),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let own = listen.certificates.clone();
        let connections = Connections::new(bounds.clone(), police.clone(), inbound.clone(), own);
        let mut tasks: Vec<_> = udp
            .iter()
            .map(|listener| {
                crate::task::spawn(
                    "sip udp",
                    udp::receive(
                        Arc::clone(listener),
                        bounds.message.clone(),
                        police.clone(),
                        inbound.clone(),
                    ),
                )
            })
            .collect();
        for (listener, speaks) in tcp {
            let acceptor = connections.acceptor(speaks);
            tasks.push(crate::task::spawn("sip streams", tcp::accept(listener, acceptor)));
        }
        Ok(Self { listen: listen.clone(), udp, connections, _tasks: tasks })
    }

    /// Where it listens, as operators see it.
    pub(crate) fn listeners(&self) -> Vec<kiestoon_control::Listener> {
        let listener = |transport: Transport, address: &SocketAddr| kiestoon_control::Listener {
            transport: transport.uri_token().to_owned(),
            address: address.to_string(),
        };
        let udp = self.listen.udp.iter().map(|address| listener(Transport::Udp, address));
        let tcp = self.listen.tcp.iter().map(|address| listener(Transport::Tcp, address));
        let tls = self.listen.tls.iter().map(|address| listener(Transport::Tls, address));
        let ws = self.listen.ws.iter().map(|address| listener(Transport::Ws, address));
        udp.chain(tcp).chain(tls).chain(ws).collect()
    }

    /// Datagrams dropped because signalling was behind.
    pub(crate) fn dropped(&self) -> u64 {
        self.udp.iter().map(|listener| listener.dropped()).sum()
    }

    /// Sends one message. Never waits: a full socket drops a datagram, a full connection is closed.
    pub(crate) fn transmit(&mut self, flow: &Flow, bytes: Bytes) {
        match flow.transport {
            Transport::Udp => self.transmit_datagram(flow, &bytes),
            _ => self.connections.send(flow, bytes),
        }
    }

    /// The flow to one of the addresses of a name: over TLS, the server there has to prove that name.
    pub(crate) fn named(&mut self, flow: Flow, name: &str) -> Flow {
        if flow.transport == Transport::Tls { self.connections.named(flow, name) } else { flow }
    }

    /// Takes note of a connection that a peer opened.
    pub(crate) fn opened(&mut self, id: ConnectionId, outgoing: Outgoing) {
        self.connections.insert(id, outgoing);
    }

    /// Somebody has logged in on a connection: it may be silent for longer.
    pub(crate) fn trust(&self, id: ConnectionId) {
        self.connections.trust(id);
    }

    /// A connection is to be kept alive: it is closed when nothing comes over it for longer than `within`.
    pub(crate) fn expect(&self, flow: &Flow, within: Duration) {
        self.connections.expect(flow, within);
    }

    /// Forgets a connection that ended.
    pub(crate) fn closed(&mut self, flow: &Flow) {
        self.connections.remove(flow);
    }

    /// Closes all connections, each when what waits for it has left.
    pub(crate) async fn close(&mut self) {
        self.connections.close().await;
    }

    fn transmit_datagram(&self, flow: &Flow, bytes: &Bytes) {
        let listener = self.udp.iter().find(|listener| listener.serves(flow.local)).or_else(|| {
            self.udp.iter().find(|listener| listener.address().is_ipv4() == flow.remote.is_ipv4())
        });
        let Some(listener) = listener else {
            tracing::debug!(remote = %flow.remote, "no udp listener of this address family");
            return;
        };
        if let Err(error) = listener.send(bytes, flow.local, flow.remote) {
            tracing::debug!(remote = %flow.remote, %error, "datagram not sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    #[test]
    fn only_a_default_listener_may_lack_ipv6() {
        let unsupported = io::Error::from_raw_os_error(Errno::EAFNOSUPPORT as i32);
        let taken = io::Error::from_raw_os_error(Errno::EADDRINUSE as i32);
        assert!(is_no_ipv6("[::]:5060".parse().unwrap(), &unsupported));
        assert!(!is_no_ipv6("[::1]:5060".parse().unwrap(), &unsupported));
        assert!(!is_no_ipv6("0.0.0.0:5060".parse().unwrap(), &unsupported));
        assert!(!is_no_ipv6("[::]:5060".parse().unwrap(), &taken));
    }
}
