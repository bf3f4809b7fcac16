//! Every SQL statement and migration of Kiestoon, and the sealing of secrets at rest.
//!
//! A [`Store`] is one database: the desired state (organisations, extensions, rights and trunks), the bindings of the
//! registrar, and the history of calls. Passwords and HA1 hashes are encrypted under a [`Key`] that lies in a
//! file of its own; nothing outside this crate sees SQL or a type of the database library.

mod bindings;
mod callers;
mod calls;
mod cdr;
pub mod credentials;
mod error;
mod extensions;
mod heard;
mod hours;
mod import;
mod key;
pub mod login;
mod migrate;
mod open;
mod organisations;
mod password;
mod presets;
mod provider_events;
mod rights;
mod rotation;
mod rules;
mod seal;
mod sessions;
mod set_up;
mod settings;
mod trunks;
mod users;

pub use bindings::{Binding, BindingChange, StoredBinding};
pub use callers::{Block, BlockAction, BlockCondition, BlockDetails, Contact, ContactEntry};
pub use calls::HistoryFilter;
pub use cdr::{Cdr, Direction, Disposition, HangupBy};
pub use error::StoreError;
pub use extensions::{AddedExtension, Extension, ExtensionSummary, NewExtension, Secret};
pub use hours::HoursChange;
pub use import::{
    Counts, DialplanName, DialplanNameKind, GeneratedPassword, Import, ImportProblem, ImportReport,
    NameFault, Severity,
};
pub use key::Key;
pub use open::{Options, Store};
pub use organisations::{Directory, Organisation};
pub use presets::{Numbering, Preset, PresetHint, Presets};
pub use provider_events::{EventCall, Kept, NewProviderEvent};
pub use rights::{
    AccountChange, AccountHold, CallClass, Limit, Money, Prefix, Profile, ProfileSaved, ProfileSettings,
    RightsChange, RightsOf, effective,
};
pub use rotation::Rotation;
pub use rules::Refusal;
pub use sessions::{NewSession, Session};
pub use set_up::{SetUp, SetUpReport};
pub use trunks::{
    ANONYMOUS, AddressBlock, CallerIdFrom, CallerIdIn, DEFAULT_COUNTRY, Found, HeaderRule, IncomingFormat,
    Interval, NumberFormat, Said, Span, StirAttest, Trunk, TrunkAdmission, TrunkChange, TrunkCodec,
    TrunkDetails, TrunkDoubt, TrunkDtmf, TrunkHost, TrunkPassword, TrunkPut, TrunkSettings, TrunkSrtp,
    TrunkStir, TrunkSummary, TrunkTransport, TrunkWebhook, Wanted, WebhookSecret, WordFault, WrongValue,
};
pub use users::{AddedUser, LoginFacts, NewUser, Role, User};
