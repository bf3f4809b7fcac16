//! What a provider says of our account by its REST API, which here is a stand-in that takes only what its documentation says.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::kiestoon::Folder;

/// Answers one request: its path with query, and its Authorization.
type Api = fn(&str, &str) -> (u16, Value);

/// A stand-in for a provider's API on this machine.
struct StandIn {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl StandIn {
    fn start(api: Api) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.expect("a connection"), api, &seen);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody has failed").clone()
    }
}

fn answer(mut stream: TcpStream, api: Api, seen: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let request = head.first().cloned().unwrap_or_default();
        let field = |name: &str| {
            let line = head.iter().find(|line| line.to_lowercase().starts_with(&format!("{name}:")));
            line.and_then(|line| line.split_once(':'))
                .map(|(_, value)| value.trim().to_owned())
                .unwrap_or_default()
        };
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        seen.lock().expect("nobody has failed").push(format!("{method} {path}"));
        let (status, body) = match (method, field("accept").as_str()) {
            ("GET", "application/json") => api(path, &field("authorization")),
            _ => (405, json!({})),
        };
        let body = body.to_string();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

/// `AC1:token` and `SK1:secret` in Base64.
const BY_TOKEN: &str = "Basic QUMxOnRva2Vu";
const BY_KEY: &str = "Basic U0sxOnNlY3JldA==";

fn twilio(path: &str, authorization: &str) -> (u16, Value) {
    if ![BY_TOKEN, BY_KEY].contains(&authorization) {
        return (401, json!({ "code": 20003, "message": "Authenticate", "status": 401 }));
    }
    match path {
        "/2010-04-01/Accounts/AC1.json" => (200, json!({ "sid": "AC1", "status": "active", "type": "Full" })),
        "/v1/Trunks?PageSize=100" => (
            200,
            json!({ "meta": {}, "trunks": [
                { "sid": "TK1", "domain_name": "kantoor.pstn.twilio.com", "secure": false },
                { "sid": "TK2", "domain_name": "stil.pstn.twilio.com", "secure": false },
            ] }),
        ),
        "/v1/Trunks/TK1/OriginationUrls" => (
            200,
            json!({ "meta": {}, "origination_urls": [{ "sid": "OU1", "sip_url": "sip:pbx.example", "enabled": true, "weight": 1, "priority": 1 }] }),
        ),
        "/v1/Trunks/TK2/OriginationUrls" => (200, json!({ "meta": {}, "origination_urls": [] })),
        "/2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?PhoneNumber=%2B31201234567" => (
            200,
            json!({ "incoming_phone_numbers": [{ "phone_number": "+31201234567", "trunk_sid": "TK1" }] }),
        ),
        "/2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?PhoneNumber=%2B31205555555" => {
            (200, json!({ "incoming_phone_numbers": [] }))
        }
        _ => (404, json!({ "code": 20404, "status": 404 })),
    }
}

fn telnyx(path: &str, authorization: &str) -> (u16, Value) {
    if authorization != "Bearer KEY1" {
        return (401, json!({ "errors": [{ "code": "10009", "title": "Authentication failed" }] }));
    }
    let connection = |active: bool, profile: &str| {
        json!({ "data": { "id": "12", "record_type": "credential_connection", "active": active,
            "user_name": "kantoor", "outbound": { "outbound_voice_profile_id": profile } } })
    };
    match path {
        "/v2/credential_connections/12" => (200, connection(true, "9")),
        "/v2/credential_connections/13" => (200, connection(false, "9")),
        "/v2/credential_connections/14" => (200, connection(true, "")),
        "/v2/phone_numbers?filter[phone_number]=%2B31201234567" => (
            200,
            json!({ "data": [{ "phone_number": "+31201234567", "connection_id": "12", "status": "active" }] }),
        ),
        _ => (404, json!({ "errors": [{ "code": "10005", "title": "Resource not found" }] })),
    }
}

/// A trunk that is asked for at the stand-in.
fn add(folder: &Folder, api: &StandIn, preset: &str, words: &[&str]) {
    let at = format!("api={}", api.url);
    let known = ["trunk", "add", "buiten", "--preset", preset, "--disabled", "username=kantoor"];
    folder.run(&[&known, &["password=geheim-van-sip", &at][..], words].concat()).expect(0);
}

/// The rung of the account of a trunk with these words.
fn rung(folder: &Folder, words: &[&str]) -> Value {
    folder.run(&[&["trunk", "set", "buiten"][..], words].concat()).expect(0);
    // The rungs above it fail: nobody answers at these hosts.
    let ended = folder.run(&["trunk", "test", "buiten", "--json"]);
    let rungs = ended.json()["rungs"].clone();
    assert!(
        !["Basic ", "Bearer ", "KEY1", "U0sx"].iter().any(|word| ended.out().contains(word)),
        "{}",
        ended.out()
    );
    rungs[0].clone()
}

fn found(rung: &Value) -> (&str, &str) {
    assert_eq!(rung["rung"], "account", "{rung:#}");
    (rung["result"].as_str().expect("a word"), rung["found"]["en"].as_str().expect("words"))
}

#[test]
fn twilio_says_what_is_wrong_with_the_account() {
    let (folder, api) = (Folder::new(), StandIn::start(twilio));
    add(
        &folder,
        &api,
        "twilio",
        &["account=AC1", "api_secret=token", "host=127.0.0.1:9", "numbers=+31201234567"],
    );
    let wrong_host = rung(&folder, &["host=127.0.0.1:9"]);
    assert_eq!(found(&wrong_host), ("failed", "no trunk of the account has the host that we call"));
    assert!(
        wrong_host["advice"]["en"].as_str().is_some_and(|advice| advice.contains("kantoor.pstn.twilio.com"))
    );
    let good = rung(&folder, &["host=kantoor.pstn.twilio.com"]);
    assert_eq!(found(&good).0, "ok", "{good:#}");
    let localised =
        rung(&folder, &["host=kantoor.pstn.frankfurt.twilio.com", "api_key=SK1", "api_secret=secret"]);
    assert_eq!(found(&localised).0, "ok", "{localised:#}");
    assert_eq!(
        found(&rung(&folder, &["host=stil.pstn.twilio.com"])),
        ("warning", "the trunk sends its calls nowhere")
    );
    let other = rung(&folder, &["host=kantoor.pstn.twilio.com", "numbers=+31205555555"]);
    assert_eq!(found(&other), ("warning", "+31205555555 is not a number of this account"));
    assert_eq!(found(&rung(&folder, &["api_secret=wrong"])), ("failed", "the API refuses our key (401)"));
    assert_eq!(
        found(&rung(&folder, &["api_secret=secret", "account=AC2"])),
        ("failed", "there is no such account")
    );
    assert!(api.asked().iter().all(|asked| asked.starts_with("GET /")), "it only looks: {:?}", api.asked());
}

#[test]
fn telnyx_says_what_is_wrong_with_the_connection() {
    let (folder, api) = (Folder::new(), StandIn::start(telnyx));
    add(
        &folder,
        &api,
        "telnyx",
        &["account=12", "api_secret=KEY1", "host=127.0.0.1:9", "numbers=+31201234567"],
    );
    assert_eq!(found(&rung(&folder, &["account=12"])), ("ok", "the connection is active; numbers of it: 1"));
    assert_eq!(found(&rung(&folder, &["account=13"])), ("failed", "the connection is not active"));
    assert_eq!(
        found(&rung(&folder, &["account=14"])),
        ("warning", "the connection has no outbound voice profile")
    );
    assert_eq!(found(&rung(&folder, &["account=15"])), ("failed", "there is no such connection"));
    assert_eq!(found(&rung(&folder, &["account=12", "api_secret=KEY2"])).0, "failed");
}

#[test]
fn an_api_that_is_away_or_odd_does_not_stop_the_ladder() {
    let (folder, api) = (Folder::new(), StandIn::start(|_, _| (200, json!([]))));
    add(&folder, &api, "twilio", &["account=AC1", "api_secret=token"]);
    // Without a host nothing can be called; what the provider says is told all the same.
    let not_whole = folder.run(&["trunk", "test", "buiten", "--json"]).expect(64).json();
    assert_eq!(not_whole["rungs"][0]["rung"], "account");
    assert_eq!(found(&rung(&folder, &["host=127.0.0.1:9"])).0, "warning");
    assert_eq!(found(&rung(&folder, &["api=http://127.0.0.1:9"])).0, "warning");
    folder
        .run(&["trunk", "set", "buiten", "api=http://api.example.com"])
        .expect(64)
        .says("http:// only on this machine");
}
