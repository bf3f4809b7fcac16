//! Where a SIP URI leads (RFC 3263): which questions are asked of the DNS, and in which order the addresses that come of the
//! answers are tried. Whoever has a resolver asks; here it is decided.

mod srv;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::flow::Transport;
use crate::uri::{Host, SipUri};

/// What is known of a target before anybody is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// The name.
    pub host: Box<str>,
    /// The port, where the URI names one: then there is no SRV record to ask for.
    pub port: Option<u16>,
    /// The transport, where the URI names one.
    pub transport: Option<Transport>,
    /// `sips:`: secure transports only.
    pub secure: bool,
}

/// A question to the DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Which services a domain has.
    Naptr(Box<str>),
    /// Which hosts serve it.
    Srv(Box<str>),
    /// Which addresses a host has.
    Addresses(Box<str>),
}

/// The records that came; none where there are none, or nobody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Question::Srv`].
    Srv(Vec<Srv>),
    /// To [`Question::Addresses`].
    Addresses(Vec<IpAddr>),
}

/// A NAPTR record (RFC 3403), as far as SIP uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Lower first.
    pub order: u16,
    /// Lower first among equal order.
    pub preference: u16,
    /// `s` for all records of SIP.
    pub flags: Box<str>,
    /// `SIP+D2U` and others.
    pub service: Box<str>,
    /// The name of the SRV records.
    pub replacement: Box<str>,
}

/// An SRV record (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Lower first.
    pub priority: u16,
    /// The share of the calls among equal priority.
    pub weight: u16,
    /// The port of the service.
    pub port: u16,
    /// The host; `.` says that there is no such service.
    pub target: Box<str>,
}

/// One address to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

impl Query {
    /// What a URI says.
    #[must_use]
    pub fn of(uri: &SipUri) -> Self {
        let transport = uri.params.contains("transport").then(|| uri.transport()).flatten();
        Self { host: host(&uri.host), port: uri.port, transport, secure: uri.secure }
    }

    /// The transport where neither URI nor DNS chooses one (RFC 3263 section 4.1).
    fn default_transport(&self) -> Transport {
        match self.transport {
            Some(transport) => transport,
            None if self.secure => Transport::Tls,
            None => Transport::Udp,
        }
    }
}

/// One search. Ask [`question`](Self::question) until it has none left, giving each [`answer`](Self::answer).
#[derive(Debug)]
pub struct Locate {
    query: Query,
    /// The transports that we can use, the best liked first.
    can: Box<[Transport]>,
    steps: VecDeque<Step>,
    targets: Vec<Target>,
    found_service: bool,
    asked: usize,
}

#[derive(Debug, Clone)]
enum Step {
    Naptr,
    Srv { name: Box<str>, transport: Transport },
    Addresses { name: Box<str>, port: u16, transport: Transport },
}

impl Locate {
    /// A search for what a URI names.
    #[must_use]
    pub fn new(query: Query, can: &[Transport]) -> Self {
        let mut search = Self {
            query,
            can: can.into(),
            steps: VecDeque::new(),
            targets: Vec::new(),
            found_service: false,
            asked: 0,
        };
        let transport = search.query.default_transport();
        let literal: Option<IpAddr> = search.query.host.parse().ok();
        match (literal, search.query.port) {
            (Some(ip), port) => {
                let address = SocketAddr::new(ip, port.unwrap_or_else(|| transport.default_port()));
                search.add(Target { transport, address });
            }
            (None, Some(port)) => search.ask_host(port, transport),
            (None, None) if search.query.transport.is_some() => search.ask_services(&[transport]),
            (None, None) => search.steps.push_back(Step::Naptr),
        }
        search
    }

    /// What is to be asked next; none once all is known.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        if self.asked >= MOST_QUESTIONS || self.targets.len() >= MOST_TARGETS {
            return None;
        }
        Some(match self.steps.front()? {
            Step::Naptr => Question::Naptr(self.query.host.clone()),
            Step::Srv { name, .. } => Question::Srv(name.clone()),
            Step::Addresses { name, .. } => Question::Addresses(name.clone()),
        })
    }

    /// Takes the answer to the last question. `random` spreads the calls over equal hosts by their weight.
    pub fn answer(&mut self, answer: Answer, random: &mut impl FnMut() -> u64) {
        let Some(step) = self.steps.pop_front() else { return };
        self.asked += 1;
        match (step, answer) {
            (Step::Naptr, Answer::Naptr(records)) => self.services_of(records),
            (Step::Naptr, _) => self.services_of(Vec::new()),
            (Step::Srv { transport, .. }, Answer::Srv(records)) => {
                self.found_service |= !records.is_empty();
                // What these lead to comes before the services that are liked less.
                for record in srv::in_order(records, random).into_iter().take(MOST_RECORDS).rev() {
                    if &*record.target != "." {
                        let (name, port) = (record.target, record.port);
                        self.steps.push_front(Step::Addresses { name, port, transport });
                    }
                }
            }
            (Step::Addresses { port, transport, .. }, Answer::Addresses(addresses)) => {
                for ip in addresses.into_iter().take(MOST_RECORDS) {
                    self.add(Target { transport, address: SocketAddr::new(ip, port) });
                }
            }
            _ => {}
        }
        if self.steps.is_empty() && self.targets.is_empty() && !self.found_service {
            self.found_service = true;
            let transport = self.query.default_transport();
            self.ask_host(self.query.port.unwrap_or_else(|| transport.default_port()), transport);
        }
    }

    /// The addresses to try, in order.
    #[must_use]
    pub fn targets(self) -> Vec<Target> {
        self.targets
    }

    /// The services that NAPTR records name, in their order, or else those that we can use.
    fn services_of(&mut self, mut records: Vec<Naptr>) {
        records.sort_by_key(|record| (record.order, record.preference));
        for record in records.into_iter().take(MOST_RECORDS) {
            let transport = transport_of(&record.service);
            if let Some(transport) = transport.filter(|_| record.flags.eq_ignore_ascii_case("s"))
                && self.may(transport)
            {
                self.steps.push_back(Step::Srv { name: record.replacement, transport });
            }
        }
        if self.steps.is_empty() {
            let usable: Vec<_> = self.can.iter().copied().filter(|transport| self.may(*transport)).collect();
            self.ask_services(&usable);
        }
    }

    fn ask_services(&mut self, transports: &[Transport]) {
        for transport in transports {
            let prefix = match transport {
                Transport::Udp => "_sip._udp",
                Transport::Tcp => "_sip._tcp",
                Transport::Tls => "_sips._tcp",
                Transport::Ws | Transport::Wss => continue,
            };
            let name = format!("{prefix}.{}", self.query.host).into();
            self.steps.push_back(Step::Srv { name, transport: *transport });
        }
    }

    fn ask_host(&mut self, port: u16, transport: Transport) {
        self.steps.push_back(Step::Addresses { name: self.query.host.clone(), port, transport });
    }

    fn add(&mut self, target: Target) {
        let is_new = !self.targets.contains(&target);
        if is_new && self.may(target.transport) && self.targets.len() < MOST_TARGETS {
            self.targets.push(target);
        }
    }

    fn may(&self, transport: Transport) -> bool {
        self.can.contains(&transport) && (transport.is_secure() || !self.query.secure)
    }
}

/// A literal address without its brackets.
fn host(host: &Host) -> Box<str> {
    host.ip().map_or_else(|| host.to_string(), |ip| ip.to_string()).into()
}

/// The services of RFC 3263 section 4.1.
fn transport_of(service: &str) -> Option<Transport> {
    let known = [("SIP+D2U", Transport::Udp), ("SIP+D2T", Transport::Tcp), ("SIPS+D2T", Transport::Tls)];
    known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(service)).map(|(_, transport)| transport)
}

/// A domain's owner decides how much is asked and tried: within these bounds.
const MOST_RECORDS: usize = 8;
const MOST_TARGETS: usize = 16;
const MOST_QUESTIONS: usize = 24;

#[cfg(test)]
mod tests;
