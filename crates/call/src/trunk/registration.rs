//! Registering at one host of a trunk (RFC 3261 section 10.2): asked for, proved, and asked for again before it is over; after a
//! refusal or silence once more, ever later.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_sip::digest::Session;
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, HeaderName, Method, NameAddr, Request, Response, SipUri, Uri};
use serde::{Deserialize, Serialize};

use super::logins::MOST_CHALLENGES;
use super::options::Names;
use super::removal::Unbound;
use super::{Account, LONGEST_SEARCH, Trunk};
use crate::exchange::Exchange;
use crate::routes::ClientOwner;
use crate::settings::Settings;
use crate::wire;

/// One host, and how we stand there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Registration {
    /// Where it is.
    pub(crate) at: Registrar,
    call_id: Box<str>,
    tag: Box<str>,
    cseq: u32,
    /// Seconds to ask for.
    expires: u32,
    /// Who has asked for our credentials here.
    session: Session,
    step: Step,
    /// What the host last granted.
    pub(crate) granted: Option<Granted>,
    /// Refusals and silences in a row.
    failures: u32,
    /// The last of them, where nothing was granted since: the status, or 408 after silence.
    pub(crate) refused: Option<u16>,
    /// How often in a row it has been told to ask for longer.
    #[serde(default)]
    lengthened: u8,
}

/// A host of a trunk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Registrar {
    /// The id of the organisation.
    pub(crate) organisation: Arc<str>,
    /// The name of the trunk.
    pub(crate) trunk: Arc<str>,
    /// Its URI.
    pub(crate) host: Box<str>,
}

/// A binding of ours.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Granted {
    /// The way that calls come from.
    pub(crate) flow: Flow,
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) until: Instant,
}

#[derive(Debug, Serialize, Deserialize)]
enum Step {
    /// Nothing is on its way until then.
    Waiting(#[serde(with = "kiestoon_sip::plain")] Instant),
    /// The DNS is asked, and has until then.
    Locating(#[serde(with = "kiestoon_sip::plain")] Instant),
    /// A REGISTER is out.
    Asking { client: ClientId, request: Box<Request>, flow: Flow, left: VecDeque<Flow>, challenges: u8 },
}

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It goes on.
    None,
    /// We are registered, and were not.
    Registered,
    /// The host refuses us with this status, has said nothing (408), or has bound us for no time at all (2xx).
    Failed(u16),
}

impl Registration {
    pub(crate) fn new(x: &mut Exchange, at: Registrar, expires: u32) -> Self {
        let (call_id, tag) = (x.call_id(), x.token());
        let step = Step::Waiting(x.now);
        Self {
            at,
            call_id,
            tag,
            cseq: 0,
            expires,
            session: Session::default(),
            step,
            granted: None,
            failures: 0,
            refused: None,
            lengthened: 0,
        }
    }

    /// What it is asked for with has changed: it is asked for now, and proved anew. What was granted holds until the host says otherwise.
    pub(crate) fn begin_anew(&mut self, x: &Exchange, expires: u32) {
        self.expires = expires;
        self.session = Session::default();
        self.step = Step::Waiting(x.now);
        (self.failures, self.refused) = (0, None);
    }

    /// Whether this is the address that it is for.
    pub(crate) fn is_at(&self, trunk: &Trunk, address: &Uri) -> bool {
        match (&trunk.account, Uri::parse(&self.at.host)) {
            (Some(account), Ok(Uri::Sip(host))) => {
                trunk.address_of_record(account, &host).equivalent(address)
            }
            _ => false,
        }
    }

    /// When it has to be looked at.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.step {
            Step::Waiting(until) | Step::Locating(until) => Some(until),
            Step::Asking { .. } => None,
        }
    }

    /// Whether the host is to be located now.
    pub(crate) fn begins(&mut self, now: Instant) -> bool {
        let is_due = matches!(self.step, Step::Waiting(until) if until <= now);
        if is_due {
            self.step = Step::Locating(now + LONGEST_SEARCH);
        }
        is_due
    }

    /// Whether the DNS has said nothing for too long.
    pub(crate) fn is_lost(&self, now: Instant) -> bool {
        matches!(self.step, Step::Locating(until) if until <= now)
    }

    pub(crate) fn client(&self) -> Option<ClientId> {
        match self.step {
            Step::Asking { client, .. } => Some(client),
            _ => None,
        }
    }

    /// The ways to the host, in the order in which they are tried.
    pub(crate) fn located(&mut self, x: &mut Exchange, trunk: &Trunk, flows: Vec<Flow>) -> Change {
        let mut left = VecDeque::from(flows);
        match (&self.step, left.pop_front(), &trunk.account) {
            (Step::Locating(_), Some(flow), Some(account)) => self.ask(x, trunk, account, flow, left),
            (Step::Locating(_), _, _) => self.failed(x, 503, None),
            _ => Change::None,
        }
    }

    fn ask(
        &mut self,
        x: &mut Exchange,
        trunk: &Trunk,
        account: &Account,
        flow: Flow,
        left: VecDeque<Flow>,
    ) -> Change {
        match self.request(x, trunk, account, &flow) {
            Some(request) => self.send(x, account, request, (flow, left), 0),
            None => self.failed(x, 400, None),
        }
    }

    /// A REGISTER of our contact on this way.
    fn request(&mut self, x: &Exchange, trunk: &Trunk, account: &Account, flow: &Flow) -> Option<Request> {
        let Ok(Uri::Sip(host)) = Uri::parse(&self.at.host) else { return None };
        self.cseq = self.cseq.saturating_add(1);
        let names = Names { call_id: self.call_id.clone(), tag: self.tag.clone() };
        let mut request = trunk.register_request(&x.settings, account, &host, names, self.cseq);
        let mut contact = wire::contact(&x.settings, flow, false);
        if let Uri::Sip(uri) = &mut contact.uri {
            uri.user = Some(account.username.clone());
        }
        request.headers.push(HeaderName::Contact, contact.to_string());
        request.headers.push(HeaderName::Expires, self.expires.to_string());
        request.headers.push(HeaderName::Allow, wire::ALLOW);
        Some(request)
    }

    /// What ends our binding there, with the account of the trunk as it was made; None where there is none, and none is asked for.
    pub(crate) fn unbound(&mut self, x: &Exchange, trunk: &Trunk) -> Option<Unbound> {
        let account = trunk.account.clone()?;
        let flow = match (&self.granted, &self.step) {
            (Some(granted), _) if granted.until > x.now => granted.flow,
            (_, Step::Asking { flow, .. }) => *flow,
            _ => return None,
        };
        let request = self.request(x, trunk, &account, &flow)?;
        let host = self.at.host.clone();
        Some(Unbound { host, request, flow, account, session: self.session.clone() })
    }

    fn send(
        &mut self,
        x: &mut Exchange,
        account: &Account,
        mut request: Request,
        (flow, left): (Flow, VecDeque<Flow>),
        challenges: u8,
    ) -> Change {
        self.session.prove(&mut request, &account.login, &account.password, &x.token());
        let client = x.request(request.clone(), flow, Some(ClientOwner::Registration));
        self.step = Step::Asking { client, request: Box::new(request), flow, left, challenges };
        Change::None
    }

    /// A final response.
    pub(crate) fn responded(&mut self, x: &mut Exchange, trunk: &Trunk, response: &Response) -> Change {
        let status = response.status.code();
        let Step::Asking { request, flow, left, challenges, .. } = &mut self.step else {
            return Change::None;
        };
        let (flow, left) = (*flow, std::mem::take(left));
        match (status, &trunk.account) {
            (200..300, _) => {
                self.session.informed(&response.headers);
                // None is granted longer than was asked for (RFC 3261 section 10.3): by that a dead binding would be believed in.
                let secs = granted(response, request).map_or(self.expires, |secs| secs.min(self.expires));
                if secs > 0 {
                    return self.bound(x, flow, secs);
                }
            }
            (401 | 407, Some(account))
                if *challenges < MOST_CHALLENGES && self.session.challenged(&response.headers) =>
            {
                self.cseq = self.cseq.saturating_add(1);
                let (mut request, challenges) = (Request::clone(request), challenges.saturating_add(1));
                request.cseq.number = self.cseq;
                return self.send(x, account, request, (flow, left), challenges);
            }
            (423, Some(account)) => {
                let least = response
                    .headers
                    .min_expires()
                    .filter(|least| (self.expires + 1..=LONGEST).contains(least));
                if let Some(least) = least {
                    self.expires = least;
                    self.lengthened = self.lengthened.saturating_add(1);
                    if self.lengthened <= MOST_LENGTHENED {
                        return self.ask(x, trunk, account, flow, left);
                    }
                }
            }
            (408 | 500..600, Some(account)) if !left.is_empty() => {
                return self.ask_next(x, trunk, account, left, status);
            }
            _ => {}
        }
        self.failed(x, status, response.headers.retry_after())
    }

    /// No response has come.
    pub(crate) fn silent(&mut self, x: &mut Exchange, trunk: &Trunk) -> Change {
        let Step::Asking { left, .. } = &mut self.step else { return Change::None };
        let left = std::mem::take(left);
        match &trunk.account {
            Some(account) => self.ask_next(x, trunk, account, left, 408),
            None => self.failed(x, 408, None),
        }
    }

    fn ask_next(
        &mut self,
        x: &mut Exchange,
        trunk: &Trunk,
        account: &Account,
        mut left: VecDeque<Flow>,
        status: u16,
    ) -> Change {
        match left.pop_front() {
            Some(flow) => self.ask(x, trunk, account, flow, left),
            None => self.failed(x, status, None),
        }
    }

    fn bound(&mut self, x: &Exchange, flow: Flow, secs: u32) -> Change {
        let lasts = Duration::from_secs(u64::from(secs));
        let was_bound = self.granted.is_some();
        self.granted = Some(Granted { flow, until: x.now + lasts });
        (self.failures, self.refused, self.lengthened) = (0, None, 0);
        self.step = Step::Waiting(x.now + lasts.mul_f64(REFRESHED).max(SOONEST_REFRESH));
        if was_bound { Change::None } else { Change::Registered }
    }

    /// A connection is lost. Where it is the one that the host sends us calls by, it is asked for again soon, though no more often than
    /// RFC 5626 section 4.5 wants: a host may close each connection that it has answered on.
    pub(crate) fn flow_lost(&mut self, x: &mut Exchange, flow: &Flow) {
        let (Some(granted), Step::Waiting(until)) = (self.granted, &self.step) else { return };
        let (until, ours) = (*until, granted.flow);
        let is_ours =
            flow.transport.is_reliable() && (flow.transport, flow.remote) == (ours.transport, ours.remote);
        if !is_ours || self.failures > 0 || until <= x.now + BASE_TIME {
            return;
        }
        let lasts = granted.until.saturating_duration_since(until).div_f64(1.0 - REFRESHED);
        let soonest = granted.until.checked_sub(lasts).map_or(x.now, |since| since + BASE_TIME);
        let spread = Duration::from_millis(x.random() % 2_000);
        self.step = Step::Waiting((x.now + spread).max(soonest));
    }

    /// Waits before it tries again: for as long as the host says, else ever longer. What was granted holds until it is over.
    fn failed(&mut self, x: &mut Exchange, status: u16, retry_after: Option<u32>) -> Change {
        self.granted = self
            .granted
            .filter(|granted| granted.until > x.now && !matches!(status, 200..300 | 401 | 403 | 404 | 407));
        self.lengthened = 0;
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(5)).min(LONGEST_WAIT);
        let told =
            retry_after.map(|secs| Duration::from_secs(u64::from(secs)).clamp(FIRST_WAIT, LONGEST_WAIT));
        // Not all trunks of all customers at one moment, once the host is back.
        let spread = Duration::from_millis(x.random() % 5_000);
        self.failures = self.failures.saturating_add(1);
        self.refused = Some(status);
        self.step = Step::Waiting(x.now + told.unwrap_or(wait) + spread);
        Change::Failed(status)
    }
}

impl Trunk {
    /// Whether it asks its hosts for a registration as another state of it did.
    pub(crate) fn registers_like(&self, other: &Self) -> bool {
        let words = |of: &Self| (of.account.clone(), of.registers, of.domain.clone(), of.route.clone());
        words(self) == words(other)
    }

    /// A REGISTER that asks which contacts a host knows, and changes none (RFC 3261 section 10.2.3); without Via. None where the
    /// host knows us by our address.
    pub fn bindings_request(&self, settings: &Settings, host: &SipUri, names: Names) -> Option<Request> {
        let account = self.account.as_ref()?;
        Some(self.register_request(settings, account, host, names, FIRST_CSEQ))
    }

    /// The address that a host knows us by.
    pub(crate) fn address_of_record(&self, account: &Account, host: &SipUri) -> Uri {
        let domain = self.domain.clone().unwrap_or_else(|| host.host.clone());
        Uri::Sip(SipUri::new(domain).with_user(&account.username))
    }

    /// A REGISTER without a contact.
    fn register_request(
        &self,
        settings: &Settings,
        account: &Account,
        host: &SipUri,
        names: Names,
        cseq: u32,
    ) -> Request {
        let who = NameAddr::new(self.address_of_record(account, host));
        let from = who.clone().with_tag(&names.tag);
        let uri = Uri::Sip(SipUri { user: None, ..host.clone() });
        let mut request = Request::new(Method::Register, uri, from, who, names.call_id, cseq);
        request.max_forwards = Some(settings.max_forwards);
        request.headers.push_addresses(&HeaderName::Route, &self.route);
        request
    }
}

/// Seconds that the host grants our contact; it lists those of others too.
fn granted(response: &Response, request: &Request) -> Option<u32> {
    let ours = request.headers.contact().ok().flatten()?;
    let contacts = response.headers.addresses(&HeaderName::Contact).unwrap_or_default();
    let own = contacts.iter().find(|contact| contact.uri.equivalent(&ours.uri)).or_else(|| contacts.first());
    own.and_then(NameAddr::expires).or_else(|| response.headers.expires())
}

const FIRST_CSEQ: u32 = 1;
/// Of its time.
const REFRESHED: f64 = 0.8;
/// A registrar that grants seconds is not asked all the time; between two REGISTERs we are not bound there.
const SOONEST_REFRESH: Duration = Duration::from_secs(10);
/// Seconds.
const LONGEST: u32 = 24 * 3600;
/// How long a registration lasts at least before a lost connection has it made anew.
const BASE_TIME: Duration = Duration::from_secs(30);
/// REGISTERs that ask at once for what a 423 wants. One is enough for a registrar that knows what it wants.
const MOST_LENGTHENED: u8 = 2;
const FIRST_WAIT: Duration = Duration::from_secs(10);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
