//! A real service over HTTPS says where calls go; where it is slow, ill or silent, they go where the dialplan says for that.
use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::authority::Authority;
use crate::baresip::{Baresip, Phone};
use crate::pbx::Pbx;

/// What the service was asked, with the headers.
type Asked = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

/// A listener of axum that speaks TLS.
pub(crate) struct Listener {
    pub(crate) tcp: TcpListener,
    pub(crate) tls: TlsAcceptor,
}

impl axum::serve::Listener for Listener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, from) = self.tcp.accept().await.unwrap();
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Answers by the number that was dialled, as long as the test runs.
fn start(authority: &Authority) -> (u16, Asked) {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let port = tcp.local_addr().unwrap().port();
    let tls = TlsAcceptor::from(authority.open_server(&authority.sign()));
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let answer = move |headers: HeaderMap, Json(question): Json<Value>| {
        let dialled = question["dialled"].as_str().unwrap().to_owned();
        seen.lock().unwrap().push((headers, question));
        answer_to(dialled)
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = Listener { tcp: TcpListener::from_std(tcp).unwrap(), tls };
            axum::serve(listener, Router::new().route("/route", post(answer))).await.unwrap();
        });
    });
    (port, asked)
}

async fn answer_to(dialled: String) -> Response {
    match &*dialled {
        "600" => Json(json!({ "destination": "ext:202" })).into_response(),
        "601" => Json(json!({ "variables": { "klant": "202", "onbekend": "203" } })).into_response(),
        "602" => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "603" => ([("content-type", "application/json")], "{\"destination\": ").into_response(),
        _ => std::future::pending().await,
    }
}

fn dialplan(pbx: &Pbx, port: u16) -> String {
    let secret = pbx.path("webhook.key").display().to_string();
    format!(
        r#"
version = 1
timezone = "Europe/Amsterdam"

[webhook.crm]
url = "https://127.0.0.1:{port}/route"
timeout = "1s"
secret_file = "{secret}"
variables = ["klant"]

[[context.intern]]
name = "klanten"
match = "_60X"
do = [
  {{ webhook = "crm", on_failure = [{{ dial = "ext:203" }}] }},
  {{ dial = "ext:${{klant}}" }},
]
"#
    )
}

#[test]
fn a_call_goes_where_the_service_says_and_else_where_the_dialplan_does() {
    let authority = Authority::new();
    let (port, asked) = start(&authority);
    let mut pbx = Pbx::new(&["201", "202", "203"], "version = 1\n");
    authority.equip(&pbx, &format!("server_ca = \"{}\"\n", pbx.path("ca.crt").display()));
    fs::write(pbx.path("dialplans/test.toml"), dialplan(&pbx, port)).unwrap();
    fs::write(pbx.path("webhook.key"), "whsec_Z2VoZWltZ2VoZWltZ2VoZWltZ2VoZWlt\n").unwrap();
    fs::set_permissions(pbx.path("webhook.key"), fs::Permissions::from_mode(0o600)).unwrap();
    pbx.run();
    let phone = |number, answers| Phone { number, transport: "udp", tone: 440, answers, parameters: "" };
    let mut caller = Baresip::start(&pbx, &phone("201", false));
    let mut callees = [
        ("202", Baresip::start(&pbx, &phone("202", true))),
        ("203", Baresip::start(&pbx, &phone("203", true))),
    ];

    for (calls, (dialled, reached, fault)) in (1..).zip([
        ("600", "202", None),
        ("601", "202", None),
        ("602", "203", Some("status_500")),
        ("603", "203", Some("not_json")),
        ("604", "203", Some("timeout")),
    ]) {
        let begun = Instant::now();
        caller.command("dial", &format!("sip:{dialled}@{}", pbx.address()));
        caller.expect("CALL_ESTABLISHED");
        assert!(begun.elapsed() < Duration::from_secs(8), "{dialled} has waited for {:?}", begun.elapsed());
        let (_, callee) = callees.iter_mut().find(|(number, _)| *number == reached).unwrap();
        callee.expect("CALL_ESTABLISHED");
        caller.command("hangup", "");
        caller.expect("CALL_CLOSED");
        callee.expect("CALL_CLOSED");
        let history = pbx.history(calls);
        assert_eq!((&history[0]["dialed"], &history[0]["to_number"]), (&dialled.into(), &reached.into()));
        if let Some(fault) = fault {
            assert!(pbx.log().contains(&format!("fault={fault}")), "no {fault} in\n{}", pbx.log());
        }
    }

    let asked = asked.lock().unwrap();
    let (headers, question) = &asked[0];
    assert_eq!((&question["from"], &question["from_name"]), (&"201".into(), &"Toestel 201".into()));
    assert_eq!((&question["context"], &question["dialled"]), (&"intern".into(), &"600".into()));
    let history = pbx.history(5);
    assert_eq!(question["call"], history[4]["id"]);
    let steps = |call: usize| -> Vec<String> {
        let steps = history[call]["way"][0]["steps"].as_array().unwrap().iter();
        steps
            .map(|step| {
                format!("{}={}", step["step"].as_str().unwrap(), step["result"].as_str().unwrap_or("-"))
            })
            .collect()
    };
    assert_eq!(steps(4), ["webhook:crm=routed", "to:ext:202=-", "dial:ext:202=answered"]);
    assert_eq!(steps(3), ["webhook:crm=done", "set:klant=202=-", "dial:ext:202=answered"]);
    assert_eq!(steps(2), ["webhook:crm=failed", "fault:status_500=-", "dial:ext:203=answered"]);
    assert!(headers["webhook-id"].to_str().unwrap().starts_with(history[4]["id"].as_str().unwrap()));
    assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
    let at = question["at"].as_str().unwrap();
    assert!(at.ends_with("+01:00") || at.ends_with("+02:00"), "{at} is not on the clock of the dialplan");
}
