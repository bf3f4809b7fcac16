//! The client side: reading a challenge and answering it.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

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
    /// Whether `qop=auth` is offered.
    pub qop_auth: bool,
    /// Whether `qop=auth-int` is offered, which covers the body too. Where neither is, the answer follows RFC 2069.
    pub qop_auth_int: bool,
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
        let offers = |token: &str| qop.as_ref().is_some_and(|list| offers(list, token));
        let (qop_auth, qop_auth_int) = (offers("auth"), offers("auth-int"));
        if qop.is_some() && !qop_auth && !qop_auth_int {
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
            qop_auth_int,
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

/// The value of the `Authorization` or `Proxy-Authorization` header field that answers a challenge for a request without a
/// body. For others, and where nonces are used again, see [`Session`](super::Session).
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
    let asked = Asked {
        realm: &challenge.realm,
        nonce: &challenge.nonce,
        opaque: challenge.opaque.as_deref(),
        algorithm: challenge.algorithm,
        qop: challenge.qop(),
    };
    asked.answer(username, secret, &Covered { method, uri, body: b"" }, nc, cnonce)
}

impl Challenge<'_> {
    /// What is chosen of the offered: the plain form before the one that a proxy breaks which changes the body.
    pub(super) fn qop(&self) -> Option<Protection> {
        match (self.qop_auth, self.qop_auth_int) {
            (true, _) => Some(Protection::Auth),
            (false, true) => Some(Protection::AuthInt),
            (false, false) => None,
        }
    }
}

/// A quality of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Protection {
    /// Of method and URI.
    Auth,
    /// Of the body too.
    AuthInt,
}

/// What an answer needs of its challenge.
pub(super) struct Asked<'a> {
    pub(super) realm: &'a str,
    pub(super) nonce: &'a str,
    pub(super) opaque: Option<&'a str>,
    pub(super) algorithm: Algorithm,
    /// None: as RFC 2069 has it.
    pub(super) qop: Option<Protection>,
}

/// What an answer covers of its request.
pub(super) struct Covered<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
}

impl Asked<'_> {
    /// See [`answer`].
    pub(super) fn answer(
        &self,
        username: &str,
        secret: Secret<'_>,
        covered: &Covered<'_>,
        nc: u32,
        cnonce: &str,
    ) -> Result<String, DigestFailure> {
        let algorithm = self.algorithm;
        let ha1 = match secret {
            Secret::Password(password) => algorithm.ha1(username, self.realm, password),
            Secret::Ha1(set) => set.hash(algorithm).ok_or(DigestFailure::Unsupported("algorithm"))?,
        };
        let ha1 = ha1.hex();
        let (method, uri) = (covered.method.as_str().as_bytes(), covered.uri.as_bytes());
        let ha2 = match self.qop {
            Some(Protection::AuthInt) => {
                let body = algorithm.hash(&[covered.body]).hex();
                algorithm.hash(&[method, uri, body.as_bytes()])
            }
            _ => algorithm.hash(&[method, uri]),
        };
        let ha2 = ha2.hex();
        let (nonce, count) = (self.nonce.as_bytes(), format!("{nc:08x}"));
        let token = self.qop.map(Protection::token);
        let response = match token {
            Some(token) => {
                let (count, cnonce, token) = (count.as_bytes(), cnonce.as_bytes(), token.as_bytes());
                algorithm.hash(&[ha1.as_bytes(), nonce, count, cnonce, token, ha2.as_bytes()])
            }
            None => algorithm.hash(&[ha1.as_bytes(), nonce, ha2.as_bytes()]),
        };
        let mut value = String::with_capacity(256);
        value.push_str("Digest username=");
        push_quoted(&mut value, username);
        value.push_str(", realm=");
        push_quoted(&mut value, self.realm);
        value.push_str(", nonce=");
        push_quoted(&mut value, self.nonce);
        value.push_str(", uri=");
        push_quoted(&mut value, covered.uri);
        let _ = write!(value, ", response=\"{}\", algorithm={}", response.hex().as_str(), algorithm.token());
        if let Some(token) = token {
            let _ = write!(value, ", qop={token}, nc={count}, cnonce=");
            push_quoted(&mut value, cnonce);
        }
        if let Some(opaque) = self.opaque {
            value.push_str(", opaque=");
            push_quoted(&mut value, opaque);
        }
        Ok(value)
    }
}

impl Protection {
    fn token(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

fn offers(list: &str, token: &str) -> bool {
    list.split(',').any(|qop| qop.trim().eq_ignore_ascii_case(token))
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
