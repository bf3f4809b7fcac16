//! Any bytes as a provider's webhook, in its form, its headers and its body: nothing panics, nothing that was not signed is believed, what
//! is signed is, and no longer with another bit in its signature; what is read of it is within the bounds of a record. The sidecar is a
//! program: its readers are taken in as they lie there.
#![no_main]
#![allow(dead_code, unused_imports, reason = "the target uses the readers alone")]

#[path = "../../crates/admin/src/providers/event/mod.rs"]
mod event;
#[path = "../../crates/admin/src/providers/form.rs"]
mod form;
#[path = "../../crates/admin/src/providers/signature/mod.rs"]
mod signature;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use event::{Event, STATUSES, parameters_of};
use hmac::{Hmac, KeyInit as _, Mac as _};
use libfuzzer_sys::fuzz_target;
use sha1::Sha1;
use sha2::Sha256;
use signature::{Fault, Said, Scheme, Signed, digest, verify};

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
    strange(header, query, form.as_deref(), body);
    signed(header, query, body);
    let Ok(json) = serde_json::from_slice(body) else { return };
    let twilio = parameters_of(&json).map(|form| Event::of_twilio(&form));
    [twilio, Event::of_telnyx(&json), Event::of_standard(&json)].iter().flatten().for_each(check);
});

/// Every field holds what nobody has signed.
fn strange(header: &str, query: &str, form: Option<&[(String, String)]>, body: &[u8]) {
    let header = |_: &str| Some(header);
    let said = Said { header: &header, bases: &[BASE.into()], path: query, form, body, now: NOW };
    let key = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3=";
    for scheme in
        [Scheme::Twilio { tokens: &[key] }, Scheme::Telnyx { key: Some(key) }, Scheme::Standard { secrets: &[key] }]
    {
        assert!(verify(scheme, &said).is_err());
    }
}

/// The same body as its providers sign it. The header field is the id of the event.
fn signed(id: &str, query: &str, body: &[u8]) {
    let time = NOW.to_string();
    let path = format!("/{}?bodySHA256={}", query.replace(['?', '&'], ""), digest(&[body]));
    let secret = format!("whsec_{}", STANDARD.encode(KEY));
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    [id.as_bytes(), b".", time.as_bytes(), b".", body].iter().for_each(|part| mac.update(part));
    let standard = mac.finalize().into_bytes();
    let fields = |signature: &[u8]| {
        vec![
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", time.clone()),
            ("webhook-signature", format!("v1,{}", STANDARD.encode(signature))),
        ]
    };
    let scheme = Scheme::Standard { secrets: &[&secret] };
    let is_id = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.');
    let fault = if is_id { Fault::Wrong } else { Fault::Id };
    let good = ask(scheme, &fields(&standard), &path, body);
    assert_eq!(good.as_ref().err().copied(), (!is_id).then_some(Fault::Id));
    assert!(good.is_err() || good.is_ok_and(|good| good.id.as_deref() == Some(id)));
    assert_eq!(ask(scheme, &fields(&flipped(&standard, body)), &path, body), Err(fault));

    let mut mac = Hmac::<Sha1>::new_from_slice(KEY).unwrap();
    mac.update(format!("{BASE}{path}").as_bytes());
    let twilio = mac.finalize().into_bytes();
    let token = std::str::from_utf8(KEY).unwrap();
    let fields = |signature: &[u8]| vec![("x-twilio-signature", STANDARD.encode(signature))];
    let scheme = Scheme::Twilio { tokens: &[token] };
    assert!(ask(scheme, &fields(&twilio), &path, body).is_ok());
    assert_eq!(ask(scheme, &fields(&flipped(&twilio, body)), &path, body), Err(Fault::Wrong));

    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let public = STANDARD.encode(pair.public_key().as_ref());
    let telnyx = pair.sign(&[time.as_bytes(), b"|", body].concat());
    let fields = |signature: &[u8]| {
        vec![("telnyx-timestamp", time.clone()), ("telnyx-signature-ed25519", STANDARD.encode(signature))]
    };
    let scheme = Scheme::Telnyx { key: Some(&public) };
    assert!(ask(scheme, &fields(telnyx.as_ref()), &path, body).is_ok());
    assert_eq!(ask(scheme, &fields(&flipped(telnyx.as_ref(), body)), &path, body), Err(Fault::Wrong));
}

fn ask(
    scheme: Scheme<'_>,
    fields: &[(&'static str, String)],
    path: &str,
    body: &[u8],
) -> Result<Signed, Fault> {
    let header =
        |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    verify(scheme, &Said { header: &header, bases: &[BASE.into()], path, form: None, body, now: NOW })
}

/// A signature with one bit changed, which one the body says.
fn flipped(signature: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = signature.to_vec();
    let bit = body.iter().fold(body.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add((*byte).into()));
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

fn check(event: &Event) {
    assert!(event.names.len() <= 8 && event.names.iter().all(|name| (1..=128).contains(&name.len())));
    assert!(event.facts.status.is_none_or(|status| STATUSES.contains(&status)));
    assert!(serde_json::to_string(&event.facts).unwrap().len() < 16 * 1024);
}

const BASE: &str = "https://pbx.example";
const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_795_165_200;
