//! All routes in one table, each with the action that it stands for. Who may is asked before its handler runs, and again
//! for each thing that it shows.

mod blocks;
mod body;
mod contacts;
mod events;
mod hours;
mod live;
mod machine;
mod openapi;
mod session;
mod taken;
mod telephony;
#[cfg(test)]
mod tests;
mod trunks;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post, put};

use crate::authorise::{Action, Object, Person, Principal, authorise};
use crate::client::{Client, Connection, cookie};
use crate::hall::Hall;
use crate::problem::Refusal;
use crate::{providers, web};

pub(crate) type Shared = Arc<Hall>;

/// One method of one path.
struct Route {
    method: Method,
    path: &'static str,
    action: Action,
    /// What it is for, in the API's description; none for what is no part of the API.
    summary: Option<&'static str>,
    handler: MethodRouter<Shared>,
}

impl Route {
    /// One of the API.
    fn api(
        method: Method,
        path: &'static str,
        action: Action,
        summary: &'static str,
        handler: MethodRouter<Shared>,
    ) -> Self {
        Self { method, path, action, summary: Some(summary), handler }
    }

    /// One that is read, and is no part of the API.
    fn plain(path: &'static str, action: Action, handler: MethodRouter<Shared>) -> Self {
        Self { method: Method::GET, path, action, summary: None, handler }
    }

    /// One where a provider tells of calls.
    fn told(path: &'static str, handler: MethodRouter<Shared>) -> Self {
        Self { method: Method::POST, path, action: Action::DeliverWebhook, summary: None, handler }
    }
}

fn routes() -> Vec<Route> {
    [people(), calls(), ways_out(), callers(), machines()].into_iter().flatten().collect()
}

/// Who is logged in, and what their phone needs.
fn people() -> Vec<Route> {
    vec![
        Route::api(Method::POST, SESSION, Action::LogIn, "Log in", post(session::log_in)),
        Route::api(Method::GET, SESSION, Action::SeeOwnSession, "Who is logged in", get(session::show)),
        Route::api(Method::DELETE, SESSION, Action::LogOut, "Log out", delete(session::log_out)),
        Route::api(
            Method::PUT,
            "/api/v1/session/password",
            Action::ChangeOwnPassword,
            "Change the own password",
            put(session::change_password),
        ),
        Route::api(
            Method::GET,
            "/api/telephony/auth/token",
            Action::GetSipCredentials,
            "Short-lived SIP credentials of the own extension",
            get(telephony::token),
        ),
        Route::api(
            Method::GET,
            "/api/telephony/auth/config",
            Action::GetSipCredentials,
            "What a web phone needs to know of the PBX",
            get(telephony::config),
        ),
    ]
}

/// Extensions, their phones, their calls and the hours.
fn calls() -> Vec<Route> {
    vec![
        Route::api(
            Method::GET,
            "/api/v1/extensions",
            Action::SeeExtensions,
            "Extensions",
            get(live::extensions),
        ),
        Route::api(
            Method::GET,
            "/api/v1/registrations",
            Action::SeeRegistrations,
            "Registered contacts",
            get(live::registrations),
        ),
        Route::api(Method::GET, "/api/v1/calls", Action::SeeCalls, "Live calls", get(live::calls)),
        Route::api(Method::GET, HOURS, Action::SeeHours, "Hours, by the clock and by hand", get(hours::list)),
        Route::api(
            Method::PUT,
            "/api/v1/hours/{name}",
            Action::SetHours,
            "Set hours by hand: open, closed or auto",
            put(hours::set),
        ),
    ]
}

/// Trunks.
fn ways_out() -> Vec<Route> {
    vec![
        Route::api(
            Method::GET,
            "/api/v1/trunks",
            Action::SeeTrunks,
            "Trunks as they are set, and as they stand now",
            get(trunks::list),
        ),
        Route::api(
            Method::POST,
            "/api/v1/trunks/{name}/test",
            Action::TestTrunks,
            "Test a trunk: a line of JSON for each rung as it is climbed",
            post(trunks::test),
        ),
        Route::api(
            Method::GET,
            "/admin/voip/debug/trunks",
            Action::SeeTrunks,
            "Count and records of the trunks, secrets masked",
            get(trunks::debug),
        ),
    ]
}

/// Who calls from outside: names and blocks.
fn callers() -> Vec<Route> {
    vec![
        Route::api(
            Method::GET,
            CONTACTS,
            Action::SeeContacts,
            "Contacts: names of numbers outside",
            get(contacts::list),
        ),
        Route::api(Method::POST, CONTACTS, Action::ChangeContacts, "Add a contact", post(contacts::add)),
        Route::api(
            Method::PUT,
            CONTACT,
            Action::ChangeContacts,
            "Give a contact another name",
            put(contacts::change),
        ),
        Route::api(
            Method::DELETE,
            CONTACT,
            Action::ChangeContacts,
            "Remove a contact",
            delete(contacts::remove),
        ),
        Route::api(Method::GET, BLOCKS, Action::SeeBlocks, "Blocks: who is kept out", get(blocks::list)),
        Route::api(Method::POST, BLOCKS, Action::ChangeBlocks, "Add a block", post(blocks::add)),
        Route::api(
            Method::PUT,
            BLOCK,
            Action::ChangeBlocks,
            "Change what becomes of blocked calls",
            put(blocks::change),
        ),
        Route::api(Method::DELETE, BLOCK, Action::ChangeBlocks, "Remove a block", delete(blocks::remove)),
    ]
}

/// What programs read, relay or tell.
fn machines() -> Vec<Route> {
    vec![
        Route::api(
            Method::GET,
            "/api/v1/events",
            Action::WatchEvents,
            "Server-sent events",
            get(events::events),
        ),
        Route::plain("/api/v1/openapi.json", Action::ViewPages, get(openapi::describe)),
        Route::told("/webhooks/{organisation}/{trunk}", post(providers::deliver)),
        Route::told("/api/telephony/webhooks/call-events", post(providers::deliver_call_event)),
        Route::plain("/sip", Action::RelaySip, get(telephony::relay)),
        Route::plain("/metrics", Action::SeeMetrics, get(machine::metrics)),
        Route::plain("/live", Action::SeeHealth, get(machine::live)),
        Route::plain("/ready", Action::SeeHealth, get(machine::ready)),
        Route::plain("/ca.crt", Action::ViewPages, get(machine::authority)),
    ]
}

/// Every door of the sidecar. What no route names is a web file, or is not there.
pub(crate) fn router(hall: Shared) -> Router {
    let guarded = |action: Action, handler: MethodRouter<Shared>| {
        handler.layer(from_fn_with_state((Arc::clone(&hall), action), guard))
    };
    let mut router = Router::new();
    for route in routes() {
        router = router.route(route.path, guarded(route.action, route.handler));
    }
    router
        .fallback(pages)
        .method_not_allowed_fallback(|| async { Refusal::Method })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(map_response(settle))
        .layer(from_fn_with_state(Arc::clone(&hall), introduce))
        .with_state(hall)
}

async fn pages(method: Method, uri: Uri) -> Result<Response, Refusal> {
    if !authorise(&Principal::Nobody, Action::ViewPages, Object::Door) {
        return Err(Refusal::Forbidden);
    }
    web::answer(&method, &uri)
}

/// Says who the client is, bounds the time of an answer, and adds what every answer has.
async fn introduce(
    State(hall): State<Shared>,
    Extension(connection): Extension<Connection>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = Client::new(connection, request.headers(), &hall.config.admin.trusted_proxies);
    request.extensions_mut().insert(client.clone());
    let answered = tokio::time::timeout(ANSWER, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| Refusal::Busy.into_response());
    web::protect(response.headers_mut(), Some(&client));
    hall.metrics.answered(response.status().as_u16());
    response
}

/// What says nothing of caching is kept by nobody.
async fn settle(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Lets a request to its handler where its sender may.
async fn guard(
    State((hall, action)): State<(Shared, Action)>,
    Extension(client): Extension<Client>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let principal = principal(&hall, request.headers()).await?;
    let object = match action {
        Action::SeeMetrics => {
            let known = hall.config.admin.metrics_from.iter().any(|block| block.contains(client.address));
            Object::MachineDoor { is_known: known || client.is_local() }
        }
        _ => Object::Door,
    };
    if !authorise(&principal, action, object) {
        return Err(match principal {
            Principal::Nobody if !matches!(action, Action::SeeMetrics) => Refusal::NotLoggedIn,
            _ => Refusal::Forbidden,
        });
    }
    if !request.method().is_safe() {
        // A page of another origin has no business here, whatever cookies its browser sends along.
        if !client.is_own_page(request.headers()) {
            return Err(Refusal::Origin);
        }
        if let (Principal::Person(person), false) = (&principal, action == Action::LogIn) {
            check_csrf(person, request.headers())?;
        }
    }
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

async fn principal(hall: &Hall, headers: &HeaderMap) -> Result<Principal, Refusal> {
    let Some(token) = cookie(headers, COOKIE).filter(|token| token.len() <= TOKEN_LENGTH) else {
        return Ok(Principal::Nobody);
    };
    let session = hall.store.session(token, hall.session_time()).await?;
    Ok(session.map_or(Principal::Nobody, |session| {
        Principal::Person(Arc::new(Person {
            user: session.user,
            csrf: session.csrf,
            token: token.to_owned(),
        }))
    }))
}

fn check_csrf(person: &Person, headers: &HeaderMap) -> Result<(), Refusal> {
    let said = headers.get("x-csrf-token").map(HeaderValue::as_bytes).unwrap_or_default();
    let own = person.csrf.as_bytes();
    // Every byte is looked at, wherever the first difference is.
    let difference =
        said.iter().zip(own).fold(said.len() ^ own.len(), |all, (a, b)| all | usize::from(a ^ b));
    if difference == 0 { Ok(()) } else { Err(Refusal::Csrf) }
}

/// The user of a request whose route only users may open.
fn person(principal: &Principal) -> Result<&Arc<Person>, Refusal> {
    match principal {
        Principal::Person(person) => Ok(person),
        Principal::Nobody => Err(Refusal::NotLoggedIn),
    }
}

const BLOCK: &str = "/api/v1/blocks/{id}";
const BLOCKS: &str = "/api/v1/blocks";
const CONTACT: &str = "/api/v1/contacts/{id}";
const CONTACTS: &str = "/api/v1/contacts";
const HOURS: &str = "/api/v1/hours";
const SESSION: &str = "/api/v1/session";
const COOKIE: &str = "kiestoon_session";
/// 32 bytes in base64, with room.
const TOKEN_LENGTH: usize = 64;
const BODY_BYTES: usize = 64 * 1024;
const ANSWER: Duration = Duration::from_secs(30);
