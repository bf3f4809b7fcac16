//! The B2BUA: legs, ring, answer, hold, end, and the switch that every SIP request enters. No I/O, no clock.
//!
//! An INVITE's way: `switch/mod` takes it in, `switch/screening` and `switch/authenticate` let it pass, `switch/invite` makes a
//! `Call`, `walk` follows the dialplan, `ring` dials, `early_media` lets ring-back through, `answer` joins
//! the two legs, `reinvite` holds and resumes, `end` ends, and `cdr` is what is left.

mod abilities;
mod absence;
mod agenda;
mod agent;
mod answer;
mod branch_invite;
mod by_hand;
mod call;
mod callee_invite;
mod callers;
mod cdr;
mod collect;
mod diagnosis;
mod digits;
mod distribution;
mod early_media;
mod early_update;
mod end;
mod event;
mod exchange;
mod fax;
mod flows;
mod forks;
mod forward;
mod frozen;
mod gruu;
mod hold;
mod ice_restart;
mod id;
mod identity;
mod in_call_requests;
mod left_offer;
mod leg;
mod locate;
mod losers;
mod open_offer;
mod outcome;
mod parties;
mod passed;
mod police;
mod prompt;
mod reason;
mod reinvite;
mod reinvite_local;
mod reliable;
mod rights;
mod ring;
mod routes;
mod session_timer;
mod settings;
mod short_lived;
mod snapshot;
mod switch;
mod talk;
mod tell;
mod transfer;
mod trunk;
mod update;
mod view;
mod walk;
mod wall_clock;
mod waves;
mod way;
mod webhook;
mod wire;

pub use by_hand::HoursSet;
pub use callers::{
    BlockAction, BlockCondition, BlockRule, BlockRules, Callers, Contacts, NumberList, Numbers,
};
pub use cdr::{CdrEnd, CdrLeg, CdrRecord, Direction, LegTrunk, Side};
pub use event::{DigitOrigin, Event};
pub use id::{CallId, NotACallId};
pub use kiestoon_sip::registrar::{BindingChange, StoredBinding};
pub use police::{BURST_SECS, Gauge, Police, PoliceSettings, Verdict};
pub use reason::{Disposition, EndReason, HangupBy};
pub use rights::{
    AccountKept, Charged, Class, Destinations, DrillCase, DrillResult, DrillVerdict, Expected, Forms, Hold,
    HoldReason, Judgement, Limits, MOST_SEEN, Period, Profile, Rights, Watch, Why,
};
pub use settings::{BanSettings, CallLimits, ExpirySettings, Network, Settings};
pub use short_lived::CredentialsKey;
pub use snapshot::{Extension, Organisation, Snapshot, SnapshotParts};
pub use switch::{Input, NoTestCall, Output, Search, Switch, TestCall, ThawError};
pub use trunk::verification::CertificateId;
pub use trunk::{
    Account, AnonymousCallers, CallerIdPolicy, DtmfMode, FromUser, HeaderRule, HostFault, HostState,
    IncomingForm, NamedIn, Names, NoSpeech, NumberForm, Rate, RateCard, RateFault, RateFaultKind, Rates,
    Signing, Stir, StirPolicy, TestInvite, Trunk, TrunkResult, UnknownNumbers,
};
pub use view::{
    ArrivalView, BanView, CallState, CallView, HeldView, LegView, RegistrationView, Status, TrunkHostView,
    TrunkView,
};
pub use wall_clock::WallClock;
pub use way::Way;
pub use webhook::{WebhookFault, WebhookId, WebhookRequest};
