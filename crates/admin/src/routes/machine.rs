//! For machines: metrics, health, and the certificate of the local authority.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::Shared;
use crate::certificates::Certificates;
use crate::problem::Refusal;

/// The sidecar's metrics, and the PBX's where it answers.
pub(super) async fn metrics(State(hall): State<Shared>) -> Response {
    let pbx = hall.pbx.metrics().await;
    let left = hall.certificates.as_ref().and_then(|of| of.seconds_left(jiff::Timestamp::now()));
    let mut text = hall.metrics.render(pbx.is_ok(), hall.relays.open(), left);
    text.push_str(&pbx.unwrap_or_default());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// The process lives.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// It can do its work: the database answers. The PBX may be away.
pub(super) async fn ready(State(hall): State<Shared>) -> Result<&'static str, Refusal> {
    hall.store.revision().await?;
    Ok(if hall.hub.is_up() { "ready\n" } else { "ready, without the PBX\n" })
}

pub(super) async fn authority(State(hall): State<Shared>) -> Result<Response, Refusal> {
    let pem = hall.certificates.as_ref().and_then(Certificates::authority_pem).ok_or(Refusal::NoPath)?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-x509-ca-cert"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"kiestoon-ca.crt\""),
    ];
    Ok((StatusCode::OK, headers, pem).into_response())
}
