//! Who may call what, as an operator sets it: by import and on the command line, over a trunk to a real provider; what is spent and who
//! is on hold over a power cut; and the fraud drill.
use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::pbx::{Pbx, free_port, text, wait_for};
use crate::sipp::Sipp;
use crate::user_agent::UserAgent;

const DIALPLAN: &str = r#"
version = 1
timezone = "Europe/Amsterdam"
[hours.kantoor]
open = ["ma-vr 09:00-17:00"]
[[context.intern]]
name = "naar-buiten"
match = ["_0.", "_+."]
do = [{ dial = "trunk:voys" }]
"#;

const PROVIDER: &str = "127.0.0.2";

/// A PBX with 201, 202 and 203 and a trunk to a SIPp that takes every call; `more` is imported too.
fn office(more: &str, configuration: &str) -> (Pbx, Sipp) {
    let port = free_port();
    let mut pbx = Pbx::new(&["201", "202", "203"], DIALPLAN);
    fs::create_dir(pbx.path("rates")).unwrap();
    pbx.configure(configuration);
    import(
        &pbx,
        &format!(
            "[[trunk]]\nname = \"voys\"\noptions = \"off\"\nhost = \"{PROVIDER}:{port}\"\ntransport = \"udp\"\n\
             addresses = [\"{PROVIDER}\"]\n{more}"
        ),
    );
    let provider = Sipp::start(&pbx, "callee", "provider", port, port, &["-i", PROVIDER]);
    pbx.run();
    (pbx, provider)
}

fn import(pbx: &Pbx, toml: &str) {
    let file = pbx.path("more.toml");
    fs::write(&file, toml).unwrap();
    let imported = pbx.kiestoon(&["import", file.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", text(&imported));
}

fn call(pbx: &Pbx, from: &str, number: &str) -> Result<(), u16> {
    UserAgent::new(pbx, from, "127.0.0.1:0".parse().unwrap()).call(number)
}

fn set(pbx: &Pbx, arguments: &[&str]) {
    let done = pbx.kiestoon(arguments);
    assert!(done.status.success(), "{arguments:?}: {}", text(&done));
}

#[test]
fn who_has_the_right_gets_out_and_a_change_counts_for_the_next_call() {
    let (pbx, _provider) = office(
        "[[profile]]\nname = \"verkoop\"\nrights = [\"internal\", \"national\", \"international\"]\nblocked = [\"+49\"]\n\
         [[extension]]\nnumber = \"201\"\nprofile = \"verkoop\"\n\
         [[extension]]\nnumber = \"203\"\nrights = [\"internal\"]\n",
        "",
    );
    assert_eq!(call(&pbx, "201", "+3221234567"), Ok(()));
    assert_eq!(call(&pbx, "201", "+49301234567"), Err(403), "the profile blocks it");
    assert_eq!(call(&pbx, "202", "+3221234567"), Err(403), "that is not the default");
    assert_eq!(call(&pbx, "202", "0612345678"), Ok(()));
    assert_eq!(call(&pbx, "203", "0201234567"), Err(403));

    let tested = pbx.kiestoon(&["rights", "test", "201", "+49301234567", "--json"]);
    assert_eq!(tested.status.code(), Some(1), "it would be refused");
    assert!(text(&tested).contains("a call to +49301234567 does not go out"), "{}", text(&tested));
    let tested: Value = serde_json::from_slice(&tested.stdout).unwrap();
    assert_eq!(
        (&tested["trunks"][0]["allowed"], &tested["trunks"][0]["reason"]),
        (&false.into(), &"blocked".into())
    );
    assert_eq!(tested["trunks"][0]["class"], "international");
    let shown = pbx.json(&["rights", "show", "201"]);
    assert_eq!((&shown["from"], &shown["profile"]), (&"profile".into(), &"verkoop".into()));

    set(&pbx, &["rights", "set", "202", "--rights", "internal,national,international"]);
    set(&pbx, &["rights", "set", "201", "--rights", "internal,national"]);
    assert_eq!(call(&pbx, "202", "+3221234567"), Ok(()));
    assert_eq!(call(&pbx, "201", "+3221234567"), Err(403));
    set(&pbx, &["profile", "set", "verkoop", "blocked="]);
    set(&pbx, &["rights", "set", "201", "--inherit"]);
    assert_eq!(call(&pbx, "201", "+49301234567"), Ok(()));
    set(&pbx, &["profile", "set", "kantoor", "blocked=+32,+49"]);
    set(&pbx, &["rights", "set", "--itself", "--profile", "kantoor"]);
    assert_eq!(call(&pbx, "201", "+49301234567"), Err(403), "the lists of the organisation hold for all");
}

#[test]
fn what_is_spent_and_who_is_on_hold_outlives_a_power_cut() {
    let (mut pbx, _provider) = office(
        "[[profile]]\nname = \"zuinig\"\nspend_per_day = 1.50\n[[extension]]\nnumber = \"201\"\nprofile = \"zuinig\"\n",
        "[trunks]\nrates = \"rates\"\n",
    );
    fs::write(pbx.path("rates/voys.csv"), "prefix,per_minute,setup\n31,0,1.00\n").unwrap();
    set(&pbx, &["ctl", "reload"]);
    assert_eq!(call(&pbx, "201", "0612345678"), Ok(()));
    assert_eq!(call(&pbx, "201", "0612345678"), Err(403), "there is half of it left");
    set(&pbx, &["ctl", "fraud", "hold", "202"]);
    pbx.kill();
    pbx.run();
    assert_eq!(call(&pbx, "201", "0612345678"), Err(403), "the budget is still spent");
    let held = pbx.json(&["ctl", "fraud"]);
    assert_eq!(
        (&held[0]["number"], &held[0]["reason"], &held[0]["by"]),
        (&"202".into(), &"operator".into(), &"ctl".into())
    );
    let shown = pbx.json(&["rights", "show", "201"]);
    assert_eq!((&shown["spent_today"], &shown["spent_this_month"]), (&1_000_000.into(), &1_000_000.into()));
    assert_eq!(pbx.json(&["rights", "show", "202"])["held"]["reason"], "operator");
    set(&pbx, &["ctl", "fraud", "approve", "202"]);
    wait_for("the approval in the database", Duration::from_secs(10), || {
        pbx.json(&["rights", "show", "202"])["held"].is_null()
    });
    pbx.kill();
    pbx.run();
    assert_eq!(pbx.json(&["ctl", "fraud"]).as_array().unwrap().len(), 0);
    fs::write(pbx.path("rates/voys.csv"), "prefix,per_minute,setup\n31,0\n").unwrap();
    let refused = pbx.kiestoon(&["ctl", "reload"]);
    assert!(
        !refused.status.success() && text(&refused).contains("voys.csv:2: error: has 2 fields"),
        "{}",
        text(&refused)
    );
}

#[test]
fn the_drill_finds_rights_that_are_too_wide_and_counts_nothing() {
    let (pbx, _provider) = office("", "");
    let drill = pbx.json(&["fraud-drill"]);
    assert_eq!(drill["findings"], 0, "{drill:#}");
    let numbers: Vec<&Value> =
        drill["drills"].as_array().unwrap().iter().map(|drill| &drill["number"]).collect();
    assert_eq!(
        numbers,
        [&Value::from("201"), &Value::Null],
        "one of each kind of rights, and the organisation"
    );
    let burst = &drill["drills"][0]["attempts"][2];
    assert_eq!(
        (&burst["attempt"], &burst["tried"], &burst["out"]),
        (&"premium_burst".into(), &100.into(), &0.into())
    );

    set(&pbx, &["rights", "set", "202", "--rights", "internal,national,premium"]);
    let drill = pbx.kiestoon(&["fraud-drill"]);
    assert_eq!(drill.status.code(), Some(1));
    let said = text(&drill);
    assert!(said.contains("FINDING") && said.contains("default: extension 202"), "{said}");
    assert!(said.contains("5 findings: calls get out that should not"), "{said}");
    let dutch = std::process::Command::new(env!("CARGO_BIN_EXE_kiestoon"))
        .args(["fraud-drill", "--from", "202", "--config"])
        .arg(pbx.path("kiestoon.toml"))
        .current_dir(pbx.path(""))
        .env("LC_ALL", "nl_NL.UTF-8")
        .output()
        .unwrap();
    assert!(text(&dutch).contains("BEVINDING"), "{}", text(&dutch));
    set(&pbx, &["fraud-drill", "--from", "201"]);
    assert!(!pbx.kiestoon(&["fraud-drill", "--from", "999"]).status.success());

    assert_eq!(pbx.json(&["ctl", "fraud"]).as_array().unwrap().len(), 0, "nobody is on hold of it");
    assert_eq!(pbx.json(&["history"]).as_array().unwrap().len(), 0, "no call was made");
    assert!(!pbx.log().contains("call out refused"), "{}", pbx.log());
}
