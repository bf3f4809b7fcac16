//! The one struct tree of the one configuration file: what a process needs to start.
//!
//! Sources, the later ones winning: the defaults, the file, `conf.d/*.toml` beside it in name order, and
//! `KIESTOON__SECTION__KEY` environment overrides. A configuration is read whole and refused whole: every
//! problem is reported at once, each with its file, line and column.

mod admin;
mod changed;
mod checks;
mod checks_admin;
mod database_url;
mod load;
mod networks;
mod node;
mod problem;
mod render;
mod secret;
mod section;
mod sections;
mod sentence;
mod speech;
mod tree;
mod validity;
mod value;

pub use admin::Admin;
pub use database_url::DatabaseUrl;
pub use load::{ConfigFile, DEFAULT_FILE, Loaded, load};
pub use problem::{Problem, Severity};
pub use render::Rendered;
pub use secret::Secret;
pub use sections::Sections;
pub use sentence::Sentence;
pub use speech::{SpeechCodec, ToneCountry};
pub use tree::{
    Cdr, Config, Control, Dialplan, KeySource, Limits, Log, Media, Sip, SipNetwork, Stir, Store, Tls, Trunks,
    Ws,
};
pub use validity::not_after;
pub use value::{AuthAlgorithm, Cidr, LogFormat, PortRange, Srtp};
