//! Login, logout, and the own password.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use kiestoon_store::{StoreError, User, login};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::body::Body;
use super::{COOKIE, Shared, person};
use crate::authorise::Principal;
use crate::client::Client;
use crate::hall::Hall;
use crate::problem::Refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    login: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    old: String,
    new: String,
}

pub(super) async fn log_in(
    State(hall): State<Shared>,
    Extension(client): Extension<Client>,
    Body(asked): Body<Login>,
) -> Result<Response, Refusal> {
    let user = prove(&hall, &client, &asked.login, asked.password).await?;
    let session = hall.store.add_session(&user.id, hall.session_time()).await?;
    tracing::info!(login = user.login, source = %client.address, "logged in");
    let mut response = Json(shown(&user, &session.csrf)).into_response();
    // No Max-Age: it ends with the browser, and on our side with its time.
    set_cookie(&mut response, &format!("{COOKIE}={}", session.token), &client);
    Ok(response)
}

pub(super) async fn show(Extension(principal): Extension<Principal>) -> Result<Json<Value>, Refusal> {
    let person = person(&principal)?;
    Ok(Json(shown(&person.user, &person.csrf)))
}

pub(super) async fn log_out(
    State(hall): State<Shared>,
    Extension(client): Extension<Client>,
    Extension(principal): Extension<Principal>,
) -> Result<Response, Refusal> {
    hall.store.end_session(&person(&principal)?.token).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &format!("{COOKIE}=; Max-Age=0"), &client);
    Ok(response)
}

pub(super) async fn change_password(
    State(hall): State<Shared>,
    Extension(client): Extension<Client>,
    Extension(principal): Extension<Principal>,
    Body(asked): Body<NewPassword>,
) -> Result<StatusCode, Refusal> {
    let person = person(&principal)?;
    prove(&hall, &client, &person.user.login, asked.old).await?;
    let _turn = turn(&hall).await?;
    let set = hall.store.set_user_password(&person.user.login, Some(&asked.new), Some(&person.token)).await;
    match set {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(StoreError::Refused(reason)) => Err(Refusal::WeakPassword(reason.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// The user whom a login and a password prove. As much work is done for a login that does not exist.
async fn prove(hall: &Shared, client: &Client, login: &str, password: String) -> Result<User, Refusal> {
    let (metrics, source) = (&hall.metrics, client.source());
    hall.logins.attempt(Instant::now(), source, login).map_err(|wait| {
        metrics.logins_limited.fetch_add(1, Relaxed);
        tracing::warn!(source = %client.address, "too many logins");
        Refusal::TooManyLogins(wait)
    })?;
    let facts = hall.store.login_facts(login).await?;
    let hash = facts.as_ref().map(|facts| facts.password_hash.clone());
    let turn = turn(hall).await?;
    let checked = tokio::task::spawn_blocking(move || login::verify(&password, hash.as_deref())).await;
    drop(turn);
    match facts.filter(|_| checked.unwrap_or(false)) {
        Some(facts) => {
            hall.logins.succeeded(source, login);
            metrics.logins_good.fetch_add(1, Relaxed);
            Ok(facts.user)
        }
        None => {
            metrics.logins_wrong.fetch_add(1, Relaxed);
            tracing::warn!(source = %client.address, "wrong login or password");
            Err(Refusal::WrongPassword)
        }
    }
}

async fn turn(hall: &Hall) -> Result<tokio::sync::SemaphorePermit<'_>, Refusal> {
    let turn = timeout(PATIENCE, hall.checks.acquire()).await;
    turn.ok().and_then(Result::ok).ok_or(Refusal::Busy)
}

fn shown(user: &User, csrf: &str) -> Value {
    json!({
        "user": {
            "login": user.login,
            "name": user.name,
            "role": user.role,
            "extension": user.extension,
        },
        "csrf": csrf,
    })
}

fn set_cookie(response: &mut Response, pair: &str, client: &Client) {
    let secure = if client.is_https { "; Secure" } else { "" };
    let cookie = format!("{pair}; Path=/; HttpOnly; SameSite=Strict{secure}");
    // Base64 and our own words: it always is a value.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
