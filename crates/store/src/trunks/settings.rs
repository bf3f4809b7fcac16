//! What can be said of a trunk, key by key: one table gives the struct, its reader and its words. Import files, presets and the
//! command line all read by it.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml_edit::{Array, Value};

use super::address::{AddressBlock, TrunkHost};
use super::identify::HeaderRule;
use super::span::{Interval, Span};
use super::word::{
    CallerIdFrom, CallerIdIn, IncomingFormat, NumberFormat, StirAttest, TrunkAdmission, TrunkCodec,
    TrunkDtmf, TrunkSrtp, TrunkStir, TrunkTransport, TrunkWebhook, Word,
};
use super::wrong::{Found, Said, Wanted, WordFault, WrongValue};
use crate::rules::{self, Refusal};

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ValueFault {
    /// Where in the file it stands, if it came from one.
    pub(crate) span: Option<Range<usize>>,
    pub(crate) wrong: WrongValue,
}

/// What a key allows beyond its type.
#[derive(Default)]
pub(crate) struct Limits {
    /// Of a number, or of a length of time in milliseconds.
    pub(crate) bounds: Option<RangeInclusive<u32>>,
    pub(crate) rule: Option<Rule>,
}

/// What a text has to be.
type Rule = fn(&str) -> Result<(), Refusal>;

/// Settings that a table of a file may have.
pub(crate) trait Keyed {
    fn keys(&self) -> &'static [&'static str];

    /// Takes the value of a key. False where there is no such key.
    fn take_value(&mut self, key: &str, value: &Value) -> Result<bool, Vec<ValueFault>>;
}

/// A type that a key can have.
pub(crate) trait Setting: Sized {
    /// The TOML that a text of the command line stands for.
    fn typed(text: &str) -> Value {
        Value::from(text)
    }

    fn read(value: &Value, limits: &Limits) -> Result<Self, Vec<ValueFault>>;
}

/// The one table of what can be said of something, which each way to say it reads.
macro_rules! settings {
    ($(#[doc = $about:literal])+ $name:ident of $what:ident {
        $( $(#[doc = $doc:literal])+ $key:ident: $type:ty $(, in $bounds:expr)? $(, by $rule:expr)?; )+
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $( $(#[doc = $doc])+ #[serde(skip_serializing_if = "Option::is_none")] pub $key: Option<$type>, )+
        }

        impl $crate::trunks::settings::Keyed for $name {
            fn keys(&self) -> &'static [&'static str] {
                Self::KEYS
            }

            fn take_value(&mut self, key: &str, value: &Value) -> Result<bool, Vec<ValueFault>> {
                self.take(key, value)
            }
        }

        impl $name {
            /// The keys, in the order in which they are shown.
            pub const KEYS: &[&str] = &[$( stringify!($key) ),+];

            /// Takes the value of a key. False where there is no such key.
            ///
            /// # Errors
            /// What is wrong with the value; the key stays as it was.
            pub(crate) fn take(&mut self, key: &str, value: &Value) -> Result<bool, Vec<ValueFault>> {
                match key {
                    $( stringify!($key) => {
                        let limits = Limits { $( bounds: Some($bounds), )? $( rule: Some($rule), )? ..Limits::default() };
                        self.$key = Some(<$type as Setting>::read(value, &limits)?);
                    } )+
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// The TOML that a text of the command line stands for, by the type of its key.
            fn typed(key: &str, text: &str) -> Option<Value> {
                match key {
                    $( stringify!($key) => Some(<$type as Setting>::typed(text)), )+
                    _ => None,
                }
            }

            /// Takes what was typed on the command line: the words of the import, lists with commas.
            ///
            /// # Errors
            /// What is wrong with it, or that there is no such key.
            pub fn take_text(&mut self, key: &str, text: &str) -> Result<(), Vec<$crate::WordFault>> {
                use $crate::{Said, WordFault};
                let unknown = || vec![$crate::trunks::settings::unknown(Said::$what, key, Self::KEYS)];
                let value = Self::typed(key, text).ok_or_else(unknown)?;
                let of_key = |fault: ValueFault| WordFault::Value { key: key.to_owned(), wrong: fault.wrong };
                self.take(key, &value).map(drop).map_err(|faults| faults.into_iter().map(of_key).collect())
            }

            /// Forgets what was said of a key. False where there is no such key.
            pub fn clear(&mut self, key: &str) -> bool {
                match key {
                    $( stringify!($key) => self.$key = None, )+
                    _ => return false,
                }
                true
            }

            /// These settings, and where they say nothing those of `below`.
            #[must_use]
            pub fn over(&self, below: &Self) -> Self {
                Self { $( $key: self.$key.clone().or_else(|| below.$key.clone()), )+ }
            }
        }
    };
}
pub(crate) use settings;

settings! {
/// What an operator or a preset says of a trunk. None: nothing, so that the preset counts, and then the default.
TrunkSettings of Trunk {
    /// Where its requests go, in order of preference.
    host: Vec<TrunkHost>;
    /// How they travel, where a host does not say it.
    transport: TrunkTransport;
    /// The host part of From and To; by default that of the host which is tried.
    domain: String, by rules::domain;
    /// The proxies that its requests pass first.
    outbound_proxy: Vec<TrunkHost>;
    /// The user part of our address there.
    username: String, by rules::account;
    /// The user name of the digest credentials; by default `username`.
    login: String, by rules::account;
    /// Whether we register there.
    register: bool;
    /// Seconds that a registration is asked for.
    expires: u32, in 60..=86_400;
    /// Where its calls come from.
    addresses: Vec<AddressBlock>;
    /// What an INVITE of it must carry besides: trunks may share addresses.
    identify_header: HeaderRule;
    /// The country whose people dial here, by its code.
    country: String, by rules::country;
    /// How numbers are written that go out.
    number_format: NumberFormat;
    /// How it writes numbers to us.
    incoming_format: IncomingFormat;
    /// What stands in From.
    caller_id_from: CallerIdFrom;
    /// Where else the caller is named.
    caller_id_in: CallerIdIn;
    /// The number shown where the caller has none of the public network; [`ANONYMOUS`](super::ANONYMOUS): none, on purpose.
    caller_id_number: String, by rules::shown_number;
    /// How long a host may say nothing.
    patience: Span, in 200..=30_000;
    /// How long a host that has said 100 may take to say where the call is.
    progress: Interval, in 500..=180_000;
    /// What becomes of calls for a number that it does not have.
    unknown_numbers: TrunkAdmission;
    /// What becomes of calls from nobody.
    anonymous: TrunkAdmission;
    /// Whether it may transfer our calls (REFER).
    transfers: bool;
    /// Whether it may redirect our calls (3xx).
    redirects: bool;
    /// Calls at one time, both directions together.
    channels: u32, in 1..=100_000;
    /// Calls that may begin in a second.
    calls_per_second: u32, in 1..=1_000;
    /// Its share where the dialplan chooses by weight; 0: only after the others.
    weight: u32, in 0..=1_000;
    /// How often its hosts are asked whether they live.
    options: Interval, in 5_000..=3_600_000;
    /// Whether speech is encrypted.
    srtp: TrunkSrtp;
    /// The codecs, in order; none: all.
    codecs: Vec<TrunkCodec>;
    /// How keys travel.
    dtmf: TrunkDtmf;
    /// After how long a call is refreshed (RFC 4028).
    session_timer: Interval, in 90_000..=86_400_000;
    /// What is made of the signatures of its callers' numbers (STIR).
    stir: TrunkStir;
    /// The file of the key that our callers' numbers are signed with.
    stir_key_file: String, by rules::file;
    /// Where others fetch its certificate.
    stir_certificate_url: String, by rules::https_url;
    /// The most that is attested of a caller.
    stir_attest: StirAttest;
    /// How its provider signs webhooks; by default as Standard Webhooks.
    webhook: TrunkWebhook;
    /// The public key that Telnyx signs with, as its portal shows it.
    webhook_key: String, by rules::webhook_key;
    /// Whose account it is at its provider: the Account SID of Twilio, the connection of Telnyx.
    account: String, by rules::account;
    /// The name of the key that the provider's REST API is asked with, where it has one: the API key SID of Twilio.
    api_key: String, by rules::account;
    /// Where that API is, where it is not where the provider says.
    api: String, by rules::api_url;
}
}

impl TrunkSettings {
    /// The same for whoever may not see secrets: some carriers are known by the value of a header alone.
    #[must_use]
    pub fn masked(mut self, mask: &str) -> Self {
        if let Some(rule) = &mut self.identify_header {
            rule.value = mask.into();
        }
        self
    }

    /// The key of the login at the provider, where one is needed to say who we are.
    pub(crate) fn missing<'a>(&self, needed: &'a [String], has_password: bool) -> Vec<&'a str> {
        let said = serde_json::to_value(self).unwrap_or_default();
        let is_there = |key: &&str| if *key == "password" { has_password } else { said.get(*key).is_some() };
        needed.iter().map(String::as_str).filter(|key| !is_there(key)).collect()
    }
}

/// That something has no such key.
pub(crate) fn unknown(of: Said, key: &str, known: &[&'static str]) -> WordFault {
    let near = super::word::nearest(key, known);
    WordFault::UnknownKey { of, near, key: super::word::shown(key), known: known.to_vec() }
}

impl<T: Word + Bounded> Setting for T {
    fn read(value: &Value, limits: &Limits) -> Result<Self, Vec<ValueFault>> {
        let Some(text) = value.as_str() else { return Err(mistyped(value, Wanted::Text)) };
        let read: Self = text.parse().map_err(|wrong| refused(value, wrong))?;
        match (read.millis(), &limits.bounds) {
            (Some(millis), Some(bounds))
                if !(u128::from(*bounds.start())..=u128::from(*bounds.end())).contains(&millis) =>
            {
                let [low, high] =
                    [bounds.start(), bounds.end()].map(|end| Span(Duration::from_millis(u64::from(*end))));
                Err(out_of_bounds(value, text, low, high))
            }
            _ => Ok(read),
        }
    }
}

/// A word that may be a length of time.
pub(crate) trait Bounded {
    fn millis(&self) -> Option<u128> {
        None
    }
}

impl Bounded for Span {
    fn millis(&self) -> Option<u128> {
        Some(self.0.as_millis())
    }
}

impl Bounded for Interval {
    fn millis(&self) -> Option<u128> {
        self.duration().map(|each| each.as_millis())
    }
}

impl Bounded for TrunkHost {}
impl Bounded for AddressBlock {}
impl Bounded for HeaderRule {}

impl<T: Word + Bounded + PartialEq> Setting for Vec<T> {
    fn typed(text: &str) -> Value {
        Value::Array(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Array>())
    }

    /// A single value may stand without its brackets.
    fn read(value: &Value, limits: &Limits) -> Result<Self, Vec<ValueFault>> {
        let Value::Array(array) = value else { return T::read(value, limits).map(|one| vec![one]) };
        if array.len() > MOST_ITEMS {
            return Err(refused(value, WrongValue::TooMany { count: array.len(), most: MOST_ITEMS }));
        }
        let (mut read, mut faults) = (Self::new(), Vec::new());
        for item in array {
            match T::read(item, limits) {
                Ok(one) if read.contains(&one) => {
                    faults.extend(refused(item, WrongValue::Twice(one.to_string())));
                }
                Ok(one) => read.push(one),
                Err(wrong) => faults.extend(wrong),
            }
        }
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }
}

impl Setting for String {
    fn read(value: &Value, limits: &Limits) -> Result<Self, Vec<ValueFault>> {
        let Some(text) = value.as_str() else { return Err(mistyped(value, Wanted::Text)) };
        match limits.rule.map_or(Ok(()), |rule| rule(text)) {
            Ok(()) => Ok(text.to_owned()),
            Err(refusal) => Err(refused(value, WrongValue::Refused(refusal))),
        }
    }
}

impl Setting for bool {
    fn typed(text: &str) -> Value {
        match text {
            "true" | "yes" | "on" | "ja" => Value::from(true),
            "false" | "no" | "off" | "nee" => Value::from(false),
            other => Value::from(other),
        }
    }

    fn read(value: &Value, _: &Limits) -> Result<Self, Vec<ValueFault>> {
        value.as_bool().ok_or_else(|| mistyped(value, Wanted::Flag))
    }
}

impl Setting for u32 {
    fn typed(text: &str) -> Value {
        text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
    }

    fn read(value: &Value, limits: &Limits) -> Result<Self, Vec<ValueFault>> {
        let Some(number) = value.as_integer() else {
            return Err(mistyped(value, Wanted::Number));
        };
        let bounds = limits.bounds.clone().unwrap_or(0..=Self::MAX);
        let read = Self::try_from(number).ok().filter(|number| bounds.contains(number));
        read.ok_or_else(|| out_of_bounds(value, number, bounds.start(), bounds.end()))
    }
}

pub(crate) fn mistyped(value: &Value, wanted: Wanted) -> Vec<ValueFault> {
    let found = match value {
        Value::String(_) => Found::Text,
        Value::Integer(_) | Value::Float(_) => Found::Number,
        Value::Boolean(_) => Found::Flag,
        Value::Datetime(_) => Found::Date,
        Value::Array(_) => Found::List,
        Value::InlineTable(_) => Found::Table,
    };
    refused(value, WrongValue::Type { wanted, found })
}

pub(crate) fn refused(value: &Value, wrong: WrongValue) -> Vec<ValueFault> {
    vec![ValueFault { span: value.span(), wrong }]
}

fn out_of_bounds<T: ToString>(value: &Value, said: impl ToString, low: T, high: T) -> Vec<ValueFault> {
    let (said, low, high) = (said.to_string(), low.to_string(), high.to_string());
    refused(value, WrongValue::OutOfBounds { said, low, high })
}

/// Of a list: each call looks through some of them.
const MOST_ITEMS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn with(words: &[(&str, &str)]) -> TrunkSettings {
        let mut settings = TrunkSettings::default();
        for (key, text) in words {
            settings.take_text(key, text).unwrap_or_else(|faults| panic!("{key}={text}: {faults:?}"));
        }
        settings
    }

    #[test]
    fn what_is_typed_is_kept_and_read_again() {
        let said = with(&[
            ("host", "sip.example.net:5060,[2001:db8::1]"),
            ("transport", "tls"),
            ("register", "true"),
            ("expires", "600"),
            ("addresses", "192.0.2.0/24, 198.51.100.7"),
            ("identify_header", "X-Account: 100001"),
            ("codecs", "pcma,G722"),
            ("options", "off"),
            ("session_timer", "30m"),
            ("patience", "2s"),
            ("progress", "off"),
            ("unknown_numbers", "take"),
            ("anonymous", "refuse"),
            ("transfers", "ja"),
            ("redirects", "true"),
            ("caller_id_number", "+31201234567"),
        ]);
        let json = serde_json::to_string(&said).unwrap();
        assert!(json.contains(r#""host":["sip.example.net:5060","[2001:db8::1]"]"#), "{json}");
        assert!(
            json.contains(r#""codecs":["PCMA","G722"]"#) && json.contains(r#""options":"off""#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<TrunkSettings>(&json).unwrap(), said);
        assert!(serde_json::from_str::<TrunkSettings>(r#"{"colour":"red"}"#).is_err());
        assert!(serde_json::from_str::<TrunkSettings>(r#"{"transport":"ws"}"#).is_err());
    }

    #[test]
    fn each_wrong_value_says_what_is_wanted() {
        for (key, text, wanted) in [
            ("host", "a b,sip.example.net:0", "`host` cannot be \"a b\""),
            ("register", "maybe", "`register` must be true or false, not text"),
            ("expires", "10", "`expires` is 10, but must be from 60 to 86400"),
            ("channels", "many", "`channels` must be a number without quotes, not text"),
            ("patience", "60s", "`patience` is 60s, but must be from 200ms to 30s"),
            ("options", "1s", "`options` is 1s, but must be from 5s to 1h"),
            ("progress", "4m", "`progress` is 4m, but must be from 500ms to 3m"),
            (
                "anonymous",
                "taek",
                "`anonymous` must be one of \"take\", \"refuse\", not \"taek\": did you mean \"take\"?",
            ),
            ("transfers", "often", "`transfers` must be true or false, not text"),
            ("country", "NLD", "`country` is refused:"),
            ("codecs", "PCMA,pcma", "`codecs` has PCMA twice"),
            ("hots", "x", "a trunk has no key `hots`: did you mean `host`?"),
        ] {
            let faults = TrunkSettings::default().take_text(key, text).unwrap_err();
            assert!(faults[0].to_string().starts_with(wanted), "{faults:?}");
        }
        let both = TrunkSettings::default().take_text("host", "a b,c d").unwrap_err();
        assert_eq!(both.len(), 2, "every host of a list is told");
    }

    #[test]
    fn own_words_count_before_those_of_the_preset() {
        let preset = with(&[("host", "sip.example.net"), ("transport", "tls"), ("register", "true")]);
        let own = with(&[("transport", "udp"), ("channels", "4")]);
        let merged = own.over(&preset);
        assert_eq!(
            merged,
            with(&[
                ("host", "sip.example.net"),
                ("transport", "udp"),
                ("register", "true"),
                ("channels", "4")
            ])
        );
        let mut cleared = own;
        assert!(cleared.clear("transport") && !cleared.clear("colour"));
        assert_eq!(cleared.over(&preset).transport, Some(TrunkTransport::Tls));
    }
}
