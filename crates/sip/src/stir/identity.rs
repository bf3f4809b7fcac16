//! The Identity header field (RFC 8224 section 4): written for calls of ours, read and judged for those of others.

use base64::Engine as _;

use super::certificate::{Chain, TrustAnchors};
use super::claims::{ALGORITHM, BASE64URL, Claims, SHAKEN, Shaken, Token};
use super::fault::Fault;
use super::key::SigningKey;

/// An Identity header field that was read, and not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// None in the compact form, which leaves out what the request says itself.
    token: Option<Signed>,
    signature: Box<[u8]>,
    url: Box<str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signed {
    text: Box<str>,
    claims: Claims,
}

/// What a request says, for its Identity to be held against.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The number that calls, canonical; None where it is withheld or no number.
    pub caller: Option<&'a str>,
    /// The numbers that it may mean to call, canonical: that of To first, and what the Request-URI has made of it.
    pub called: &'a [Box<str>],
    /// Its Date, in seconds since 1970.
    pub date: Option<u64>,
}

impl Identity {
    /// Signs a call: the value of the header field. None where the cryptographic library fails. `url` is where the certificate
    /// of the key can be fetched.
    pub fn sign(key: &SigningKey, claims: &Claims, url: &str) -> Option<String> {
        let text = claims.signing_input(url)?;
        let signature = BASE64URL.encode(key.sign(text.as_bytes())?);
        let ppt = if claims.shaken.is_some() { ";ppt=shaken" } else { "" };
        Some(format!("{text}.{signature};info=<{url}>;alg={ALGORITHM}{ppt}"))
    }

    /// Reads a header field. None for an extension that we do not know: it is passed over as if it were not there.
    ///
    /// # Errors
    /// Where it is broken, of another algorithm, or names no certificate.
    pub fn parse(value: &str) -> Result<Option<Self>, Fault> {
        let mut parts = split(value);
        let signed = parts.next().unwrap_or_default().trim();
        let (mut info, mut algorithm, mut extension) = (None, None, None);
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (name.trim(), value.trim());
            let value = value.strip_prefix('"').and_then(|open| open.strip_suffix('"')).unwrap_or(value);
            let known = [("info", &mut info), ("alg", &mut algorithm), ("ppt", &mut extension)];
            for (key, place) in known {
                if name.eq_ignore_ascii_case(key) && place.replace(value).is_some() {
                    return Err(Fault::Malformed);
                }
            }
        }
        if extension.is_some_and(|extension| extension != SHAKEN) {
            return Ok(None);
        }
        if algorithm.is_some_and(|algorithm| algorithm != ALGORITHM) {
            return Err(Fault::UnknownAlgorithm);
        }
        let url = info.and_then(|info| info.strip_prefix('<')?.strip_suffix('>'));
        let url = url.filter(|url| is_https(url)).ok_or(Fault::BadInfo)?;
        let (text, signature) = signed.rsplit_once('.').ok_or(Fault::Malformed)?;
        let signature = BASE64URL.decode(signature).map_err(|_| Fault::Malformed)?;
        let token = match text {
            // What SHAKEN adds stands in no other header field.
            COMPACT if extension.is_none() => None,
            COMPACT => return Err(Fault::Malformed),
            text => Some(Signed::parse(text, url, extension.is_some())?),
        };
        Ok(Some(Self { token, signature: signature.into(), url: url.into() }))
    }

    /// Where its certificate is: an `https` URL with a host, as a stranger has written it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it may be of this request, as far as that can be told without the certificate. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// Where it is of another one, or too old.
    pub fn check(&self, said: &Said<'_>, now: u64) -> Result<(), Fault> {
        let (signed_at, caller) = match &self.token {
            Some(Signed { claims, .. }) => (Some(claims.iat), Some(&*claims.orig)),
            None => (said.date, said.caller),
        };
        if signed_at.is_none_or(|at| at.abs_diff(now) > FRESH_SECS) {
            return Err(Fault::Stale);
        }
        if caller.is_none() || caller != said.caller {
            return Err(Fault::WrongCaller);
        }
        match &self.token {
            Some(token) if !token.claims.dest.iter().any(|number| said.called.contains(number)) => {
                Err(Fault::WrongCallee)
            }
            None if said.called.is_empty() => Err(Fault::WrongCallee),
            _ => Ok(()),
        }
    }

    /// Whether the request is signed by somebody who may. Gives what SHAKEN says of the caller.
    ///
    /// # Errors
    /// The first reason why it is not.
    pub fn verify(
        &self,
        said: &Said<'_>,
        chain: &Chain,
        anchors: &TrustAnchors,
        now: u64,
    ) -> Result<Option<Shaken>, Fault> {
        self.check(said, now)?;
        let caller = said.caller.ok_or(Fault::WrongCaller)?;
        chain.speaks_for(caller, anchors, now)?;
        let is_signed = match &self.token {
            Some(token) => chain.has_signed(token.text.as_bytes(), &self.signature),
            None => {
                let claims = Claims {
                    orig: caller.into(),
                    dest: said.called.iter().take(1).cloned().collect(),
                    iat: said.date.ok_or(Fault::Stale)?,
                    shaken: None,
                };
                let text = claims.signing_input(&self.url).ok_or(Fault::Malformed)?;
                chain.has_signed(text.as_bytes(), &self.signature)
            }
        };
        if !is_signed {
            return Err(Fault::WrongSignature);
        }
        Ok(self.token.as_ref().and_then(|token| token.claims.shaken.clone()))
    }
}

impl Signed {
    fn parse(text: &str, url: &str, is_shaken: bool) -> Result<Self, Fault> {
        let (header, payload) = text.split_once('.').ok_or(Fault::Malformed)?;
        let token = Token::parse(header, payload).ok_or(Fault::Malformed)?;
        if &*token.algorithm != ALGORITHM {
            return Err(Fault::UnknownAlgorithm);
        }
        // Outside and inside have to say the same (RFC 8224 section 4).
        if &*token.url != url || token.is_shaken != is_shaken {
            return Err(Fault::Malformed);
        }
        Ok(Self { text: text.into(), claims: token.claims })
    }
}

/// The parts between semicolons, of which a URL and a quoted string may have some.
fn split(value: &str) -> impl Iterator<Item = &str> {
    let mut closes = None;
    value.split(move |c| {
        match (closes, c) {
            (None, ';') => return true,
            (None, '<') => closes = Some('>'),
            (None, '"') => closes = Some('"'),
            (Some(end), c) if c == end => closes = None,
            _ => {}
        }
        false
    })
}

/// Whether a text is an `https` URL with a host and without a name or password.
fn is_https(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("https")
        && url.len() <= LONGEST_URL
        && url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\'))
        && !authority.contains('@')
        && !authority.starts_with(':')
        && !authority.is_empty()
}

/// Seconds that a signature is good for, either way (RFC 8224 section 6.2, step 4).
pub const FRESH_SECS: u64 = 60;
/// What stands before the signature in the compact form (RFC 8225 section 7).
const COMPACT: &str = ".";
const LONGEST_URL: usize = 1_024;
