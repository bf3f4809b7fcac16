//! A phone's own transactions (RFC 3261 section 17), written apart from the PBX's, so that the two check each
//! other: what is retransmitted, what is absorbed, what is acknowledged.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kiestoon_sip::{Flow, HeaderName, Headers, Message, Method, Request, Response};

use super::profile::Named;

/// What a phone puts on the network.
pub(crate) type Sent = (Flow, Bytes);

/// Names a client transaction of this phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Branch {
    id: String,
    method: Method,
}

/// Names a server transaction of this phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    branch: String,
    method: Method,
}

/// What the wire found out.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A request not seen before, never an ACK.
    Request(Asked, Box<Request>),
    /// An ACK; `fresh` where it is the first that fits a response of ours.
    Ack { request: Box<Request>, fresh: bool },
    /// A response to a request of ours; 2xx of INVITE every time it comes, other finals once.
    Response(Branch, Box<Response>),
    /// A retransmission, already dealt with.
    Retransmission,
    /// A response that fits no request of ours.
    Stray,
}

/// What became overdue.
#[derive(Debug)]
pub(crate) enum Overdue {
    /// No final response came in 64*T1 (Timers B and F).
    NoResponse(Branch),
    /// A 2xx of ours was never acknowledged (RFC 3261 section 13.3.1.4).
    NoAck(Asked),
}

/// The transactions of one phone.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    out: VecDeque<Sent>,
    clients: Vec<Client>,
    servers: Vec<Server>,
    /// Those that are over: a response may still come, late.
    past: Vec<Branch>,
    named: Option<(Named, String)>,
}

impl Wire {
    /// Of a phone that says what it is.
    pub(crate) fn named(named: Option<(Named, String)>) -> Self {
        Self { named, ..Self::default() }
    }

    fn name(&self, method: &Method, headers: &mut Headers) {
        let wanted = if *method == Method::Register { Named::Registering } else { Named::Calling };
        if let Some((named, name)) = &self.named
            && *named == wanted
        {
            headers.set(HeaderName::UserAgent, name.clone());
        }
    }

    /// Sends a request that already has its Via.
    pub(crate) fn request(&mut self, now: Instant, mut request: Request, flow: Flow) -> Branch {
        self.name(&request.method.clone(), &mut request.headers);
        let branch = Branch { id: branch_of(&request), method: request.method.clone() };
        let bytes = request.to_bytes();
        let resend = (!flow.transport.is_reliable()).then(|| Resend::new(now, bytes.clone()));
        let invite = request.method == Method::Invite;
        self.out.push_back((flow, bytes));
        let state = ClientState::Waiting { give_up: now + T1 * 64 };
        self.clients.push(Client { branch: branch.clone(), request, flow, resend, invite, state });
        branch
    }

    /// Sends something that is no transaction: the ACK of a 2xx, a duplicate, bytes of a test.
    pub(crate) fn send(&mut self, flow: Flow, bytes: Bytes) {
        self.out.push_back((flow, bytes));
    }

    /// Answers a request. Finals of INVITE go on until the ACK.
    pub(crate) fn respond(&mut self, now: Instant, asked: &Asked, response: &Response) {
        let mut response = response.clone();
        self.name(&asked.method, &mut response.headers);
        let Some(server) = self.servers.iter_mut().find(|server| server.asked == *asked) else { return };
        let bytes = response.to_bytes();
        self.out.push_back((server.flow, bytes.clone()));
        let status = response.status.code();
        if status >= 200 {
            server.until = Some(now + T1 * 64);
            let until_ack = server.asked.method == Method::Invite
                && (status < 300 || !server.flow.transport.is_reliable());
            if until_ack {
                server.waits_for_ack = true;
                server.resend = Some(Resend::new(now, bytes.clone()));
            }
            server.accepted = status < 300;
        }
        server.last = Some(bytes);
    }

    /// Whether a request of ours still waits for a final response.
    pub(crate) fn is_waiting(&self, branch: &Branch) -> bool {
        self.clients
            .iter()
            .any(|client| client.branch == *branch && !matches!(client.state, ClientState::Done { .. }))
    }

    /// Whether a provisional response has come: only then may a CANCEL be sent (RFC 3261 section 9.1).
    pub(crate) fn has_provisional(&self, branch: &Branch) -> bool {
        self.clients
            .iter()
            .any(|client| client.branch == *branch && matches!(client.state, ClientState::Proceeding { .. }))
    }

    /// Waits no longer for the outcome of a request: its dialog is over.
    pub(crate) fn abandon(&mut self, branch: &Branch) {
        self.past.extend(
            self.clients.extract_if(.., |client| client.branch == *branch).map(|client| client.branch),
        );
    }

    /// The request of a client transaction, for its CANCEL, its ACK, or another attempt with credentials.
    pub(crate) fn request_of(&self, branch: &Branch) -> Option<&Request> {
        self.clients.iter().find(|client| client.branch == *branch).map(|client| &client.request)
    }

    /// Takes a message that has arrived.
    pub(crate) fn receive(&mut self, now: Instant, message: Message, flow: Flow) -> Heard {
        match message {
            Message::Request(request) if request.method == Method::Ack => self.acknowledged(request),
            Message::Request(request) => self.asked(request, flow),
            Message::Response(response) => self.answered(now, response),
        }
    }

    /// Retransmits what is due and reports what is overdue.
    pub(crate) fn tick(&mut self, now: Instant) -> Vec<Overdue> {
        let mut overdue = Vec::new();
        for client in &mut self.clients {
            let early = matches!(client.state, ClientState::Proceeding { .. });
            if let Some(bytes) =
                client.resend.as_mut().and_then(|resend| resend.due(now, early || !client.invite))
            {
                self.out.push_back((client.flow, bytes));
            }
            let given_up = match client.state {
                ClientState::Waiting { give_up } => give_up <= now,
                ClientState::Proceeding { give_up } => give_up.is_some_and(|at| at <= now),
                ClientState::Done { .. } => false,
            };
            if given_up {
                overdue.push(Overdue::NoResponse(client.branch.clone()));
                client.resend = None;
                client.state = ClientState::Done { until: now };
            }
        }
        for server in &mut self.servers {
            let accepted = server.accepted;
            if let Some(bytes) = server.resend.as_mut().and_then(|resend| resend.due(now, true)) {
                self.out.push_back((server.flow, bytes));
            }
            if server.until.is_some_and(|until| until <= now) && server.waits_for_ack {
                server.waits_for_ack = false;
                server.resend = None;
                if accepted {
                    overdue.push(Overdue::NoAck(server.asked.clone()));
                }
            }
        }
        let is_past =
            |client: &mut Client| matches!(client.state, ClientState::Done { until } if until <= now);
        self.past.extend(self.clients.extract_if(.., is_past).map(|client| client.branch));
        self.servers.retain(|server| server.until.is_none_or(|until| until > now));
        overdue
    }

    /// The next thing to send.
    pub(crate) fn poll(&mut self) -> Option<Sent> {
        self.out.pop_front()
    }

    /// When `tick` is wanted.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let clients = self.clients.iter().flat_map(|client| {
            let end = match client.state {
                ClientState::Waiting { give_up } => Some(give_up),
                ClientState::Proceeding { give_up } => give_up,
                ClientState::Done { until } => Some(until),
            };
            [end, client.resend.as_ref().map(|resend| resend.at)]
        });
        let servers = self
            .servers
            .iter()
            .flat_map(|server| [server.until, server.resend.as_ref().map(|resend| resend.at)]);
        clients.chain(servers).flatten().min()
    }

    /// What is still open, in words; empty once everything is over.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let clients =
            self.clients.iter().map(|client| format!("client transaction {}", client.request.method));
        let servers = self.servers.iter().map(|server| format!("server transaction {}", server.asked.method));
        clients.chain(servers).collect()
    }

    /// Forgets everything: the phone has died. What it had asked is not strange when it comes back to life.
    pub(crate) fn clear(&mut self) {
        let clients = std::mem::take(&mut self.clients).into_iter().map(|client| client.branch);
        let past = std::mem::take(&mut self.past).into_iter().chain(clients).collect();
        *self = Self { past, ..Self::default() };
    }

    fn acknowledged(&mut self, request: Request) -> Heard {
        let tag = request.from.tag().unwrap_or_default();
        let mut fresh = false;
        for server in &mut self.servers {
            let fits = *server.call_id == *request.call_id
                && server.cseq == request.cseq.number
                && server.from_tag == tag
                && server.asked.method == Method::Invite;
            if fits && server.waits_for_ack {
                server.waits_for_ack = false;
                server.resend = None;
                fresh = true;
            }
        }
        Heard::Ack { request: Box::new(request), fresh }
    }

    fn asked(&mut self, request: Request, flow: Flow) -> Heard {
        let asked = Asked { branch: branch_of(&request), method: request.method.clone() };
        if let Some(server) = self.servers.iter().find(|server| server.asked == asked) {
            if let Some(bytes) = server.last.clone() {
                self.out.push_back((server.flow, bytes));
            }
            return Heard::Retransmission;
        }
        self.servers.push(Server {
            asked: asked.clone(),
            flow,
            call_id: request.call_id.to_string(),
            cseq: request.cseq.number,
            from_tag: request.from.tag().unwrap_or_default().to_owned(),
            last: None,
            resend: None,
            waits_for_ack: false,
            accepted: false,
            until: None,
        });
        Heard::Request(asked, Box::new(request))
    }

    fn answered(&mut self, now: Instant, response: Response) -> Heard {
        let id = response.via.first().and_then(|via| via.branch()).unwrap_or_default().to_owned();
        let branch = Branch { id, method: response.cseq.method.clone() };
        let found = self.clients.iter_mut().find(|client| client.branch == branch);
        let Some(client) = found else {
            return if self.past.contains(&branch) { Heard::Retransmission } else { Heard::Stray };
        };
        let status = response.status.code();
        let done = matches!(client.state, ClientState::Done { .. });
        if status < 200 {
            if done {
                return Heard::Retransmission;
            }
            if client.invite {
                client.resend = None;
                client.state = ClientState::Proceeding { give_up: None };
            } else if let ClientState::Waiting { give_up } = client.state {
                client.state = ClientState::Proceeding { give_up: Some(give_up) };
            }
        } else {
            if client.invite && status >= 300 {
                let ack = ack_of_refusal(&client.request, &response);
                self.out.push_back((client.flow, ack.to_bytes()));
            }
            client.resend = None;
            if done && !(client.invite && status < 300) {
                return Heard::Retransmission;
            }
            if !done {
                let linger = client.invite || !client.flow.transport.is_reliable();
                let until = if linger { now + T1 * 64 } else { now };
                client.state = ClientState::Done { until };
            }
        }
        Heard::Response(branch, Box::new(response))
    }
}

/// The ACK of a non-2xx: same branch, same CSeq number, the To of the response (RFC 3261 section 17.1.1.3).
fn ack_of_refusal(invite: &Request, response: &Response) -> Request {
    let (target, from, to) = (invite.uri.clone(), invite.from.clone(), response.to.clone());
    let mut ack = Request::new(Method::Ack, target, from, to, invite.call_id.clone(), invite.cseq.number);
    ack.via = invite.via.first().cloned().into_iter().collect();
    for route in invite.headers.get_all(&HeaderName::Route) {
        ack.headers.push(HeaderName::Route, route);
    }
    ack
}

fn branch_of(request: &Request) -> String {
    request.via.first().and_then(|via| via.branch()).unwrap_or_default().to_owned()
}

#[derive(Debug)]
struct Client {
    branch: Branch,
    request: Request,
    flow: Flow,
    resend: Option<Resend>,
    invite: bool,
    state: ClientState,
}

#[derive(Debug)]
enum ClientState {
    Waiting { give_up: Instant },
    Proceeding { give_up: Option<Instant> },
    Done { until: Instant },
}

#[derive(Debug)]
struct Server {
    asked: Asked,
    flow: Flow,
    call_id: String,
    cseq: u32,
    from_tag: String,
    last: Option<Bytes>,
    resend: Option<Resend>,
    waits_for_ack: bool,
    accepted: bool,
    until: Option<Instant>,
}

#[derive(Debug)]
struct Resend {
    bytes: Bytes,
    at: Instant,
    interval: Duration,
}

impl Resend {
    fn new(now: Instant, bytes: Bytes) -> Self {
        Self { bytes, at: now + T1, interval: T1 }
    }

    fn due(&mut self, now: Instant, capped: bool) -> Option<Bytes> {
        if self.at > now {
            return None;
        }
        self.interval *= 2;
        if capped {
            self.interval = self.interval.min(T2);
        }
        self.at = now + self.interval;
        Some(self.bytes.clone())
    }
}

/// The round trip estimate (RFC 3261 section 17.1.1.1).
pub(crate) const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
