//! What the operator configured for signalling and calls, typed and checked by the PBX. Fixed while it runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kiestoon_media::{Policy, SrtpPolicy};
use kiestoon_sip::Transport;
use kiestoon_sip::digest::DigestSettings;
pub use kiestoon_sip::network::Network;
use kiestoon_sip::network::PublicAddresses;
use kiestoon_sip::registrar::RegistrarSettings;
use kiestoon_sip::transaction::{Timers, TransactionLimits};

use crate::short_lived::CredentialsKey;

/// The settings of a [`Switch`](crate::Switch). [`Default`] is what ships.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What we call ourselves in `Server` and `User-Agent`.
    pub user_agent: Box<str>,
    /// The addresses that we listen on; used to know our own address in a request.
    pub listen: Vec<(Transport, SocketAddr)>,
    /// The addresses to tell peers beyond a router that translates ours.
    pub public: PublicAddresses,
    /// The realm that a request is challenged with when it names no domain of ours.
    pub realm: Box<str>,
    /// How digest challenges are made.
    pub digest: DigestSettings,
    /// What short-lived credentials are checked with; None: none are taken.
    pub credentials_key: Option<CredentialsKey>,
    /// SIP timers.
    pub timers: Timers,
    /// How long bindings last.
    pub expiry: ExpirySettings,
    /// Bounds on what the switch holds.
    pub limits: CallLimits,
    /// Bounds on the transactions, of calls and of all else.
    pub transactions: TransactionLimits,
    /// `Max-Forwards` of the requests that we begin ourselves; relayed ones carry one less than what came.
    pub max_forwards: u8,
    /// Seconds that the dialplan's hours are judged ahead of the wall clock: for trying a plan.
    pub dialplan_ahead_secs: i64,
    /// The longest that one dialplan step may ring.
    pub ring_limit: Duration,
    /// The longest that a call may stay unanswered, all dialplan steps together.
    pub unanswered_limit: Duration,
    /// The longest that a call may last once answered: a bound for calls that nobody ends.
    pub call_limit: Duration,
    /// How often each phone of an answered call is asked, by OPTIONS in its dialog, whether it is still there.
    /// Silence of its media asks at once. One request and answer a minute is about 1 kB for each leg.
    pub probe_interval: Duration,
    /// The interval that we ask of phones with session timers (RFC 4028), which are not asked by OPTIONS then.
    pub session_expires: Duration,
    /// The shortest such interval that we take; less gets 422.
    pub min_se: Duration,
    /// How often a phone behind NAT is asked, by OPTIONS, so that its router keeps the way to it open; None: never.
    pub keep_alive: Option<Duration>,
    /// How long the record of an ended call waits for the last figures of its media.
    pub figures_wait: Duration,
    /// How long a browser that has lost its connection or its media is waited for.
    pub absence: Duration,
    /// What a refused caller is told to wait (`Retry-After`).
    pub retry_after: Duration,
    /// The networks whose P-Asserted-Identity and Diversion count (RFC 3325): carriers, other PBXs. Phones are not among them.
    pub trusted_networks: Vec<Network>,
    /// Whether phones are also told by Remote-Party-ID who they talk to; some older ones look nowhere else.
    pub remote_party_id: bool,
    /// How long who has transferred a call and hung up is rung back when nobody takes it.
    pub recall_time: Duration,
    /// When sources that guess passwords are banned.
    pub bans: BanSettings,
    /// Sources that no limit or ban of a source applies to.
    pub exempt_sources: Vec<Network>,
    /// Whether speech is protected.
    pub srtp: SrtpPolicy,
    /// Whether faxes are passed on as T.38; else phones are told to send them as sound.
    pub t38: bool,
    /// What we speak ourselves, between phones without a common codec. By default nothing: codecs only pass through.
    pub codecs: Arc<Policy>,
    /// The prompt that a phone on hold hears; None: silence.
    pub hold_music: Option<Box<str>>,
}

/// The limits of a binding's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpirySettings {
    /// The shortest; a REGISTER that asks for less gets 423.
    pub min: Duration,
    /// The longest; more is cut.
    pub max: Duration,
    /// Where the phone names none.
    pub default: Duration,
    /// Contacts that one extension may have.
    pub contacts: usize,
}

/// Bounds on what the switch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// Calls at one time; one more gets 503.
    pub calls: usize,
    /// Phones that one dialplan step may ring; more are left out.
    pub branches: usize,
    /// Requests outside a call (MESSAGE, INFO) on their way at one time.
    pub relays: usize,
    /// Requests inside one call (INFO, MESSAGE) on their way at one time.
    pub in_call: usize,
    /// Times that one call may be forwarded by phones (3xx).
    pub forwards: usize,
    /// Calls that one extension may have at a time before it is busy for a further one; its phones may be busy before.
    pub calls_per_extension: usize,
}

/// When a source that guesses passwords is banned, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BanSettings {
    /// Wrong passwords that ban.
    pub failures: u32,
    /// The length of the first ban; each later one is four times as long.
    pub first: Duration,
    /// The length of the longest.
    pub longest: Duration,
    /// Sources that are remembered.
    pub sources: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: "Kiestoon".into(),
            listen: Vec::new(),
            public: PublicAddresses::default(),
            realm: "kiestoon".into(),
            digest: DigestSettings::default(),
            credentials_key: None,
            timers: Timers::default(),
            expiry: ExpirySettings::default(),
            limits: CallLimits::default(),
            transactions: TransactionLimits::default(),
            max_forwards: 70,
            dialplan_ahead_secs: 0,
            ring_limit: Duration::from_secs(5 * 60),
            unanswered_limit: Duration::from_secs(3600),
            call_limit: Duration::from_secs(12 * 3600),
            probe_interval: Duration::from_secs(60),
            session_expires: Duration::from_secs(1800),
            min_se: Duration::from_secs(90),
            keep_alive: None,
            figures_wait: Duration::from_millis(250),
            absence: Duration::from_secs(60),
            retry_after: Duration::from_secs(10),
            trusted_networks: Vec::new(),
            remote_party_id: false,
            recall_time: Duration::from_secs(30),
            bans: BanSettings::default(),
            exempt_sources: Vec::new(),
            srtp: SrtpPolicy::default(),
            t38: true,
            codecs: Arc::default(),
            hold_music: Some("muziek".into()),
        }
    }
}

impl ExpirySettings {
    /// The same in whole seconds, as the registrar counts.
    pub(crate) fn registrar(&self) -> RegistrarSettings {
        let seconds = |duration: Duration| u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
        RegistrarSettings {
            min_expires: seconds(self.min),
            max_expires: seconds(self.max),
            default_expires: seconds(self.default),
            max_contacts: self.contacts,
        }
    }
}

impl Default for ExpirySettings {
    fn default() -> Self {
        Self {
            min: Duration::from_secs(60),
            max: Duration::from_secs(3600),
            default: Duration::from_secs(3600),
            contacts: 10,
        }
    }
}

impl Default for BanSettings {
    fn default() -> Self {
        Self {
            failures: 20,
            first: Duration::from_secs(5 * 60),
            longest: Duration::from_secs(24 * 3600),
            sources: 10_000,
        }
    }
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { calls: 2000, branches: 32, relays: 1000, in_call: 16, forwards: 5, calls_per_extension: 32 }
    }
}
