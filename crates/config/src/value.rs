//! The types that a key may have: how each is read from TOML or from an environment variable, and printed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use toml_edit::Value as Toml;

use crate::database_url::DatabaseUrl;
use crate::render::Rendered;
use crate::secret::Secret;
use crate::section::nearest;
use crate::speech::{SpeechCodec, ToneCountry};

/// What is wrong with a value, and where inside it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) span: Option<Range<usize>>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { span: None, message: message.into(), hint: None }
    }

    pub(crate) fn wanted(expected: &str, got: &str) -> Self {
        Self::new(format!("must be {expected}, not {got}"))
    }
}

/// A type that a key may have.
pub(crate) trait Value: Sized {
    /// What the operator should write, as in "must be …".
    const EXPECTED: &'static str;

    fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>>;

    /// From an environment variable, which has no types.
    fn from_text(text: &str) -> Result<Self, Vec<Fault>>;

    fn shown(&self) -> Rendered;

    /// The number that bounds are checked on, where it is one.
    fn number(&self) -> Option<i64> {
        None
    }
}

/// A value that is written as a string.
pub(crate) trait Text: Sized {
    const EXPECTED: &'static str;
    fn parse(text: &str) -> Result<Self, Fault>;
    fn text(&self) -> String;
}

macro_rules! text_value {
    ($($type:ty),+) => { $(
        impl Value for $type {
            const EXPECTED: &'static str = <$type as Text>::EXPECTED;

            fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>> {
                match value {
                    Toml::String(text) => Self::from_text(text.value()),
                    other => Err(vec![wrong_type::<Self>(other)]),
                }
            }

            fn from_text(text: &str) -> Result<Self, Vec<Fault>> {
                <$type as Text>::parse(text).map_err(|fault| vec![fault])
            }

            fn shown(&self) -> Rendered {
                Rendered::Value(self.text().into())
            }
        }
    )+ };
}
text_value!(
    String,
    PathBuf,
    SocketAddr,
    IpAddr,
    Cidr,
    PortRange,
    AuthAlgorithm,
    LogFormat,
    Secret,
    DatabaseUrl,
    Srtp,
    SpeechCodec,
    ToneCountry
);

macro_rules! number_value {
    ($($type:ty),+) => { $(
        impl Value for $type {
            const EXPECTED: &'static str = "a whole number";

            fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>> {
                match value {
                    Toml::Integer(number) => Self::try_from(*number.value())
                        .map_err(|_| vec![Fault::new(format!("is {}, which is out of range", number.value()))]),
                    other => Err(vec![wrong_type::<Self>(other)]),
                }
            }

            fn from_text(text: &str) -> Result<Self, Vec<Fault>> {
                text.trim().parse().map_err(|_| vec![Fault::wanted(<Self as Value>::EXPECTED, &format!("`{text}`"))])
            }

            fn shown(&self) -> Rendered {
                Rendered::Value(i64::try_from(*self).unwrap_or(i64::MAX).into())
            }

            fn number(&self) -> Option<i64> {
                i64::try_from(*self).ok()
            }
        }
    )+ };
}
number_value!(u16, u32, u64);

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>> {
        match value {
            Toml::Boolean(yes) => Ok(*yes.value()),
            other => Err(vec![wrong_type::<Self>(other)]),
        }
    }

    fn from_text(text: &str) -> Result<Self, Vec<Fault>> {
        text.trim().parse().map_err(|_| vec![Fault::wanted(<Self as Value>::EXPECTED, &format!("`{text}`"))])
    }

    fn shown(&self) -> Rendered {
        Rendered::Value((*self).into())
    }
}

impl<T: Value> Value for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>> {
        T::from_toml(value).map(Some)
    }

    fn from_text(text: &str) -> Result<Self, Vec<Fault>> {
        if text.is_empty() { Ok(None) } else { T::from_text(text).map(Some) }
    }

    fn shown(&self) -> Rendered {
        self.as_ref().map_or(Rendered::Unset, T::shown)
    }
}

impl<T: Value> Value for Vec<T> {
    const EXPECTED: &'static str = "a list";

    fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>> {
        let Toml::Array(array) = value else {
            let mut fault = wrong_type::<Self>(value);
            fault.hint = Some(format!("write it in brackets: [{}]", value.to_string().trim()));
            return Err(vec![fault]);
        };
        let mut items = Self::new();
        let mut faults = Vec::new();
        for element in array {
            match T::from_toml(element) {
                Ok(item) => items.push(item),
                Err(wrong) => {
                    faults.extend(wrong.into_iter().map(|fault| Fault { span: element.span(), ..fault }))
                }
            }
        }
        if faults.is_empty() { Ok(items) } else { Err(faults) }
    }

    fn from_text(text: &str) -> Result<Self, Vec<Fault>> {
        // A bare IPv6 address begins with a bracket too, so what is no TOML list is taken as a comma list.
        if let Ok(value @ Toml::Array(_)) = Toml::from_str(text.trim()) {
            return Self::from_toml(&value).map_err(|mut faults| {
                faults.iter_mut().for_each(|fault| fault.span = None);
                faults
            });
        }
        let mut items = Self::new();
        let mut faults = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match T::from_text(part) {
                Ok(item) => items.push(item),
                Err(wrong) => faults.extend(wrong),
            }
        }
        if faults.is_empty() { Ok(items) } else { Err(faults) }
    }

    fn shown(&self) -> Rendered {
        let values = self.iter().filter_map(|item| match item.shown() {
            Rendered::Value(value) => Some(value),
            _ => None,
        });
        Rendered::Value(Toml::Array(values.collect()))
    }
}

fn wrong_type<T: Value>(value: &Toml) -> Fault {
    let got = match value {
        Toml::String(_) => "a string",
        Toml::Integer(_) => "a number",
        Toml::Float(_) => "a fraction",
        Toml::Boolean(_) => "true or false",
        Toml::Datetime(_) => "a date",
        Toml::Array(_) => "a list",
        Toml::InlineTable(_) => "a table",
    };
    Fault::wanted(T::EXPECTED, got)
}

impl Text for String {
    const EXPECTED: &'static str = "a string";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.chars().any(char::is_control) {
            return Err(Fault::new("has a control character in it"));
        }
        Ok(text.to_owned())
    }

    fn text(&self) -> String {
        self.clone()
    }
}

impl Text for Secret {
    const EXPECTED: &'static str = "a string";

    fn parse(text: &str) -> Result<Self, Fault> {
        Ok(Self::new(text))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for DatabaseUrl {
    const EXPECTED: &'static str = "a database URL";

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse(text).map_err(Fault::new)
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() || text.contains('\0') {
            return Err(Fault::new("must be a path, not empty"));
        }
        Ok(text.into())
    }

    fn text(&self) -> String {
        self.display().to_string()
    }
}

impl Text for SocketAddr {
    const EXPECTED: &'static str = "an address and port such as \"0.0.0.0:5060\" or \"[::]:5060\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            let mut fault = Fault::wanted(<Self as Text>::EXPECTED, &format!("{text:?}"));
            if IpAddr::from_str(text).is_ok() {
                fault.hint = Some("add a port".into());
            } else if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
                fault.hint = Some("names are not looked up here: write an address".into());
            }
            fault
        })
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for IpAddr {
    const EXPECTED: &'static str = "an IP address";

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| Fault::wanted(<Self as Text>::EXPECTED, &format!("{text:?}")))
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// A block of addresses, written `ADDRESS/PREFIX` or as a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// Any address of the block.
    pub address: IpAddr,
    /// The length of the prefix in bits.
    pub prefix: u8,
}

impl Cidr {
    /// Whether an address lies in the block. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(block), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(self.prefix.into())).unwrap_or(0);
                u32::from(block) & mask == u32::from(ip) & mask
            }
            (IpAddr::V6(block), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(self.prefix.into())).unwrap_or(0);
                u128::from(block) & mask == u128::from(ip) & mask
            }
            _ => false,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Text for Cidr {
    const EXPECTED: &'static str = "an address block such as \"192.0.2.0/24\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = || Fault::wanted(<Self as Text>::EXPECTED, &format!("{text:?}"));
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), str::parse).map_err(|_| wrong())?;
        if prefix > longest { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

/// A range of ports, both ends included, written `FIRST-LAST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl Text for PortRange {
    const EXPECTED: &'static str = "a range of ports such as \"20000-29999\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = || Fault::wanted(<Self as Text>::EXPECTED, &format!("{text:?}"));
        let (first, last) = text.split_once('-').ok_or_else(wrong)?;
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
        let (first, last) = (port(first)?, port(last)?);
        if first == 0 {
            return Err(Fault::new("starts at port 0, which is no port"));
        }
        if last <= first {
            return Err(Fault::new(format!(
                "is {text:?}, but a leg takes two ports: the last must be above the first"
            )));
        }
        Ok(Self { first, last })
    }

    fn text(&self) -> String {
        format!("{}-{}", self.first, self.last)
    }
}

/// A digest algorithm that phones are challenged with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthAlgorithm {
    /// `MD5`, which every phone knows.
    Md5,
    /// `SHA-256` (RFC 7616).
    Sha256,
    /// `SHA-512-256` (RFC 8760).
    Sha512_256,
}

impl AuthAlgorithm {
    /// The token of the RFC.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }
}

impl Text for AuthAlgorithm {
    const EXPECTED: &'static str = "\"MD5\", \"SHA-256\" or \"SHA-512-256\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        match text.to_ascii_uppercase().as_str() {
            "MD5" => Ok(Self::Md5),
            "SHA-256" => Ok(Self::Sha256),
            "SHA-512-256" => Ok(Self::Sha512_256),
            _ => Err(choice(text, <Self as Text>::EXPECTED, &["MD5", "SHA-256", "SHA-512-256"])),
        }
    }

    fn text(&self) -> String {
        self.as_str().into()
    }
}

/// Whether speech is encrypted with keys in the session description (RFC 4568).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Srtp {
    /// Never.
    Off,
    /// Where the phone offers it, and offered to phones whose signalling is encrypted.
    Optional,
    /// Always; speech without it is refused.
    Required,
}

impl Text for Srtp {
    const EXPECTED: &'static str = "\"off\", \"optional\" or \"required\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "off" => Ok(Self::Off),
            "optional" => Ok(Self::Optional),
            "required" => Ok(Self::Required),
            _ => Err(choice(text, <Self as Text>::EXPECTED, &["off", "optional", "required"])),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
        .into()
    }
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Text for LogFormat {
    const EXPECTED: &'static str = "\"text\" or \"json\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(choice(text, <Self as Text>::EXPECTED, &["text", "json"])),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Json => "json".into(),
        }
    }
}

pub(crate) fn choice(text: &str, expected: &str, known: &[&str]) -> Fault {
    let mut fault = Fault::wanted(expected, &format!("{text:?}"));
    fault.hint = nearest(text, known).map(|near| format!("did you mean \"{near}\"?"));
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_contains_its_own_addresses_only() {
        let block = <Cidr as Text>::parse("192.0.2.0/25").unwrap();
        assert!(block.contains("192.0.2.127".parse().unwrap()));
        assert!(block.contains("::ffff:192.0.2.1".parse().unwrap()));
        assert!(!block.contains("192.0.2.128".parse().unwrap()));
        assert!(!block.contains("2001:db8::1".parse().unwrap()));
        let all = <Cidr as Text>::parse("::/0").unwrap();
        assert!(all.contains("2001:db8::1".parse().unwrap()));
        let one = <Cidr as Text>::parse("2001:db8::1").unwrap();
        assert!(
            one.contains("2001:db8::1".parse().unwrap()) && !one.contains("2001:db8::2".parse().unwrap())
        );
        for bad in ["192.0.2.0/33", "192.0.2/24", "x", "::/129", "10.0.0.0/"] {
            assert!(<Cidr as Text>::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_prints_masked() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "******** ********");
        assert_eq!(secret.shown().to_toml(), "\"********\"");
    }
}
