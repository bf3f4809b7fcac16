//! The routes of `/v1` and the one map from refusals to HTTP.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kiestoon_control::{
    BANS, Ban, CALLS, Call, CallOutVerdict, DRAIN, DRILL, DrainRequest, Draining, DrillAttempt, DrillRequest,
    EVENTS, HOURS, Hours, LIFT_BANS, LiftRequest, Lifted, METRICS, METRICS_TEXT, ON_HOLD, OnHold,
    PROBLEM_JSON, Problem, REGISTRATIONS, RELOAD, RUNGS, Registration, Reloaded, STATUS, SetHold, SetHours,
    Status, TRUNKS, TRY_CALL_OUT, TestTrunk, Trunk, TryCallOut,
};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::stream::{self, EventBody};
use super::{Command, Doors, Hall, NoHold, NoHours, NoLadder};
use crate::language::Language;
use crate::{dutch, reload};

pub(super) fn router(hall: Hall) -> Router {
    Router::new()
        .route(STATUS, get(status))
        .route(METRICS, get(metrics))
        .route(CALLS, get(calls))
        .route(&format!("{CALLS}/{{id}}/hangup"), post(hangup))
        .route(REGISTRATIONS, get(registrations))
        .route(TRUNKS, get(trunks))
        .route(&format!("{TRUNKS}/{{name}}/test"), post(test_trunk))
        .route(BANS, get(bans))
        .route(LIFT_BANS, post(lift_bans))
        .route(HOURS, get(hours).post(set_hours))
        .route(ON_HOLD, get(on_hold).post(set_hold))
        .route(TRY_CALL_OUT, post(try_call_out))
        .route(DRILL, post(drill))
        .route(RELOAD, post(reload))
        .route(DRAIN, post(drain))
        .route(EVENTS, get(events))
        .fallback(|| async { Refusal::NoRoute })
        .method_not_allowed_fallback(|| async { Refusal::Method })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(hall)
}

async fn status(State(hall): State<Hall>) -> Result<Json<Status>, Refusal> {
    ask(&hall.doors, Command::Status).await.map(Json)
}

async fn metrics(State(hall): State<Hall>) -> Result<Response, Refusal> {
    let text = ask(&hall.doors, Command::Metrics).await?;
    Ok(([(header::CONTENT_TYPE, METRICS_TEXT)], text).into_response())
}

async fn calls(State(hall): State<Hall>) -> Result<Json<Vec<Call>>, Refusal> {
    ask(&hall.doors, Command::Calls).await.map(Json)
}

async fn registrations(State(hall): State<Hall>) -> Result<Json<Vec<Registration>>, Refusal> {
    ask(&hall.doors, Command::Registrations).await.map(Json)
}

async fn trunks(State(hall): State<Hall>) -> Result<Json<Vec<Trunk>>, Refusal> {
    ask(&hall.doors, Command::Trunks).await.map(Json)
}

/// The rungs as they are climbed; a client that goes away ends the test.
async fn test_trunk(
    State(hall): State<Hall>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let request: TestTrunk = match body.as_ref() {
        [] => TestTrunk::default(),
        text => serde_json::from_slice(text).map_err(|error| Refusal::Body(error.to_string()))?,
    };
    let longest = TestTrunk::LONGEST_WAIT_SECS;
    if request.wait_inbound_secs.is_some_and(|secs| secs == 0 || secs > longest) {
        return Err(Refusal::Body(format!("wait_inbound_secs must be 1 to {longest}")));
    }
    let longest = TestTrunk::LONGEST_NUMBER;
    if request.call.as_ref().is_some_and(|number| number.is_empty() || number.chars().count() > longest) {
        return Err(Refusal::Body(format!("call must be a number of 1 to {longest} characters")));
    }
    let (rungs, climbed) = mpsc::channel(RUNGS_WAITING);
    let command = |reply| Command::TestTrunk { name, request, rungs, reply };
    ask(&hall.doors, command).await?.map_err(|why| Refusal::Ladder(why, language(&headers)))?;
    let mut response = Response::new(stream::rungs(climbed, hall.closed));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(RUNGS));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn hangup(State(hall): State<Hall>, Path(call_id): Path<String>) -> Result<StatusCode, Refusal> {
    let command = |reply| Command::Hangup { call_id: call_id.clone(), reply };
    if ask(&hall.doors, command).await? { Ok(StatusCode::NO_CONTENT) } else { Err(Refusal::NoCall(call_id)) }
}

async fn bans(State(hall): State<Hall>) -> Result<Json<Vec<Ban>>, Refusal> {
    ask(&hall.doors, Command::Bans).await.map(Json)
}

async fn lift_bans(State(hall): State<Hall>, body: Bytes) -> Result<Json<Lifted>, Refusal> {
    let request: LiftRequest =
        serde_json::from_slice(&body).map_err(|error| Refusal::Body(error.to_string()))?;
    let source = match (&request.source, request.all) {
        (None, true) => None,
        (Some(text), false) => Some(source(text)?),
        _ => return Err(Refusal::Body("give either a source or all".into())),
    };
    let lifted = ask(&hall.doors, |reply| Command::LiftBans { source, reply }).await?;
    match request.source {
        Some(source) if lifted == 0 => Err(Refusal::NoBan(source)),
        _ => Ok(Json(Lifted { lifted })),
    }
}

/// An address, or the network that an IPv6 one is banned with.
fn source(text: &str) -> Result<IpAddr, Refusal> {
    let address = text.strip_suffix("/64").unwrap_or(text);
    address.parse().map_err(|_| Refusal::Body(format!("{text} is no address")))
}

async fn hours(State(hall): State<Hall>) -> Result<Json<Vec<Hours>>, Refusal> {
    ask(&hall.doors, Command::Hours).await.map(Json)
}

async fn set_hours(State(hall): State<Hall>, body: Bytes) -> Result<Json<Hours>, Refusal> {
    let request: SetHours =
        serde_json::from_slice(&body).map_err(|error| Refusal::Body(error.to_string()))?;
    check_name(&request.by)?;
    let command = |reply| Command::SetHours { request, reply };
    ask(&hall.doors, command).await?.map(Json).map_err(Refusal::Hours)
}

async fn on_hold(State(hall): State<Hall>) -> Result<Json<Vec<OnHold>>, Refusal> {
    ask(&hall.doors, Command::OnHold).await.map(Json)
}

async fn set_hold(State(hall): State<Hall>, body: Bytes) -> Result<Json<Vec<OnHold>>, Refusal> {
    let request: SetHold = serde_json::from_slice(&body).map_err(|error| Refusal::Body(error.to_string()))?;
    check_name(&request.by)?;
    let command = |reply| Command::SetHold { request, reply };
    ask(&hall.doors, command).await?.map(Json).map_err(Refusal::Hold)
}

async fn try_call_out(State(hall): State<Hall>, body: Bytes) -> Result<Json<Vec<CallOutVerdict>>, Refusal> {
    let request: TryCallOut =
        serde_json::from_slice(&body).map_err(|error| Refusal::Body(error.to_string()))?;
    if request.dialled.is_empty() || request.dialled.len() > LONGEST_NAME {
        return Err(Refusal::Body(format!("dialled is no text of 1 to {LONGEST_NAME} bytes")));
    }
    let command = |reply| Command::TryCallOut { request, reply };
    ask(&hall.doors, command).await?.map(Json).map_err(Refusal::Hold)
}

async fn drill(State(hall): State<Hall>, body: Bytes) -> Result<Json<Vec<DrillAttempt>>, Refusal> {
    let request: DrillRequest =
        serde_json::from_slice(&body).map_err(|error| Refusal::Body(error.to_string()))?;
    let command = |reply| Command::Drill { request, reply };
    ask(&hall.doors, command).await?.map(Json).map_err(Refusal::Hold)
}

/// Who asks.
fn check_name(by: &str) -> Result<(), Refusal> {
    if by.len() > LONGEST_NAME || by.contains(char::is_control) {
        return Err(Refusal::Body(format!("by is no text of at most {LONGEST_NAME} bytes")));
    }
    Ok(())
}

async fn reload(State(hall): State<Hall>, headers: HeaderMap) -> Result<Json<Reloaded>, Refusal> {
    let language = language(&headers);
    let answer = ask_for(RELOADED, &hall.doors, Command::Reload).await?;
    answer
        .map(|taken| Json(taken.told(language)))
        .map_err(|refused| Refusal::Reload(Box::new(refused), language))
}

/// What the client reads; what is told over this socket is English where it does not say.
fn language(headers: &HeaderMap) -> Language {
    Language::accepted(headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

async fn drain(State(hall): State<Hall>, body: Bytes) -> Result<Json<Draining>, Refusal> {
    let request = match body.as_ref() {
        [] => DrainRequest::default(),
        text => serde_json::from_slice(text).map_err(|error| Refusal::Body(error.to_string()))?,
    };
    if request.limit_secs.is_some_and(|limit| limit > DrainRequest::LONGEST_SECS) {
        let longest = DrainRequest::LONGEST_SECS;
        return Err(Refusal::Body(format!("limit_secs may be {longest} at most, which is a day")));
    }
    let limit = request.limit_secs.map(Duration::from_secs);
    ask(&hall.doors, |reply| Command::Drain { limit, reply }).await.map(Json)
}

async fn events(State(hall): State<Hall>) -> Response {
    let mut response = Response::new(Body::new(EventBody::new(hall.doors.events.subscribe(), hall.closed)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn ask<T>(doors: &Doors, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Refusal> {
    ask_for(ANSWER, doors, command).await
}

/// Hands a command over and waits for its answer, both within bounds.
async fn ask_for<T>(
    limit: Duration,
    doors: &Doors,
    command: impl FnOnce(oneshot::Sender<T>) -> Command,
) -> Result<T, Refusal> {
    let (reply, answer) = oneshot::channel();
    doors.commands.try_send(command(reply)).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => Refusal::Overloaded,
        mpsc::error::TrySendError::Closed(_) => Refusal::Stopping,
    })?;
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(Refusal::Stopping),
        Err(_) => Err(Refusal::Overloaded),
    }
}

/// Why a command was not done.
#[derive(Debug)]
enum Refusal {
    NoRoute,
    Method,
    NoCall(String),
    NoBan(String),
    Body(String),
    Hours(NoHours),
    Hold(NoHold),
    Ladder(NoLadder, Language),
    Reload(Box<reload::Refused>, Language),
    Overloaded,
    Stopping,
}

impl Refusal {
    fn problem(self) -> Problem {
        match self {
            Self::NoRoute => Problem::new(404, "no such path", "this version has no such path under /v1"),
            Self::Method => Problem::new(405, "method not allowed", "this path takes another method"),
            Self::NoCall(id) => Problem::new(404, "no such call", format!("there is no live call {id}")),
            Self::NoBan(source) => Problem::new(404, "no such ban", format!("{source} is not banned")),
            Self::Hours(NoHours::WhichOrganisation) => Problem::new(
                400,
                "which organisation",
                "there are several organisations: name the one whose hours are meant",
            ),
            Self::Hours(NoHours::NoOrganisation(slug)) => Problem::new(
                404,
                "no such organisation",
                format!("there is no organisation {slug} with extensions"),
            ),
            Self::Hours(NoHours::NoName { name, known }) => Problem::new(
                404,
                "no such hours",
                match known.is_empty() {
                    true => format!("the dialplan has no hours {name}, nor any other"),
                    false => format!("the dialplan has no hours {name}; it has {}", known.join(", ")),
                },
            ),
            Self::Hold(NoHold::WhichOrganisation) => Problem::new(
                400,
                "which organisation",
                "there are several organisations: name the one that is meant",
            ),
            Self::Hold(NoHold::Organisation(slug)) => Problem::new(
                404,
                "no such organisation",
                format!("there is no organisation {slug} with extensions"),
            ),
            Self::Hold(NoHold::Extension(number)) => {
                Problem::new(404, "no such extension", format!("there is no extension {number}"))
            }
            Self::Ladder(why, language) => ladder(why, language),
            Self::Body(reason) => {
                Problem::new(400, "body not understood", format!("the body is not valid: {reason}"))
            }
            Self::Reload(refused, language) => match refused.passes() {
                false => {
                    Problem::new(422, "reload refused", "the new state was refused and the old one kept")
                }
                true => Problem::new(
                    503,
                    "no reload now",
                    "nothing was reloaded and the old state kept; try again in a moment",
                ),
            }
            .with_errors(refused.problems(language)),
            Self::Overloaded => {
                Problem::new(503, "overloaded", "the PBX has too much to do to answer; try again in a moment")
            }
            Self::Stopping => Problem::new(503, "stopping", "the PBX is stopping"),
        }
    }
}

fn ladder(why: NoLadder, language: Language) -> Problem {
    match why {
        NoLadder::WhichOrganisation => Problem::new(
            400,
            "which organisation",
            "there are several organisations: name the one whose trunk is meant",
        ),
        NoLadder::Organisation(slug) => Problem::new(
            404,
            "no such organisation",
            format!("there is no organisation {slug} with extensions or trunks"),
        ),
        NoLadder::Trunk(name) => Problem::new(404, "no such trunk", format!("there is no trunk {name}")),
        NoLadder::NotWhole(doubts) => {
            Problem::new(409, "trunk not whole", "something of the trunk is missing")
                .with_errors(dutch::doubts(&doubts, language))
        }
        NoLadder::Running => {
            Problem::new(409, "being tested", "this trunk is being tested; try again when that is over")
        }
        NoLadder::OwnTooMany => Problem::new(
            409,
            "too many tests",
            "two trunks of this organisation are being tested; try again when one of them is done",
        ),
        NoLadder::TooMany => {
            Problem::new(503, "too many tests", "as many trunks as may be are being tested; try again later")
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, json(&problem)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// Rungs that the client has not read yet; the test waits for it.
const RUNGS_WAITING: usize = 8;
/// Bytes of who asks.
const LONGEST_NAME: usize = 128;
/// No command is longer.
const BODY_BYTES: usize = 64 * 1024;
/// Shorter than the client's own patience, so that the operator reads this server's sentence.
const ANSWER: Duration = Duration::from_secs(4);
/// A reload reads the whole directory from the database.
const RELOADED: Duration = Duration::from_secs(50);
