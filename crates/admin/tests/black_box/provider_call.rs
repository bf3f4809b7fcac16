//! A real call over a trunk, and what its provider tells of it by webhooks: both are in one record, whichever came first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::house::{House, wait_for};
use crate::signer::twilio;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const PATH: &str = "/webhooks/default/voys";
const OUT: &str =
    "[[context.intern]]\nname = \"naar-buiten\"\nmatch = \"_0.\"\ndo = [{ dial = \"trunk:voys\" }]\n";
const PROVIDER: &str = "127.0.0.2";

/// SIPp with a scenario of `tests/sipp`.
struct Sipp {
    child: Child,
    log: PathBuf,
}

impl Sipp {
    fn start(house: &House, scenario: &str, arguments: &[&str]) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/sipp/{scenario}.xml"));
        let log = house.path(&format!("{scenario}.log"));
        let output = fs::File::create(&log).unwrap();
        let child = Command::new("sipp")
            .args([&house.sip().to_string(), "-sf"])
            .arg(file)
            .args(["-m", "1", "-nostdin"])
            .args(arguments)
            .current_dir(house.path(""))
            .env("TERM", "dumb")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .expect("sipp is installed (make test installs it)");
        Self { child, log }
    }

    #[track_caller]
    fn succeed(mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}:\n{}", fs::read_to_string(&self.log).unwrap_or_default());
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn house() -> House {
    let mut house = House::new();
    let plan = fs::read_to_string(house.path("dialplans/test.toml")).unwrap();
    fs::write(house.path("dialplans/test.toml"), plan + OUT).unwrap();
    let host = format!("host={PROVIDER}:{}", house.sip().port());
    let said = ["transport=udp", "options=off", "webhook=twilio"];
    let secret = format!("webhook_secret={TOKEN}");
    house.kiestoon(
        &[&["trunk", "add", "voys", &host, &format!("addresses={PROVIDER}"), &secret][..], &said].concat(),
    );
    house.start_pbx();
    house.start_admin();
    house
}

/// 201 calls out over the trunk, whose provider calls the call so.
fn call_out(house: &House, sid: &str) {
    let port = house.sip().port().to_string();
    let media = (house.sip().port() * 2 + 20_000).to_string();
    let provider = ["-i", PROVIDER, "-p", &port, "-mp", &media, "-key", "callsid", sid];
    let provider = Sipp::start(house, "provider-twilio", &provider);
    fs::write(house.path("caller.csv"), "SEQUENTIAL\n201;[authentication username=201 password=geheim201]\n")
        .unwrap();
    let caller = [
        "-inf",
        "caller.csv",
        "-i",
        "127.0.0.3",
        "-p",
        &port,
        "-mp",
        &media,
        "-s",
        "0612345678",
        "-d",
        "300",
    ];
    Sipp::start(house, "caller", &caller).succeed();
    provider.succeed();
}

fn record(house: &House) -> Value {
    let calls: Value = serde_json::from_str(&house.kiestoon(&["history", "--json"])).unwrap();
    calls[0].clone()
}

#[test]
fn what_the_provider_tells_is_in_the_record_whichever_comes_first() {
    let house = house();
    let tell = |parameters: &[(&str, &str)]| assert_eq!(twilio(TOKEN, PATH, parameters).send(&house), 200);
    // Before the record, and before the call itself.
    tell(&[("CallSid", "CA01"), ("CallStatus", "initiated"), ("SequenceNumber", "0")]);
    call_out(&house, "CA01");
    wait_for("the record", || record(&house)["id"].is_string());
    // After the record.
    tell(&[
        ("CallSid", "CA01"),
        ("CallStatus", "completed"),
        ("CallDuration", "1"),
        ("SipResponseCode", "200"),
    ]);
    let url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE01";
    tell(&[
        ("CallSid", "CA01"),
        ("RecordingSid", "RE01"),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "1"),
        ("RecordingUrl", url),
    ]);
    tell(&[("CallSid", "CA02"), ("CallStatus", "busy")]);

    let call = record(&house);
    let leg = call["legs"].as_array().unwrap().iter().find(|leg| leg["trunk"] == "voys").unwrap();
    assert_eq!(leg["provider_ids"], serde_json::json!(["CA01"]));
    assert!(leg["sip_call_id"].as_str().is_some_and(|id| !id.is_empty()), "{leg:#}");
    let events = call["provider_events"].as_array().unwrap();
    let words: Vec<_> = events.iter().map(|event| (&event["kind"], &event["status"])).collect();
    assert_eq!(
        words,
        [
            (&"status".into(), &"initiated".into()),
            (&"status".into(), &"completed".into()),
            (&"recording".into(), &Value::Null)
        ]
    );
    assert_eq!((&events[1]["duration_secs"], &events[1]["sip_code"]), (&1.into(), &200.into()));
    let recording = &events[2]["recording"];
    assert_eq!(
        (&recording["id"], &recording["url"], &recording["duration_secs"]),
        (&"RE01".into(), &url.into(), &1.into())
    );

    let id = call["id"].as_str().unwrap();
    let shown = house.kiestoon(&["history", id]);
    assert!(shown.contains("completed, ") && shown.contains("recording RE01 completed"), "{shown}");
    assert!(shown.contains(url), "{shown}");
}
