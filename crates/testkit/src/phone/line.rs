//! One call as a phone sees it: its dialog, its session, and how far it has come.

use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Response, Uri};

use super::browser::Memory;
use super::session::Session;
use super::wire::{Asked, Branch};

/// A header field that a response has besides.
pub(super) type Field = (HeaderName, String);

/// How far a call of a phone has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// Our INVITE has no response but 100.
    Calling,
    /// It rings, here or there.
    Ringing,
    /// Answered.
    Talking,
    /// Our BYE waits for its response.
    Leaving,
    /// Over.
    Ended(Ended),
}

/// How a call of a phone ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// We hung up.
    ByUs,
    /// The other side hung up.
    ByThem,
    /// Our INVITE was refused with this status.
    Refused(u16),
    /// We refused their INVITE with this status.
    WeRefused(u16),
    /// They cancelled before we answered.
    Cancelled,
    /// Nothing came in answer to our request.
    Silence,
}

/// Where the offer of the current exchange stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    /// No exchange is open.
    Settled,
    /// Ours is out; the answer comes in a response or an ACK.
    Ours,
}

/// A call of a phone, with its dialog.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) peer: String,
    /// The number that its display shows: the peer's, or who the PBX has said since that it talks to.
    pub(crate) shown: String,
    pub(crate) caller: bool,
    pub(crate) state: LineState,
    pub(crate) call_id: String,
    pub(crate) local: NameAddr,
    pub(crate) remote: NameAddr,
    pub(crate) local_seq: u32,
    pub(crate) remote_seq: Option<u32>,
    pub(crate) target: Uri,
    pub(crate) session: Session,
    pub(crate) theirs: Option<Session>,
    /// Which way sound flowed before the offer that is out.
    pub(crate) before: super::session::Flowing,
    pub(crate) offer: Offer,
    /// What the next offer of ours is to be: a fax, or audio.
    pub(crate) wants_fax: Option<super::session::Fax>,
    /// What we had before the offer that is out.
    pub(crate) fax_before: Option<super::session::Fax>,
    /// Which way we want sound to flow, apart from what they want.
    pub(crate) wants: super::session::Flowing,
    /// The INVITE that made the dialog, sent by us.
    pub(crate) invite: Option<Branch>,
    /// A re-INVITE of ours that has no final response.
    pub(crate) reinvite: Option<Branch>,
    /// Their INVITE, while it is not finally answered.
    pub(crate) asked: Option<(Asked, Box<Request>)>,
    /// The ACK of the last 2xx we got, for its retransmissions.
    pub(crate) ack: Option<(u32, Request)>,
    /// We have cancelled, or want to as soon as a provisional response has come.
    pub(crate) cancels: bool,
    pub(crate) cancel_sent: bool,
    /// We hang up as soon as our 2xx is acknowledged: not before (RFC 3261 section 15).
    pub(crate) leaves: bool,
    /// A re-INVITE without an offer is wanted.
    pub(crate) offerless: bool,
    pub(crate) early: Early,
    /// The session timer that was agreed on: its interval, and whether we refresh.
    pub(crate) timer: Option<(u32, bool)>,
    pub(crate) memory: Memory,
}

/// What was said reliably before the answer.
#[derive(Debug, Default)]
pub(crate) struct Early {
    /// Which of the forks behind the contact this is; the first has none.
    pub(crate) fork: usize,
    /// The number of the last reliable response that we sent, and the response while its PRACK is to come.
    pub(crate) rseq: u32,
    pub(crate) unpracked: Option<Response>,
    /// The number of the last one that we got.
    pub(crate) heard: Option<u32>,
    /// The first offer is answered for good: no session description comes with the 200.
    pub(crate) settled: bool,
    /// An UPDATE of ours is unanswered.
    pub(crate) update: bool,
}

impl Line {
    /// A request within the dialog, without its Via.
    pub(crate) fn request(&mut self, method: Method) -> Request {
        self.local_seq += 1;
        let number = self.local_seq;
        self.request_numbered(method, number)
    }

    /// The ACK of a 2xx carries the number of its INVITE.
    pub(crate) fn request_numbered(&self, method: Method, number: u32) -> Request {
        let (target, local, remote) = (self.target.clone(), self.local.clone(), self.remote.clone());
        Request::new(method, target, local, remote, self.call_id.as_str(), number)
    }

    /// Shows who the PBX says that it talks to (RFC 3325).
    pub(crate) fn show(&mut self, headers: &kiestoon_sip::Headers) {
        if let Some(user) = headers.asserted_identity().and_then(|who| who.uri.user().map(str::to_owned)) {
            self.shown = user;
        }
    }

    /// Takes the dialog's remote side from a response that makes it, or refreshes the target.
    pub(crate) fn learn(&mut self, response: &Response) {
        if response.to.tag().is_some() {
            self.remote = response.to.clone();
        }
        self.show(&response.headers);
        if let Ok(Some(contact)) = response.headers.contact() {
            self.target = contact.uri;
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, LineState::Ended(_))
    }

    /// An offer of what this side wants now.
    pub(crate) fn offer(&mut self) -> String {
        let next = self.offered();
        (self.before, self.fax_before) = (self.session.flowing, self.session.fax);
        self.offer = Offer::Ours;
        self.describe(next)
    }

    /// All that this side would offer now.
    pub(crate) fn offered(&mut self) -> Session {
        let payloads = match self.wants_fax {
            Some(_) => Vec::new(),
            None => self.memory.speaks.clone().unwrap_or_else(|| self.session.all_payloads()),
        };
        let browser = self.transport();
        Session { flowing: self.wants, payloads, fax: self.wants_fax, browser, ..self.session.clone() }
    }

    /// Our offer was refused: all stays as it was (RFC 3261 section 14.1). The version does not go back.
    pub(crate) fn take_back(&mut self) {
        if self.offer == Offer::Ours {
            self.session.flowing = self.before;
            self.transport_taken_back();
            if self.session.fax != self.fax_before {
                self.session.fax = self.fax_before;
                self.session.payloads = match self.fax_before {
                    Some(_) => Vec::new(),
                    None => self.session.all_payloads(),
                };
            }
        }
        self.offer = Offer::Settled;
        self.offerless = false;
    }

    pub(crate) fn local_tag(&self) -> &str {
        self.local.tag().unwrap_or_default()
    }

    /// The description to send next: its version rises when something changed.
    pub(crate) fn describe(&mut self, next: Session) -> String {
        let changed = Session { version: self.session.version, ..next.clone() } != self.session;
        let version = self.session.version + u64::from(changed);
        self.session = Session { version, ..next };
        self.session.text()
    }
}
