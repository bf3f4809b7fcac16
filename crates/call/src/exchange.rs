//! What all calls share: transactions, registrations, the tables that lead to a call, the snapshot, time, entropy and
//! the queue of what is to be done. A call changes nothing outside itself but through here.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use kiestoon_dialplan::{Overrides, Timestamp};
use kiestoon_media::MediaCommand;
use kiestoon_sip::registrar::{Aor, Binding, Gruus, Registrar};
use kiestoon_sip::transaction::{ClientId, ServerId, TransactionLayer};
use kiestoon_sip::{Flow, HeaderName, Request, Response, StatusCode, Transport};
use rand_chacha::ChaCha12Rng;
use rand_core::Rng;

use crate::distribution::Distribution;
use crate::event::Event;
use crate::flows::Flows;
use crate::losers::Losers;
use crate::parties::Parties;
use crate::rights::Ledger;
use crate::routes::{ClientOwner, Routes};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::switch::Output;
use crate::transfer::Crossing;
use crate::trunk::logins::Logins;
use crate::trunk::standing::Standings;
use crate::wall_clock::WallClock;
use crate::wire;

/// Shared by all calls; owned by the switch.
pub(crate) struct Exchange {
    /// The time of the input that is being handled.
    pub(crate) now: Instant,
    pub(crate) settings: Settings,
    /// What new calls begin with.
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) clock: WallClock,
    pub(crate) transactions: TransactionLayer,
    pub(crate) registrar: Registrar,
    pub(crate) routes: Routes,
    pub(crate) losers: Losers,
    pub(crate) logins: Logins,
    pub(crate) parties: Parties,
    pub(crate) distribution: Distribution,
    pub(crate) standings: Standings,
    pub(crate) ledger: Ledger,
    pub(crate) gruus: Gruus,
    pub(crate) flows: Flows,
    /// What calls have to say to each other.
    pub(crate) crossings: VecDeque<Crossing>,
    pub(crate) rng: ChaCha12Rng,
    /// Goes into the tags that are not random; see [`Self::response`].
    pub(crate) tag_secret: u64,
    /// By organisation.
    pub(crate) overrides: HashMap<Arc<str>, Overrides>,
    pub(crate) outputs: VecDeque<Output>,
}

impl Exchange {
    /// Now, as the dialplan judges hours.
    pub(crate) fn timestamp(&self) -> Timestamp {
        self.timestamp_at(self.now)
    }

    /// A moment, as the dialplan judges hours.
    pub(crate) fn timestamp_at(&self, now: Instant) -> Timestamp {
        let ahead = self.settings.dialplan_ahead_secs.saturating_mul(1_000_000);
        let micros = self.clock.micros(now).saturating_add(ahead);
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// What an organisation, by its id in the store, has open or closed whatever the clock says.
    pub(crate) fn overrides(&self, organisation: &str) -> &Overrides {
        static NONE: Overrides = Overrides::NONE;
        self.overrides.get(organisation).unwrap_or(&NONE)
    }

    /// Sends a request in a transaction of its own. Without an owner nobody wants to know the outcome.
    pub(crate) fn request(
        &mut self,
        mut request: Request,
        flow: Flow,
        owner: Option<ClientOwner>,
    ) -> ClientId {
        request.headers.set(HeaderName::UserAgent, self.settings.user_agent.clone());
        let proven = self.prove(&mut request);
        let stream = self.stream_beside(&request, &flow);
        let sent_by = wire::sent_by(&self.settings, &flow);
        let client = self.transactions.request_or_stream(self.now, request, flow, sent_by, stream);
        if let Some(proven) = proven {
            self.may_be_challenged(client, proven, flow);
        }
        if let Some(owner) = owner {
            self.routes.add_client(client, owner);
        }
        client
    }

    /// The stream that a request may take which is too long for a datagram: where it goes to the very address that it
    /// names, and that names no transport. Behind a NAT only the flow leads to the phone.
    fn stream_beside(&self, request: &Request, flow: &Flow) -> Option<Flow> {
        if flow.transport != Transport::Udp {
            return None;
        }
        let route = request.headers.addresses(&HeaderName::Route).ok()?.into_iter().next();
        let uri = route.as_ref().map_or(&request.uri, |route| &route.uri).as_sip()?;
        let is_named = uri.host.ip() == Some(flow.remote.ip()) && uri.port_or_default() == flow.remote.port();
        if !is_named || uri.params.contains("transport") {
            return None;
        }
        let serves = |ip: IpAddr| ip == flow.local.ip() || ip.is_unspecified();
        let tcp = self.settings.listen.iter().find(|(transport, address)| {
            *transport == Transport::Tcp && address.is_ipv4() == flow.local.is_ipv4() && serves(address.ip())
        });
        let local = SocketAddr::new(flow.local.ip(), tcp?.1.port());
        Some(Flow { transport: Transport::Tcp, local, ..*flow })
    }

    /// Sends the ACK of a 2xx.
    pub(crate) fn ack(&mut self, mut ack: Request, flow: Flow) {
        ack.headers.set(HeaderName::UserAgent, self.settings.user_agent.clone());
        self.prove_ack(&mut ack);
        let sent_by = wire::sent_by(&self.settings, &flow);
        self.transactions.ack(self.now, ack, flow, sent_by);
    }

    /// A response of ours, to be completed and sent. `tag` is our side of the dialog; without one a To that has no tag
    /// gets one that is the same for every copy of the request: nothing is kept of strangers, and their copies are answered
    /// anew (RFC 3261 section 8.2.7).
    pub(crate) fn response(&self, request: &Request, status: u16, tag: Option<&str>) -> Response {
        let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
        let mut response = request.response(status);
        if response.to.tag().is_none() && status != StatusCode::TRYING {
            match tag {
                Some(tag) => response.to.params.set("tag", tag),
                None => response.to.params.set("tag", self.tag_of(request).as_str()),
            }
        }
        response.headers.push(HeaderName::Server, self.settings.user_agent.clone());
        response
    }

    fn tag_of(&self, request: &Request) -> String {
        let mut hasher = DefaultHasher::new();
        let branch = request.via.first().and_then(|via| via.branch());
        let asked = (&*request.call_id, request.from.tag(), request.cseq.number, branch);
        (self.tag_secret, asked).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Sends a response.
    pub(crate) fn respond(&mut self, server: ServerId, response: Response) {
        self.transactions.respond(self.now, server, response);
    }

    /// Answers a request with a status and nothing else.
    pub(crate) fn answer(&mut self, server: ServerId, request: &Request, status: u16) {
        let response = self.response(request, status, None);
        self.respond(server, response);
    }

    /// Turns a request away whose sender has not proved who it is: it is answered, and nothing is kept of it.
    pub(crate) fn turn_away(&mut self, server: ServerId, request: &Request, status: u16) {
        let response = self.response(request, status, None);
        self.transactions.respond_stateless(self.now, server, &response);
    }

    /// Forgets the dialog that an unanswered INVITE of ours would have made.
    pub(crate) fn forget_branch(&mut self, invite: &Request) {
        if let Some(tag) = invite.from.tag() {
            self.forget_dialog(tag);
        }
    }

    /// Takes a request of ours back that has not been answered.
    pub(crate) fn cancel(&mut self, client: ClientId) {
        self.transactions.cancel(self.now, self.logins.present(client));
    }

    /// The contacts of an extension that may be used, best q first.
    pub(crate) fn bindings(&self, organisation: usize, snapshot: &Snapshot, number: &str) -> Vec<&Binding> {
        let Some(aor) = snapshot.aor(organisation, number) else { return Vec::new() };
        let mut bindings = self.registrar.lookup(self.now, &Aor::new(&aor));
        bindings.retain(|binding| !self.flows.is_dead(self.now, &binding.flow));
        bindings
    }

    pub(crate) fn media(&mut self, command: MediaCommand) {
        self.outputs.push_back(Output::Media(command));
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// 64 random bits.
    pub(crate) fn random(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// A tag: 64 random bits, twice what RFC 3261 section 19.3 asks for.
    pub(crate) fn token(&mut self) -> Box<str> {
        format!("{:016x}", self.random()).into_boxed_str()
    }

    /// A Call-ID: 128 random bits.
    pub(crate) fn call_id(&mut self) -> Box<str> {
        format!("{:016x}{:016x}", self.random(), self.random()).into_boxed_str()
    }
}
