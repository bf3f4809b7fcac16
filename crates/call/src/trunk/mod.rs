//! Trunks, the ways to the public network: what an operator has said of one. How a call goes out over it is in `outbound`, the
//! INVITE that it gets in `invite`, how its challenges are answered in `challenge`, and who calls from it in `inbound`. How it stands
//! is in `standing`: its hosts by `health`, its calls by `channels`, `limits` and `pace`, and what they came to by `results`.

pub(crate) mod challenge;
pub(crate) mod channels;
pub(crate) mod choice;
pub(crate) mod health;
pub(crate) mod inbound;
pub(crate) mod invite;
mod limits;
mod number;
pub(crate) mod options;
pub(crate) mod outbound;
mod pace;
mod rates;
pub(crate) mod registration;
mod results;
pub(crate) mod standing;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kiestoon_dialplan::Country;
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Host, NameAddr, SipUri};

pub use health::{HostFault, HostState};
pub use number::{IncomingForm, NumberForm};
pub use rates::{Rate, Rates};
pub use results::TrunkResult;

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
    /// How long a host may say nothing at all before the next one is tried.
    pub patience: Duration,
    /// How often each of its hosts is asked by OPTIONS whether it is there; None: never.
    pub options: Option<Duration>,
    /// Calls that it may have at one time, both directions together.
    pub channels: Option<u32>,
    /// Calls that may begin within any second, in each direction.
    pub calls_per_second: Option<u32>,
    /// Its share where the dialplan chooses by weight; 0: only after the others.
    pub weight: u16,
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
            patience: Duration::from_secs(2),
            options: None,
            channels: None,
            calls_per_second: None,
            weight: 1,
        }
    }
}

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
