//! Where a call was meant to go before it was forwarded: Diversion (RFC 5806) and History-Info (RFC 7044).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{HeaderName, Headers, NameAddr, text};
use crate::uri::Uri;

/// One forwarding, as Diversion tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diversion {
    /// Who forwarded.
    pub uri: Uri,
    /// Why: `unconditional`, `user-busy`, `no-answer`, `unavailable`, `deflection` and others.
    pub reason: Box<str>,
    /// How many forwardings this one line stands for.
    pub counter: u8,
}

/// One line of the history of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Whom the request was for.
    pub uri: Uri,
    /// Its place: `1`, then `1.1` for whom it went to next.
    pub index: Box<str>,
    /// The status that made it go on, where one did.
    pub cause: Option<u16>,
}

impl Headers {
    /// The forwardings, the last one first; those that cannot be read are left out.
    pub fn diversions(&self) -> Vec<Diversion> {
        let list = self.addresses(&HeaderName::Diversion).unwrap_or_default();
        list.into_iter()
            .map(|address| Diversion {
                reason: address.params.get("reason").unwrap_or("unknown").into(),
                counter: address.params.get("counter").and_then(|count| count.parse().ok()).unwrap_or(1),
                uri: address.uri,
            })
            .collect()
    }

    /// The history, the oldest first; lines without a valid index are left out.
    pub fn history(&self) -> Vec<HistoryEntry> {
        let list = self.addresses(&HeaderName::HistoryInfo).unwrap_or_default();
        list.into_iter().filter_map(HistoryEntry::of).collect()
    }

    /// `Max-Breadth` (RFC 5393 section 5.3): into how many branches a request may still be forked; `None` where absent or
    /// no number.
    pub fn max_breadth(&self) -> Option<u32> {
        self.get(&HeaderName::MaxBreadth).and_then(super::seconds)
    }
}

impl HistoryEntry {
    fn of(address: NameAddr) -> Option<Self> {
        let index = address.params.get("index")?;
        let is_index = index.len() <= LONGEST_INDEX
            && index
                .split('.')
                .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
        let index = is_index.then(|| index.into())?;
        let mut uri = address.uri;
        let mut cause = None;
        if let Uri::Sip(sip) = &mut uri {
            let headers = std::mem::take(&mut sip.headers);
            cause = headers.get("Reason").and_then(cause_of);
        }
        Some(Self { uri, index, cause })
    }
}

/// The status in a Reason value (RFC 3326): `SIP;cause=302`.
fn cause_of(reason: &str) -> Option<u16> {
    let mut parts = reason.split(';').map(|part| part.trim_matches([' ', '\t']));
    if !parts.next()?.eq_ignore_ascii_case("SIP") {
        return None;
    }
    let cause = parts.find_map(|part| part.strip_prefix("cause="))?;
    cause.parse().ok().filter(|status| (300..700).contains(status))
}

impl fmt::Display for Diversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = if text::is_token(&self.reason) { &*self.reason } else { "unknown" };
        let address = NameAddr::new(self.uri.clone()).with_param("reason", reason);
        let address = address.with_param("counter", self.counter.to_string().as_str());
        address.fmt(f)
    }
}

impl fmt::Display for HistoryEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut uri = self.uri.clone();
        if let (Uri::Sip(sip), Some(cause)) = (&mut uri, self.cause) {
            sip.headers.set("Reason", format!("SIP;cause={cause}").as_str());
        }
        NameAddr::new(uri).with_param("index", &*self.index).fmt(f)
    }
}

/// Bytes of an index: a call that was forwarded some twenty times is a loop.
const LONGEST_INDEX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwardings_are_read_as_written() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Diversion, "<sip:202@kantoor.example>;reason=user-busy;counter=2");
        headers.push(HeaderName::Diversion, "<tel:+31201234567>");
        let found = headers.diversions();
        assert_eq!((found.len(), &*found[0].reason, found[0].counter), (2, "user-busy", 2));
        assert_eq!((&*found[1].reason, found[1].counter), ("unknown", 1));
        assert_eq!(found[0].to_string(), "<sip:202@kantoor.example>;reason=user-busy;counter=2");
    }

    #[test]
    fn the_history_keeps_its_causes() {
        let mut headers = Headers::new();
        headers.push(
            HeaderName::HistoryInfo,
            "<sip:202@kantoor.example?Reason=SIP%3Bcause%3D302>;index=1, <sip:203@kantoor.example>;index=1.1;mp=1",
        );
        headers.push(HeaderName::HistoryInfo, "<sip:204@kantoor.example>;index=1..1");
        let found = headers.history();
        assert_eq!((found.len(), found[0].cause, &*found[1].index), (2, Some(302), "1.1"));
        let mut again = Headers::new();
        again.push(HeaderName::HistoryInfo, found[0].to_string());
        assert_eq!(again.history(), found[..1]);
    }

    #[test]
    fn breadth_is_a_number() {
        let mut headers = Headers::new();
        assert_eq!(headers.max_breadth(), None);
        headers.push(HeaderName::MaxBreadth, "60");
        assert_eq!(headers.max_breadth(), Some(60));
    }
}
