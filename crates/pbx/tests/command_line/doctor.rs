//! The doctor, where nothing runs: it says so, and what lies on the disk.

use jiff::Timestamp;
use kiestoon_store::{Cdr, Disposition, Key, Store};
use serde_json::{Value, json};

use crate::kiestoon::Folder;

fn found<'a>(findings: &'a Value, item: &str) -> (&'a str, &'a str) {
    let all = findings.as_array().expect("a list");
    let one =
        all.iter().find(|finding| finding["item"] == item).unwrap_or_else(|| panic!("{item}: {findings:#}"));
    (one["result"].as_str().expect("a word"), one["says"].as_str().expect("words"))
}

#[test]
fn it_says_what_is_missing_and_what_to_do() {
    let folder = Folder::new();
    let dead = folder.run(&["doctor", "--json"]).expect(64).json();
    assert_eq!(found(&dead, "database").0, "failed");
    assert_eq!(found(&dead, "PBX").0, "failed");
    assert_eq!(found(&dead, "web pages").0, "failed");

    folder.run(&["extension", "add", "201"]).expect(0);
    folder.run(&["user", "add", "anna"]).expect(0);
    folder.run(&["trunk", "add", "voys", "host=sip.example.net"]).expect(0);
    let there = folder.run(&["doctor", "--production", "--json"]).expect(64).json();
    assert_eq!(found(&there, "database").0, "good");
    // How full it is depends on the machine.
    assert!(found(&there, "disk").1.contains("MB free"), "{there:#}");
    for item in ["trunks", "phones"] {
        assert_eq!(found(&there, item), ("skipped", "not checked: the PBX is not running"), "{item}");
    }
    assert_eq!(found(&there, "dialplan").0, "good");
    assert_eq!(found(&there, "112"), ("warning", "no rule takes 112 as a call for help"));
    assert_eq!(found(&there, "public URL").0, "skipped", "nobody needs it");
    assert_eq!(found(&there, "people").0, "failed", "nobody administers it");
    assert_eq!(found(&there, "test call").0, "warning");
    assert_eq!(found(&there, "HTTPS").0, "warning");
    assert_eq!(found(&there, "key").0, "warning");
    assert_eq!(found(&there, "webhooks").0, "skipped", "no provider signs any");
    folder.run(&["trunk", "set", "voys", "webhook=twilio", "webhook_secret=0123456789abcdef"]).expect(0);
    folder
        .run(&["doctor", "--production"])
        .expect(64)
        .says("`admin.public_url` is not set")
        .says("voys: none has come yet; kiestoon-admin does not answer");

    folder.run(&["user", "add", "admin", "--role", "admin", "--extension", "201"]).expect(0);
    folder.run(&["user", "extension", "anna", "201"]).expect(0);
    folder.write("dialplans/nood.toml", HELP);
    let mended = folder.run_with(&["doctor", "--production"], &[("LC_ALL", "nl_NL.UTF-8")]).expect(64);
    mended
        .says("✓ mensen       gebruikers: 2; beheerders: 1")
        .says("112 gaat naar buiten")
        .says("→ `kiestoon check --config kiestoon.toml && kiestoon serve --config kiestoon.toml`");
    assert!(mended.out().contains("\nmislukt: 3; waarschuwingen: "), "{}", mended.out());
    assert!(mended.err().is_empty(), "{}", mended.err());
    folder.write("dialplans/nood.toml", "broken");
    let broken = folder.run(&["doctor", "--json"]).expect(64).json();
    assert_eq!(found(&broken, "dialplan").0, "failed");
}

const HELP: &str = "[[context.intern]]\nname = \"nood\"\nmatch = \"112\"\nemergency = true\ndo = [{ dial = \"trunk:voys\" }]\n";

#[test]
fn a_call_for_help_is_followed_to_the_trunk_in_the_plan_of_each_organisation() {
    let folder = Folder::new();
    folder.write("two.toml", TWO);
    folder.run(&["import", "two.toml"]).expect(0);
    folder.write("dialplans/nood.toml", &HELP.replace("trunk:voys", "trunk:vois"));
    folder.write(
        "dialplans/01-utrecht.toml",
        &format!(
            "organisation = \"utrecht\"\n{}",
            HELP.replace("dial = \"trunk:voys\"", "dial = \"ext:201\"").replace("\"nood\"", "\"hulp\"")
        ),
    );
    let all = folder.run(&["doctor", "--json"]).expect(64).json();
    let said = |all: &Value| -> Vec<(String, String)> {
        let findings = all.as_array().expect("a list").iter().filter(|finding| finding["item"] == "112");
        let word = |finding: &Value, key: &str| finding[key].as_str().expect("a word").to_owned();
        findings.map(|finding| (word(finding, "result"), word(finding, "says"))).collect()
    };
    let pair = |result: &str, says: &str| (result.to_owned(), says.to_owned());
    let missing = "112 rings `trunk:vois`, which is not there or not enabled";
    assert_eq!(
        said(&all),
        [
            pair("failed", &format!("kantoor: {missing}")),
            pair("failed", "utrecht: the rule of 112 rings no trunk"),
        ]
    );
    folder.write("dialplans/nood.toml", HELP);
    folder.write("dialplans/01-utrecht.toml", "");
    let off = folder.run(&["doctor", "--json"]).expect(64).json();
    assert!(
        said(&off).iter().all(|(result, says)| result == "good" && says.contains("not checked")),
        "{off:#}"
    );
    let _serving = folder.serve();
    let on = folder.run(&["doctor", "--json"]).expect(64).json();
    assert!(said(&on).iter().all(|(result, says)| result == "failed" && says.contains("not up")), "{on:#}");
}

#[test]
fn a_call_for_help_over_a_trunk_that_is_not_enabled_has_failed() {
    let folder = Folder::new();
    folder.run(&["extension", "add", "201"]).expect(0);
    let nowhere = folder.run(&["doctor", "--json"]).expect(64).json();
    assert_eq!(found(&nowhere, "112"), ("skipped", "there is no way out"));
    folder.write("dialplans/nood.toml", HELP);
    let missing = folder.run(&["doctor", "--json"]).expect(64);
    let failed = ("failed", "112 rings `trunk:voys`, which is not there or not enabled");
    assert_eq!(found(&missing.json(), "112"), failed);
    missing.says("kiestoon trunk list");
    folder.run(&["trunk", "add", "voys", "host=127.0.0.1:9"]).expect(0);
    folder.run(&["trunk", "disable", "voys"]).expect(0);
    let disabled = folder.run(&["doctor", "--json"]).expect(64).json();
    assert_eq!(found(&disabled, "112"), failed);
    folder.run(&["doctor"]).expect(64).says("→ `kiestoon trunk enable voys --config kiestoon.toml`");
    folder.write("dialplans/nood.toml", "");
    let ruleless = folder.run(&["doctor", "--json"]).expect(64).json();
    assert_eq!(found(&ruleless, "112"), ("warning", "no rule takes 112 as a call for help"));
}

/// Writes an answered call into the history.
fn answered(folder: &Folder, id: &str, trunk_out: Option<&str>, legs: Vec<Value>) {
    let key = Key::load(&folder.path("data/kiestoon.key")).expect("a key");
    let url = format!("sqlite:{}", folder.path("data/kiestoon.db").display());
    let now = Timestamp::now().as_microsecond();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&url, key).await.expect("a database");
        let homes = store.organisations().await.expect("organisations");
        let call = Cdr {
            id: id.into(),
            tenant_id: homes.first().map(|home| home.id.clone()),
            trunk_out: trunk_out.map(Into::into),
            started_at: now,
            answered_at: Some(now),
            ended_at: Some(now),
            disposition: Some(Disposition::Answered),
            legs,
            ..Cdr::default()
        };
        store.save_cdrs(&[call]).await.expect("it is written");
        store.close().await;
    });
}

#[test]
fn a_test_call_is_one_over_a_trunk_where_one_is_enabled() {
    let folder = Folder::new();
    folder.run(&["extension", "add", "201"]).expect(0);
    folder.run(&["trunk", "add", "voys", "host=127.0.0.1:9"]).expect(0);
    let look = || folder.run(&["doctor", "--production", "--json"]).expect(64).json();
    assert_eq!(found(&look(), "test call"), ("warning", "no call was answered in 7 days"));
    answered(&folder, "1", None, Vec::new());
    let inside =
        |count: u8| format!("answered calls were inside only in 7 days: {count}; none went over a trunk");
    assert_eq!(found(&look(), "test call"), ("warning", inside(1).as_str()));
    // The trunk was tried, and then the PBX itself answered.
    let tried = |status: u16| json!({ "side": "callee", "trunk": "voys", "status": status });
    answered(&folder, "2", Some("voys"), vec![tried(503)]);
    assert_eq!(found(&look(), "test call"), ("warning", inside(2).as_str()));
    answered(&folder, "3", Some("voys"), vec![tried(200)]);
    let outside = look();
    let (result, says) = found(&outside, "test call");
    assert!(result == "good" && says.starts_with("answered in 7 days over voys; the last one "), "{says}");
    folder.run(&["trunk", "disable", "voys"]).expect(0);
    let alone = look();
    let (result, says) = found(&alone, "test call");
    assert!(result == "good" && says.starts_with("answered in 7 days: 3; the last one "), "{says}");
}

#[test]
fn the_public_url_and_webhooks_are_asked_for_where_a_provider_is_believed() {
    let folder = Folder::new();
    let trunk = ["trunk", "add", "voys", "host=127.0.0.1:9", "webhook_secret=geheim-van-webhooks"];
    folder.run(&trunk).expect(0);
    let shown = folder.run(&["trunk", "show", "voys"]).expect(0);
    shown.says("webhooks need a whole URL: set `admin.public_url`");
    let missing = folder.run(&["doctor", "--production", "--json"]).expect(64).json();
    assert_eq!(found(&missing, "public URL"), ("failed", "`admin.public_url` is not set"));
    assert_eq!(
        found(&missing, "webhooks"),
        ("warning", "voys: none has come yet; kiestoon-admin does not answer")
    );
    let config = std::fs::read_to_string(folder.path("kiestoon.toml")).expect("a configuration");
    folder.write("kiestoon.toml", &format!("{config}[admin]\npublic_url = \"https://127.0.0.1:9\"\n"));
    let dead = folder.run(&["doctor", "--production", "--json"]).expect(64).json();
    assert_eq!(found(&dead, "public URL").0, "warning");
    let shown = folder.run(&["trunk", "show", "voys"]).expect(0);
    assert!(!shown.out().contains("whole URL"), "{}", shown.out());
}

const TWO: &str = r#"
[[organisation]]
slug = "kantoor"
domain = "kantoor.example"
[[organisation]]
slug = "utrecht"
domain = "utrecht.example"
[[extension]]
organisation = "utrecht"
number = "201"
[[trunk]]
organisation = "kantoor"
name = "voys"
host = "127.0.0.1:9"
[[trunk]]
organisation = "utrecht"
name = "voys"
host = "127.0.0.1:9"
"#;
