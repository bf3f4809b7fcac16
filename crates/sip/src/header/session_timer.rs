//! Session-Expires and Min-SE (RFC 4028 sections 4 and 5).

use std::fmt;

use super::{HeaderName, Headers, seconds};

/// Who refreshes a session, as the two ends of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answers it.
    Uas,
}

/// The Session-Expires header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// The interval in seconds.
    pub secs: u32,
    /// Who refreshes; `None` leaves it to the answerer.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads `delta-seconds *(;params)`; `None` where the number is none. An unknown refresher counts as none named.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(';');
        let secs = seconds(parts.next()?)?;
        let refresher = parts.find_map(|param| {
            let (name, value) = param.split_once('=')?;
            let is = |word: &str, text: &str| text.trim_matches([' ', '\t']).eq_ignore_ascii_case(word);
            match () {
                () if !is("refresher", name) => None,
                () if is("uac", value) => Some(Refresher::Uac),
                () if is("uas", value) => Some(Refresher::Uas),
                () => None,
            }
        });
        Some(Self { secs, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refresher {
            None => write!(f, "{}", self.secs),
            Some(Refresher::Uac) => write!(f, "{};refresher=uac", self.secs),
            Some(Refresher::Uas) => write!(f, "{};refresher=uas", self.secs),
        }
    }
}

impl Headers {
    /// Session-Expires; `None` where absent or unreadable.
    pub fn session_expires(&self) -> Option<SessionExpires> {
        SessionExpires::parse(self.get(&HeaderName::SessionExpires)?)
    }

    /// Min-SE in seconds; its parameters have no meaning yet.
    pub fn min_se(&self) -> Option<u32> {
        seconds(self.get(&HeaderName::MinSe)?.split(';').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_what_phones_write() {
        for (text, secs, refresher) in [
            ("1800", 1800, None),
            ("1800;refresher=uas", 1800, Some(Refresher::Uas)),
            ("90 ; Refresher = UAC;x", 90, Some(Refresher::Uac)),
            ("99999999999;refresher=me", u32::MAX, None),
        ] {
            let read = SessionExpires::parse(text).unwrap();
            assert_eq!(read, SessionExpires { secs, refresher }, "{text}");
            assert_eq!(SessionExpires::parse(&read.to_string()), Some(read));
        }
        for text in ["", ";refresher=uac", "-5", "1x"] {
            assert_eq!(SessionExpires::parse(text), None, "{text}");
        }
    }

    #[test]
    fn compact_form_and_min_se() {
        let mut headers = Headers::new();
        headers.push(HeaderName::from_token("x").unwrap(), "600");
        headers.push(HeaderName::MinSe, "120;x=y");
        assert_eq!(headers.session_expires().map(|expires| expires.secs), Some(600));
        assert_eq!(headers.min_se(), Some(120));
    }
}
