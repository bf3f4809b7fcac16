//! Parameters of header values and URIs: names with or without a value, order kept.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cursor::{Cursor, Flaw};
use super::text::{self, PLAIN};
use crate::message::Reason;

/// A list of parameters. Values are held without quotes or escapes; names compare without case, and a later
/// parameter of the same name is not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Params(Vec<Param>);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Param {
    pub(crate) name: Name,
    pub(crate) value: Option<Box<str>>,
    /// It came in quotes or needs them; the grammar of some parameters asks for them even around a token.
    quoted: bool,
}

impl PartialEq for Param {
    fn eq(&self, other: &Self) -> bool {
        self.name.as_str().eq_ignore_ascii_case(other.name.as_str()) && self.value == other.value
    }
}

impl Eq for Param {}

#[derive(Debug, Clone)]
pub(crate) enum Name {
    Known(&'static str),
    Other(Box<str>),
}

impl Name {
    pub(crate) fn new(name: &str) -> Self {
        match KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) => Self::Known(known),
            None => Self::Other(name.into()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Other(name) => name,
        }
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<str>::deserialize(deserializer).map(|name| Self::new(&name))
    }
}

const KNOWN: [&str; 16] = [
    "branch",
    "tag",
    "rport",
    "transport",
    "lr",
    "received",
    "expires",
    "q",
    "user",
    "ob",
    "+sip.instance",
    "reg-id",
    "maddr",
    "line",
    "ttl",
    "method",
];

impl Params {
    /// No parameter.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of a parameter; `None` where it is absent or has no value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).and_then(|param| param.value.as_deref())
    }

    /// True where the parameter is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Sets a parameter, in place of one of that name. Characters that may not stand in a name, and control
    /// characters in the value, are left out; a name without any other character sets nothing.
    pub fn set<'a>(&mut self, name: &str, value: impl Into<Option<&'a str>>) {
        let name = if text::is_token(name) {
            Name::new(name)
        } else {
            Name::new(
                &name.chars().filter(|&c| c.is_ascii() && text::is(c as u8, text::TOKEN)).collect::<String>(),
            )
        };
        if name.as_str().is_empty() {
            return;
        }
        let value = value.into().map(text::printable);
        let quoted = value.as_deref().is_some_and(needs_quotes);
        let param = Param { name, value, quoted };
        match self.0.iter_mut().find(|old| old.name.as_str().eq_ignore_ascii_case(param.name.as_str())) {
            Some(old) => *old = param,
            None => self.0.push(param),
        }
    }

    /// [`Params::set`] for building in one expression.
    #[must_use]
    pub fn with<'a>(mut self, name: &str, value: impl Into<Option<&'a str>>) -> Self {
        self.set(name, value);
        self
    }

    /// Removes a parameter; true where it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|param| !param.name.as_str().eq_ignore_ascii_case(name));
        self.0.len() != before
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|param| (param.name.as_str(), param.value.as_deref()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True for none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|param| param.name.as_str().eq_ignore_ascii_case(name))
    }

    /// Adds as parsed; the first of a name stays.
    pub(crate) fn add(&mut self, name: &str, value: Option<Box<str>>, quoted: bool) {
        if self.find(name).is_none() {
            if self.0.is_empty() {
                self.0.reserve_exact(2);
            }
            self.0.push(Param { name: Name::new(name), value, quoted });
        }
    }

    /// Adds even where the name is there already, as URI headers may repeat.
    pub(crate) fn add_repeated(&mut self, name: &str, value: Box<str>) {
        self.0.push(Param { name: Name::new(name), value: Some(value), quoted: false });
    }

    /// `*(SEMI generic-param)` at the cursor. A semicolon with nothing behind it ends the list: some phones send one.
    pub(crate) fn parse(cursor: &mut Cursor<'_>, max: usize) -> Result<Self, Flaw> {
        let mut params = Self::new();
        let mut count: usize = 0;
        while cursor.take_spaced(b';') {
            if cursor.is_done() {
                break;
            }
            count = count.saturating_add(1);
            if count > max {
                return Err(cursor.flaw(Reason::TooMany(max)));
            }
            let name = cursor.token()?;
            if !cursor.take_spaced(b'=') {
                params.add(name, None, false);
            } else if cursor.peek() == Some(b'"') {
                let value = text::printable(&cursor.quoted()?);
                params.add(name, Some(value), true);
            } else {
                let value = cursor.take_while(is_bare);
                if value.is_empty() {
                    return cursor.expected("a parameter value");
                }
                params.add(name, Some(value.into()), false);
            }
        }
        Ok(params)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for param in &self.0 {
            out.push(b';');
            text::put(out, param.name.as_str());
            let Some(value) = &param.value else { continue };
            out.push(b'=');
            if param.quoted || needs_quotes(value) {
                text::put_quoted(out, value);
            } else {
                text::put(out, value);
            }
        }
    }
}

/// What an unquoted value may hold when read: phones write more there than the grammar has.
fn is_bare(byte: u8) -> bool {
    byte >= 0x80 || (byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"' | b'\\'))
}

fn needs_quotes(value: &str) -> bool {
    value.is_empty() || !text::all(value, PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Params, Flaw> {
        Params::parse(&mut Cursor::new(text, 0), 8)
    }

    fn written(params: &Params) -> String {
        let mut out = Vec::new();
        params.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn names_compare_without_case_and_the_first_counts() {
        let params = parse(" ; Tag = a ;TAG=b;x; y=\"q;\\\" z\"").unwrap();
        assert_eq!(params.get("tag"), Some("a"));
        assert!(params.contains("X") && params.get("x").is_none());
        assert_eq!(params.get("y"), Some("q;\" z"));
        assert_eq!(written(&params), ";tag=a;x;y=\"q;\\\" z\"");
    }

    #[test]
    fn a_value_cannot_add_a_parameter_or_a_line() {
        let params = Params::new().with("a\r\nb;c", "1;lr\r\nEvil: 2").with("\r\n", "x");
        assert_eq!(written(&params), ";abc=\"1;lrEvil: 2\"");
        assert_eq!(parse(&written(&params)).unwrap(), params);
    }

    #[test]
    fn quotes_are_kept_and_separators_are_checked() {
        assert_eq!(written(&parse(";events=\"presence\"").unwrap()), ";events=\"presence\"");
        assert!(parse(";;a").is_err());
        assert!(parse(";a=").is_err());
        assert!(parse(";a;").is_ok());
        assert_eq!(parse(";a;b;c;d;e;f;g;h;i").unwrap_err().reason, Reason::TooMany(8));
    }
}
