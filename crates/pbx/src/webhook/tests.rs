use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use kiestoon_call::{WebhookFault, WebhookRequest};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    runtime::Handle,
    sync::mpsc,
};

use super::{client::Client, *};
use crate::task;

fn request(url: &str, more: &serde_json::Value) -> WebhookRequest {
    let mut request = json!({
        "id": { "call": 1, "ask": 7 },
        "name": "crm",
        "url": url,
        "timeout": { "secs": 1, "nanos": 0 },
        "secret_file": null,
        "call": "01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10",
        "organisation": "kantoor",
        "context": "intern",
        "from": "201",
        "from_name": "Toestel \"201\"",
        "dialled": "0600",
        "at": "2026-11-20T10:00:00+01:00",
        "variables": { "merk": "a" },
    });
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    serde_json::from_value(request).unwrap()
}

fn outside() -> Outside {
    Outside { dns: Vec::new(), server_ca: None }
}

fn client() -> Client {
    Client::new(&outside())
}

async fn fault(client: &Client, url: &str) -> WebhookFault {
    let asked = tokio::time::timeout(Duration::from_secs(5), client.ask(request(url, &json!({})))).await;
    asked.expect("a question ends by itself").expect_err("no answer").fault
}

/// A server of these routes; it ends with what it returns.
async fn serve(routes: Router) -> (String, Task<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    (url, task::spawn("service", async move { axum::serve(listener, service).await.unwrap() }))
}

/// A server that says these bytes to whoever asks, and then nothing more, keeping the connection.
async fn says(bytes: &'static [u8]) -> (String, Task<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let speaker = task::spawn("speaker", async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(bytes).await;
            kept.push(stream);
        }
    });
    (url, speaker)
}

#[tokio::test]
async fn the_question_says_who_calls_and_the_answer_where_to() {
    let (asked, mut questions) = mpsc::channel(1);
    let answer = |headers: HeaderMap, body: String| async move {
        asked.send((headers, body)).await.unwrap();
        (
            [("content-type", "application/json")],
            r#"{"destination":"group:balie","variables":{"klant":"12"}}"#,
        )
    };
    let (url, _server) = serve(Router::new().route("/route", post(answer))).await;
    let answer = client().ask(request(&format!("{url}/route"), &json!({}))).await.unwrap();
    assert_eq!(answer.destination.as_deref(), Some("group:balie"));
    assert_eq!(answer.variables, [("klant".to_owned(), "12".to_owned())]);
    let (headers, body) = questions.recv().await.unwrap();
    let expected = json!({
        "call": "01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10", "organisation": "kantoor", "context": "intern",
        "from": "201", "from_name": "Toestel \"201\"", "dialled": "0600", "at": "2026-11-20T10:00:00+01:00",
        "variables": { "merk": "a" },
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), expected);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["webhook-id"], "01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10-0000000000000007");
    assert!(headers["webhook-timestamp"].to_str().unwrap().parse::<i64>().unwrap() > 1_700_000_000);
    assert!(!headers.contains_key("webhook-signature"), "no secret, no signature");
}

#[tokio::test]
async fn a_question_is_signed_where_there_is_a_secret_and_not_asked_where_that_is_lost() {
    let (asked, mut questions) = mpsc::channel(1);
    let answer = |headers: HeaderMap, body: String| async move {
        asked.send((headers, body)).await.unwrap();
        StatusCode::NO_CONTENT
    };
    let (url, _server) = serve(Router::new().route("/", post(answer))).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "whsec_Z2VoZWlt\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let client = client();
    let signed = request(&url, &json!({ "secret_file": path }));
    let answer = client.ask(signed.clone()).await.unwrap();
    assert!(answer.destination.is_none() && answer.variables.is_empty(), "204 says nothing");
    let (headers, body) = questions.recv().await.unwrap();
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let key = signature::Key::read(&path).unwrap();
    let timestamp = text("webhook-timestamp").parse().unwrap();
    assert_eq!(text("webhook-signature"), key.sign(&text("webhook-id"), timestamp, body.as_bytes()));
    fs::remove_file(&path).unwrap();
    assert_eq!(client.ask(signed).await.unwrap_err().fault, WebhookFault::NoSecret);
    assert!(questions.try_recv().is_err(), "nothing is sent unsigned");
}

#[tokio::test]
async fn every_bad_answer_has_its_name() {
    let json = [("content-type", "application/json")];
    let routes = Router::new()
        .route("/500", post(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/302", post(|| async { (StatusCode::FOUND, [("location", "/good")], "") }))
        .route("/good", post(move || async move { (json, "{}") }))
        .route("/201", post(move || async move { (StatusCode::CREATED, json, "{}") }))
        .route("/html", post(|| async { ([("content-type", "text/html")], "{}") }))
        .route("/garbage", post(move || async move { (json, "geen json") }))
        .route("/big", post(move || async move { (json, format!("{{\"x\":\"{}\"}}", "x".repeat(16_384))) }));
    let (url, _server) = serve(routes).await;
    let client = client();
    for (path, expected) in [
        ("500", WebhookFault::Status(500)),
        ("302", WebhookFault::Status(302)),
        ("201", WebhookFault::Status(201)),
        ("html", WebhookFault::NotJson),
        ("garbage", WebhookFault::NotJson),
        ("big", WebhookFault::TooBig),
    ] {
        assert_eq!(fault(&client, &format!("{url}/{path}")).await, expected, "{path}");
    }
    assert!(client.ask(request(&format!("{url}/good"), &json!({}))).await.is_ok());
}

#[tokio::test]
async fn who_cannot_be_reached_is_named_so() {
    let client = client();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(fault(&client, &format!("http://{free}/")).await, WebhookFault::Refused);
    for url in ["ftp://127.0.0.1/", "/route", "http://", "geen url", ""] {
        assert_eq!(fault(&client, url).await, WebhookFault::BadUrl, "{url}");
    }
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let dns = vec![silent.local_addr().unwrap()];
    let lost = Client::new(&Outside { dns, server_ca: None });
    let named = fault(&lost, "http://crm.example/").await;
    assert!(matches!(named, WebhookFault::UnknownHost | WebhookFault::Timeout), "{named}");
}

#[tokio::test]
async fn a_server_that_is_silent_slow_or_speaks_nonsense_costs_its_timeout_at_most() {
    let client = client();
    let slow = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"dest";
    for (says_what, expected) in [
        (&b""[..], WebhookFault::Timeout),
        (b"HTTP/1.1 200 OK\r\nx: ", WebhookFault::Timeout),
        (slow, WebhookFault::Timeout),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", WebhookFault::Broken),
    ] {
        let (url, _server) = says(says_what).await;
        let begun = Instant::now();
        assert_eq!(fault(&client, &url).await, expected, "{}", String::from_utf8_lossy(says_what));
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let connections = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&connections);
    let answer = move |ConnectInfo(from): ConnectInfo<SocketAddr>| async move {
        // Ports are never 0, so the sum of two connections is more than either.
        seen.fetch_max(usize::from(from.port()), Ordering::SeqCst);
        assert_eq!(seen.load(Ordering::SeqCst), usize::from(from.port()), "one connection");
        StatusCode::NO_CONTENT
    };
    let (url, _server) = serve(Router::new().route("/", post(answer))).await;
    let client = client();
    for _ in 0..3 {
        client.ask(request(&url, &json!({}))).await.unwrap();
    }
    assert!(connections.load(Ordering::SeqCst) > 0);
}

#[tokio::test]
async fn tls_is_believed_by_the_authorities_given_and_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, server) = authority(&folder.path().join("ca.crt"));
    let (port, _server) = serve_tls(server).await;
    let known = Client::new(&Outside { dns: Vec::new(), server_ca: Some(ca) });
    let url = |host: &str| format!("https://{host}:{port}/");
    known.ask(request(&url("127.0.0.1"), &json!({}))).await.unwrap();
    assert_eq!(fault(&known, &url("localhost")).await, WebhookFault::Tls, "not the name of the certificate");
    assert_eq!(fault(&client(), &url("127.0.0.1")).await, WebhookFault::Tls, "nobody of the system");
    let (plain, _plain) = says(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(fault(&known, &plain.replace("http:", "https:")).await, WebhookFault::Tls, "it speaks no TLS");
}

/// An authority, written to a file, and a server of its own with a certificate for 127.0.0.1.
fn authority(path: &Path) -> (PathBuf, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    fs::write(path, params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    (path.to_owned(), builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
}

async fn serve_tls(config: ServerConfig) -> (u16, Task<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let server = task::spawn("tls server", async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    (port, server)
}

#[tokio::test]
async fn one_service_that_never_answers_leaves_room_for_the_others() {
    let (silent, _server) = says(b"").await;
    let (answers, mut answered) = mpsc::channel(QUESTIONS);
    let mut webhooks = Webhooks::new(outside(), Handle::current(), answers);
    for _ in 0..QUESTIONS_TO_ONE {
        assert!(webhooks.ask(request(&silent, &json!({}))).is_none());
    }
    let refused = webhooks.ask(request(&silent, &json!({}))).unwrap();
    assert_eq!(refused.answer.unwrap_err(), WebhookFault::Busy);
    let (url, _server) = serve(Router::new().route("/", post(|| async { StatusCode::NO_CONTENT }))).await;
    assert!(webhooks.ask(request(&url, &json!({}))).is_none());
    assert!(answered.recv().await.unwrap().answer.is_ok(), "the other service answers first");
    for _ in 0..QUESTIONS_TO_ONE {
        assert_eq!(answered.recv().await.unwrap().answer.unwrap_err(), WebhookFault::Timeout);
    }
    assert!(webhooks.ask(request(&silent, &json!({}))).is_none(), "there is room again");
}
