//! RSeq and RAck (RFC 3262 section 7): the number of a reliable provisional response, and its acknowledgement in PRACK.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{HeaderName, Headers, seconds};
use crate::message::{CSeq, Method};

/// The RAck header: which response a PRACK acknowledges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RAck {
    /// The RSeq of the response.
    pub rseq: u32,
    /// The CSeq of the response.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads `rseq cseq-number method`; `None` where it is anything else.
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split([' ', '\t']).filter(|word| !word.is_empty());
        let rseq = number(words.next()?)?;
        let cseq = CSeq::new(number(words.next()?)?, Method::from_token(words.next()?)?);
        words.next().is_none().then_some(Self { rseq, cseq })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.rseq, self.cseq.number, self.cseq.method)
    }
}

impl Headers {
    /// RSeq; `None` where absent, zero or no number of 32 bits.
    pub fn rseq(&self) -> Option<u32> {
        self.get(&HeaderName::RSeq).and_then(number).filter(|rseq| *rseq > 0)
    }

    /// RAck; `None` where absent or unreadable.
    pub fn rack(&self) -> Option<RAck> {
        RAck::parse(self.get(&HeaderName::RAck)?)
    }
}

/// A number of 32 bits: a larger one is none, unlike a time, which is cut.
fn number(text: &str) -> Option<u32> {
    seconds(text)?;
    text.trim_matches([' ', '\t']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_example_of_the_rfc() {
        let rack = RAck::parse("776656 1 INVITE").unwrap();
        assert_eq!(rack, RAck { rseq: 776_656, cseq: CSeq::new(1, Method::Invite) });
        assert_eq!(rack.to_string(), "776656 1 INVITE");
    }

    #[test]
    fn half_a_header_is_none() {
        for text in ["", "1", "1 1", "1 1 INVITE x", "-1 1 INVITE", "4294967296 1 INVITE", "1 1 IN VITE"] {
            assert_eq!(RAck::parse(text), None, "{text}");
        }
        let mut headers = Headers::new();
        for (value, read) in [("0", None), ("99999999999", None), ("17", Some(17)), ("1;x", None)] {
            headers.set(HeaderName::RSeq, value);
            assert_eq!(headers.rseq(), read);
        }
    }
}
