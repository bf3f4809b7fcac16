//! The headers of transfers, identity and forwarding survive whatever a peer writes, and read what they wrote.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use kiestoon_sip::{HeaderName, Headers, Replaces};
use proptest::prelude::*;

fn read_all(value: &str) {
    let names = [
        HeaderName::ReferTo,
        HeaderName::ReferredBy,
        HeaderName::Replaces,
        HeaderName::Diversion,
        HeaderName::HistoryInfo,
        HeaderName::Privacy,
        HeaderName::PAssertedIdentity,
        HeaderName::PPreferredIdentity,
        HeaderName::MaxBreadth,
        HeaderName::ReferSub,
    ];
    let mut headers = Headers::new();
    names.into_iter().for_each(|name| headers.push(name, value));
    if let Ok(refer_to) = headers.refer_to() {
        let mut again = Headers::new();
        again.push(HeaderName::ReferTo, format!("<{}>", refer_to.uri));
        assert_eq!(again.refer_to().unwrap().uri, refer_to.uri);
    }
    if let Ok(Some(replaces)) = headers.replaces() {
        assert_eq!(Replaces::parse(&replaces.to_string()).as_ref(), Ok(&replaces));
    }
    for entry in headers.history() {
        let mut again = Headers::new();
        again.push(HeaderName::HistoryInfo, entry.to_string());
        assert_eq!(again.history(), [entry]);
    }
    for diversion in headers.diversions() {
        let mut again = Headers::new();
        again.push(HeaderName::Diversion, diversion.to_string());
        assert_eq!(again.diversions().len(), 1);
    }
    let _ = (headers.privacy(), headers.asserted_identity(), headers.preferred_identity());
    let _ = (headers.max_breadth(), headers.wants_refer_subscription(), headers.referred_by().is_ok());
}

proptest! {
    #[test]
    fn any_text_is_survived(value in "\\PC{0,80}") {
        read_all(&value);
    }

    #[test]
    fn near_misses_are_survived(
        value in "(<?sips?:[a-z0-9%@.]{1,8}@?[a-z.]{1,8}>?)?([?;=,&\"<>]|to-tag|from-tag|early-only|Replaces|index|Reason|%3B|%22|1|\\.|a@b| ){0,24}",
    ) {
        read_all(&value);
    }

    #[test]
    fn a_dialog_is_read_as_it_was_written(call_id in "[a-z0-9@.:<>-]{1,20}", to in "[a-z0-9.!%*_+`'~-]{1,12}", from in "[a-z0-9.-]{1,12}", early_only: bool) {
        let replaces = Replaces { call_id: call_id.into(), to_tag: to.into(), from_tag: from.into(), early_only };
        prop_assert_eq!(Replaces::parse(&replaces.to_string()).unwrap(), replaces);
    }
}
