//! Header names: recognised by a hash of length and outer letters, compared without case, compact forms expanded.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text;

macro_rules! header_names {
    ($($variant:ident $name:literal $(, $compact:literal)?;)*) => {
        /// The name of a header. [`HeaderName::Other`] keeps the peer's spelling but compares without case.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(into = "Box<str>", try_from = "Box<str>")]
        pub enum HeaderName {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
            /// Any other token.
            Other(Box<str>),
        }

        impl HeaderName {
            /// The canonical spelling.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }

            fn known(index: u8) -> Option<Self> {
                const VARIANTS: &[HeaderName] = &[$(HeaderName::$variant),*];
                VARIANTS.get(usize::from(index)).cloned()
            }
        }

        const NAMES: &[&str] = &[$($name),*];
        const COMPACT: &[(u8, HeaderName)] = &[$($(($compact, HeaderName::$variant),)?)*];
    };
}

header_names! {
    Accept "Accept";
    AcceptContact "Accept-Contact", b'a';
    AcceptEncoding "Accept-Encoding";
    AcceptLanguage "Accept-Language";
    AlertInfo "Alert-Info";
    Allow "Allow";
    AllowEvents "Allow-Events", b'u';
    AuthenticationInfo "Authentication-Info";
    Authorization "Authorization";
    CallId "Call-ID", b'i';
    CallInfo "Call-Info";
    Contact "Contact", b'm';
    ContentDisposition "Content-Disposition";
    ContentEncoding "Content-Encoding", b'e';
    ContentLanguage "Content-Language";
    ContentLength "Content-Length", b'l';
    ContentType "Content-Type", b'c';
    CSeq "CSeq";
    Date "Date";
    Diversion "Diversion";
    ErrorInfo "Error-Info";
    Event "Event", b'o';
    Expires "Expires";
    From "From", b'f';
    HistoryInfo "History-Info";
    Identity "Identity", b'y';
    InReplyTo "In-Reply-To";
    MaxBreadth "Max-Breadth";
    MaxForwards "Max-Forwards";
    MimeVersion "MIME-Version";
    MinExpires "Min-Expires";
    MinSe "Min-SE";
    Organization "Organization";
    PAssertedIdentity "P-Asserted-Identity";
    Path "Path";
    PPreferredIdentity "P-Preferred-Identity";
    Priority "Priority";
    Privacy "Privacy";
    ProxyAuthenticate "Proxy-Authenticate";
    ProxyAuthenticationInfo "Proxy-Authentication-Info";
    ProxyAuthorization "Proxy-Authorization";
    ProxyRequire "Proxy-Require";
    RAck "RAck";
    Reason "Reason";
    RecordRoute "Record-Route";
    ReferredBy "Referred-By", b'b';
    ReferSub "Refer-Sub";
    ReferTo "Refer-To", b'r';
    RejectContact "Reject-Contact", b'j';
    RemotePartyId "Remote-Party-ID";
    Replaces "Replaces";
    ReplyTo "Reply-To";
    RequestDisposition "Request-Disposition", b'd';
    Require "Require";
    RetryAfter "Retry-After";
    Route "Route";
    RSeq "RSeq";
    Server "Server";
    ServiceRoute "Service-Route";
    SessionExpires "Session-Expires", b'x';
    SipEtag "SIP-ETag";
    SipIfMatch "SIP-If-Match";
    Subject "Subject", b's';
    SubscriptionState "Subscription-State";
    Supported "Supported", b'k';
    Timestamp "Timestamp";
    To "To", b't';
    Unsupported "Unsupported";
    UserAgent "User-Agent";
    Via "Via", b'v';
    Warning "Warning";
    WwwAuthenticate "WWW-Authenticate";
}

impl HeaderName {
    /// The header that a token names, in any case and in compact form; `None` where the text is not a token.
    pub fn from_token(token: &str) -> Option<Self> {
        let bytes = token.as_bytes();
        if let [letter] = bytes {
            let letter = letter.to_ascii_lowercase();
            if let Some((_, name)) = COMPACT.iter().find(|(compact, _)| *compact == letter) {
                return Some(name.clone());
            }
        }
        let mut slot = slot(bytes);
        while let Some(&index) = TABLE.get(slot).filter(|&&index| index != FREE) {
            if NAMES
                .get(usize::from(index))
                .is_some_and(|name| *name == token || name.eq_ignore_ascii_case(token))
            {
                return Self::known(index);
            }
            slot = (slot + 1) % SLOTS;
        }
        text::is_token(token).then(|| Self::Other(token.into()))
    }

    /// True for the headers that are fields of `Request` and `Response`, or computed, and so never stand in
    /// [`Headers`](super::Headers).
    pub(crate) fn is_field(&self) -> bool {
        matches!(
            self,
            Self::Via
                | Self::From
                | Self::To
                | Self::CallId
                | Self::CSeq
                | Self::MaxForwards
                | Self::ContentLength
        )
    }

    /// True for what proxies read, which is written before Max-Forwards (RFC 3261 section 7.3.1).
    pub(crate) fn is_routing(&self) -> bool {
        matches!(self, Self::Route | Self::RecordRoute | Self::Path | Self::ServiceRoute)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Other(name) => text::put_token(out, name),
            known => text::put(out, known.as_str()),
        }
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(a), Self::Other(b)) => a.eq_ignore_ascii_case(b),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for HeaderName {}

impl From<HeaderName> for Box<str> {
    fn from(name: HeaderName) -> Self {
        name.as_str().into()
    }
}

impl TryFrom<Box<str>> for HeaderName {
    type Error = &'static str;

    fn try_from(name: Box<str>) -> Result<Self, &'static str> {
        Self::from_token(&name).ok_or("no header name")
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const SLOTS: usize = 256;
const FREE: u8 = u8::MAX;
static TABLE: [u8; SLOTS] = table();

const fn slot(name: &[u8]) -> usize {
    let (first, last) = match name {
        [first, .., last] => (*first, *last),
        [only] => (*only, *only),
        [] => return 0,
    };
    (name.len() * 7 + (first | 0x20) as usize * 31 + (last | 0x20) as usize * 3) % SLOTS
}

const fn table() -> [u8; SLOTS] {
    let mut table = [FREE; SLOTS];
    let mut index = 0;
    while index < NAMES.len() {
        let mut at = slot(NAMES[index].as_bytes());
        while table[at] != FREE {
            at = (at + 1) % SLOTS;
        }
        table[at] = index as u8;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for name in NAMES {
            for spelling in [name.to_string(), name.to_uppercase(), name.to_lowercase()] {
                let found = HeaderName::from_token(&spelling).unwrap();
                assert!(!matches!(found, HeaderName::Other(_)), "{name}");
                assert_eq!(found.as_str(), *name);
            }
        }
    }

    #[test]
    fn compact_forms_are_expanded() {
        for (compact, name) in [("v", "Via"), ("M", "Contact"), ("l", "Content-Length"), ("k", "Supported")] {
            assert_eq!(HeaderName::from_token(compact).unwrap().as_str(), name);
        }
    }

    #[test]
    fn others_keep_their_spelling_and_compare_without_case() {
        let name = HeaderName::from_token("X-Thing").unwrap();
        assert_eq!(name.as_str(), "X-Thing");
        assert_eq!(name, HeaderName::from_token("x-thing").unwrap());
        assert_eq!(HeaderName::from_token("bad name"), None);
        assert_eq!(HeaderName::from_token(""), None);
        assert_eq!(HeaderName::from_token("z").unwrap().as_str(), "z");
    }
}
