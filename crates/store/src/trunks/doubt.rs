//! What is wrong with a trunk as a whole, its preset and its own words together.

use std::collections::HashSet;

use super::word::TrunkSrtp;
use super::{ANONYMOUS, CallerIdFrom, TrunkDetails, TrunkSettings, TrunkTransport};
use crate::presets::{Preset, PresetHint, Presets};

/// One thing that keeps a trunk from working, or from working as its operator thinks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrunkDoubt {
    /// There is no such preset.
    #[error("there is no preset `{name}`: {hint}")]
    UnknownPreset {
        /// The preset that was asked for.
        name: String,
        /// What there is.
        hint: PresetHint,
    },
    /// No such country is known.
    #[error("there is no country `{0}` here: write its two letters, such as nl")]
    UnknownCountry(String),
    /// The preset says that something must be filled in.
    #[error("preset `{preset}` leaves to be filled in: {}", keys.join(", "))]
    Needs {
        /// The preset.
        preset: String,
        /// The keys.
        keys: Vec<String>,
    },
    /// It has no host.
    #[error("`host` is missing: where should its calls go?")]
    NoHost,
    /// It registers, and nobody knows as whom.
    #[error("`register = true` needs `username`")]
    RegistersAsNobody,
    /// From is to show an account that it has not.
    #[error("`caller_id_from = \"account\"` needs `username`")]
    ShowsNobody,
    /// A password without a name.
    #[error("a password needs `username`")]
    PasswordOfNobody,
    /// A number is none.
    #[error("`{0}` is no number: write it as +31201234567, as the country dials it, or as a short word")]
    Number(String),
    /// What is to be shown is no number of the public network.
    #[error(
        "`{0}` is no whole number: write it as +31201234567, or as the country dials it with its area code"
    )]
    ShownNumber(String),
    /// It registers without a password.
    #[error("`register = true` without a password: a provider that asks who we are gets no answer")]
    RegistersWithoutPassword,
    /// Nothing tells its calls from those of strangers.
    #[error("no call can come in over it: it neither registers nor has `addresses`; set one of them")]
    NobodyCallsIn,
    /// Whoever is called sees no number of ours, and who answers a call for help cannot ring back.
    #[error(
        "`caller_id_number` is missing: its calls, those to 112 too, show no number of yours; set one, or `anonymous` where that is meant"
    )]
    ShowsNoNumber,
    /// Of what signatures are made of one half is missing.
    #[error(
        "`{has}` needs `{misses}`: callers' numbers are signed with a key whose certificate others can fetch"
    )]
    SignsWithHalf {
        /// The key that is there.
        has: &'static str,
        /// The key that is not.
        misses: &'static str,
    },
    /// The keys of SRTP can be read on the way.
    #[error(
        "`srtp = \"required\"` over {0}: whoever reads the SIP messages has the keys; set transport = \"tls\""
    )]
    KeysInTheOpen(TrunkTransport),
}

impl TrunkDoubt {
    /// Whether a trunk that is enabled may not be so. Otherwise somebody should look.
    #[must_use]
    pub fn is_error(&self) -> bool {
        !matches!(
            self,
            Self::RegistersWithoutPassword
                | Self::NobodyCallsIn
                | Self::ShowsNoNumber
                | Self::KeysInTheOpen(_)
        )
    }

    /// Whether it is an error of a disabled trunk too: it says nothing that could be filled in later.
    #[must_use]
    pub fn is_error_when_disabled(&self) -> bool {
        matches!(
            self,
            Self::UnknownPreset { .. } | Self::UnknownCountry(_) | Self::Number(_) | Self::ShownNumber(_)
        )
    }

    /// What of it holds whatever was meant by the keys that could not be read.
    pub(crate) fn without(self, unread: &HashSet<String>) -> Option<Self> {
        match self {
            Self::Needs { preset, mut keys } => {
                keys.retain(|key| !unread.contains(key));
                (!keys.is_empty()).then_some(Self::Needs { preset, keys })
            }
            other => (!other.rests_on().iter().any(|key| unread.contains(*key))).then_some(other),
        }
    }

    /// The keys without which it may not hold.
    fn rests_on(&self) -> &'static [&'static str] {
        match self {
            Self::UnknownPreset { .. } | Self::Needs { .. } => &["preset"],
            Self::UnknownCountry(_) | Self::Number(_) => &["country"],
            Self::NoHost => &["host"],
            Self::RegistersAsNobody => &["register", "username"],
            Self::ShowsNobody => &["caller_id_from", "username"],
            Self::PasswordOfNobody => &["password", "username"],
            Self::ShownNumber(_) => &["caller_id_number"],
            Self::RegistersWithoutPassword => &["register", "password"],
            Self::NobodyCallsIn => &["register", "addresses"],
            Self::ShowsNoNumber => &["caller_id_number", "caller_id_from"],
            Self::SignsWithHalf { .. } => &["stir_key_file", "stir_certificate_url"],
            Self::KeysInTheOpen(_) => &["srtp", "transport", "host"],
        }
    }

    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::UnknownPreset { .. } | Self::Needs { .. } => "preset",
            Self::UnknownCountry(_) => "country",
            Self::NoHost => "host",
            Self::RegistersAsNobody | Self::RegistersWithoutPassword => "register",
            Self::ShowsNobody => "caller_id_from",
            Self::PasswordOfNobody => "password",
            Self::Number(_) => "numbers",
            Self::ShownNumber(_) => "caller_id_number",
            Self::NobodyCallsIn => "name",
            Self::ShowsNoNumber => "caller_id_number",
            Self::SignsWithHalf { has, .. } => has,
            Self::KeysInTheOpen(_) => "srtp",
        }
    }
}

/// Everything that is wrong with a trunk. Its numbers become E.164 where its country knows how.
pub(crate) fn settle(trunk: &mut TrunkDetails, presets: &Presets) -> Vec<TrunkDoubt> {
    let (preset, whole) = match laid_over(&trunk.preset, &trunk.settings, presets) {
        Ok(found) => found,
        Err(doubt) => return vec![doubt],
    };
    let country = whole.country.as_deref().unwrap_or(DEFAULT_COUNTRY);
    let mut doubts = of_whole(preset, &whole, trunk.password.is_some());
    let shown = whole.caller_id_number.as_deref().filter(|number| *number != ANONYMOUS);
    if let Some(shown) = shown.filter(|number| !is_whole(presets, country, number)) {
        doubts.push(TrunkDoubt::ShownNumber(super::word::shown(shown)));
    }
    let typed = std::mem::take(&mut trunk.numbers);
    for (number, context) in typed {
        match normal(presets, country, &number) {
            Some(normal) => drop(trunk.numbers.insert(normal, context)),
            None => {
                doubts.push(TrunkDoubt::Number(super::word::shown(&number)));
                trunk.numbers.insert(number, context);
            }
        }
    }
    doubts
}

/// The same of settings alone, whose numbers are known to be numbers.
pub(crate) fn of_settings(
    preset: &str,
    settings: &TrunkSettings,
    has_password: bool,
    presets: &Presets,
) -> Vec<TrunkDoubt> {
    match laid_over(preset, settings, presets) {
        Ok((preset, whole)) => of_whole(preset, &whole, has_password),
        Err(doubt) => vec![doubt],
    }
}

/// The preset of that name, and the settings over what it says.
fn laid_over<'a>(
    preset: &str,
    settings: &TrunkSettings,
    presets: &'a Presets,
) -> Result<(&'a Preset, TrunkSettings), TrunkDoubt> {
    let found = presets
        .find(preset)
        .ok_or_else(|| TrunkDoubt::UnknownPreset { name: preset.to_owned(), hint: presets.hint(preset) })?;
    let whole = settings.over(&found.settings);
    let country = whole.country.as_deref().unwrap_or(DEFAULT_COUNTRY);
    match presets.e164(country, "") {
        Some(_) => Ok((found, whole)),
        None => Err(TrunkDoubt::UnknownCountry(country.to_owned())),
    }
}

fn of_whole(preset: &Preset, whole: &TrunkSettings, has_password: bool) -> Vec<TrunkDoubt> {
    let mut doubts = Vec::new();
    let missing = whole.missing(&preset.needs, has_password);
    if !missing.is_empty() {
        let keys = missing.iter().map(|key| (*key).to_owned()).collect();
        doubts.push(TrunkDoubt::Needs { preset: preset.name.clone(), keys });
    }
    let registers = whole.register == Some(true);
    let has_username = whole.username.is_some();
    let needs = |key: &str| missing.contains(&key);
    let addresses = whole.addresses.as_ref().is_some_and(|blocks| !blocks.is_empty());
    let transport = whole.transport.unwrap_or(TrunkTransport::Udp);
    let in_the_open = whole.hosts().any(|host| host.transport.unwrap_or(transport) != TrunkTransport::Tls);
    let shows_account = whole.caller_id_from == Some(CallerIdFrom::Account);
    let checks = [
        (whole.hosts().next().is_none() && !needs("host"), TrunkDoubt::NoHost),
        (registers && !has_username && !needs("username"), TrunkDoubt::RegistersAsNobody),
        (shows_account && !has_username, TrunkDoubt::ShowsNobody),
        (has_password && !has_username && !needs("username"), TrunkDoubt::PasswordOfNobody),
        (registers && !has_password && !needs("password"), TrunkDoubt::RegistersWithoutPassword),
        (!registers && !addresses, TrunkDoubt::NobodyCallsIn),
        (whole.caller_id_number.is_none() && !shows_account, TrunkDoubt::ShowsNoNumber),
        (whole.srtp == Some(TrunkSrtp::Required) && in_the_open, TrunkDoubt::KeysInTheOpen(transport)),
    ];
    let halves =
        [("stir_key_file", &whole.stir_key_file), ("stir_certificate_url", &whole.stir_certificate_url)];
    if let [(has, Some(_)), (misses, None)] | [(misses, None), (has, Some(_))] = halves {
        doubts.push(TrunkDoubt::SignsWithHalf { has, misses });
    }
    doubts.extend(checks.into_iter().filter(|(holds, _)| *holds).map(|(_, doubt)| doubt));
    doubts
}

/// A number as it is kept. One with an area code that is none of the country is a slip, and no name that the provider calls us by.
pub(crate) fn normal(presets: &Presets, country: &str, number: &str) -> Option<String> {
    let normal = presets.e164(country, number.trim())?;
    let is_slip = normal.starts_with('0')
        && normal.bytes().all(|digit| digit.is_ascii_digit())
        && normal.len() < SHORTEST;
    crate::rules::called(&normal).ok().filter(|()| !is_slip).map(|()| normal)
}

/// Whether a number is one in E.164, or becomes one in the country.
fn is_whole(presets: &Presets, country: &str, number: &str) -> bool {
    let normal = normal(presets, country, number);
    normal.is_some_and(|normal| normal.starts_with('+'))
}

/// Digits of a number that begins with 0: fewer are an area code alone.
const SHORTEST: usize = 5;

/// Where neither the trunk nor its preset names one.
pub const DEFAULT_COUNTRY: &str = "nl";
