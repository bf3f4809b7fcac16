//! When two URIs mean the same (RFC 3261 section 19.1.4, RFC 3966 section 4).

use super::{SipUri, TelUri, Uri};
use crate::header::Params;

impl Uri {
    /// True where both address the same resource in the same way. Not transitive: a parameter that only one of them
    /// has may be ignored.
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.equivalent(b),
            (Self::Tel(a), Self::Tel(b)) => a.equivalent(b),
            (Self::Other { .. }, Self::Other { .. }) => self == other,
            _ => false,
        }
    }
}

impl SipUri {
    /// [`Uri::equivalent`] for two SIP URIs.
    pub fn equivalent(&self, other: &Self) -> bool {
        self.secure == other.secure
            && self.user == other.user
            && self.password == other.password
            && self.host == other.host
            && self.port == other.port
            && MUST_AGREE.iter().all(|name| same_value(&self.params, &other.params, name))
            && common_agree(&self.params, &other.params)
            && same_headers(&self.headers, &other.headers)
    }
}

impl TelUri {
    /// [`Uri::equivalent`] for two telephone numbers.
    pub fn equivalent(&self, other: &Self) -> bool {
        self.number.eq_ignore_ascii_case(&other.number)
            && self.params.len() == other.params.len()
            && self.params.iter().all(|(name, _)| same_value(&self.params, &other.params, name))
    }
}

/// Parameters that count even where only one side has them.
const MUST_AGREE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

fn same_value(a: &Params, b: &Params, name: &str) -> bool {
    a.contains(name) == b.contains(name) && same_text(a.get(name), b.get(name))
}

fn common_agree(a: &Params, b: &Params) -> bool {
    a.iter().all(|(name, value)| !b.contains(name) || same_text(value, b.get(name)))
}

fn same_text(a: Option<&str>, b: Option<&str>) -> bool {
    a.unwrap_or_default().eq_ignore_ascii_case(b.unwrap_or_default()) && a.is_some() == b.is_some()
}

/// URI headers are never ignored, but their order is. They are few: the parser bounds them.
fn same_headers(a: &Params, b: &Params) -> bool {
    let found = |(name, value): (&str, Option<&str>), list: &Params| {
        list.iter().any(|(other, text)| other.eq_ignore_ascii_case(name) && text == value)
    };
    a.len() == b.len() && a.iter().all(|header| found(header, b)) && b.iter().all(|header| found(header, a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equivalent(a: &str, b: &str) -> bool {
        let (a, b) = (Uri::parse(a).unwrap(), Uri::parse(b).unwrap());
        assert_eq!(a.equivalent(&b), b.equivalent(&a));
        a.equivalent(&b)
    }

    #[test]
    fn the_equivalent_pairs_of_the_rfc() {
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("tel:+31-20-5550123", "tel:+31205550123"),
        ] {
            assert!(equivalent(a, b), "{a} {b}");
        }
    }

    #[test]
    fn the_different_pairs_of_the_rfc() {
        for (a, b) in [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:carol@chicago.com", "sips:carol@chicago.com"),
            ("sip:+31205550123@a.example", "tel:+31205550123"),
        ] {
            assert!(!equivalent(a, b), "{a} {b}");
        }
    }
}
