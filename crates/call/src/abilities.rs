//! What a phone says that it can do, as far as we act upon it.

use kiestoon_sip::{HeaderName, Headers, Method};
use serde::{Deserialize, Serialize};

/// The abilities of a phone, from the `Allow` and `Supported` of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Abilities {
    /// It takes UPDATE (RFC 3311).
    pub(crate) update: bool,
    /// It knows session timers (RFC 4028).
    pub(crate) timer: bool,
    /// It lets us change who we say we are in a dialog (RFC 4916).
    pub(crate) from_change: bool,
}

impl Abilities {
    /// What the headers of a first message say.
    pub(crate) fn of(headers: &Headers) -> Self {
        let mut abilities = Self::default();
        abilities.learn(headers);
        abilities
    }

    /// Takes in a further message; what it does not speak of stays.
    pub(crate) fn learn(&mut self, headers: &Headers) {
        if headers.contains(&HeaderName::Allow) {
            self.update = headers.allow().any(|method| method == Method::Update.as_str());
        }
        if headers.contains(&HeaderName::Supported) {
            self.timer = supports(headers, TIMER);
            self.from_change = supports(headers, FROM_CHANGE);
        }
    }
}

/// Whether a message names an option tag in `Supported` or `Require`.
pub(crate) fn supports(headers: &Headers, tag: &str) -> bool {
    headers.supported().any(|named| named.eq_ignore_ascii_case(tag)) || requires(headers, tag)
}

/// Whether a message requires an option.
pub(crate) fn requires(headers: &Headers, tag: &str) -> bool {
    headers.require().any(|named| named.eq_ignore_ascii_case(tag))
}

/// Reliable provisional responses (RFC 3262).
pub(crate) const RELIABLE: &str = "100rel";
/// Session timers (RFC 4028).
pub(crate) const TIMER: &str = "timer";
/// Connected identity (RFC 4916).
const FROM_CHANGE: &str = "from-change";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_changes_nothing() {
        let mut headers = Headers::new();
        headers.push(HeaderName::Allow, "INVITE, ACK,UPDATE");
        headers.push(HeaderName::Supported, "Timer");
        let mut abilities = Abilities::of(&headers);
        assert_eq!(abilities, Abilities { update: true, timer: true, from_change: false });
        abilities.learn(&Headers::new());
        assert_eq!(abilities, Abilities { update: true, timer: true, from_change: false });
        headers.set(HeaderName::Allow, "INVITE, updated");
        abilities.learn(&headers);
        assert_eq!(abilities, Abilities { update: false, timer: true, from_change: false });
    }
}
