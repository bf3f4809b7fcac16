//! What an operator sees: calls, registrations and counts, as plain values.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use kiestoon_media::{CallKey, LegId};
use kiestoon_sip::Transport;

use crate::cdr::Side;
use crate::id::CallId;
use crate::reason::EndReason;
use crate::rights::HoldReason;
use crate::trunk::{HostFault, HostState, TrunkResult};
use crate::way::Way;

/// A live call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallView {
    /// The call.
    pub id: CallId,
    /// The name that the media engine knows it by.
    pub key: CallKey,
    /// The slug of the organisation.
    pub organisation: Box<str>,
    /// The caller's number.
    pub from_number: Box<str>,
    /// The caller's name.
    pub from_name: Box<str>,
    /// What was dialled.
    pub dialled: Box<str>,
    /// The number that answered, or that is ringing.
    pub to_number: Option<Box<str>>,
    /// The name of that extension, where it is one.
    pub to_name: Option<Box<str>>,
    /// What the call is doing.
    pub state: CallState,
    /// When the INVITE was accepted: microseconds since 1970, UTC.
    pub started_at: i64,
    /// When it was answered.
    pub answered_at: Option<i64>,
    /// Time since the answer.
    pub talking: Option<Duration>,
    /// The rules of the dialplan that it got, its own first.
    pub way: Vec<Way>,
    /// The legs that have media, the caller's first; their figures are the media engine's to tell.
    pub legs: Vec<LegView>,
}

/// What a call is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallState {
    /// The dialplan is being followed; nothing rings yet.
    Starting,
    /// A service outside is asked where it is to go.
    Asking,
    /// At least one phone is being called.
    Dialling,
    /// At least one phone rings.
    Ringing,
    /// A prompt is played.
    Playing,
    /// The caller hears themselves.
    Echo,
    /// Two people talk.
    Talking,
    /// The target of a transfer is sought.
    Transferring,
    /// Hung up; the last figures are awaited.
    Ending,
}

impl CallState {
    /// The word of the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Asking => "asking",
            Self::Dialling => "dialling",
            Self::Ringing => "ringing",
            Self::Playing => "playing",
            Self::Echo => "echo",
            Self::Talking => "talking",
            Self::Transferring => "transferring",
            Self::Ending => "ending",
        }
    }
}

/// One leg of a live call.
#[derive(Debug, Clone, PartialEq)]
pub struct LegView {
    /// The leg, as the media engine knows it.
    pub leg: LegId,
    /// Which side.
    pub side: Side,
    /// The extension's number.
    pub number: Box<str>,
    /// The extension's name; may be empty.
    pub name: Box<str>,
    /// The transport of its signalling.
    pub transport: Transport,
    /// The address of its signalling.
    pub remote: SocketAddr,
    /// What the phone calls itself: short, without control characters.
    pub user_agent: Option<Arc<str>>,
    /// The codec that offer and answer agreed on.
    pub codec: Option<Box<str>>,
    /// Whether it is a browser, whose keys are agreed by DTLS.
    pub browser: bool,
    /// Whether this side has put the other on hold.
    pub holds: bool,
}

/// A registered contact.
#[derive(Debug, Clone, PartialEq)]
pub struct RegistrationView {
    /// The slug of the organisation.
    pub organisation: Box<str>,
    /// The extension's number.
    pub number: Box<str>,
    /// The extension's name; may be empty.
    pub name: Box<str>,
    /// The contact address.
    pub contact: Box<str>,
    /// The transport that it registered over.
    pub transport: Transport,
    /// The address that it registered from.
    pub remote: SocketAddr,
    /// Preference in thousandths.
    pub q: u16,
    /// What the phone calls itself.
    pub user_agent: Option<Box<str>>,
    /// When it was first made: microseconds since 1970, UTC. Refreshes do not change it.
    pub since: i64,
    /// Time until the binding expires.
    pub expires_in: Duration,
    /// False where a phone behind NAT has stopped answering.
    pub reachable: bool,
}

/// A source that is refused for guessing passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BanView {
    /// The address, or the /64 network of an IPv6 one.
    pub source: IpAddr,
    /// When the ban began, in microseconds UTC.
    pub since: i64,
    /// When it ends, likewise.
    pub until: i64,
    /// Wrong passwords of this source, as long as it has been remembered.
    pub failures: u32,
    /// The how manieth ban of this source it is.
    pub nth: u32,
}

/// A trunk, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkView {
    /// The slug of the organisation.
    pub organisation: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// It is up while one of its hosts is, and down where all are.
    pub state: HostState,
    /// In order of preference.
    pub hosts: Vec<TrunkHostView>,
    /// Whether it wants to be registered at.
    pub registers: bool,
    /// Calls that came in over it and are not over.
    pub calls_in: u32,
    /// The same for those that go out, ringing ones included.
    pub calls_out: u32,
    /// Calls that it may have at one time, both directions together.
    pub channels: Option<u32>,
    /// Calls that may begin within any second, in each direction.
    pub calls_per_second: Option<u32>,
    /// What calls over it have come to since the start.
    pub results: Vec<(TrunkResult, u64)>,
}

/// A host of a trunk, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkHostView {
    /// Its URI.
    pub host: Box<str>,
    /// How it stands.
    pub state: HostState,
    /// Since when: microseconds since 1970, UTC.
    pub since: i64,
    /// Whether it is asked by OPTIONS.
    pub asked: bool,
    /// The status that was heard last; None where nothing was, or silence.
    pub last_status: Option<u16>,
    /// What it has failed by, where the last that was heard is a failure.
    pub fault: Option<HostFault>,
    /// From its last OPTIONS to the answer.
    pub round_trip: Option<Duration>,
    /// In a row.
    pub failures: u32,
    /// Until when we are registered there: microseconds since 1970, UTC.
    pub registered_until: Option<i64>,
    /// What the last REGISTER has failed by, where nothing was granted since: the status, 408 after silence, 503 where the name of the
    /// host leads nowhere.
    pub register_status: Option<u16>,
}

/// Somebody on hold: no international or premium call is made at their cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldView {
    /// The slug of the organisation.
    pub organisation: Box<str>,
    /// The number of the extension; None: the organisation, whose dialplan calls out for somebody outside.
    pub number: Option<Box<str>>,
    /// Since when, in microseconds since 1970, UTC.
    pub since: i64,
    /// Why.
    pub reason: HoldReason,
    /// The operator who did it; None where the calls did.
    pub by: Option<Box<str>>,
    /// What its calls have cost today, in millionths of the currency.
    pub spent_today: u64,
}

/// Counts of what the switch holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// Live calls, ending ones included.
    pub calls: usize,
    /// Calls in which two people talk.
    pub talking: usize,
    /// Registered contacts.
    pub registrations: usize,
    /// Transactions that are not finished.
    pub transactions: usize,
    /// Dialogs, early ones included.
    pub dialogs: usize,
    /// Lines in the tables that lead from the wire to a call.
    pub routes: usize,
    /// Passwords that were checked since the start.
    pub passwords_checked: u64,
    /// Whether new calls are refused.
    pub draining: bool,
    /// The revision of the snapshot in force.
    pub revision: i64,
}

/// A call that comes in over a trunk, as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivalView {
    /// The slug of the trunk's organisation.
    pub organisation: Box<str>,
    /// The name of the trunk.
    pub trunk: Box<str>,
    /// Who calls; empty where that is withheld.
    pub caller: Box<str>,
    /// The number that is called, in E.164 where it is one of the public network.
    pub dialled: Box<str>,
    /// The context of the dialplan that it enters.
    pub context: Box<str>,
    /// Why it is not taken, where it is not.
    pub refused: Option<EndReason>,
}
