//! One question to a REST API: a GET with credentials, answered in JSON within its time and its size.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderValue, InvalidHeaderValue, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::{Account, Provider};
use crate::ladder::rung::Draft;
use crate::webhook::{Connector, Outside, causes};

/// Who is asked, and with what.
pub(super) struct Api {
    http: legacy::Client<Connector, Full<Bytes>>,
    authorization: HeaderValue,
    base: Option<String>,
}

/// Why there is no answer.
pub(super) enum Unasked {
    /// Nothing came.
    Unreached(String),
    /// The key is not taken.
    Refused(u16),
    /// Something came that is not documented.
    Odd(String),
}

impl Api {
    pub(super) fn new(outside: &Outside, account: &Account) -> Result<Self, Unasked> {
        let secret = account.secret.expose();
        let text = match account.provider {
            Provider::Twilio => {
                let user = account.key.as_deref().unwrap_or(&account.id);
                format!("Basic {}", STANDARD.encode(format!("{user}:{secret}")))
            }
            Provider::Telnyx => format!("Bearer {secret}"),
        };
        let odd = |error: InvalidHeaderValue| Unasked::Odd(error.to_string());
        let mut authorization = HeaderValue::try_from(text).map_err(odd)?;
        authorization.set_sensitive(true);
        let http = legacy::Client::builder(TokioExecutor::new()).build(Connector::new(outside));
        Ok(Self { http, authorization, base: account.base.clone() })
    }

    /// What is at a path of `host`, or None where it says that there is no such thing.
    pub(super) async fn get(
        &self,
        host: &str,
        path: &str,
        draft: &mut Draft,
    ) -> Result<Option<Value>, Unasked> {
        let began = Instant::now();
        let url = format!("{}{path}", self.base.as_deref().unwrap_or(host).trim_end_matches('/'));
        let got = match tokio::time::timeout(LONGEST, self.got(&url)).await {
            Ok(got) => got,
            Err(_) => Err(Unasked::Unreached(format!("no whole answer in {} s", LONGEST.as_secs()))),
        };
        let ms = began.elapsed().as_millis();
        draft.detail(
            &format!("GET {url}"),
            match &got {
                Ok((status, _)) => format!("{status}, {ms} ms"),
                Err(Unasked::Unreached(reason)) => format!("{reason}, {ms} ms"),
                Err(Unasked::Refused(status)) => format!("{status}, {ms} ms"),
                Err(Unasked::Odd(what)) => format!("{what}, {ms} ms"),
            },
        );
        got.map(|(_, value)| value)
    }

    async fn got(&self, url: &str) -> Result<(u16, Option<Value>), Unasked> {
        let request = Request::get(url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("kiestoon/", env!("CARGO_PKG_VERSION")))
            .body(Full::default())
            .map_err(|error| Unasked::Odd(error.to_string()))?;
        let response =
            self.http.request(request).await.map_err(|error| Unasked::Unreached(causes(&error)))?;
        let status = response.status();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(Unasked::Refused(status.as_u16()));
            }
            StatusCode::NOT_FOUND => return Ok((status.as_u16(), None)),
            _ if !status.is_success() => return Err(Unasked::Odd(status.to_string())),
            _ => {}
        }
        let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
        let body = body.map_err(|error| Unasked::Unreached(error.to_string()))?.to_bytes();
        let value = serde_json::from_slice(&body).map_err(|error| Unasked::Odd(error.to_string()))?;
        Ok((status.as_u16(), Some(value)))
    }
}

/// A value for a query, its bytes outside the unreserved ones escaped (RFC 3986 section 2.1).
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte))
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

const LONGEST: Duration = Duration::from_secs(10);
const MOST_BYTES: usize = 1 << 20;
