//! The types that a key may have: how each is read from TOML or from an environment variable, and printed.

mod network;
mod text;
mod word;

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr as _;

use toml_edit::Value as Toml;

pub use network::{Cidr, PortRange};
pub(crate) use word::choice;
pub use word::{AuthAlgorithm, LogFormat, Srtp};

use crate::database_url::DatabaseUrl;
use crate::render::Rendered;
use crate::secret::Secret;
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
