//! Refusals on the wire: problem details (RFC 9457) with a `code` that stays the same, and the one map from reasons to HTTP.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kiestoon_control::{ClientError, PROBLEM_JSON};
use kiestoon_store::StoreError;
use serde_json::json;

/// Why a request is not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    NotLoggedIn,
    WrongPassword,
    TooManyLogins(Duration),
    /// A webhook that nobody is known to have signed, or that came before.
    Unsigned,
    TooManyUnsigned(Duration),
    Forbidden,
    Csrf,
    Origin,
    NoExtension,
    NoPath,
    Method,
    Body(String),
    TooLarge,
    WeakPassword(String),
    Cursor,
    Subprotocol,
    NoUpgrade,
    TooManyConnections,
    PbxUnreachable(String),
    PbxRefused(u16, String),
    Store(StoreError),
    /// There is no such thing in the asker's organisation.
    Unknown(String),
    /// There is such a thing already.
    Exists(String),
    /// What was said cannot be.
    Wrong(String),
    /// The presets of trunks cannot be read.
    Presets,
    Busy,
}

impl Refusal {
    /// Its status, its code and its title, which are the same for each of its kind.
    fn kind(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NotLoggedIn => (401, "not_logged_in", "not logged in"),
            Self::WrongPassword => (401, "wrong_password", "wrong login or password"),
            Self::TooManyLogins(_) => (429, "too_many_logins", "too many logins"),
            Self::Unsigned => (401, "unsigned", "not signed"),
            Self::TooManyUnsigned(_) => (429, "too_many_unsigned", "too many unsigned webhooks"),
            Self::Forbidden => (403, "forbidden", "not allowed"),
            Self::Csrf => (403, "csrf", "no proof of the page"),
            Self::Origin => (403, "origin", "another origin"),
            Self::NoExtension => (409, "no_extension", "no extension"),
            Self::NoPath => (404, "not_found", "no such path"),
            Self::Method => (405, "method", "method not allowed"),
            Self::Body(_) => (400, "body", "body not understood"),
            Self::TooLarge => (413, "too_large", "body too large"),
            Self::WeakPassword(_) => (422, "weak_password", "password refused"),
            Self::Cursor => (400, "cursor", "page not understood"),
            Self::Subprotocol => (400, "subprotocol", "no SIP offered"),
            Self::NoUpgrade => (426, "upgrade", "WebSocket only"),
            Self::TooManyConnections => (503, "too_many_connections", "too many connections"),
            Self::PbxUnreachable(_) => (503, "pbx_unreachable", "PBX unreachable"),
            Self::PbxRefused(status, _) => (*status, "pbx_refused", "the PBX refused"),
            Self::Store(_) => (503, "database", "database unavailable"),
            Self::Unknown(_) => (404, "unknown", "not there"),
            Self::Exists(_) => (409, "exists", "there already"),
            Self::Wrong(_) => (422, "refused", "refused"),
            Self::Presets => (503, "presets", "presets unusable"),
            Self::Busy => (503, "busy", "too busy"),
        }
    }

    /// This case in one sentence.
    fn detail(&self) -> String {
        match self {
            Self::NotLoggedIn => "log in first",
            Self::WrongPassword => "this login and password do not belong together",
            Self::TooManyLogins(wait) | Self::TooManyUnsigned(wait) => {
                return format!("try again in {} s", wait.as_secs().max(1));
            }
            Self::Unsigned => {
                "the signature is missing or wrong, is too old, or has been taken before; a webhook-id is 1 to 128 \
                 printable ASCII characters without spaces and full stops"
            }
            Self::Forbidden => "this is not yours to see or to change",
            Self::Csrf => "the header X-CSRF-Token must hold the csrf of the session",
            Self::Origin => "this web page may not ask here; `sip.ws.origins` lists pages that may relay SIP",
            Self::NoExtension => {
                "this user has no extension; an operator gives one with `kiestoon user extension`"
            }
            Self::NoPath => "there is nothing at this path",
            Self::Method => "this path takes another method",
            Self::Body(reason) => return format!("the body is not valid: {reason}"),
            Self::TooLarge => "a body has at most 64 kB here",
            Self::Cursor => "`cursor` must be the `next` of the page before, `limit` 1 to 1000",
            Self::Subprotocol => "Sec-WebSocket-Protocol must offer sip (RFC 7118)",
            Self::NoUpgrade => "this path is a WebSocket (RFC 6455 version 13)",
            Self::TooManyConnections => "too many WebSockets are open; close one or try again later",
            Self::Unknown(reason) | Self::Exists(reason) | Self::Wrong(reason) => reason,
            Self::Presets => "the presets of trunks cannot be read; the log says why",
            Self::WeakPassword(reason) | Self::PbxUnreachable(reason) | Self::PbxRefused(_, reason) => reason,
            Self::Store(_) => "the database cannot be used now; the log says why",
            Self::Busy => "the answer took too long; try again in a moment",
        }
        .to_owned()
    }
}

impl Refusal {
    /// What the database says of a change that somebody asked for: often that it cannot be.
    pub(crate) fn of_write(error: StoreError) -> Self {
        let reason = error.to_string();
        match error {
            StoreError::UnknownContact { .. } | StoreError::UnknownBlock { .. } => Self::Unknown(reason),
            StoreError::ContactExists { .. } | StoreError::BlockExists { .. } => Self::Exists(reason),
            StoreError::Refused(_)
            | StoreError::UnknownTrunk { .. }
            | StoreError::TooManyContacts { .. }
            | StoreError::TooManyBlocks { .. } => Self::Wrong(reason),
            other => Self::Store(other),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            tracing::error!(%error, "database");
        }
        let ((status, code, title), detail) = (self.kind(), self.detail());
        let body = json!({
            "type": "about:blank", "title": title, "status": status, "detail": detail, "code": code,
        });
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::TooManyLogins(wait) | Self::TooManyUnsigned(wait) => {
                drop(headers.insert(header::RETRY_AFTER, wait.as_secs().max(1).into()))
            }
            Self::NoUpgrade => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
            }
            _ => {}
        }
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(problem) => Self::PbxRefused(problem.status, problem.detail),
            // The path of the socket is the operator's business, and in the log of the hub.
            _ => Self::PbxUnreachable(
                "the PBX does not answer; calls that stand go on without it or the sidecar".into(),
            ),
        }
    }
}
