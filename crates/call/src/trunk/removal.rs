//! Takes a binding of ours at a host of a trunk back before its time is over (RFC 3261 section 10.2.2), by whatever account it was
//! made with: else the provider rings us until then. Tried once; what comes of it changes nothing but that it is over.

use std::time::{Duration, Instant};

use kiestoon_sip::digest::Session;
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, HeaderName, Request, Response, Uri};

use super::Account;
use super::logins::MOST_CHALLENGES;
use crate::exchange::Exchange;
use crate::routes::ClientOwner;

/// A REGISTER that is not sent yet.
pub(crate) struct Unbound {
    /// The host of the trunk that has granted it.
    pub(super) host: Box<str>,
    pub(super) request: Request,
    pub(super) flow: Flow,
    pub(super) account: Account,
    pub(super) session: Session,
}

/// The same on its way.
#[derive(Debug)]
pub(crate) struct Removal {
    host: Box<str>,
    request: Box<Request>,
    flow: Flow,
    /// The trunk may be gone, and another account be there in its place.
    account: Account,
    session: Session,
    client: ClientId,
    challenges: u8,
    until: Instant,
}

impl Unbound {
    /// The address-of-record that is no longer to lead to us.
    pub(crate) const fn address(&self) -> &Uri {
        &self.request.to.uri
    }

    pub(crate) fn send(self, x: &mut Exchange) -> Removal {
        let Self { host, mut request, flow, account, mut session } = self;
        request.headers.set(HeaderName::Expires, "0");
        let client = sent(x, &mut request, flow, &account, &mut session);
        let (request, until) = (Box::new(request), x.now + STOP_WAITS);
        Removal { host, request, flow, account, session, client, challenges: 0, until }
    }
}

impl Removal {
    /// The host of the trunk that it is sent to. Another one has bindings of its own.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The address-of-record that is no longer to lead to us.
    pub(crate) const fn address(&self) -> &Uri {
        &self.request.to.uri
    }

    pub(crate) const fn client(&self) -> ClientId {
        self.client
    }

    /// How long a PBX that stops waits for it.
    pub(crate) const fn until(&self) -> Instant {
        self.until
    }

    /// A final response. True where it was a challenge, and the proof is on its way.
    pub(crate) fn responded(&mut self, x: &mut Exchange, response: &Response) -> bool {
        let is_asked = matches!(response.status.code(), 401 | 407) && self.challenges < MOST_CHALLENGES;
        if !is_asked || !self.session.challenged(&response.headers) {
            return false;
        }
        self.challenges = self.challenges.saturating_add(1);
        self.request.cseq.number = self.request.cseq.number.saturating_add(1);
        self.client = sent(x, &mut self.request, self.flow, &self.account, &mut self.session);
        true
    }
}

fn sent(
    x: &mut Exchange,
    request: &mut Request,
    flow: Flow,
    account: &Account,
    session: &mut Session,
) -> ClientId {
    session.prove(request, &account.login, &account.password, &x.token());
    x.request(request.clone(), flow, Some(ClientOwner::Registration))
}

/// A stop does not wait for a host that is gone.
const STOP_WAITS: Duration = Duration::from_secs(3);
