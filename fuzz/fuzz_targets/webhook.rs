//! Any bytes as a provider's webhook, in its form, its headers and its body: nothing panics, nothing that was not signed is believed, and
//! what is read of it is within the bounds of a record. The sidecar is a program: its readers are taken in as they lie there.
#![no_main]
#![allow(dead_code, unused_imports, reason = "the target uses the readers alone")]

#[path = "../../crates/admin/src/providers/event/mod.rs"]
mod event;
#[path = "../../crates/admin/src/providers/form.rs"]
mod form;
#[path = "../../crates/admin/src/providers/signature/mod.rs"]
mod signature;

use event::{Event, STATUSES, parameters_of};
use libfuzzer_sys::fuzz_target;
use signature::{Said, Scheme, verify};

// A header field and a query up to the first two line ends, then the body.
fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let (Some(header), Some(query)) = (text(), text()) else { return };
    let body = parts.next().unwrap_or_default();
    let form = form::parameters(body);
    if let Some(form) = &form {
        assert!(form.len() <= form::MOST);
        check(&Event::of_twilio(form));
    }
    let said = Said {
        header: &|_| Some(header),
        bases: &["https://pbx.example".into()],
        path: query,
        form: form.as_deref(),
        body,
        now: 1_795_165_200,
    };
    let key = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3=";
    for scheme in
        [Scheme::Twilio { tokens: &[key] }, Scheme::Telnyx { key: Some(key) }, Scheme::Standard { secrets: &[key] }]
    {
        assert!(verify(scheme, &said).is_err());
    }
    let Ok(json) = serde_json::from_slice(body) else { return };
    let twilio = parameters_of(&json).map(|form| Event::of_twilio(&form));
    [twilio, Event::of_telnyx(&json), Event::of_standard(&json)].iter().flatten().for_each(check);
});

fn check(event: &Event) {
    assert!(event.names.len() <= 8 && event.names.iter().all(|name| (1..=128).contains(&name.len())));
    assert!(event.facts.status.is_none_or(|status| STATUSES.contains(&status)));
    assert!(serde_json::to_string(&event.facts).unwrap().len() < 16 * 1024);
}
