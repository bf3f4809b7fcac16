//! What a provider calls the leg of a call over its trunk: its webhooks speak of calls by these names. Nothing is decided by them, and a
//! provider can write there what it likes: they are few, short and plain.

use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Headers, Response};

use crate::call::Call;
use crate::cdr::LegTrunk;

impl LegTrunk {
    /// Takes the names that a message of the provider carries: `X-Twilio-CallSid`, and every `X-Telnyx-...-ID`.
    pub(crate) fn learn_names(&mut self, headers: &Headers) {
        for header in headers.iter().filter(|header| names_a_call(header.name().as_str())) {
            let name = header.value();
            if self.names.len() < MOST && is_plain(name) && !self.names.iter().any(|known| **known == *name) {
                self.names.push(name.into());
            }
        }
    }

    /// The same of a SIP Call-ID; one that is longer than any of ours or a provider's is not kept.
    pub(crate) fn with_call_id(self, call_id: &str) -> Self {
        Self { call_id: is_plain(call_id).then(|| call_id.into()), ..self }
    }
}

impl Call {
    /// A provider that rings, answers or refuses says what it calls the call.
    pub(crate) fn learn_names(&mut self, client: ClientId, response: &Response) {
        let Some(id) = self.branch_of(client) else { return };
        if let Some(over) = self.cdr.leg(id).and_then(|entry| entry.over.as_mut()) {
            over.learn_names(&response.headers);
        }
    }
}

fn names_a_call(header: &str) -> bool {
    let header = header.as_bytes();
    let begins = |with: &[u8]| header.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    let ends = header.len().checked_sub(3).and_then(|at| header.get(at..));
    header.eq_ignore_ascii_case(b"X-Twilio-CallSid")
        || (begins(b"X-Telnyx-") && ends.is_some_and(|end| end.eq_ignore_ascii_case(b"-ID")))
}

fn is_plain(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Names of a leg.
const MOST: usize = 4;
/// Bytes of a name; a Call-ID of ours has 32, a name of Twilio's 34, one of Telnyx's 80.
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use kiestoon_sip::HeaderName;

    use super::*;

    #[test]
    fn names_are_few_short_plain_and_only_those_of_calls() {
        let mut headers = Headers::new();
        let longest = "a".repeat(LONGEST);
        let too_long = "b".repeat(LONGEST + 1);
        for (name, value) in [
            ("X-Twilio-CallSid", "CA0123"),
            ("x-twilio-callsid", "CA0123"),
            ("X-Twilio-AccountSid", "AC0123"),
            ("X-Telnyx-Session-ID", longest.as_str()),
            ("X-Telnyx-Leg-ID", too_long.as_str()),
            ("X-Telnyx-Leg-ID", "with space"),
            ("x-telnyx-call-control-id", "v3:abc_-"),
            ("X-Telnyx-Username", "anna"),
            ("X-Telnyx-Leg-ID", "4"),
            ("X-Telnyx-Leg-ID", "5"),
        ] {
            headers.push(HeaderName::from_token(name).unwrap(), value);
        }
        let mut over = LegTrunk::new("voys".into()).with_call_id(&too_long);
        assert_eq!(over.call_id, None);
        over = over.with_call_id("a-b@192.0.2.1");
        over.learn_names(&headers);
        let names: Vec<&str> = over.names.iter().map(|name| &**name).collect();
        assert_eq!(names, ["CA0123", &longest, "v3:abc_-", "4"]);
        assert_eq!(over.call_id.as_deref(), Some("a-b@192.0.2.1"));
    }
}
