//! What a phone calls itself (User-Agent and Server, RFC 3261 sections 20.41 and 20.35), for people who look at a call. Nothing is
//! decided by it, and a phone can write there what it likes: it is kept short and plain.

use std::sync::Arc;

use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{HeaderName, Headers, Response};

use crate::call::Call;

/// The name in a message of the phone; None where it gives none.
pub(crate) fn of(headers: &Headers) -> Option<Arc<str>> {
    plain(headers.get(&HeaderName::UserAgent).or_else(|| headers.get(&HeaderName::Server))?)
}

/// Without control characters, and cut to [`MOST`] bytes.
fn plain(text: &str) -> Option<Arc<str>> {
    let text = text.get(..text.floor_char_boundary(MOST))?.trim();
    match text {
        "" => None,
        _ if text.chars().any(char::is_control) => Some(text.replace(char::is_control, "?").into()),
        _ => Some(text.into()),
    }
}

impl Call {
    /// A phone that rings or answers says what it is, where its registration did not.
    pub(crate) fn learn_agent(&mut self, client: ClientId, response: &Response) {
        let Some(id) = self.branch_of(client) else { return };
        let Some(branch) = self.branch_mut(id).filter(|branch| branch.leg.agent.is_none()) else { return };
        let Some(agent) = of(&response.headers) else { return };
        branch.leg.agent = Some(Arc::clone(&agent));
        if let Some(entry) = self.cdr.leg(id) {
            entry.user_agent = Some(agent);
        }
    }
}

/// As long as a registration keeps it.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn of_lines(lines: &[(HeaderName, &str)]) -> Option<Arc<str>> {
        let mut headers = Headers::new();
        for (name, value) in lines {
            headers.push(name.clone(), *value);
        }
        of(&headers)
    }

    #[test]
    fn it_is_short_plain_and_the_phones_own() {
        let agent = |text| of_lines(&[(HeaderName::UserAgent, text)]);
        assert_eq!(agent(" Telefoon 1.0 ").as_deref(), Some("Telefoon 1.0"));
        assert_eq!(plain("T\u{1b}[2J\t9").as_deref(), Some("T?[2J?9"));
        assert_eq!(agent("  "), None);
        assert_eq!(agent(&"é".repeat(500)).map(|text| text.len()), Some(64));
        assert_eq!(of_lines(&[(HeaderName::Server, "Centrale")]).as_deref(), Some("Centrale"));
        assert_eq!(of_lines(&[]), None);
    }
}
