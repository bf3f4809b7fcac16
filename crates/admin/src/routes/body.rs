//! JSON bodies, refused in our own words.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::DeserializeOwned;

use crate::problem::Refusal;

/// A body of JSON. It must say that it is: a form of another page cannot.
pub(super) struct Body<T>(pub(super) T);

/// The same, where nothing at all means the defaults.
pub(super) struct BodyOrNone<T>(pub(super) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for BodyOrNone<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let (head, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(head.clone(), body), state).await;
        let bytes = bytes.map_err(|_| Refusal::TooLarge)?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        let Body(said) = Body::from_request(Request::from_parts(head, bytes.into()), state).await?;
        Ok(Self(said))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::Body("Content-Type must be application/json".into()));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Refusal::TooLarge)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| Refusal::Body(error.to_string()))
    }
}
