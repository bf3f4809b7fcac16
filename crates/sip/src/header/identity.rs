//! Who says to be who: P-Asserted-Identity and P-Preferred-Identity (RFC 3325), and what of it shall be withheld:
//! Privacy (RFC 3323). Whether a sender may assert anything is not decided here.

use serde::{Deserialize, Serialize};

use super::{HeaderName, Headers, NameAddr};
use crate::uri::Uri;

/// What the Privacy header asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Privacy {
    /// The asserted identity is not told to whom we do not trust (RFC 3325 section 9.3).
    pub id: bool,
    /// The address of the caller is hidden by the user agent's own service (RFC 3323 section 4.2).
    pub user: bool,
    /// Headers that name the caller are hidden.
    pub header: bool,
    /// The history of the call is hidden (RFC 7044 section 10.1).
    pub history: bool,
    /// Nothing is to be hidden, whatever the provider's habit is.
    pub none: bool,
    /// The call shall rather fail than be made without the above.
    pub critical: bool,
}

impl Privacy {
    /// Whether the number and the name of the caller are withheld.
    pub fn withholds_identity(self) -> bool {
        !self.none && (self.id || self.user || self.header)
    }

    fn word(&mut self, word: &str) {
        let flag = match word.to_ascii_lowercase().as_str() {
            "id" => &mut self.id,
            "user" => &mut self.user,
            "header" => &mut self.header,
            "history" => &mut self.history,
            "none" => &mut self.none,
            "critical" => &mut self.critical,
            _ => return,
        };
        *flag = true;
    }
}

impl Headers {
    /// All Privacy lines together; unknown words ask for nothing that we could do.
    pub fn privacy(&self) -> Privacy {
        let mut privacy = Privacy::default();
        for value in self.get_all(&HeaderName::Privacy) {
            // The grammar separates by semicolons; some write commas.
            value.split([';', ',']).for_each(|word| privacy.word(word.trim_matches([' ', '\t'])));
        }
        privacy
    }

    /// The asserted identity that can be called back: the first `sip` or `sips` address of P-Asserted-Identity, else its
    /// `tel`. `None` where there is none that can be read; an unreadable one proves nothing.
    pub fn asserted_identity(&self) -> Option<NameAddr> {
        self.identity(&HeaderName::PAssertedIdentity)
    }

    /// The same of P-Preferred-Identity: what a user would like to be asserted.
    pub fn preferred_identity(&self) -> Option<NameAddr> {
        self.identity(&HeaderName::PPreferredIdentity)
    }

    fn identity(&self, name: &HeaderName) -> Option<NameAddr> {
        let list = self.addresses(name).ok()?;
        let sip = list.iter().find(|address| matches!(address.uri, Uri::Sip(_)));
        sip.or_else(|| list.iter().find(|address| matches!(address.uri, Uri::Tel(_)))).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privacy_is_read_however_it_is_separated() {
        let mut headers = Headers::new();
        assert_eq!(headers.privacy(), Privacy::default());
        headers.push(HeaderName::Privacy, "ID; critical , x-new");
        let privacy = headers.privacy();
        assert!(privacy.id && privacy.critical && privacy.withholds_identity());
        headers.push(HeaderName::Privacy, "none");
        assert!(!headers.privacy().withholds_identity());
    }

    #[test]
    fn a_sip_address_is_preferred_to_a_number() {
        let mut headers = Headers::new();
        assert_eq!(headers.asserted_identity(), None);
        headers.push(HeaderName::PAssertedIdentity, "<tel:+31201234567>");
        assert_eq!(headers.asserted_identity().unwrap().uri.scheme(), "tel");
        headers.push(HeaderName::PAssertedIdentity, "\"Balie\" <sip:100@carrier.example>");
        assert_eq!(headers.asserted_identity().unwrap().uri.user(), Some("100"));
        headers.push(HeaderName::PAssertedIdentity, "<<");
        assert_eq!(headers.asserted_identity(), None);
        assert_eq!(headers.preferred_identity(), None);
    }
}
