//! The vectors that the providers publish, and everything that is not quite one.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use hmac::KeyInit as _;
use proptest::prelude::*;

use super::*;

/// The vectors of Twilio's documentation and helper libraries.
const TOKEN: &str = "12345";
const TWILIO_PATH: &str = "/myapp.php?foo=1&bar=2";
/// The vector of the Standard Webhooks libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const STANDARD_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

struct Sent<'a> {
    headers: Vec<(&'static str, String)>,
    bases: Vec<String>,
    path: &'a str,
    form: Option<Vec<(String, String)>>,
    body: &'a [u8],
    now: i64,
}

impl Sent<'_> {
    fn verify(&self, scheme: Scheme<'_>) -> Result<Signed, Fault> {
        let header =
            |name: &str| self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        let said = Said {
            header: &header,
            bases: &self.bases,
            path: self.path,
            form: self.form.as_deref(),
            body: self.body,
            now: self.now,
        };
        verify(scheme, &said)
    }
}

fn twilio_form() -> Sent<'static> {
    let pairs = [
        ("To", "+18005551212"),
        ("CallSid", "CA1234567890ABCDE"),
        ("Digits", "1234"),
        ("Caller", "+14158675309"),
        ("From", "+14158675309"),
    ];
    Sent {
        headers: vec![("x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=".into())],
        bases: vec!["https://mycompany.com".into()],
        path: TWILIO_PATH,
        form: Some(pairs.map(|(key, value)| (key.into(), value.into())).to_vec()),
        body: b"",
        now: 0,
    }
}

fn standard_sent() -> Sent<'static> {
    Sent {
        headers: vec![
            ("webhook-id", ID.into()),
            ("webhook-timestamp", TIME.to_string()),
            ("webhook-signature", STANDARD_SIGNATURE.into()),
        ],
        bases: Vec::new(),
        path: "/",
        form: None,
        body: BODY,
        now: TIME,
    }
}

fn set(sent: &mut Sent<'_>, name: &str, value: &str) {
    for (_, old) in sent.headers.iter_mut().filter(|(key, _)| *key == name) {
        *old = value.to_owned();
    }
}

#[test]
fn twilios_own_form_is_believed_and_nothing_near_it() {
    let scheme = Scheme::Twilio { tokens: &[TOKEN] };
    assert!(twilio_form().verify(scheme).is_ok());
    assert!(
        twilio_form().verify(Scheme::Twilio { tokens: &["other", TOKEN] }).is_ok(),
        "while tokens change"
    );
    assert_eq!(twilio_form().verify(Scheme::Twilio { tokens: &["other"] }), Err(Fault::Wrong));
    assert_eq!(twilio_form().verify(Scheme::Twilio { tokens: &[] }), Err(Fault::NoKey));
    for base in
        ["https://mycompany.com:443", "https://MYCOMPANY.com", "http://mycompany.com", "https://evil.example"]
    {
        let sent = Sent { bases: vec![base.into()], ..twilio_form() };
        let is_same = base == "https://mycompany.com:443";
        assert_eq!(sent.verify(scheme).is_ok(), is_same, "{base}");
    }
    for path in ["/myapp.php?foo=1&bar=3", "/myapp.php", "/myapp.php?bar=2&foo=1"] {
        assert_eq!(Sent { path, ..twilio_form() }.verify(scheme), Err(Fault::Wrong), "{path}");
    }
    type Form = Vec<(String, String)>;
    let changed = |change: &dyn Fn(&mut Form)| {
        let mut sent = twilio_form();
        change(sent.form.as_mut().unwrap());
        sent.verify(scheme)
    };
    assert_eq!(changed(&|form| form[2].1 = "1235".into()), Err(Fault::Wrong));
    assert_eq!(changed(&|form| form.push(("X".into(), "1".into()))), Err(Fault::Wrong));
    assert_eq!(changed(&|form| drop(form.pop())), Err(Fault::Wrong));
    assert!(changed(&|form| form.reverse()).is_ok(), "the order does not count");
    for (signature, fault) in
        [("", Fault::Wrong), ("*", Fault::Unsigned), ("RSOYDt4T1cUTdK1PDd93", Fault::Wrong)]
    {
        let mut sent = twilio_form();
        set(&mut sent, "x-twilio-signature", signature);
        assert_eq!(sent.verify(scheme), Err(fault), "{signature}");
    }
    assert_eq!(Sent { headers: Vec::new(), ..twilio_form() }.verify(scheme), Err(Fault::Unsigned));
}

#[test]
fn twilios_own_json_is_believed_by_its_hash_in_the_url() {
    let scheme = Scheme::Twilio { tokens: &[TOKEN] };
    let body = br#"{"property": "value", "boolean": true}"#;
    let path = format!("{TWILIO_PATH}&bodySHA256={}", digest(&[body]));
    let sent = |path, body| Sent {
        headers: vec![("x-twilio-signature", "a9nBmqA0ju/hNViExpshrM61xv4=".into())],
        path,
        form: None,
        body,
        ..twilio_form()
    };
    assert!(sent(&path, body).verify(scheme).is_ok());
    assert_eq!(sent(&path, br#"{"property": "other", "boolean": true}"#).verify(scheme), Err(Fault::Wrong));
    let twice = format!("{path}&bodySHA256=00");
    assert_eq!(sent(&twice, body).verify(scheme), Err(Fault::Wrong));
    // Signed as a form without parameters: the body is not signed by that.
    let mut bare = Sent { form: Some(Vec::new()), ..sent(TWILIO_PATH, body) };
    let mac = [b"https://mycompany.com", TWILIO_PATH.as_bytes()].concat();
    let mut hmac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    hmac.update(&mac);
    set(&mut bare, "x-twilio-signature", &STANDARD.encode(hmac.finalize().into_bytes()));
    assert!(bare.verify(scheme).is_ok());
    bare.form = None;
    assert_eq!(bare.verify(scheme), Err(Fault::Wrong));
}

#[test]
fn the_vector_of_standard_webhooks_is_believed_for_five_minutes() {
    let scheme = Scheme::Standard { secrets: &[SECRET] };
    let signed = standard_sent().verify(scheme).unwrap();
    assert_eq!((signed.id.as_deref(), signed.lasts), (Some(ID), Some(WINDOW + 1)));
    assert!(standard_sent().verify(Scheme::Standard { secrets: &["geheim-van-iemand", SECRET] }).is_ok());
    for (away, fault) in
        [(WINDOW, None), (-WINDOW, None), (WINDOW + 1, Some(Fault::Stale)), (-WINDOW - 1, Some(Fault::Stale))]
    {
        assert_eq!(Sent { now: TIME + away, ..standard_sent() }.verify(scheme).err(), fault, "{away}");
    }
    let changed = |name: &str, value: &str| {
        let mut sent = standard_sent();
        set(&mut sent, name, value);
        sent.verify(scheme).err()
    };
    let old = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let with = |before: usize| format!("{}{STANDARD_SIGNATURE}", format!("{old} ").repeat(before));
    assert_eq!(changed("webhook-signature", &with(SIGNATURES - 1)), None, "one of several");
    assert_eq!(changed("webhook-signature", &with(SIGNATURES)), Some(Fault::Wrong), "too many");
    assert_eq!(
        changed("webhook-signature", &STANDARD_SIGNATURE.replace("v1,", "v1a,")),
        Some(Fault::Unsigned)
    );
    assert_eq!(changed("webhook-id", "msg_other"), Some(Fault::Wrong));
    for id in ["msg.1", "", "msg 1", &"i".repeat(129)] {
        assert_eq!(changed("webhook-id", id), Some(Fault::Id), "{id}");
    }
    assert_eq!(changed("webhook-timestamp", &format!("{}", TIME + 1)), Some(Fault::Wrong));
    for time in ["", "-1", "+1614265330", "1614265330.0", "99999999999999999999"] {
        assert_eq!(changed("webhook-timestamp", time), Some(Fault::Unsigned), "{time}");
    }
    assert_eq!(Sent { body: b"{}", ..standard_sent() }.verify(scheme), Err(Fault::Wrong));
    assert_eq!(
        standard_sent().verify(Scheme::Standard { secrets: &["whsec_"] }),
        Err(Fault::Wrong),
        "an empty key"
    );
}

#[test]
fn telnyx_signs_its_time_and_the_body() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let key = STANDARD.encode(pair.public_key().as_ref());
    let scheme = Scheme::Telnyx { key: Some(&key) };
    let sign = |text: &[u8]| STANDARD.encode(pair.sign(text).as_ref());
    let sent = |signature: String| Sent {
        headers: vec![("telnyx-timestamp", TIME.to_string()), ("telnyx-signature-ed25519", signature)],
        ..standard_sent()
    };
    let good = sign(&[TIME.to_string().as_bytes(), b"|", BODY].concat());
    let signed = sent(good.clone()).verify(scheme).unwrap();
    assert_eq!((signed.id, signed.lasts), (None, Some(WINDOW + 1)));
    assert_eq!(Sent { now: TIME + WINDOW + 1, ..sent(good.clone()) }.verify(scheme), Err(Fault::Stale));
    assert_eq!(Sent { body: b"{}", ..sent(good.clone()) }.verify(scheme), Err(Fault::Wrong));
    assert_eq!(sent(sign(BODY)).verify(scheme), Err(Fault::Wrong), "without its time");
    let mut later = sent(good.clone());
    set(&mut later, "telnyx-timestamp", &format!("{}", TIME + 1));
    assert_eq!(later.verify(scheme), Err(Fault::Wrong));
    let other = STANDARD.encode(Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap().public_key().as_ref());
    assert_eq!(sent(good.clone()).verify(Scheme::Telnyx { key: Some(&other) }), Err(Fault::Wrong));
    assert_eq!(sent(good).verify(Scheme::Telnyx { key: None }), Err(Fault::NoKey));
    assert_eq!(sent("x".into()).verify(scheme), Err(Fault::Unsigned));
}

/// Ed25519 itself, by the third vector of RFC 8032 section 7.1.
#[test]
fn ed25519_is_that_of_the_rfc() {
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let key = bytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
    let signature = bytes(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    );
    assert!(UnparsedPublicKey::new(&ED25519, &key).verify(&[0xaf, 0x82], &signature).is_ok());
    assert!(UnparsedPublicKey::new(&ED25519, &key).verify(&[0xaf, 0x83], &signature).is_err());
}

/// Names and values.
type Headers = Vec<(&'static str, String)>;

/// What each provider puts beside a path and a body, or a form, with the secret `key` (of Telnyx: the pair's).
fn signed_by_all(key: &str, pair: &Ed25519KeyPair, said: (&str, &str, &str)) -> [Headers; 3] {
    let (path, id, body) = said;
    let mac = |text: &str| {
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    };
    let of_standard = || {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(format!("{id}.{TIME}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    let time = TIME.to_string();
    let of_telnyx = STANDARD.encode(pair.sign(format!("{time}|{body}").as_bytes()).as_ref());
    [
        vec![("x-twilio-signature", mac(&format!("https://pbx.example{path}")))],
        vec![("telnyx-timestamp", time.clone()), ("telnyx-signature-ed25519", of_telnyx)],
        vec![("webhook-id", id.into()), ("webhook-timestamp", time), ("webhook-signature", of_standard())],
    ]
}

/// The same signature with one bit changed.
fn flipped(signature: &str, bit: usize) -> String {
    let (version, text) = signature.split_once(',').unwrap_or(("", signature));
    let mut bytes = STANDARD.decode(text).unwrap();
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    let text = STANDARD.encode(bytes);
    if version.is_empty() { text } else { format!("{version},{text}") }
}

proptest! {
    /// The same as the fuzz target `webhook`: what is signed is believed, and neither with another bit in the signature, nor another
    /// body, nor another key.
    #[test]
    fn only_what_is_signed_is_believed(
        body in ".{0,200}", id in "[!-\\-/-~]{1,128}", query in "[a-zA-Z0-9&=%?]{0,80}", bit in any::<usize>(),
    ) {
        let (key, other) = (digest(&[b"key"]), digest(&[b"other"]));
        let [pair, stranger] =
            [7, 8].map(|seed| Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap());
        let [public, strange] = [&pair, &stranger].map(|pair| STANDARD.encode(pair.public_key().as_ref()));
        let path = format!("/webhooks/a/b?{query}&bodySHA256={}", digest(&[body.as_bytes()]));
        let schemes = |key: &str, public: &str, check: &mut dyn FnMut(usize, Scheme<'_>)| {
            let keys = [key];
            check(0, Scheme::Twilio { tokens: &keys });
            check(1, Scheme::Telnyx { key: Some(public) });
            check(2, Scheme::Standard { secrets: &keys });
        };
        let all = signed_by_all(&key, &pair, (&path, &id, &body));
        let sent = |at: usize, change: &dyn Fn(&mut Headers), body: &str, scheme: Scheme<'_>| {
            let mut headers = all[at].clone();
            change(&mut headers);
            let bases = vec!["https://pbx.example".into()];
            Sent { headers, bases, path: &path, form: None, body: body.as_bytes(), now: TIME }.verify(scheme)
        };
        let mut results = Vec::new();
        schemes(&key, &public, &mut |at, scheme| {
            results.push((true, sent(at, &|_| (), &body, scheme)));
            let flip = |headers: &mut Headers| {
                let (_, signature) = headers.last_mut().unwrap();
                *signature = flipped(signature, bit);
            };
            results.push((false, sent(at, &flip, &body, scheme)));
            results.push((false, sent(at, &|_| (), &format!("{body}x"), scheme)));
        });
        schemes(&other, &strange, &mut |at, scheme| results.push((false, sent(at, &|_| (), &body, scheme))));
        for (is_good, result) in results {
            match is_good {
                true => prop_assert!(result.is_ok(), "{result:?}"),
                false => prop_assert_eq!(result, Err(Fault::Wrong)),
            }
        }
    }

    /// Whatever stands in the headers, nothing panics and nothing is believed.
    #[test]
    fn no_header_panics(body in ".{0,200}", header in ".{0,80}", query in "[a-zA-Z0-9&=%?.]{0,80}") {
        let key = digest(&[b"key"]);
        let keys = [&*key];
        let path = format!("/webhooks/a/b?{query}");
        for scheme in
            [Scheme::Twilio { tokens: &keys }, Scheme::Telnyx { key: Some(&key) }, Scheme::Standard { secrets: &keys }]
        {
            let said = Said {
                header: &|_| Some(&header),
                bases: &["https://pbx.example".into()],
                path: &path,
                form: None,
                body: body.as_bytes(),
                now: 0,
            };
            prop_assert!(verify(scheme, &said).is_err());
        }
    }
}
