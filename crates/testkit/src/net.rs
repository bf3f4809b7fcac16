//! The virtual network: datagrams with delay, loss, reordering and duplication from a seed, reliable ordered
//! connections, and rules a story lays on a link. Nothing here knows what a call is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use kiestoon_sip::{ConnectionId, Flow, Message, Transport};
use kiestoon_sip::{Frame, Framer, Limits};

use crate::chance::Chance;
use crate::clock::Clock;
use crate::ladder::{Fate, Ladder, Rung};
use crate::what::What;

/// How datagrams fare. A jitter longer than the gap between two datagrams reorders them.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Every message takes at least this long.
    pub delay: Duration,
    /// Each datagram takes up to this much longer, by chance.
    pub jitter: Duration,
    /// Datagrams lost, in a thousand.
    pub loss: u32,
    /// Datagrams that arrive twice, in a thousand.
    pub duplicate: u32,
}

impl Default for Link {
    fn default() -> Self {
        Self { delay: Duration::from_millis(5), jitter: Duration::ZERO, loss: 0, duplicate: 0 }
    }
}

/// What reaches a host.
#[derive(Debug, Clone)]
pub enum Arrival {
    /// A datagram, or one message of a connection; the flow as the receiver sees it.
    Message {
        /// Local is the receiver.
        flow: Flow,
        /// As sent.
        bytes: Bytes,
    },
    /// The connection has closed, or a datagram could not be delivered (ICMP); the flow as this host sees it.
    Failed {
        /// Local is the host that is told.
        flow: Flow,
    },
}

/// A host as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everything passes.
    Plugged,
    /// Everything to and from it vanishes: a phone whose battery died.
    Silent,
    /// Its datagrams come back as unreachable: a program that has ended on a living machine.
    Refusing,
}

/// The network between the hosts of one story.
#[derive(Debug)]
pub struct Network {
    clock: Clock,
    chance: Chance,
    link: Link,
    rules: Vec<Rule>,
    reach: HashMap<IpAddr, Reach>,
    flying: BinaryHeap<Reverse<Flying>>,
    sequence: u64,
    connections: BTreeMap<u64, Connection>,
    ready: VecDeque<Arrival>,
    seen_by_rules: HashSet<Bytes>,
    /// What was sent.
    pub ladder: Ladder,
}

impl Network {
    /// An empty network whose chance comes from the seed.
    pub fn new(clock: Clock, chance: Chance) -> Self {
        Self {
            clock,
            chance,
            link: Link::default(),
            rules: Vec::new(),
            reach: HashMap::new(),
            flying: BinaryHeap::new(),
            sequence: 0,
            connections: BTreeMap::new(),
            ready: VecDeque::new(),
            seen_by_rules: HashSet::new(),
            ladder: Ladder::default(),
        }
    }

    /// Sets how every link behaves from now on.
    pub fn set_link(&mut self, link: Link) {
        self.link = link;
    }

    /// Names a host and gives it a column in the ladder.
    pub fn host(&mut self, addresses: &[IpAddr], name: &str) {
        self.reach.extend(addresses.iter().map(|address| (*address, Reach::Plugged)));
        self.ladder.host(addresses, name);
    }

    /// Plugs a host in or out.
    pub fn set_reach(&mut self, address: IpAddr, reach: Reach) {
        self.reach.insert(address, reach);
    }

    /// Drops the next `count` datagrams that match, with all their retransmissions if `stubborn`. Connections lose nothing.
    pub fn drop_next(&mut self, count: u32, what: What, stubborn: bool) {
        self.rules.push(Rule { what, action: Action::Drop { stubborn }, left: count });
    }

    /// Holds the next `count` messages that match back for a while.
    pub fn hold_back(&mut self, count: u32, what: What, by: Duration) {
        self.rules.push(Rule { what, action: Action::HoldBack(by), left: count });
    }

    /// Opens a connection; both ends use the id. It is open at once.
    pub fn connect(&mut self, transport: Transport, from: SocketAddr, to: SocketAddr) -> ConnectionId {
        self.sequence += 1;
        let id = self.sequence;
        self.connections.insert(id, Connection::new(transport, from, to));
        ConnectionId(id)
    }

    /// Closes a connection from the side whose local address is in the flow; what is still flying arrives first.
    pub fn close(&mut self, now: Instant, flow: &Flow) {
        let Some(id) = flow.connection else { return };
        let delay = self.link.delay;
        let Some(connection) = self.connections.get_mut(&id.0) else { return };
        if !std::mem::replace(&mut connection.open, false) {
            return;
        }
        let to_server = flow.local == connection.client;
        let at = connection.arrival(to_server, now + delay);
        self.fly(at, Cargo::End { connection: id.0, to_server });
    }

    /// Closes all connections that were opened to a host, from its side.
    pub fn close_all_to(&mut self, now: Instant, host: IpAddr) {
        let connections = self.connections.iter().filter(|(_, connection)| connection.server.ip() == host);
        let flows = connections.map(|(id, connection)| Flow {
            transport: connection.transport,
            local: connection.server,
            remote: connection.client,
            connection: Some(ConnectionId(*id)),
        });
        for flow in flows.collect::<Vec<_>>() {
            self.close(now, &flow);
        }
    }

    /// Whether the connection of a flow is open; true for datagrams.
    pub fn is_open(&self, flow: &Flow) -> bool {
        flow.connection.is_none_or(|id| self.connections.get(&id.0).is_some_and(|connection| connection.open))
    }

    /// Sends bytes on a flow as the sender sees it.
    pub fn send(&mut self, now: Instant, flow: &Flow, bytes: &Bytes) {
        let message = Message::parse(bytes).ok();
        let verdict = self.verdict(flow, message.as_ref(), bytes);
        let fate = match flow.transport {
            Transport::Udp => self.send_datagram(now, flow, bytes, verdict),
            _ => self.send_segments(now, flow, bytes, verdict),
        };
        let at = self.clock.since_start(now);
        self.ladder.record(Rung { at, from: flow.local.ip(), to: flow.remote.ip(), message, fate });
    }

    /// When the next thing arrives.
    pub fn next(&self) -> Option<Instant> {
        self.flying.peek().map(|Reverse(flying)| flying.at)
    }

    /// Takes the next thing that has arrived by now, with the host it is for.
    pub fn arrive(&mut self, now: Instant) -> Option<Arrival> {
        loop {
            if let Some(arrival) = self.ready.pop_front() {
                return Some(arrival);
            }
            self.flying.peek().filter(|Reverse(flying)| flying.at <= now)?;
            let Reverse(flying) = self.flying.pop()?;
            self.land(now, flying.cargo);
        }
    }

    /// Messages still under way.
    pub fn flying(&self) -> usize {
        self.flying.len()
    }

    fn verdict(&mut self, flow: &Flow, message: Option<&Message>, bytes: &Bytes) -> Verdict {
        let Some(message) = message else { return Verdict::Pass };
        for rule in &mut self.rules {
            let spared = flow.transport.is_reliable() && matches!(rule.action, Action::Drop { .. });
            if spared || !rule.what.matches(flow.local.ip(), flow.remote.ip(), message) {
                continue;
            }
            match rule.action {
                Action::Drop { stubborn: true } if self.seen_by_rules.contains(bytes) => {
                    return Verdict::Drop;
                }
                _ if rule.left == 0 => {}
                Action::Drop { stubborn } => {
                    rule.left -= 1;
                    if stubborn {
                        self.seen_by_rules.insert(bytes.clone());
                    }
                    return Verdict::Drop;
                }
                Action::HoldBack(by) => {
                    rule.left -= 1;
                    return Verdict::HoldBack(by);
                }
            }
        }
        Verdict::Pass
    }

    fn send_datagram(&mut self, now: Instant, flow: &Flow, bytes: &Bytes, verdict: Verdict) -> Fate {
        let extra = match verdict {
            Verdict::Drop => return Fate::Dropped,
            Verdict::HoldBack(by) => by,
            Verdict::Pass => Duration::ZERO,
        };
        if self.reach(flow.local.ip()) != Reach::Plugged {
            return Fate::Unreachable;
        }
        match self.reach(flow.remote.ip()) {
            Reach::Plugged => {}
            Reach::Silent => return Fate::Unreachable,
            Reach::Refusing => {
                self.fly(now + self.link.delay * 2, Cargo::Bounce(*flow));
                return Fate::Unreachable;
            }
        }
        if self.chance.happens(self.link.loss) {
            return Fate::Lost;
        }
        let twice = self.chance.happens(self.link.duplicate);
        for _ in 0..=u8::from(twice) {
            let at = now + self.link.delay + extra + self.chance.duration(self.link.jitter);
            self.fly(at, Cargo::Datagram { from: flow.local, to: flow.remote, bytes: bytes.clone() });
        }
        if twice { Fate::Twice } else { Fate::Sent }
    }

    /// A stream knows no messages: the bytes travel in pieces of random size.
    fn send_segments(&mut self, now: Instant, flow: &Flow, bytes: &Bytes, verdict: Verdict) -> Fate {
        let extra = match verdict {
            Verdict::HoldBack(by) => by,
            Verdict::Pass | Verdict::Drop => Duration::ZERO,
        };
        let id = self.stream_of(flow);
        let gone =
            self.reach(flow.local.ip()) != Reach::Plugged || self.reach(flow.remote.ip()) != Reach::Plugged;
        let delay = self.link.delay + extra;
        let Some(connection) = self.connections.get_mut(&id).filter(|connection| connection.open) else {
            self.ready.push_back(Arrival::Failed { flow: *flow });
            return Fate::Unreachable;
        };
        if gone {
            return Fate::Unreachable;
        }
        let to_server = flow.local == connection.client;
        let at = connection.arrival(to_server, now + delay);
        if connection.transport.is_websocket() {
            self.fly(at, Cargo::Segment { connection: id, to_server, bytes: bytes.clone() });
            return Fate::Sent;
        }
        let mut rest = bytes.clone();
        while !rest.is_empty() {
            let most = 1 + self.chance.below(700);
            let piece = rest.split_to(rest.len().min(usize::try_from(most).unwrap_or(1)));
            self.fly(at, Cargo::Segment { connection: id, to_server, bytes: piece });
        }
        Fate::Sent
    }

    /// The connection of a flow. Who names none is content with any that it has opened there, else opens one, where anybody listens.
    fn stream_of(&mut self, flow: &Flow) -> u64 {
        if let Some(ConnectionId(id)) = flow.connection {
            return id;
        }
        let is_there = |connection: &Connection| {
            connection.open && connection.client == flow.local && connection.server == flow.remote
        };
        match self.connections.iter().find(|(_, connection)| is_there(connection)) {
            Some((id, _)) => *id,
            None if self.reach(flow.remote.ip()) == Reach::Refusing => 0,
            // Nobody can open one to a browser.
            None if flow.transport.is_websocket() => 0,
            None => self.connect(flow.transport, flow.local, flow.remote).0,
        }
    }

    fn fly(&mut self, at: Instant, cargo: Cargo) {
        self.sequence += 1;
        self.flying.push(Reverse(Flying { at, sequence: self.sequence, cargo }));
    }

    fn land(&mut self, now: Instant, cargo: Cargo) {
        match cargo {
            Cargo::Datagram { from, to, bytes } => {
                if self.reach(to.ip()) == Reach::Plugged {
                    let flow = Flow { transport: Transport::Udp, local: to, remote: from, connection: None };
                    self.ready.push_back(Arrival::Message { flow, bytes });
                }
            }
            Cargo::Bounce(flow) => self.ready.push_back(Arrival::Failed { flow }),
            Cargo::Segment { connection, to_server, bytes } => {
                self.land_segment(now, connection, to_server, &bytes)
            }
            Cargo::End { connection, to_server } => {
                if let Some(found) = self.connections.get(&connection) {
                    let flow = found.flow(connection, to_server);
                    if self.reach(flow.local.ip()) == Reach::Plugged {
                        self.ready.push_back(Arrival::Failed { flow });
                    }
                }
            }
        }
    }

    fn land_segment(&mut self, now: Instant, id: u64, to_server: bool, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let flow = connection.flow(id, to_server);
        if self.reach.get(&flow.local.ip()).is_some_and(|reach| *reach != Reach::Plugged) {
            return;
        }
        if flow.transport.is_websocket() {
            self.ready.push_back(Arrival::Message { flow, bytes: Bytes::copy_from_slice(bytes) });
            return;
        }
        let framer = connection.framer(to_server);
        framer.push(bytes);
        loop {
            match framer.next() {
                Ok(Some(Frame::Message(bytes))) => self.ready.push_back(Arrival::Message { flow, bytes }),
                Ok(Some(Frame::Ping | Frame::Pong)) => {}
                Ok(None) => return,
                Err(_) => break,
            }
        }
        self.close(now, &flow);
    }

    fn reach(&self, address: IpAddr) -> Reach {
        self.reach.get(&address).copied().unwrap_or(Reach::Silent)
    }
}

/// What a rule does with a message.
#[derive(Debug, Clone, Copy)]
enum Action {
    Drop { stubborn: bool },
    HoldBack(Duration),
}

#[derive(Debug)]
struct Rule {
    what: What,
    action: Action,
    left: u32,
}

#[derive(Debug, Clone, Copy)]
enum Verdict {
    Pass,
    Drop,
    HoldBack(Duration),
}

#[derive(Debug)]
struct Connection {
    transport: Transport,
    client: SocketAddr,
    server: SocketAddr,
    open: bool,
    to_client: Framer,
    to_server: Framer,
    last_to_client: Option<Instant>,
    last_to_server: Option<Instant>,
}

impl Connection {
    fn new(transport: Transport, client: SocketAddr, server: SocketAddr) -> Self {
        Self {
            transport,
            client,
            server,
            open: true,
            to_client: Framer::new(Limits::default()),
            to_server: Framer::new(Limits::default()),
            last_to_client: None,
            last_to_server: None,
        }
    }

    /// Never before what was sent earlier in the same direction: a stream keeps its order.
    fn arrival(&mut self, to_server: bool, at: Instant) -> Instant {
        let last = if to_server { &mut self.last_to_server } else { &mut self.last_to_client };
        let at = last.map_or(at, |last| last.max(at));
        *last = Some(at);
        at
    }

    fn framer(&mut self, to_server: bool) -> &mut Framer {
        if to_server { &mut self.to_server } else { &mut self.to_client }
    }

    /// The flow as the receiver sees it.
    fn flow(&self, id: u64, to_server: bool) -> Flow {
        let (local, remote) = if to_server { (self.server, self.client) } else { (self.client, self.server) };
        Flow { transport: self.transport, local, remote, connection: Some(ConnectionId(id)) }
    }
}

#[derive(Debug)]
enum Cargo {
    Datagram { from: SocketAddr, to: SocketAddr, bytes: Bytes },
    Segment { connection: u64, to_server: bool, bytes: Bytes },
    End { connection: u64, to_server: bool },
    Bounce(Flow),
}

#[derive(Debug)]
struct Flying {
    at: Instant,
    sequence: u64,
    cargo: Cargo,
}

impl PartialEq for Flying {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Flying {}

impl PartialOrd for Flying {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Flying {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

#[cfg(test)]
#[path = "net_tests.rs"]
mod tests;
