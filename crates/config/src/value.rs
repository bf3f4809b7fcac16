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
use crate::sentence::{Sentence, Wanted, both};
use crate::speech::{SpeechCodec, ToneCountry};

/// What is wrong with a value, and where inside it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) span: Option<Range<usize>>,
    pub(crate) message: Sentence,
    pub(crate) hint: Option<Sentence>,
}

impl Fault {
    pub(crate) fn new(message: Sentence) -> Self {
        Self { span: None, message, hint: None }
    }

    pub(crate) fn wanted(expected: Wanted, got: Sentence) -> Self {
        Self::new(Sentence {
            en: format!("must be {}, not {}", expected.en, got.en),
            nl: format!("moet {} zijn, niet {}", expected.nl, got.nl),
        })
    }

    /// The same of what was written as a text.
    pub(crate) fn instead_of(expected: Wanted, text: &str) -> Self {
        Self::wanted(expected, both!("{text:?}", "{text:?}"))
    }
}

/// A type that a key may have.
pub(crate) trait Value: Sized {
    /// What the operator should write, as in "must be …".
    const EXPECTED: Wanted;

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
    const EXPECTED: Wanted;
    fn parse(text: &str) -> Result<Self, Fault>;
    fn text(&self) -> String;
}

macro_rules! text_value {
    ($($type:ty),+) => { $(
        impl Value for $type {
            const EXPECTED: Wanted = <$type as Text>::EXPECTED;

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
            const EXPECTED: Wanted = Wanted { en: "a whole number", nl: "een heel getal" };

            fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>> {
                match value {
                    Toml::Integer(number) => Self::try_from(*number.value())
                        .map_err(|_| vec![Fault::new(both!("is {}, which is out of range", "is {}, wat buiten het bereik ligt", number.value()))]),
                    other => Err(vec![wrong_type::<Self>(other)]),
                }
            }

            fn from_text(text: &str) -> Result<Self, Vec<Fault>> {
                text.trim().parse().map_err(|_| vec![Fault::wanted(<Self as Value>::EXPECTED, both!("`{text}`", "`{text}`"))])
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
    const EXPECTED: Wanted = Wanted { en: "true or false", nl: "true of false" };

    fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>> {
        match value {
            Toml::Boolean(yes) => Ok(*yes.value()),
            other => Err(vec![wrong_type::<Self>(other)]),
        }
    }

    fn from_text(text: &str) -> Result<Self, Vec<Fault>> {
        text.trim()
            .parse()
            .map_err(|_| vec![Fault::wanted(<Self as Value>::EXPECTED, both!("`{text}`", "`{text}`"))])
    }

    fn shown(&self) -> Rendered {
        Rendered::Value((*self).into())
    }
}

impl<T: Value> Value for Option<T> {
    const EXPECTED: Wanted = T::EXPECTED;

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
    const EXPECTED: Wanted = Wanted { en: "a list", nl: "een lijst" };

    fn from_toml(value: &Toml) -> Result<Self, Vec<Fault>> {
        let Toml::Array(array) = value else {
            let shown = value.to_string();
            let shown = shown.trim();
            let hint = both!("write it in brackets: [{shown}]", "zet er blokhaken om: [{shown}]");
            return Err(vec![Fault { hint: Some(hint), ..wrong_type::<Self>(value) }]);
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
        Toml::String(_) => both!("a string", "een tekst"),
        Toml::Integer(_) => both!("a number", "een getal"),
        Toml::Float(_) => both!("a fraction", "een breuk"),
        Toml::Boolean(_) => both!("true or false", "true of false"),
        Toml::Datetime(_) => both!("a date", "een datum"),
        Toml::Array(_) => both!("a list", "een lijst"),
        Toml::InlineTable(_) => both!("a table", "een tabel"),
    };
    Fault::wanted(T::EXPECTED, got)
}
