//! What a web phone asks for before it speaks SIP: credentials, addresses, and the way there.

use std::sync::atomic::Ordering::Relaxed;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::Response;
use jiff::Timestamp;
use kiestoon_config::SpeechCodec;
use kiestoon_store::{Organisation, User, credentials};
use serde_json::{Value, json};

use super::{Shared, person};
use crate::authorise::Principal;
use crate::client::Client;
use crate::hall::{Hall, websocket_of};
use crate::ice;
use crate::problem::Refusal;

pub(super) async fn token(
    State(hall): State<Shared>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<Value>, Refusal> {
    let user = &person(&principal)?.user;
    let number = user.extension.as_ref().ok_or(Refusal::NoExtension)?;
    let domain = domain(&hall, &organisation(&hall, user).await?);
    let ttl = hall.config.admin.token_ttl_secs;
    let expires_at = expiry(ttl);
    let issued = credentials::issue(&hall.sip_key, &user.organisation_id, number, unix(expires_at));
    hall.metrics.sip_tokens.fetch_add(1, Relaxed);
    Ok(Json(json!({
        "username": issued.username,
        "password": issued.password,
        "uri": format!("sip:{number}@{domain}"),
        "display_name": if user.name.is_empty() { number } else { &user.name },
        "expires_at": expires_at.to_string(),
        "ttl": ttl,
        "ice_servers": ice::servers(&hall.config.admin, hall.turn.as_ref(), &user.login, unix(expires_at)),
    })))
}

pub(super) async fn config(
    State(hall): State<Shared>,
    Extension(client): Extension<Client>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<Value>, Refusal> {
    let user = &person(&principal)?.user;
    let organisation = organisation(&hall, user).await?;
    let scheme = if client.is_https { "wss" } else { "ws" };
    let host = client.host.as_deref().unwrap_or("localhost");
    let expires_at = expiry(hall.config.admin.token_ttl_secs);
    Ok(Json(json!({
        "ws_url": format!("{scheme}://{host}/sip"),
        "realm": organisation.domain.as_deref().unwrap_or(&organisation.slug),
        "domain": domain(&hall, &organisation),
        "ice_servers": ice::servers(&hall.config.admin, hall.turn.as_ref(), &user.login, unix(expires_at)),
        "codecs": hall.config.media.codecs.iter().map(codec).collect::<Vec<_>>(),
        "locale": hall.config.admin.locale,
    })))
}

pub(super) async fn relay(
    State(hall): State<Shared>,
    Extension(client): Extension<Client>,
    mut request: Request,
) -> Result<Response, Refusal> {
    let browser = hyper::upgrade::on(&mut request);
    let opened = hall.relays.open_one(&client, request.headers(), browser).await;
    opened.inspect_err(|refusal| {
        hall.metrics.relays_refused.fetch_add(1, Relaxed);
        tracing::debug!(client = %client.address, ?refusal, "websocket refused");
    })
}

async fn organisation(hall: &Hall, user: &User) -> Result<Organisation, Refusal> {
    let all = hall.store.organisations().await?;
    all.into_iter().find(|organisation| organisation.id == user.organisation_id).ok_or(Refusal::NoPath)
}

/// The SIP domain; where there is none, the address at which the relay reaches the PBX, which counts as one there.
fn domain(hall: &Hall, organisation: &Organisation) -> String {
    let address = || match websocket_of(&hall.config).map(|address| address.ip()) {
        Some(std::net::IpAddr::V6(six)) => format!("[{six}]"),
        Some(four) => four.to_string(),
        None => "127.0.0.1".into(),
    };
    organisation.domain.clone().unwrap_or_else(address)
}

fn expiry(ttl: u32) -> Timestamp {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now.saturating_add(i64::from(ttl))).unwrap_or(Timestamp::MAX)
}

fn unix(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or_default()
}

fn codec(codec: &SpeechCodec) -> &'static str {
    match codec {
        SpeechCodec::Opus => "opus",
        SpeechCodec::G722 => "G722",
        SpeechCodec::Pcma => "PCMA",
        SpeechCodec::Pcmu => "PCMU",
    }
}
