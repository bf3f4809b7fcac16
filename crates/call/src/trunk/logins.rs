//! Dialogs with trunks that ask who we are (RFC 3261 section 22): their requests carry credentials once a nonce is known, and one that
//! is challenged all the same goes out once more, in a transaction of which its owner need not know.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use kiestoon_sip::digest::Session;
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, HeaderName, Method, Request, Response};
use serde::{Deserialize, Serialize};

use super::{Account, Trunk};
use crate::exchange::Exchange;
use crate::snapshot::Snapshot;

/// The dialogs over trunks with an account, and what is on its way in them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Logins {
    /// By the tag that we gave to the dialog.
    dialogs: HashMap<Box<str>, Login>,
    /// Requests in these dialogs that are unanswered.
    sent: HashMap<ClientId, Sent>,
    /// The transactions in which a request went out again, with the one that its owner knows.
    again: HashMap<ClientId, ClientId>,
    /// What is over, and when it is forgotten: until then something may still come of it.
    over: VecDeque<Over>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Login {
    /// The id of the organisation.
    organisation: Arc<str>,
    /// The name of its trunk.
    trunk: Arc<str>,
    /// As the snapshot of the call has it; of no use to who reads the frozen state.
    #[serde(skip)]
    account: Option<Account>,
    session: Session,
    /// The highest CSeq number so far.
    cseq: u32,
    /// The last INVITEs with their credentials, which their ACKs repeat (RFC 3261 section 13.2.2.4).
    invites: VecDeque<(u32, Credentials)>,
}

type Credentials = Vec<(HeaderName, Box<str>)>;

/// A request that may be challenged.
#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    request: Box<Request>,
    flow: Flow,
    challenges: u8,
}

#[derive(Debug, Serialize, Deserialize)]
struct Over {
    #[serde(with = "kiestoon_sip::plain")]
    at: Instant,
    what: What,
}

#[derive(Debug, Serialize, Deserialize)]
enum What {
    Dialog(Box<str>),
    Again(ClientId),
}

impl Logins {
    /// When something may be forgotten.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.over.front().map(|over| over.at)
    }

    /// The transaction that the owner of this one knows.
    pub(crate) fn known(&self, client: ClientId) -> ClientId {
        self.again.get(&client).copied().unwrap_or(client)
    }

    /// The same the other way round: where the request of an owner is now.
    pub(crate) fn present(&self, known: ClientId) -> ClientId {
        let again = self.again.iter().find(|(_, owners)| **owners == known);
        again.map_or(known, |(present, _)| *present)
    }

    /// Entries in all tables, for tests.
    pub(crate) fn len(&self) -> usize {
        self.dialogs.len() + self.sent.len() + self.again.len()
    }

    /// Gives the passwords back that are not frozen.
    pub(crate) fn thaw(&mut self, snapshot: &Snapshot) {
        for login in self.dialogs.values_mut() {
            let organisation = snapshot.index_of(&login.organisation);
            let trunk = organisation.and_then(|organisation| snapshot.trunk(organisation, &login.trunk));
            login.account = trunk.and_then(|trunk| trunk.account.clone());
        }
    }
}

impl Login {
    fn prove(&mut self, request: &mut Request, cnonce: &str) {
        self.cseq = self.cseq.max(request.cseq.number);
        let Some(account) = self.account.as_ref().filter(|_| !self.session.is_empty()) else { return };
        self.session.prove(request, &account.login, &account.password, cnonce);
        if request.method == Method::Invite {
            let names = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
            let given = names.iter().flat_map(|name| {
                request.headers.get_all(name).map(move |value| (name.clone(), Box::from(value)))
            });
            self.invites.push_back((request.cseq.number, given.collect()));
            if self.invites.len() > MOST_INVITES {
                self.invites.pop_front();
            }
        }
    }
}

impl Exchange {
    /// A dialog with a trunk begins, by an INVITE of ours or of the trunk's, in which we have this tag.
    pub(crate) fn begin_login(&mut self, organisation: &Arc<str>, trunk: &Trunk, tag: &str) {
        let Some(account) = trunk.account.clone() else { return };
        let login = Login {
            organisation: Arc::clone(organisation),
            trunk: Arc::clone(&trunk.name),
            account: Some(account),
            session: Session::default(),
            cseq: 0,
            invites: VecDeque::new(),
        };
        self.logins.dialogs.insert(tag.into(), login);
    }

    /// Forgets a dialog by our tag in it.
    pub(crate) fn forget_dialog(&mut self, tag: &str) {
        self.routes.remove_dialog(tag);
        if self.logins.dialogs.contains_key(tag) {
            self.forget_later(What::Dialog(tag.into()));
        }
    }

    /// Gives a request the credentials that its dialog has. Some where it may be challenged: what is sent again then.
    pub(crate) fn prove(&mut self, request: &mut Request) -> Option<Request> {
        let tag = request.from.tag()?;
        let _ = self.logins.dialogs.get(tag)?;
        let cnonce = self.token();
        self.logins.dialogs.get_mut(tag)?.prove(request, &cnonce);
        // What begins a dialog its call sends again: `challenge.rs`.
        request.to.tag().is_some().then(|| request.clone())
    }

    /// Gives the ACK of a 2xx the credentials that its INVITE had.
    pub(crate) fn prove_ack(&self, ack: &mut Request) {
        let login = ack.from.tag().and_then(|tag| self.logins.dialogs.get(tag));
        let invites = login.map(|login| &login.invites).into_iter().flatten();
        for (name, value) in invites.filter(|(cseq, _)| *cseq == ack.cseq.number).flat_map(|(_, given)| given)
        {
            ack.headers.push(name.clone(), value.clone());
        }
    }

    /// Keeps what [`Self::prove`] has given, now that it is sent.
    pub(crate) fn may_be_challenged(&mut self, client: ClientId, request: Request, flow: Flow) {
        let sent = Sent { request: Box::new(request), flow, challenges: 0 };
        self.logins.sent.insert(client, sent);
    }

    /// Takes the challenges of a response for the dialog in which we have this tag. False where they cannot be answered.
    pub(crate) fn is_answerable(&mut self, tag: &str, response: &Response) -> bool {
        let login = self.logins.dialogs.get_mut(tag).filter(|login| login.account.is_some());
        login.is_some_and(|login| {
            matches!(response.status.code(), 401 | 407) && login.session.challenged(&response.headers)
        })
    }

    /// Whether a response asks for credentials that are to be given: our tag and the other side's in its dialog. Of a dialog that
    /// is over only the BYE is worth it.
    pub(crate) fn asks_again(
        &mut self,
        client: ClientId,
        response: &Response,
    ) -> Option<(Box<str>, Box<str>)> {
        let sent = self.logins.sent.get(&client).filter(|sent| sent.challenges < MOST_CHALLENGES)?;
        let (ours, theirs) = (sent.request.from.tag()?, sent.request.to.tag()?);
        let is_wanted = self.routes.dialog(ours).is_some() || sent.request.method == Method::Bye;
        let tags = (Box::from(ours), Box::from(theirs));
        (is_wanted && self.is_answerable(&tags.0, response)).then_some(tags)
    }

    /// Sends such a request once more, with this CSeq number, else with the next one that is free.
    pub(crate) fn ask_again(&mut self, client: ClientId, cseq: Option<u32>) {
        let Some(Sent { mut request, flow, challenges }) = self.logins.sent.remove(&client) else { return };
        let known = self.logins.again.remove(&client).unwrap_or(client);
        let login = request.from.tag().and_then(|tag| self.logins.dialogs.get(tag));
        let next = login.map_or(0, |login| login.cseq).saturating_add(1);
        request.cseq.number = cseq.unwrap_or(next);
        let client = self.request(*request, flow, None);
        self.logins.again.insert(client, known);
        if let Some(sent) = self.logins.sent.get_mut(&client) {
            sent.challenges = challenges.saturating_add(1);
        }
    }

    /// A response came, or none will (None): the transaction that its owner knows.
    pub(crate) fn owners(&mut self, client: ClientId, response: Option<&Response>) -> ClientId {
        let known = self.logins.known(client);
        if response.is_some_and(|response| response.status.is_provisional()) {
            return known;
        }
        let Some(sent) = self.logins.sent.remove(&client) else { return known };
        if let Some(response) = response.filter(|response| response.status.is_success()) {
            let login = sent.request.from.tag().and_then(|tag| self.logins.dialogs.get_mut(tag));
            login.into_iter().for_each(|login| login.session.informed(&response.headers));
            if sent.request.method == Method::Invite && known != client {
                // It comes again until its ACK has arrived.
                self.forget_later(What::Again(client));
                return known;
            }
        }
        self.logins.again.remove(&client);
        known
    }

    fn forget_later(&mut self, what: What) {
        let at = self.now + self.settings.timers.transaction();
        self.logins.over.push_back(Over { at, what });
    }

    /// Forgets of what nothing can come any more.
    pub(crate) fn forget_logins(&mut self) {
        while let Some(over) = self.logins.over.pop_front_if(|over| over.at <= self.now) {
            match over.what {
                What::Dialog(tag) => drop(self.logins.dialogs.remove(&tag)),
                What::Again(client) => drop(self.logins.again.remove(&client)),
            }
        }
    }
}

/// Of one request. A proxy and the server behind it may ask one after the other, and a nonce may be stale.
pub(super) const MOST_CHALLENGES: u8 = 2;
/// The 2xx of those before cannot come any more.
const MOST_INVITES: usize = 2;
