//! One question over HTTP: asked within its time, answered within its size, or a fault that says why not.
use std::{error::Error, io, path::PathBuf, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::Incoming,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioTimer},
};
use kiestoon_call::{WebhookFault, WebhookRequest};
use kiestoon_dialplan::WebhookAnswer;

use super::{
    Outside, answer,
    connect::{Connector, UnknownHost},
    question,
    signature::Key,
};
use crate::clock;

/// Asks services, over connections that are kept open for the next question.
pub(super) struct Client(legacy::Client<Connector, Full<Bytes>>);

/// Why a question has no answer, with words for the operator's log.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) fault: WebhookFault,
    pub(super) detail: String,
}

impl Failure {
    fn new(fault: WebhookFault, detail: impl ToString) -> Self {
        Self { fault, detail: detail.to_string() }
    }
}

impl Client {
    pub(super) fn new(outside: &Outside) -> Self {
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT_OPEN)
            .pool_max_idle_per_host(KEPT_OPEN_EACH)
            .http1_max_buf_size(HEAD_BYTES)
            .build(Connector::new(outside));
        Self(client)
    }

    /// Asks one question. Its timeout is over everything: the name, the connection, the answer to its end.
    pub(super) async fn ask(&self, request: WebhookRequest) -> Result<WebhookAnswer, Failure> {
        let within = request.timeout.min(LONGEST);
        match tokio::time::timeout(within, self.asked(request)).await {
            Ok(asked) => asked,
            Err(_) => Err(Failure::new(
                WebhookFault::Timeout,
                format!("no whole answer in {} ms", within.as_millis()),
            )),
        }
    }

    async fn asked(&self, request: WebhookRequest) -> Result<WebhookAnswer, Failure> {
        let question = built(&request).await?;
        let response = self.0.request(question).await.map_err(unreached)?;
        match response.status() {
            StatusCode::NO_CONTENT => Ok(WebhookAnswer::default()),
            StatusCode::OK => read(response).await,
            status => Err(Failure::new(WebhookFault::Status(status.as_u16()), "200 or 204 is expected")),
        }
    }
}

async fn built(request: &WebhookRequest) -> Result<Request<Full<Bytes>>, Failure> {
    let uri: Uri = request.url.parse().map_err(|error| Failure::new(WebhookFault::BadUrl, error))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err(Failure::new(WebhookFault::BadUrl, "neither http://HOST/PATH nor https://HOST/PATH"));
    }
    let body = question::body(request);
    let (id, timestamp) = (format!("{}-{}", request.call, request.id), clock::unix_micros() / 1_000_000);
    let mut builder = Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(CONTENT_TYPE, JSON)
        .header(ACCEPT, JSON)
        .header(USER_AGENT, concat!("kiestoon/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp);
    if let Some(path) = &request.secret_file {
        let path = PathBuf::from(&**path);
        let key = tokio::task::spawn_blocking(move || Key::read(&path)).await;
        let key = key.map_err(|error| Failure::new(WebhookFault::NoSecret, error))?;
        let key = key.map_err(|error| Failure::new(WebhookFault::NoSecret, error))?;
        builder = builder.header("webhook-signature", key.sign(&id, timestamp, &body));
    }
    builder.body(Full::new(body)).map_err(|error| Failure::new(WebhookFault::BadUrl, error))
}

async fn read(response: Response<Incoming>) -> Result<WebhookAnswer, Failure> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !answer::is_json(kind) {
        return Err(Failure::new(WebhookFault::NotJson, "the content type is not application/json"));
    }
    let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => Failure::new(WebhookFault::TooBig, format!("more than {ANSWER_BYTES} bytes")),
        false => Failure::new(WebhookFault::Broken, error),
    })?;
    answer::read(&body.to_bytes()).map_err(|fault| Failure::new(WebhookFault::NotJson, fault))
}

/// What kept the question from being answered at all: the first cause that says it.
fn unreached(error: legacy::Error) -> Failure {
    let mut fault = if error.is_connect() { WebhookFault::Refused } else { WebhookFault::Broken };
    let mut detail = error.to_string();
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        detail = error.to_string();
        if error.is::<UnknownHost>() {
            fault = WebhookFault::UnknownHost;
        } else if error.is::<rustls::Error>() || is_of_tls(error) {
            fault = WebhookFault::Tls;
        } else if error.is::<tokio::time::error::Elapsed>() {
            fault = WebhookFault::Timeout;
        }
        cause = error.source();
    }
    Failure { fault, detail }
}

/// An error of TLS may be wrapped into some of the connection, which do not name it as their source.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.is_some_and(|inner| inner.is::<rustls::Error>() || is_of_tls(inner))
}

const JSON: &str = "application/json";
/// Whatever the dialplan says.
const LONGEST: Duration = Duration::from_secs(10);
const ANSWER_BYTES: usize = 16 * 1_024;
const HEAD_BYTES: usize = 32 * 1_024;
const KEPT_OPEN: Duration = Duration::from_secs(60);
const KEPT_OPEN_EACH: usize = 8;
