//! After a change of the database: the running PBX is asked to take it, as the command line asks.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::hall::Hall;

/// What was kept, with `done` where it counts from now on. Otherwise 202: the PBX does not run, or refuses the state that it finds.
pub(super) async fn kept(hall: &Hall, done: StatusCode, shown: impl Serialize) -> Response {
    (status(hall, done).await, Json(shown)).into_response()
}

/// The same of what is there no more.
pub(super) async fn removed(hall: &Hall) -> Response {
    status(hall, StatusCode::NO_CONTENT).await.into_response()
}

async fn status(hall: &Hall, done: StatusCode) -> StatusCode {
    match tokio::time::timeout(PATIENCE, hall.pbx.reload()).await {
        Ok(Ok(_)) => done,
        Ok(Err(error)) => {
            tracing::warn!(%error, "saved, but the PBX does not use it yet");
            StatusCode::ACCEPTED
        }
        Err(_) => StatusCode::ACCEPTED,
    }
}

/// Within the time of an answer. A reload goes on without us.
const PATIENCE: Duration = Duration::from_secs(20);
