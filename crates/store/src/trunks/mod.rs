//! Trunks: the ways to the public network with their numbers, added, shown, changed and removed one at a time. What can be said of
//! one is in `settings`; what is wrong with it as a whole in `doubt`.

mod address;
mod doubt;
mod identify;
mod rows;
pub(crate) mod settings;
mod span;
mod store;
mod webhook;
pub(crate) mod word;
mod wrong;

use std::collections::BTreeMap;
use std::fmt;

pub use address::{AddressBlock, TrunkHost};
use doubt::normal;
pub(crate) use doubt::settle;
pub use doubt::{DEFAULT_COUNTRY, TrunkDoubt};
pub use identify::HeaderRule;
pub(crate) use rows::{all, insert, take_number, update};
pub use settings::TrunkSettings;
pub use span::{Interval, Span};
pub(crate) use store::add;
pub use store::{TrunkChange, TrunkPut, TrunkSummary};
pub(crate) use store::{check_name, unknown};
pub use webhook::WebhookSecret;
pub use word::{
    CallerIdFrom, CallerIdIn, IncomingFormat, NumberFormat, StirAttest, TrunkAdmission, TrunkCodec,
    TrunkDtmf, TrunkSrtp, TrunkStir, TrunkTransport, TrunkWebhook,
};
pub use wrong::{Found, Said, Wanted, WordFault, WrongValue};

use crate::presets::Presets;

/// As `caller_id_number`: whoever is called is to see no number.
pub const ANONYMOUS: &str = "anonymous";

/// One trunk with its password in clear. For the snapshot; never to be logged or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    /// UUIDv7.
    pub id: String,
    /// The organisation it belongs to.
    pub organisation_id: String,
    /// All that was said of it.
    pub details: TrunkDetails,
}

/// All that an operator has said of a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkDetails {
    /// What the dialplan calls it; unique in its organisation.
    pub name: String,
    /// The preset that says what the operator does not.
    pub preset: String,
    /// A disabled trunk carries no call.
    pub enabled: bool,
    /// The operator's own words.
    pub settings: TrunkSettings,
    /// What its challenges are answered with.
    pub password: Option<TrunkPassword>,
    /// What its provider signs webhooks with: none, one, or two while it changes from one to the other.
    pub webhook_secrets: Vec<WebhookSecret>,
    /// What its provider's REST API is asked with.
    pub api_secret: Option<TrunkPassword>,
    /// The numbers that come in over it, in E.164 or short words, each with the context that its calls enter where that is
    /// not the usual one.
    pub numbers: BTreeMap<String, Option<String>>,
}

impl TrunkDetails {
    /// A trunk of which nothing more is said.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            preset: crate::presets::GENERIC.to_owned(),
            enabled: true,
            settings: TrunkSettings::default(),
            password: None,
            webhook_secrets: Vec::new(),
            api_secret: None,
            numbers: BTreeMap::new(),
        }
    }

    /// That a trunk has no such key, with the one that was probably meant.
    #[must_use]
    pub fn unknown_key(key: &str) -> WordFault {
        settings::unknown(Said::Trunk, key, &[&OWN_KEYS, TrunkSettings::KEYS].concat())
    }

    /// A number as it is kept; None where it is none, or the preset or the country is not known.
    #[must_use]
    pub fn normal(&self, presets: &Presets, number: &str) -> Option<String> {
        presets.find(&self.preset)?;
        normal(presets, &self.country(presets), number)
    }

    /// The country whose people dial here.
    pub(crate) fn country(&self, presets: &Presets) -> String {
        let below = presets.find(&self.preset).and_then(|preset| preset.settings.country.as_deref());
        self.settings.country.as_deref().or(below).unwrap_or(DEFAULT_COUNTRY).to_owned()
    }

    /// Everything that is wrong with it, its preset and its own words together.
    #[must_use]
    pub fn doubts(&self, presets: &Presets) -> Vec<TrunkDoubt> {
        settle(&mut self.clone(), presets)
    }
}

/// The keys that are not settings.
const OWN_KEYS: [&str; 7] =
    ["name", "preset", "enabled", "password", "webhook_secret", "api_secret", "numbers"];

/// The password of a trunk. Its debug output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct TrunkPassword(String);

impl TrunkPassword {
    /// A password as the provider gave it.
    ///
    /// # Errors
    /// Where it cannot be one.
    pub fn new(text: &str) -> Result<Self, crate::Refusal> {
        crate::rules::password(text).map(|()| Self(text.to_owned()))
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TrunkPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrunkPassword(..)")
    }
}

impl TrunkSettings {
    /// Its hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &TrunkHost> {
        self.host.iter().flatten()
    }
}
