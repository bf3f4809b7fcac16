//! Headers: their names, the typed ones, and the list of all that are not fields of a message.

pub(crate) mod address;
pub(crate) mod cursor;
mod date;
mod diversion;
mod identity;
pub(crate) mod name;
pub(crate) mod params;
mod refer_to;
pub(crate) mod reliability;
mod replaces;
pub(crate) mod session_timer;
pub(crate) mod text;
pub(crate) mod via;

pub use address::{Contacts, NameAddr};
pub use diversion::{Diversion, HistoryEntry};
pub use identity::Privacy;
pub use name::HeaderName;
pub use params::Params;
pub use refer_to::ReferTo;
pub use reliability::RAck;
pub use replaces::Replaces;
pub use session_timer::{Refresher, SessionExpires};
pub use via::{Via, ViaTransport};

use serde::{Deserialize, Serialize};

use crate::message::{Limits, ParseError, Part, Reason};
use cursor::Cursor;

/// One header line: unfolded, trimmed, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    name: HeaderName,
    value: Box<str>,
}

impl Header {
    /// The name.
    pub fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The value; may be empty.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// All headers of a message but its fields and Content-Length, in order; those that route stand before the others.
///
/// Via, From, To, Call-ID, CSeq, Max-Forwards and Content-Length cannot stand here, whatever spelling they come in:
/// they are fields of the message or computed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Header>", from = "Vec<Header>")]
pub struct Headers {
    list: Vec<Header>,
    routing: usize,
}

impl From<Vec<Header>> for Headers {
    fn from(list: Vec<Header>) -> Self {
        let mut headers = Self::new();
        for Header { name, value } in list {
            headers.push(name, value);
        }
        headers
    }
}

impl From<Headers> for Vec<Header> {
    fn from(headers: Headers) -> Self {
        headers.list
    }
}

impl Headers {
    /// No header.
    pub const fn new() -> Self {
        Self { list: Vec::new(), routing: 0 }
    }

    /// The value of the first header of that name.
    pub fn get(&self, name: &HeaderName) -> Option<&str> {
        self.list.iter().find(|header| header.name == *name).map(Header::value)
    }

    /// The values of all headers of that name, in order.
    pub fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
        self.list.iter().filter(move |header| header.name == *name).map(|header| &*header.value)
    }

    /// True where a header of that name is there, even an empty one.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.list.iter().any(|header| header.name == *name)
    }

    /// Adds a header behind those of its name. Control characters become spaces and the value is trimmed, so that
    /// no value can begin a further line. The names that are fields of a message are not taken, nor is a name
    /// without a token character.
    pub fn push(&mut self, name: HeaderName, value: impl Into<Box<str>>) {
        let Some(name) = canonical(name) else { return };
        self.add(name, text::cleaned(value.into()));
    }

    /// Adds every name-addr as one header line of its own.
    pub fn push_addresses<'a>(
        &mut self,
        name: &HeaderName,
        addresses: impl IntoIterator<Item = &'a NameAddr>,
    ) {
        for address in addresses {
            self.push(name.clone(), address.to_string());
        }
    }

    /// Replaces all headers of that name by one, in the place of the first.
    pub fn set(&mut self, name: HeaderName, value: impl Into<Box<str>>) {
        let Some(name) = canonical(name) else { return };
        let value = text::cleaned(value.into());
        let Some(first) = self.list.iter_mut().find(|header| header.name == name) else {
            return self.add(name, value);
        };
        first.value = value;
        let mut seen = false;
        self.retain(|header| header.name != name || !std::mem::replace(&mut seen, true));
    }

    /// Removes all headers of that name; true where there was one.
    pub fn remove(&mut self, name: &HeaderName) -> bool {
        let before = self.list.len();
        self.retain(|header| header.name != *name);
        self.list.len() != before
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = &Header> {
        self.list.iter()
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True for none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All Contact lines together.
    ///
    /// # Errors
    /// Where one is no contact, or `*` is not alone (RFC 3261 section 10.2.2).
    pub fn contacts(&self) -> Result<Contacts, ParseError> {
        let star = self.get_all(&HeaderName::Contact).filter(|value| *value == "*").count();
        if star == 0 {
            return self.addresses(&HeaderName::Contact).map(Contacts::List);
        }
        if self.get_all(&HeaderName::Contact).count() == 1 {
            return Ok(Contacts::Star);
        }
        let reason = Reason::Expected("* alone or a list of addresses");
        Err(ParseError { part: Part::Header(HeaderName::Contact), reason, at: 0 })
    }

    /// The first Contact address, which is the remote target of a dialog; `None` where there is none.
    ///
    /// # Errors
    /// As [`Headers::contacts`].
    pub fn contact(&self) -> Result<Option<NameAddr>, ParseError> {
        Ok(match self.contacts()? {
            Contacts::Star => None,
            Contacts::List(list) => list.into_iter().next(),
        })
    }

    /// The Record-Route set in order of the message.
    ///
    /// # Errors
    /// Where a value is no name-addr.
    pub fn record_route(&self) -> Result<Vec<NameAddr>, ParseError> {
        self.addresses(&HeaderName::RecordRoute)
    }

    /// The Route set in order of the message.
    ///
    /// # Errors
    /// Where a value is no name-addr.
    pub fn route(&self) -> Result<Vec<NameAddr>, ParseError> {
        self.addresses(&HeaderName::Route)
    }

    /// The addresses of all lines of a header made of them, such as Path or P-Asserted-Identity.
    ///
    /// # Errors
    /// Where a value is no name-addr.
    pub fn addresses(&self, name: &HeaderName) -> Result<Vec<NameAddr>, ParseError> {
        let mut list = Vec::new();
        for value in self.get_all(name) {
            NameAddr::parse_list(&mut Cursor::new(value, 0), &Limits::DEFAULT, &mut list)
                .map_err(|flaw| flaw.in_header(name.clone()))?;
        }
        Ok(list)
    }

    /// Expires in seconds, at most 2^32-1; `None` where absent or no number.
    pub fn expires(&self) -> Option<u32> {
        self.get(&HeaderName::Expires).and_then(seconds)
    }

    /// Min-Expires in seconds.
    pub fn min_expires(&self) -> Option<u32> {
        self.get(&HeaderName::MinExpires).and_then(seconds)
    }

    /// Retry-After in seconds; a comment and parameters behind the number are not read.
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.get(&HeaderName::RetryAfter)?;
        seconds(value.split([' ', '\t', ';', '(']).next().unwrap_or_default())
    }

    /// The media type without its parameters, `application/sdp` for one; compare it without case.
    pub fn content_type(&self) -> Option<&str> {
        let value = self.get(&HeaderName::ContentType)?;
        Some(value.split(';').next().unwrap_or_default().trim_matches([' ', '\t']))
    }

    /// True where the body is a session description, or no type is given (RFC 3261 section 20.15 asks for one, some
    /// phones send none).
    pub fn is_sdp(&self) -> bool {
        self.content_type().is_none_or(|media| media.eq_ignore_ascii_case("application/sdp"))
    }

    /// The option tags of Require.
    pub fn require(&self) -> impl Iterator<Item = &str> {
        self.tokens(&HeaderName::Require)
    }

    /// The option tags of Proxy-Require.
    pub fn proxy_require(&self) -> impl Iterator<Item = &str> {
        self.tokens(&HeaderName::ProxyRequire)
    }

    /// The option tags of Supported.
    pub fn supported(&self) -> impl Iterator<Item = &str> {
        self.tokens(&HeaderName::Supported)
    }

    /// The methods of Allow.
    pub fn allow(&self) -> impl Iterator<Item = &str> {
        self.tokens(&HeaderName::Allow)
    }

    /// The comma-separated words of all lines of a header, empty ones left out.
    pub fn tokens<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
        self.get_all(name)
            .flat_map(|value| value.split(','))
            .map(|token| token.trim_matches([' ', '\t']))
            .filter(|token| !token.is_empty())
    }

    /// Adds a header whose name and value are known to be clean.
    pub(crate) fn add(&mut self, name: HeaderName, value: Box<str>) {
        if self.list.is_empty() {
            self.list.reserve(8);
        }
        let header = Header { name, value };
        if header.name.is_routing() {
            self.list.insert(self.routing.min(self.list.len()), header);
            self.routing = self.routing.saturating_add(1);
        } else {
            self.list.push(header);
        }
    }

    /// The lines that route, written before Max-Forwards, and all others.
    pub(crate) fn groups(&self) -> (&[Header], &[Header]) {
        self.list.split_at_checked(self.routing).unwrap_or((&[], &self.list))
    }

    fn retain(&mut self, keep: impl FnMut(&Header) -> bool) {
        self.list.retain(keep);
        self.routing = self.list.iter().take_while(|header| header.name.is_routing()).count();
    }
}

/// The name as one that may stand in the list: an `Other` that spells a known name becomes that, fields are refused.
fn canonical(name: HeaderName) -> Option<HeaderName> {
    let name = match name {
        HeaderName::Other(spelling) if text::is_token(&spelling) => HeaderName::from_token(&spelling)?,
        HeaderName::Other(spelling) => {
            let token: String =
                spelling.chars().filter(|&c| c.is_ascii() && text::is(c as u8, text::TOKEN)).collect();
            HeaderName::from_token(&token)?
        }
        known => known,
    };
    (!name.is_field()).then_some(name)
}

/// A `delta-seconds`; more than 2^32-1 counts as that (RFC 3261 section 20.19).
pub(crate) fn seconds(text: &str) -> Option<u32> {
    let text = text.trim_matches([' ', '\t']);
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_smuggles_a_field_or_a_line() {
        let mut headers = Headers::new();
        for name in
            ["Via", "v", "CONTENT-LENGTH", "l", "Call-ID", "i", "to", "CSeq", "Max-Forwards", "l\r\n", ""]
        {
            headers.push(HeaderName::Other(name.into()), "x");
        }
        headers.push(HeaderName::ContentLength, "5");
        assert!(headers.is_empty());
        headers.push(HeaderName::Subject, "hi\r\nEvil: yes\0");
        headers.push(HeaderName::Other("X-A: b\r\nVia".into()), "c");
        assert_eq!(headers.get(&HeaderName::Subject), Some("hi  Evil: yes"));
        assert_eq!(headers.iter().last().unwrap().name().as_str(), "X-AbVia");
    }

    #[test]
    fn routing_headers_stand_first_and_keep_their_order() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Subject, "s");
        headers.push(HeaderName::Route, "<sip:a>");
        headers.push(HeaderName::Route, "<sip:b>");
        let names: Vec<_> = headers.iter().map(Header::value).collect();
        assert_eq!(names, ["<sip:a>", "<sip:b>", "s"]);
        headers.set(HeaderName::Route, "<sip:c>");
        assert_eq!(headers.groups().0.len(), 1);
        assert!(headers.remove(&HeaderName::Route) && !headers.remove(&HeaderName::Route));
        assert_eq!(headers.groups().1.len(), 1);
    }

    #[test]
    fn star_must_be_alone() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Contact, "*");
        assert_eq!(headers.contacts().unwrap(), Contacts::Star);
        headers.push(HeaderName::Contact, "<sip:a@b.example>");
        assert!(headers.contacts().is_err());
    }

    #[test]
    fn token_lists_and_seconds() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Supported, "replaces, , timer");
        headers.push(HeaderName::Supported, "path");
        headers.push(HeaderName::Expires, "99999999999");
        headers.push(HeaderName::RetryAfter, "18 (in a meeting)");
        headers.push(HeaderName::ContentType, "Application/SDP ;charset=utf-8");
        assert_eq!(headers.supported().collect::<Vec<_>>(), ["replaces", "timer", "path"]);
        assert_eq!(headers.expires(), Some(u32::MAX));
        assert_eq!(headers.retry_after(), Some(18));
        assert!(headers.is_sdp());
    }
}
