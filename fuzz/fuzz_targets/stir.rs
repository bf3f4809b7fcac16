//! Any text as an Identity header field and as a Date, any bytes as the certificate behind it: nothing panics, and nothing that was
//! not signed is believed.
#![no_main]

use kiestoon_sip::stir::{Chain, Identity, Said, TrustAnchors, canonical};
use kiestoon_sip::{HeaderName, Headers};
use libfuzzer_sys::fuzz_target;

// The header field up to the first line end, then what was fetched.
fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (field, fetched) = data.split_at(end);
    let chain = Chain::parse(fetched.get(1..).unwrap_or_default());
    let Ok(text) = std::str::from_utf8(field) else { return };
    let mut headers = Headers::new();
    headers.push(HeaderName::Date, text);
    let date = headers.date();
    if let Some(number) = canonical(text) {
        assert_eq!(canonical(&number).as_ref(), Some(&number));
    }
    let Ok(Some(identity)) = Identity::parse(text) else { return };
    assert!(identity.url().len() <= 1_024 && identity.url().is_ascii());
    let called = ["31612345678".into()];
    let said = Said { caller: Some("31201234567"), called: &called, date };
    for now in [0, 1_795_165_200, u64::MAX] {
        let _ = identity.check(&said, now);
        if let Ok(chain) = &chain {
            assert!(identity.verify(&said, chain, &TrustAnchors::default(), now).is_err());
        }
    }
});
