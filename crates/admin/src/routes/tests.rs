//! Every route and method, walked through by everybody: who may what.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use kiestoon_config::Config;
use kiestoon_store::{Key, NewUser, Role, Store};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::{openapi, router, routes};
use crate::client::Connection;
use crate::hall::Hall;
use crate::hub::Hub;
use crate::relay::Relays;

struct World {
    _folder: tempfile::TempDir,
    router: Router,
    store: Store,
}

/// A session: its token and its csrf.
type Session = Option<(String, String)>;

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("k.db").display());
        let store = Store::open(&url, Key::from_bytes([7; 32])).await.unwrap();
        let mut config = Config::default();
        config.control.socket = folder.path().join("none.sock");
        let (hub, _) = Hub::new(&config, store.clone());
        let (relays, _) = Relays::new(&config, watch::channel(false).1);
        let hall =
            Arc::new(Hall::new(config, store.clone(), hub, relays, None, watch::channel(false).1).unwrap());
        Self { _folder: folder, router: router(hall), store }
    }

    async fn session(&self, login: &str, role: Role) -> Session {
        let new = NewUser {
            organisation: None,
            login: login.into(),
            name: String::new(),
            role,
            extension: None,
            password: Some(PASSWORD.into()),
        };
        let user = self.store.add_user(&new).await.unwrap();
        let session = self.store.add_session(&user.id, Duration::from_secs(60)).await.unwrap();
        Some((session.token, session.csrf))
    }

    async fn ask(
        &self,
        from: [u8; 4],
        method: &str,
        path: &str,
        session: &Session,
        more: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri(path).header("host", "pbx.example");
        if let Some((token, csrf)) = session {
            request =
                request.header("cookie", format!("kiestoon_session={token}")).header("x-csrf-token", csrf);
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let mut request =
            request.header("content-type", "application/json").body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(Connection { peer: SocketAddr::from((from, 1234)), is_tls: true });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        // A stream of events has no end.
        if path.ends_with("/events") {
            return (status, String::new());
        }
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[tokio::test]
async fn every_route_and_method_says_who_may() {
    let world = World::new().await;
    let sessions =
        [None, world.session("gebruiker", Role::User).await, world.session("beheer", Role::Admin).await];
    // For nobody, a user and an admin, from the network; 405 is for all. 503 and 409 are of those who may: no PBX is there.
    let expected: BTreeMap<(&str, &str), [u16; 3]> = BTreeMap::from([
        (("/api/v1/session", "POST"), [400, 400, 400]),
        (("/api/v1/session", "GET"), [401, 200, 200]),
        (("/api/v1/session", "DELETE"), [401, 204, 204]),
        (("/api/v1/session/password", "PUT"), [401, 400, 400]),
        (("/api/telephony/auth/token", "GET"), [401, 409, 409]),
        (("/api/telephony/auth/config", "GET"), [401, 200, 200]),
        (("/api/v1/extensions", "GET"), [401, 200, 200]),
        (("/api/v1/registrations", "GET"), [401, 503, 503]),
        (("/api/v1/calls", "GET"), [401, 503, 503]),
        (("/api/v1/hours", "GET"), [401, 503, 503]),
        (("/api/v1/hours/{name}", "PUT"), [401, 400, 400]),
        (("/api/v1/trunks", "GET"), [401, 403, 200]),
        (("/api/v1/trunks/{name}/test", "POST"), [401, 403, 503]),
        (("/admin/voip/debug/trunks", "GET"), [401, 403, 200]),
        (("/api/v1/contacts", "GET"), [401, 403, 200]),
        (("/api/v1/contacts", "POST"), [401, 403, 400]),
        (("/api/v1/contacts/{id}", "PUT"), [401, 403, 400]),
        (("/api/v1/contacts/{id}", "DELETE"), [401, 403, 404]),
        (("/api/v1/blocks", "GET"), [401, 403, 200]),
        (("/api/v1/blocks", "POST"), [401, 403, 400]),
        (("/api/v1/blocks/{id}", "PUT"), [401, 403, 400]),
        (("/api/v1/blocks/{id}", "DELETE"), [401, 403, 404]),
        (("/api/v1/events", "GET"), [401, 200, 200]),
        (("/api/v1/openapi.json", "GET"), [200, 200, 200]),
        (("/webhooks/{organisation}/{trunk}", "POST"), [401, 401, 401]),
        (("/api/telephony/webhooks/call-events", "POST"), [401, 401, 401]),
        (("/sip", "GET"), [426, 426, 426]),
        (("/metrics", "GET"), [403, 403, 403]),
        (("/live", "GET"), [200, 200, 200]),
        (("/ready", "GET"), [200, 200, 200]),
        (("/ca.crt", "GET"), [404, 404, 404]),
    ]);
    let table: Vec<_> = routes().iter().map(|route| (route.path, route.method.to_string())).collect();
    assert_eq!(table.len(), expected.len(), "a new route needs its line here");
    let mut paths: Vec<_> = table.iter().map(|(path, _)| *path).collect();
    paths.dedup();
    for path in paths {
        // The logout comes last: it ends the session.
        let is_logout = |method: &&str| *method == "DELETE" && path == "/api/v1/session";
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter();
        for method in methods.filter(|method| !is_logout(method)) {
            for (who, session) in sessions.iter().enumerate() {
                let (status, body) = world.ask([192, 0, 2, 9], method, path, session, &[], "{}").await;
                let due = expected.get(&(path, method)).map_or(405, |due| due[who]);
                assert_eq!(status.as_u16(), due, "{method} {path} by {who}: {body}");
            }
        }
    }
    for (who, session) in sessions.iter().enumerate() {
        let (status, _) = world.ask([192, 0, 2, 9], "DELETE", "/api/v1/session", session, &[], "").await;
        assert_eq!(status.as_u16(), expected[&("/api/v1/session", "DELETE")][who]);
        let (status, _) = world.ask([192, 0, 2, 9], "GET", "/api/v1/session", session, &[], "").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "the session has ended");
    }
    let (status, text) = world.ask([127, 0, 0, 1], "GET", "/metrics", &None, &[], "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("kiestoon_pbx_up 0\n"), "{text}");
}

#[tokio::test]
async fn what_changes_something_needs_the_pages_own_word_and_origin() {
    let world = World::new().await;
    let session = world.session("anna", Role::User).await;
    let (token, _) = session.clone().unwrap();
    let forged = Some((token, "wrong".to_owned()));
    let (status, body) = world.ask([192, 0, 2, 9], "DELETE", "/api/v1/session", &forged, &[], "").await;
    assert!(status == StatusCode::FORBIDDEN && body.contains("\"csrf\""), "{body}");
    let evil = [("origin", "https://evil.example")];
    let (status, body) = world.ask([192, 0, 2, 9], "DELETE", "/api/v1/session", &session, &evil, "").await;
    assert!(status == StatusCode::FORBIDDEN && body.contains("\"origin\""), "{body}");
    let login = format!("{{\"login\":\"anna\",\"password\":\"{PASSWORD}\"}}");
    let (status, _) = world.ask([192, 0, 2, 9], "POST", "/api/v1/session", &None, &evil, &login).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "no login from another page");
    let own = [("origin", "https://pbx.example")];
    let (status, _) = world.ask([192, 0, 2, 9], "POST", "/api/v1/session", &None, &own, &login).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = world.ask([192, 0, 2, 9], "DELETE", "/api/v1/session", &session, &own, "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn unknown_paths_are_pages_or_nothing() {
    let world = World::new().await;
    for (path, due) in [("/api/v1/nothing", 404), ("/api", 404), ("/gone.js", 404)] {
        let (status, body) = world.ask([192, 0, 2, 9], "GET", path, &None, &[], "").await;
        assert!(status.as_u16() == due && body.contains("\"not_found\""), "{path}: {body}");
    }
    let (status, body) = world.ask([192, 0, 2, 9], "GET", "/", &None, &[], "").await;
    assert!(status == StatusCode::OK && body.contains("<html"), "{body}");
    assert_eq!(
        world.ask([192, 0, 2, 9], "POST", "/", &None, &[], "").await.0,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[test]
fn the_description_names_every_route_of_the_api() {
    let document = openapi::document();
    assert_eq!(document["openapi"], "3.1.0");
    for route in routes().into_iter().filter(|route| route.summary.is_some()) {
        let method = route.method.as_str().to_lowercase();
        let operation = &document["paths"][route.path][&method];
        assert!(operation["responses"].is_object(), "{method} {}", route.path);
        let has_body = matches!(route.method.as_str(), "PUT" | "POST");
        assert_eq!(operation["requestBody"].is_object(), has_body, "{method} {}", route.path);
    }
}

const PASSWORD: &str = "geheim 1234";
