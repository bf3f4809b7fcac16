//! Whether a provider has signed a request, by the rules of each: Twilio's request validation (HMAC-SHA1 of the URL and the
//! parameters), Telnyx' (Ed25519 of `timestamp|body`), and Standard Webhooks (HMAC-SHA256 of `id.timestamp.body`).

#[cfg(test)]
mod tests;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// What the signature of a request is over.
pub(crate) struct Said<'a> {
    /// The value of a header field, by its name in lower case; None where it is missing or stands twice.
    pub(crate) header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// What the sender may have called us: scheme, host and perhaps port.
    pub(crate) bases: &'a [String],
    /// The path with the query.
    pub(crate) path: &'a str,
    /// The parameters of a form; None where the body is none.
    pub(crate) form: Option<&'a [(String, String)]>,
    pub(crate) body: &'a [u8],
    /// Seconds since 1970.
    pub(crate) now: i64,
}

/// What a provider signs with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scheme<'a> {
    Twilio { tokens: &'a [&'a str] },
    Telnyx { key: Option<&'a str> },
    Standard { secrets: &'a [&'a str] },
}

/// A request that its provider has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    /// A hash of what was signed: the same again is a replay.
    pub(crate) digest: String,
    /// The id of the event, where it is signed beside the body.
    pub(crate) id: Option<String>,
    /// For how many seconds from now the signature would be taken; None: for ever.
    pub(crate) lasts: Option<i64>,
}

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nobody has said what it would be signed with.
    NoKey,
    /// It carries no signature, or one that is none.
    Unsigned,
    /// The id that it signs is in no form that can be signed unambiguously.
    Id,
    /// Its time is too far from ours.
    Stale,
    /// The signature is over something else, or another's.
    Wrong,
}

impl Fault {
    /// The word of the log.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::Unsigned => "unsigned",
            Self::Id => "webhook_id",
            Self::Stale => "stale",
            Self::Wrong => "wrong",
        }
    }
}

/// Checks the signature.
pub(crate) fn verify(scheme: Scheme<'_>, said: &Said<'_>) -> Result<Signed, Fault> {
    match scheme {
        Scheme::Twilio { tokens: [] } | Scheme::Telnyx { key: None } | Scheme::Standard { secrets: [] } => {
            Err(Fault::NoKey)
        }
        Scheme::Twilio { tokens } => twilio(tokens, said),
        Scheme::Telnyx { key: Some(key) } => telnyx(key, said),
        Scheme::Standard { secrets } => standard(secrets, said),
    }
}

/// Over the URL as the operator gave it to Twilio, then each parameter and its value, sorted; of a body that is no form, its
/// SHA-256 stands in the URL.
fn twilio(tokens: &[&str], said: &Said<'_>) -> Result<Signed, Fault> {
    let signature = (said.header)("x-twilio-signature").and_then(|text| STANDARD.decode(text).ok());
    let signature = signature.ok_or(Fault::Unsigned)?;
    let mut text = said.path.to_owned();
    match said.form {
        Some(form) => {
            let mut sorted: Vec<_> = form.iter().collect();
            sorted.sort();
            sorted.dedup();
            sorted.iter().for_each(|(key, value)| {
                text.push_str(key);
                text.push_str(value);
            });
        }
        None if !is_hashed(said) => return Err(Fault::Wrong),
        None => {}
    }
    let is_signed = |token: &&str| {
        let urls = said.bases.iter().flat_map(|base| [base.clone(), other_port(base)]);
        // Every one is tried, whichever fits.
        urls.fold(false, |fits, base| {
            is_mac::<Hmac<Sha1>>(token.as_bytes(), &[base.as_bytes(), text.as_bytes()], &signature) | fits
        })
    };
    if !tokens.iter().any(is_signed) {
        return Err(Fault::Wrong);
    }
    Ok(Signed { digest: digest(&[text.as_bytes()]), id: None, lasts: None })
}

/// Whether the query says the hash of the body: only then it is signed with the URL.
fn is_hashed(said: &Said<'_>) -> bool {
    let query = said.path.split_once('?').map_or("", |(_, query)| query);
    let mut hashes = query.split('&').filter_map(|pair| pair.strip_prefix("bodySHA256="));
    let told = hashes.next().filter(|_| hashes.next().is_none());
    told.is_some_and(|told| told.eq_ignore_ascii_case(&digest(&[said.body])))
}

/// The same with the usual port where none is said, and without one where one is: Twilio has done both.
fn other_port(base: &str) -> String {
    let (scheme, host) = base.split_once("://").unwrap_or(("https", base));
    let port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    match port {
        Some((name, _)) => format!("{scheme}://{name}"),
        None => format!("{scheme}://{host}:{}", if scheme == "https" { 443 } else { 80 }),
    }
}

fn telnyx(key: &str, said: &Said<'_>) -> Result<Signed, Fault> {
    let key = STANDARD.decode(key).map_err(|_| Fault::NoKey)?;
    let time = (said.header)("telnyx-timestamp").ok_or(Fault::Unsigned)?;
    let signature = (said.header)("telnyx-signature-ed25519").and_then(|text| STANDARD.decode(text).ok());
    let signature = signature.ok_or(Fault::Unsigned)?;
    let lasts = lasts(time, said.now)?;
    let signed = [time.as_bytes(), b"|", said.body].concat();
    UnparsedPublicKey::new(&ED25519, key).verify(&signed, &signature).map_err(|_| Fault::Wrong)?;
    Ok(Signed { digest: digest(&[&signed]), id: None, lasts: Some(lasts) })
}

fn standard(secrets: &[&str], said: &Said<'_>) -> Result<Signed, Fault> {
    let id = (said.header)("webhook-id").ok_or(Fault::Unsigned)?;
    if !is_id(id) {
        return Err(Fault::Id);
    }
    let time = (said.header)("webhook-timestamp").ok_or(Fault::Unsigned)?;
    let list = (said.header)("webhook-signature").ok_or(Fault::Unsigned)?;
    let of_version = list.split(' ').take(SIGNATURES).filter_map(|one| one.strip_prefix("v1,"));
    let signatures: Vec<Vec<u8>> = of_version.filter_map(|text| STANDARD.decode(text).ok()).collect();
    if signatures.is_empty() {
        return Err(Fault::Unsigned);
    }
    let lasts = lasts(time, said.now)?;
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", said.body];
    let is_signed = |secret: &&str| {
        let key = match secret.strip_prefix("whsec_") {
            Some(text) => STANDARD.decode(text).unwrap_or_default(),
            None => secret.as_bytes().to_vec(),
        };
        // An empty key is nobody's.
        !key.is_empty() && signatures.iter().any(|one| is_mac::<Hmac<Sha256>>(&key, &parts, one))
    };
    if !secrets.iter().any(is_signed) {
        return Err(Fault::Wrong);
    }
    Ok(Signed { digest: digest(&parts), id: Some(id.to_owned()), lasts: Some(lasts) })
}

/// For how many seconds a request of this time is taken, from now on.
fn lasts(time: &str, now: i64) -> Result<i64, Fault> {
    let is_number = (1..=12).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
    let time: i64 = time.parse().ok().filter(|_| is_number).ok_or(Fault::Unsigned)?;
    if time.abs_diff(now) > WINDOW.unsigned_abs() {
        return Err(Fault::Stale);
    }
    Ok(time.saturating_add(WINDOW).saturating_sub(now).saturating_add(1))
}

/// Compared in constant time.
fn is_mac<M: Mac + hmac::KeyInit>(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let Ok(mut mac) = <M as hmac::KeyInit>::new_from_slice(key) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(signature).is_ok()
}

/// Its full stop would make the signed text ambiguous.
fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.')
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How far the clock of a provider may be from ours, in seconds.
pub(crate) const WINDOW: i64 = 300;
/// Signatures of one request that are tried.
const SIGNATURES: usize = 8;
