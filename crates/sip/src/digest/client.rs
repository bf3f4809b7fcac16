//! The client side: reading a challenge and answering it.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::message::Method;

use super::credentials::Parameters;
use super::{Algorithm, DigestFailure, Ha1Set};

/// A parsed `WWW-Authenticate` or `Proxy-Authenticate` header field value; it borrows from that value.
#[derive(Debug, Clone)]
pub struct Challenge<'a> {
    /// Shown to the user, and part of HA1.
    pub realm: Cow<'a, str>,
    /// To be sent back, and counted.
    pub nonce: Cow<'a, str>,
    /// To be sent back unchanged.
    pub opaque: Option<Cow<'a, str>>,
    /// MD5 where none is named.
    pub algorithm: Algorithm,
    /// Whether `qop=auth` is offered; without it the answer follows RFC 2069.
    pub qop_auth: bool,
    /// The password was right, only the nonce was not: answer again without asking anyone.
    pub stale: bool,
}

impl<'a> Challenge<'a> {
    /// Reads a header field value.
    ///
    /// # Errors
    /// `Malformed` where the grammar is broken, `Unsupported` where the scheme, the algorithm or every
    /// offered `qop` is unknown: try the next challenge of the response.
    pub fn parse(value: &'a str) -> Result<Self, DigestFailure> {
        let (mut realm, mut nonce, mut opaque, mut algorithm, mut qop) = (None, None, None, None, None);
        let mut stale = false;
        for parameter in Parameters::of(value)? {
            let (name, value) = parameter?;
            match name.to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value),
                "nonce" => nonce = Some(value),
                "opaque" => opaque = Some(value),
                "algorithm" => algorithm = Some(value),
                "qop" => qop = Some(value),
                "stale" => stale = value.eq_ignore_ascii_case("true"),
                _ => {}
            }
        }
        let qop_auth = qop.as_ref().is_some_and(|list| offers_auth(list));
        if qop.is_some() && !qop_auth {
            return Err(DigestFailure::Unsupported("qop"));
        }
        Ok(Self {
            realm: realm.ok_or(DigestFailure::Malformed("no realm"))?,
            nonce: nonce.ok_or(DigestFailure::Malformed("no nonce"))?,
            opaque,
            algorithm: match algorithm {
                None => Algorithm::Md5,
                Some(token) => {
                    Algorithm::from_token(&token).ok_or(DigestFailure::Unsupported("algorithm"))?
                }
            },
            qop_auth,
            stale,
        })
    }
}

/// What the answer proves the knowledge of.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// A clear password.
    Password(&'a str),
    /// HA1 for the realm of the challenge.
    Ha1(&'a Ha1Set),
}

/// The value of the `Authorization` or `Proxy-Authorization` header field that answers a challenge.
///
/// `uri` is the Request-URI as written in the request. `nc` counts the requests that use this nonce, from
/// 1; `cnonce` is random text of the caller's.
///
/// # Errors
/// `Unsupported` where `secret` is an HA1 that lacks the challenge's algorithm.
pub fn answer(
    challenge: &Challenge<'_>,
    username: &str,
    secret: Secret<'_>,
    method: &Method,
    uri: &str,
    nc: u32,
    cnonce: &str,
) -> Result<String, DigestFailure> {
    let algorithm = challenge.algorithm;
    let ha1 = match secret {
        Secret::Password(password) => algorithm.ha1(username, &challenge.realm, password),
        Secret::Ha1(set) => set.hash(algorithm).ok_or(DigestFailure::Unsupported("algorithm"))?,
    };
    let ha1 = ha1.hex();
    let ha2 = algorithm.hash(&[method.as_str().as_bytes(), uri.as_bytes()]).hex();
    let (nonce, count) = (challenge.nonce.as_bytes(), format!("{nc:08x}"));
    let response = if challenge.qop_auth {
        let parts = [ha1.as_bytes(), nonce, count.as_bytes(), cnonce.as_bytes(), b"auth", ha2.as_bytes()];
        algorithm.hash(&parts)
    } else {
        algorithm.hash(&[ha1.as_bytes(), nonce, ha2.as_bytes()])
    };

    let mut value = String::with_capacity(256);
    value.push_str("Digest username=");
    push_quoted(&mut value, username);
    value.push_str(", realm=");
    push_quoted(&mut value, &challenge.realm);
    value.push_str(", nonce=");
    push_quoted(&mut value, &challenge.nonce);
    value.push_str(", uri=");
    push_quoted(&mut value, uri);
    let _ = write!(value, ", response=\"{}\", algorithm={}", response.hex().as_str(), algorithm.token());
    if challenge.qop_auth {
        let _ = write!(value, ", qop=auth, nc={count}, cnonce=");
        push_quoted(&mut value, cnonce);
    }
    if let Some(opaque) = &challenge.opaque {
        value.push_str(", opaque=");
        push_quoted(&mut value, opaque);
    }
    Ok(value)
}

fn offers_auth(list: &str) -> bool {
    list.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth"))
}

fn push_quoted(value: &mut String, text: &str) {
    value.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            value.push('\\');
        }
        value.push(character);
    }
    value.push('"');
}
