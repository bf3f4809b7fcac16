//! Trunks, the ways to the public network: what an operator has said of one. How a call goes out over it is in `outbound`, the
//! INVITE that it gets in `invite`, how its challenges are answered in `challenge` and `logins`, when it is left in `patience`, who
//! calls from it in `inbound`, and what it may ask for in `asked`. How it stands is in `standing`: its hosts by `health`, its calls by
//! `channels`, `limits` and `pace`, and what they came to by `results`. What its provider calls a call is in `names`. How callers' numbers are signed is in `stir`, how they are
//! verified in `verification`. What a test call over it says is in `test_call`.

pub(crate) mod asked;
pub(crate) mod challenge;
pub(crate) mod channels;
pub(crate) mod choice;
pub(crate) mod health;
pub(crate) mod inbound;
pub(crate) mod invite;
mod limits;
pub(crate) mod logins;
mod names;
mod number;
pub(crate) mod options;
pub(crate) mod outbound;
mod pace;
mod patience;
mod rate_card;
pub(crate) mod rates;
pub(crate) mod registration;
pub(crate) mod removal;
mod results;
pub(crate) mod standing;
mod stir;
mod terms;
mod test_call;
pub(crate) mod verification;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kiestoon_dialplan::Country;
use kiestoon_media::SrtpPolicy;
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Host, NameAddr, SipUri};

pub use health::{HostFault, HostState};
pub use number::{IncomingForm, NumberForm};
pub use options::Names;
pub use rate_card::{RateCard, RateFault, RateFaultKind};
pub use rates::{Rate, Rates};
pub use results::TrunkResult;
pub use stir::{Signing, Stir, StirPolicy};
pub(crate) use terms::MediaTerms;
pub use terms::{AnonymousCallers, DtmfMode, UnknownNumbers};
pub use test_call::{NoSpeech, TestInvite};

/// A provider, or another PBX, that calls go out to and come in from.
#[derive(Debug)]
pub struct Trunk {
    /// The id in the store.
    pub id: Arc<str>,
    /// What the dialplan calls it.
    pub name: Arc<str>,
    /// Where its requests go, in order of preference: hosts or domains, with port and transport where they are given.
    pub hosts: Vec<SipUri>,
    /// The host in the addresses of its messages; None: that of the host which is tried.
    pub domain: Option<Host>,
    /// The proxies that its requests pass first.
    pub route: Vec<NameAddr>,
    /// The addresses that its calls come from; one that several trunks have is told apart by what is called.
    pub addresses: Vec<Network>,
    /// What an INVITE of it carries besides: trunks that share addresses are told apart by it.
    pub identified_by: Option<HeaderRule>,
    /// The numbers, in E.164 or short words, that are called over it, each with the context of the dialplan that its calls
    /// enter where that is not the usual one. Without any, every number is.
    pub numbers: HashMap<Box<str>, Option<Box<str>>>,
    /// What its challenges are answered with; None: it knows us by our address.
    pub account: Option<Account>,
    /// Seconds that we ask its hosts to register us for; None: it does not want to be registered at.
    pub registers: Option<u32>,
    /// How numbers are written that go out.
    pub number_form: NumberForm,
    /// How it writes numbers to us.
    pub incoming_form: IncomingForm,
    /// The country whose people dial here.
    pub country: &'static Country,
    /// Who is shown as the caller.
    pub caller_id: CallerIdPolicy,
    /// How long a host may say nothing at all before the next one is tried. The INVITE is sent a third time after 1.5 s (RFC 3261
    /// section 17.1.1.2), which is time enough for its answer; and before two seconds are over the call is with the next host.
    pub patience: Duration,
    /// How often each of its hosts is asked by OPTIONS whether it is there; None: never.
    pub options: Option<Duration>,
    /// Calls that it may have at one time, both directions together.
    pub channels: Option<u32>,
    /// Calls that may begin within any second, in each direction.
    pub calls_per_second: Option<u32>,
    /// Its share where the dialplan chooses by weight; 0: only after the others.
    pub weight: u16,
    /// How long a host that has said 100 may take before it says where the call is; None: for as long as it rings. Of the calls of
    /// a busy hour 95 in 100 are told within 11 seconds, be they international (ITU-T E.721), so that 12 is a good time.
    pub progress: Option<Duration>,
    /// What becomes of calls for a number that it does not have.
    pub unknown_numbers: UnknownNumbers,
    /// What becomes of calls from nobody.
    pub anonymous: AnonymousCallers,
    /// Whether speech over it is protected, with keys in the description (SDES). Where the PBX protects all speech, `Optional`
    /// means that too; where it protects none, `Required` lets no call pass.
    pub srtp: SrtpPolicy,
    /// The names of the codecs that are spoken with it, the best first; empty: all.
    pub codecs: Vec<Box<str>>,
    /// How keys go over it.
    pub dtmf: DtmfMode,
    /// The interval in which sessions of our calls over it are refreshed (RFC 4028); None: they are not to be.
    pub session_timer: Option<Duration>,
    /// Whether it may transfer our calls (REFER): they go on by the rules for calls that come in.
    pub transfers: bool,
    /// Whether it may redirect our calls (3xx) to another number: they go on by the rules for who calls, who is charged.
    pub redirects: bool,
    /// How callers' numbers are vouched for.
    pub stir: Stir,
}

impl Trunk {
    /// A trunk without hosts and without an account, as most providers want it.
    pub fn new(id: Arc<str>, name: Arc<str>, country: &'static Country) -> Self {
        Self {
            id,
            name,
            hosts: Vec::new(),
            domain: None,
            route: Vec::new(),
            addresses: Vec::new(),
            identified_by: None,
            numbers: HashMap::new(),
            account: None,
            registers: None,
            number_form: NumberForm::E164,
            incoming_form: IncomingForm::Auto,
            country,
            caller_id: CallerIdPolicy {
                from: FromUser::Caller,
                named_in: NamedIn::PAssertedIdentity,
                number: None,
            },
            patience: Duration::from_millis(1_800),
            options: None,
            channels: None,
            calls_per_second: None,
            weight: 1,
            progress: Some(Duration::from_secs(12)),
            unknown_numbers: UnknownNumbers::default(),
            anonymous: AnonymousCallers::default(),
            srtp: SrtpPolicy::default(),
            codecs: Vec::new(),
            dtmf: DtmfMode::default(),
            session_timer: Some(Duration::from_secs(1800)),
            transfers: false,
            redirects: false,
            stir: Stir::default(),
        }
    }
}

/// How long the DNS may take to say where a host is.
pub(crate) const LONGEST_SEARCH: Duration = Duration::from_secs(30);

/// A header field and the whole value that it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderRule {
    /// The name of the field.
    pub name: HeaderName,
    /// The value.
    pub value: Box<str>,
}

/// A name and a password at a provider. Its debug output shows no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The user part of our address there.
    pub username: Box<str>,
    /// The user name of its digest credentials.
    pub login: Box<str>,
    /// The password.
    pub password: Box<str>,
}

/// Who is shown as the caller of a call that goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdPolicy {
    /// What stands in From.
    pub from: FromUser,
    /// Where else the caller is named.
    pub named_in: NamedIn,
    /// The number that is shown where the caller has none that may be.
    pub number: Option<Box<str>>,
}

/// The user part of From.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromUser {
    /// The caller's number.
    Caller,
    /// The user name of the account: some providers take no other.
    Account,
}

/// The header fields besides From that name the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedIn {
    /// None.
    From,
    /// P-Asserted-Identity (RFC 3325).
    PAssertedIdentity,
    /// Remote-Party-ID, which came before it.
    RemotePartyId,
    /// Both.
    Both,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("username", &self.username)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}
