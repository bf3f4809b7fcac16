//! Requests signed as each provider's documentation says, and what the sidecar answers.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

use crate::house::House;

/// A request, ready to be sent as often as one likes.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Signed {
    fn new(path: &str, kind: &str, body: String) -> Self {
        let headers = vec![("Host".into(), HOST.into()), ("Content-Type".into(), kind.into())];
        Self { path: path.into(), headers, body }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Another path, the same signature.
    pub(crate) fn to(self, path: &str) -> Self {
        Self { path: path.into(), ..self }
    }

    /// Another body, the same signature.
    pub(crate) fn saying(self, body: &str) -> Self {
        Self { body: body.into(), ..self }
    }

    /// The status of the answer.
    pub(crate) fn send(&self, house: &House) -> u16 {
        let mut stream = TcpStream::connect(house.http()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let lines: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let (path, length) = (&self.path, self.body.len());
        let head =
            format!("POST {path} HTTP/1.1\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        // One that is too large is answered before it is read.
        let _ = stream.write_all(self.body.as_bytes());
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("{answer:?}"))
    }
}

/// Twilio: the URL, then each parameter and its value in the order of the names.
pub(crate) fn twilio(token: &str, path: &str, parameters: &[(&str, &str)]) -> Signed {
    let sorted: BTreeMap<_, _> = parameters.iter().copied().collect();
    let signed: String = sorted.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let body: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    let signature = sha1(token, &format!("http://{HOST}{path}{signed}"));
    Signed::new(path, "application/x-www-form-urlencoded; charset=UTF-8", body.join("&"))
        .with("X-Twilio-Signature", &signature)
}

/// Twilio with a body of JSON, whose hash stands in the URL.
pub(crate) fn twilio_json(token: &str, path: &str, body: &str) -> Signed {
    use sha2::Digest as _;
    let hash: String = Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("{path}?bodySHA256={hash}");
    let signature = sha1(token, &format!("http://{HOST}{path}"));
    Signed::new(&path, "application/json", body.into()).with("X-Twilio-Signature", &signature)
}

/// The key pair of a Telnyx account, and its public key as the portal shows it.
pub(crate) fn telnyx_key() -> (Ed25519KeyPair, String) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let public = STANDARD.encode(pair.public_key().as_ref());
    (pair, public)
}

/// Telnyx: `timestamp|body`.
pub(crate) fn telnyx(pair: &Ed25519KeyPair, path: &str, at: i64, body: &str) -> Signed {
    let signature = STANDARD.encode(pair.sign(format!("{at}|{body}").as_bytes()).as_ref());
    Signed::new(path, "application/json", body.into())
        .with("telnyx-timestamp", &at.to_string())
        .with("telnyx-signature-ed25519", &signature)
}

/// Standard Webhooks: `id.timestamp.body`.
pub(crate) fn standard(secret: &str, path: &str, id: &str, at: i64, body: &str) -> Signed {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    Signed::new(path, "application/json", body.into())
        .with("webhook-id", id)
        .with("webhook-timestamp", &at.to_string())
        .with("webhook-signature", &signature)
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn sha1(token: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn escaped(value: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        b' ' => "+".into(),
        _ => format!("%{byte:02X}"),
    };
    value.bytes().map(one).collect()
}

/// What the providers were told that we are called.
pub(crate) const HOST: &str = "pbx.example.com";
