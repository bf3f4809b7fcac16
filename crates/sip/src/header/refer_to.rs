//! Refer-To (RFC 3515), Refer-Sub (RFC 4488) and Referred-By (RFC 3892): what a transfer asks for.

use super::cursor::Flaw;
use super::{HeaderName, Headers, NameAddr, Replaces};
use crate::message::{ParseError, Part, Reason};
use crate::uri::Uri;

/// Where a REFER wants its receiver to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferTo {
    /// The address, without the headers that its URI carried and without a method.
    pub uri: Uri,
    /// The dialog that the new call is to take the place of.
    pub replaces: Option<Replaces>,
}

impl ReferTo {
    fn of(address: NameAddr) -> Result<Self, ParseError> {
        let mut uri = address.uri;
        let mut replaces = None;
        match &mut uri {
            Uri::Sip(sip) => {
                if sip.params.get("method").is_some_and(|method| method != "INVITE") {
                    return Err(expected("the method INVITE"));
                }
                sip.params.remove("method");
                let headers = std::mem::take(&mut sip.headers);
                replaces = headers.get("Replaces").map(Replaces::parse).transpose()?;
            }
            Uri::Tel(_) => {}
            Uri::Other { .. } => return Err(expected("a sip, sips or tel URI")),
        }
        Ok(Self { uri, replaces })
    }
}

impl Headers {
    /// The Refer-To header. Of the headers in its URI, only Replaces is taken: nobody dictates others.
    ///
    /// # Errors
    /// Where there is not exactly one (RFC 3515 section 2.4.1: answer 400), or it is no address that can be called.
    pub fn refer_to(&self) -> Result<ReferTo, ParseError> {
        match <[NameAddr; 1]>::try_from(self.addresses(&HeaderName::ReferTo)?) {
            Ok([address]) => ReferTo::of(address),
            Err(_) => Err(expected("exactly one address")),
        }
    }

    /// The Referred-By address; `None` where there is none.
    ///
    /// # Errors
    /// Where there are several, or it is no address.
    pub fn referred_by(&self) -> Result<Option<NameAddr>, ParseError> {
        let mut list = self.addresses(&HeaderName::ReferredBy)?;
        match (list.pop(), list.is_empty()) {
            (found, true) => Ok(found),
            _ => {
                let flaw = Flaw { reason: Reason::Expected("one address only"), at: 0 };
                Err(flaw.in_header(HeaderName::ReferredBy))
            }
        }
    }

    /// Whether the sender of a REFER wants to be told how it goes on: `Refer-Sub: false` says no (RFC 4488).
    pub fn wants_refer_subscription(&self) -> bool {
        let value = self.get(&HeaderName::ReferSub).unwrap_or("true");
        !value.split(';').next().unwrap_or_default().trim_matches([' ', '\t']).eq_ignore_ascii_case("false")
    }
}

fn expected(what: &'static str) -> ParseError {
    ParseError { part: Part::Header(HeaderName::ReferTo), reason: Reason::Expected(what), at: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refer_to(values: &[&str]) -> Result<ReferTo, ParseError> {
        let mut headers = Headers::new();
        values.iter().for_each(|value| headers.push(HeaderName::ReferTo, *value));
        headers.refer_to()
    }

    #[test]
    fn the_forms_of_rfc_3515_and_rfc_5589_are_read() {
        let plain = refer_to(&["sip:203@kantoor.example"]).unwrap();
        assert_eq!((plain.uri.user(), plain.replaces), (Some("203"), None));
        let method = refer_to(&["<sip:203@kantoor.example;method=INVITE>"]).unwrap();
        assert_eq!(method.uri.to_string(), "sip:203@kantoor.example");
        let replaced = refer_to(&[
            "<sip:203@10.0.0.1?Replaces=425928%40bobster.example.org%3Bto-tag%3D7743%3Bfrom-tag%3D6472&Require=replaces>",
        ])
        .unwrap();
        let replaces = replaced.replaces.unwrap();
        assert_eq!((&*replaces.call_id, &*replaces.to_tag), ("425928@bobster.example.org", "7743"));
        assert_eq!(replaced.uri.to_string(), "sip:203@10.0.0.1");
        assert!(refer_to(&["<tel:+31201234567>"]).is_ok());
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        for bad in [
            &[][..],
            &["<sip:a@b.example>", "<sip:c@d.example>"],
            &["<sip:a@b.example>, <sip:c@d.example>"],
            &["<http://b.example/>"],
            &["<sip:a@b.example;method=BYE>"],
            &["<sip:a@b.example?Replaces=x>"],
            &["nonsense"],
        ] {
            assert!(refer_to(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn who_referred_and_who_wants_to_know() {
        let mut headers = Headers::new();
        assert_eq!(headers.referred_by().unwrap(), None);
        assert!(headers.wants_refer_subscription());
        headers.push(HeaderName::ReferSub, "False ;x=1");
        assert!(!headers.wants_refer_subscription());
        headers.push(HeaderName::ReferredBy, "<sip:202@kantoor.example>;cid=\"1@a\"");
        assert_eq!(headers.referred_by().unwrap().unwrap().uri.user(), Some("202"));
        headers.push(HeaderName::ReferredBy, "<sip:203@kantoor.example>");
        assert!(headers.referred_by().is_err());
    }
}
