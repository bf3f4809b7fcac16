//! The tree itself: every section and key with its type, default and bounds. The full commented example is
//! `config/kiestoon.toml`; a test holds the two together.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::admin::Admin;
use crate::database_url::DatabaseUrl;
use crate::secret::Secret;
use crate::section::section;
use crate::sections::Sections;
use crate::speech::{SpeechCodec, ToneCountry};
use crate::value::{AuthAlgorithm, Cidr, LogFormat, PortRange, Srtp};

section! {
    /// The whole configuration.
    pub struct Config {
        /// SIP: listeners, authentication, timers, registration.
        pub sip: Sip = Sip::default();
        /// Media: ports, prompts, threads.
        pub media: Media = Media::default();
        /// The database and the key that seals its secrets.
        pub store: Store = Store::default();
        /// Call logic.
        pub dialplan: Dialplan = Dialplan::default();
        /// The ways to the public network.
        pub trunks: Trunks = Trunks::default();
        /// The socket that `kiestoon ctl` and the sidecar speak to.
        pub control: Control = Control::default();
        /// The sidecar, `kiestoon-admin`: web pages, API, metrics.
        pub admin: Admin = Admin::default();
        /// Bounds on what peers may ask of this process.
        pub limits: Limits = Limits::default();
        /// Signatures of callers' numbers: whom to believe, and where certificates may be fetched.
        pub stir: Stir = Stir::default();
        /// Logging, on standard error.
        pub log: Log = Log::default();
        /// The way of call records to the database.
        pub cdr: Cdr = Cdr::default();
    }
}

section! {
    /// `[sip]`.
    pub struct Sip {
        /// Addresses that SIP over UDP is served on; an IPv6 one serves IPv6 only.
        pub udp: Vec<SocketAddr> = any(5060);
        /// Addresses that SIP over TCP is served on.
        pub tcp: Vec<SocketAddr> = any(5060);
        /// The address that phones beyond a router that translates ours must use; left out: the address that reaches the peer.
        pub external_address: Option<IpAddr> = None;
        /// Digest algorithms that are offered, the first one first. Some phones abort on any other than MD5, even listed second.
        pub auth_algorithms: Vec<AuthAlgorithm> = vec![AuthAlgorithm::Md5];
        /// How long a nonce may be used before it is answered with `stale=true`.
        pub nonce_lifetime_secs: u64 = 300, in 5..=86_400;
        /// The name in our `Server` and `User-Agent` headers.
        pub server_name: String = "Kiestoon".into();
        /// RFC 3261 timer T1, the estimate of a round trip.
        pub t1_ms: u64 = 500, in 10..=10_000;
        /// RFC 3261 timer T2, the longest interval between retransmissions.
        pub t2_ms: u64 = 4_000, in 10..=60_000;
        /// RFC 3261 timer T4, how long a message may live in the network.
        pub t4_ms: u64 = 5_000, in 0..=60_000;
        /// How long an INVITE may stay without a final response after its last provisional one (RFC 3261 timer C).
        pub timer_c_secs: u64 = 180, in 1..=3_600;
        /// Registration expiry given to a phone that asks for none.
        pub expires_default_secs: u32 = 3_600, in 60..=86_400;
        /// Shorter registrations are refused with 423.
        pub expires_min_secs: u32 = 60, in 1..=86_400;
        /// Longer registrations are shortened to this.
        pub expires_max_secs: u32 = 7_200, in 60..=604_800;
        /// The interval that we ask of phones with session timers (RFC 4028).
        pub session_expires_secs: u32 = 1_800, in 90..=86_400;
        /// Shorter session intervals are refused with 422.
        pub min_se_secs: u32 = 90, in 90..=86_400;
        /// Networks (`ADDRESS` or `ADDRESS/PREFIX`) whose P-Asserted-Identity, Diversion and History-Info count.
        pub trusted_networks: Vec<Cidr> = Vec::new();
        /// Whether phones are told by Remote-Party-ID, too, who they talk to.
        pub remote_party_id: bool = false;
        /// How long who has transferred a call and hung up is rung back when nobody takes it.
        pub transfer_recall_secs: u32 = 30, in 5..=300;
        /// Contacts that one extension may have registered at the same time.
        pub contacts_per_extension: u32 = 10, in 1..=100;
        /// How often a phone behind NAT over UDP is sent an OPTIONS, which keeps its router's way open; 0: never.
        pub keepalive_secs: u64 = 25, in 0..=3_600;
        /// DNS servers that names of SIP hosts are looked up at; empty: those of the system.
        pub dns: Vec<SocketAddr> = Vec::new();
        /// What phones in a network are told instead of `external_address`; of several that hold a phone the longest prefix counts.
        pub network: Sections<SipNetwork> = Sections::default();
        /// SIP over TLS.
        pub tls: Tls = Tls::default();
        /// SIP over WebSocket.
        pub ws: Ws = Ws::default();
    }
}

section! {
    /// `[[sip.network]]`.
    pub struct SipNetwork {
        /// The phones that are in it, as blocks of addresses.
        pub cidr: Vec<Cidr> = Vec::new();
        /// The address of ours that phones in it must use; left out: the one that reaches them.
        pub external_address: Option<IpAddr> = None;
        /// The same for speech, where that takes another way.
        pub external_rtp_address: Option<IpAddr> = None;
    }
}

section! {
    /// `[sip.tls]`.
    pub struct Tls {
        /// Addresses that SIP over TLS is served on; empty: none.
        pub listen: Vec<SocketAddr> = Vec::new();
        /// The certificate chain, PEM.
        pub certificate: Option<PathBuf> = None;
        /// Its private key, PEM, not readable by others.
        pub key: Option<PathBuf> = None;
        /// Authorities, PEM, whose certificates phones may show; without it none is asked for.
        pub client_ca: Option<PathBuf> = None;
        /// Whether a phone without such a certificate is turned away.
        pub require_client_certificate: bool = false;
        /// Authorities, PEM, of the servers that we connect to; left out: those that the system trusts.
        pub server_ca: Option<PathBuf> = None;
    }
}

section! {
    /// `[sip.ws]`.
    pub struct Ws {
        /// Addresses that SIP over WebSocket is served on, any path; empty: none. The sidecar relays browsers to the first one.
        pub listen: Vec<SocketAddr> = vec![(Ipv4Addr::LOCALHOST, 5066).into()];
        /// Values of the `Origin` header that are let in, such as `https://pbx.example`.
        pub origins: Vec<String> = Vec::new();
        /// Proxies (`ADDRESS` or `ADDRESS/PREFIX`) whose X-Forwarded-For and X-Forwarded-Proto count.
        pub trusted_proxies: Vec<Cidr> = loopback();
    }
}

section! {
    /// `[media]`.
    pub struct Media {
        /// UDP ports for RTP and RTCP, two for each leg of a call.
        pub rtp_ports: PortRange = PortRange { first: 20_000, last: 29_999 };
        /// The one UDP port of all browser legs.
        pub webrtc_port: u16 = 19_999, in 1..=65_535;
        /// The folder of the prompts, WAV and Ogg Opus files.
        pub sounds: PathBuf = "sounds".into();
        /// Media threads; 0: one for each processor, at most four.
        pub threads: u32 = 0, in 0..=256;
        /// A leg without RTP for this long is reported as silent; 0: never.
        pub silence_secs: u64 = 30, in 0..=3_600;
        /// An answered call whose phone sends no RTP for this long, nobody being on hold, is ended; 0: never.
        pub lost_rtp_secs: u64 = 0, in 0..=86_400;
        /// Encryption of speech (SDES-SRTP): `off`, `optional` or `required`.
        pub srtp: Srtp = Srtp::Optional;
        /// What the PBX speaks itself, in the order that it is offered in: between these is transcoded.
        pub codecs: Vec<SpeechCodec> = SpeechCodec::ALL.to_vec();
        /// Whether G.729 is transcoded too; between two phones it always passes.
        pub g729: bool = false;
        /// Whether faxes are passed on as T.38 between phones that both do it.
        pub t38: bool = true;
        /// The country whose tones are heard.
        pub tones: ToneCountry = ToneCountry::default();
        /// The prompt that a phone on hold hears; empty: silence.
        pub hold_music: String = "muziek".into();
        /// How long the port of an ended leg takes in late packets before it is given to another.
        pub port_drain_ms: u64 = 2_000, in 0..=60_000;
    }
}

section! {
    /// `[store]`.
    pub struct Store {
        /// The database: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.
        pub url: DatabaseUrl = DatabaseUrl::default();
        /// A file that holds the URL instead, for one with a password.
        pub url_file: Option<PathBuf> = None;
        /// The key that seals secrets in the database, 32 bytes in base64; better kept in a file.
        pub key: Option<Secret> = None;
        /// The file of that key; left out: `kiestoon.key` beside the database, made at first use.
        pub key_file: Option<PathBuf> = None;
    }
}

section! {
    /// `[dialplan]`.
    pub struct Dialplan {
        /// The folder whose `*.toml` files are the dialplan.
        pub path: PathBuf = "dialplans".into();
        /// For trying a plan: the moment, RFC 3339, that its hours take the start of the PBX for.
        pub at: Option<String> = None;
    }
}

section! {
    /// `[trunks]`.
    pub struct Trunks {
        /// A folder whose `*.toml` files are presets of trunks, beside those that come with the program.
        pub presets: Option<PathBuf> = None;
        /// A folder of what calls cost: `TRUNK.csv`, or `ORGANISATION/TRUNK.csv`.
        pub rates: Option<PathBuf> = None;
        /// A file of numbers, one a line, whose calls are declined.
        pub blocklist: Option<PathBuf> = None;
    }
}

section! {
    /// `[control]`.
    pub struct Control {
        /// The Unix socket of the control API.
        pub socket: PathBuf = "data/kiestoon.sock".into();
    }
}

section! {
    /// `[limits]`.
    pub struct Limits {
        /// Sources (`ADDRESS` or `ADDRESS/PREFIX`) that no per-source limit or ban applies to.
        pub exempt_sources: Vec<Cidr> = Vec::new();
        /// Connections (TCP and above) in all.
        pub connections: u32 = 4_096, in 1..=1_000_000;
        /// Connections with one address, whichever side opens them.
        pub connections_per_source: u32 = 128, in 1..=1_000_000;
        /// Calls at the same time; a further one is answered 503.
        pub calls: u32 = 4_000, in 1..=1_000_000;
        /// Messages a second of one source that has not logged in; ten seconds' worth may come at once.
        pub stranger_messages: u32 = 20, in 1..=60_000;
        /// Messages a second of all sources together that have not logged in.
        pub strangers_messages: u32 = 1_000, in 1..=60_000;
        /// Wrong passwords of one source that ban it.
        pub wrong_passwords: u32 = 20, in 1..=20;
        /// How long the first ban of a source lasts; each later one is four times as long.
        pub ban_secs: u64 = 300, in 1..=86_400;
        /// How long a ban lasts at most.
        pub ban_max_secs: u64 = 86_400, in 1..=2_592_000;
        /// Calls that one extension may have at a time; a further one to it finds it busy.
        pub calls_per_extension: u32 = 32, in 1..=10_000;
        /// The largest SIP message, in bytes.
        pub message_bytes: u32 = 65_535, in 1_500..=1_048_576;
        /// A connection that says nothing for this long is closed. Longer than the registration expiry, or phones lose their way back.
        pub idle_secs: u64 = 7_500, in 5..=604_800;
        /// The same for a connection on which nobody has logged in.
        pub stranger_idle_secs: u64 = 60, in 1..=3_600;
        /// A message that has begun on a connection must be whole within this time, and a TLS handshake done.
        pub message_secs: u64 = 30, in 1..=300;
        /// How long SIGTERM waits for calls to end before it hangs them up.
        pub drain_secs: u64 = 300, in 0..=86_400;
    }
}

section! {
    /// `[stir]`.
    pub struct Stir {
        /// The folder of the authorities, PEM, that are believed to know whose numbers are whose; left out: none.
        pub authorities: Option<PathBuf> = None;
        /// The ports at which certificates of callers may be fetched.
        pub ports: Vec<u16> = vec![443];
        /// Networks (`ADDRESS` or `ADDRESS/PREFIX`) where they may be fetched although these are not public.
        pub inside: Vec<Cidr> = Vec::new();
    }
}

section! {
    /// `[log]`.
    pub struct Log {
        /// `error`, `warn`, `info`, `debug` or `trace`; a list such as `info,kiestoon_sip=debug` sets parts apart.
        pub level: String = "info".into();
        /// Lines for people or one JSON object a line.
        pub format: LogFormat = LogFormat::Text;
    }
}

section! {
    /// `[cdr]`.
    pub struct Cdr {
        /// The file that call records wait in while the database is away; left out: beside the database.
        pub spool: Option<PathBuf> = None;
    }
}

/// Where the key that seals the secrets in the database comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Given in the configuration or the environment.
    Given([u8; 32]),
    /// A file, made at first use where it is missing.
    File(PathBuf),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(********)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

impl Store {
    /// The path of the SQLite database; `None` for one on a server.
    pub fn path(&self) -> Option<&Path> {
        if self.url_file.is_some() { None } else { self.url.path() }
    }

    /// The path whose neighbours are the files that belong to the database: itself, or for one on a server
    /// `data/kiestoon.db`, which does not exist.
    pub fn neighbour(&self) -> &Path {
        self.path().unwrap_or_else(|| Path::new("data/kiestoon.db"))
    }

    /// The key of the database: as given, from `key_file`, or `kiestoon.key` beside the database.
    pub fn key_source(&self) -> KeySource {
        if let Some(bytes) = self.key.as_ref().and_then(key_bytes) {
            return KeySource::Given(bytes);
        }
        let beside = || self.neighbour().with_file_name("kiestoon.key");
        KeySource::File(self.key_file.clone().unwrap_or_else(beside))
    }
}

/// The 32 bytes of a key written in base64, as in the key file.
pub(crate) fn key_bytes(key: &Secret) -> Option<[u8; 32]> {
    STANDARD.decode(key.expose().trim()).ok()?.try_into().ok()
}

/// The addresses of this machine to itself.
fn loopback() -> Vec<Cidr> {
    vec![
        Cidr { address: Ipv4Addr::new(127, 0, 0, 0).into(), prefix: 8 },
        Cidr { address: Ipv6Addr::LOCALHOST.into(), prefix: 128 },
    ]
}

fn any(port: u16) -> Vec<SocketAddr> {
    vec![(Ipv4Addr::UNSPECIFIED, port).into(), (Ipv6Addr::UNSPECIFIED, port).into()]
}
