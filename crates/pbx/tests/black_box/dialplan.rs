//! Phones that go through groups, hours by a given clock, and failover, in a plan as an operator writes it.
use std::{fs, time::Duration};

use crate::baresip::{Baresip, Phone};
use crate::pbx::{Pbx, repository};

const DIALPLAN: &str = r#"
version = 1
timezone = "Europe/Amsterdam"

[closure.kerst]
dates = ["12-24..12-26"]

[hours.kantoor]
open   = ["ma-vr 08:30-17:30"]
closed = ["kerst", "holidays:nl"]

[set.vip]
numbers = ["201"]

[group.balie]
members  = ["202", "203"]
strategy = "round-robin"
timeout  = "10s"

[[context.intern]]
name  = "balie"
match = "100"
when  = "kantoor"
do    = [{ dial = "group:balie" }]

[[context.intern]]
name  = "dicht"
match = "100"
do    = [{ play = "gesloten" }, { hangup = true }]

# 204 is nobody's phone, 205 is busy in every call: the third one answers.
[[context.intern]]
name  = "uitwijk"
match = "101"
from  = "set:vip"
do    = [{ dial = ["ext:204", "ext:203"], order = "sequence", timeout = "5s", on_unavailable = [{ reject = "busy" }] }]

[[context.intern]]
match = "_2XX"
do    = [{ dial = "ext:${number}" }]
"#;

/// A PBX whose hours begin at this moment.
fn at(moment: &str) -> Pbx {
    let mut pbx = Pbx::new(&["201", "202", "203", "204"], DIALPLAN);
    let file = pbx.path("kiestoon.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("[dialplan]\n", &format!("[dialplan]\nat = \"{moment}\"\n"))).unwrap();
    fs::copy(repository("sounds/nl/gesloten.opus"), pbx.path("sounds/gesloten.opus")).unwrap();
    pbx.run();
    pbx
}

fn phone(pbx: &Pbx, number: &str, answers: bool) -> Baresip {
    Baresip::start(pbx, &Phone { number, transport: "udp", tone: 440, answers, parameters: "" })
}

/// Calls, waits until it is answered and hangs up.
fn call(caller: &mut Baresip, pbx: &Pbx, number: &str) {
    caller.command("dial", &format!("sip:{number}@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    std::thread::sleep(Duration::from_millis(300));
    caller.command("hangup", "");
    caller.expect("CALL_CLOSED");
}

#[test]
fn an_open_office_shares_its_calls_out_and_finds_another_phone() {
    let pbx = at("2026-11-23T10:00:00+01:00");
    let mut caller = phone(&pbx, "201", false);
    let _members = [phone(&pbx, "202", true), phone(&pbx, "203", true)];
    for _ in 0..3 {
        call(&mut caller, &pbx, "100");
    }
    call(&mut caller, &pbx, "101");
    let reached: Vec<String> = pbx
        .history(4)
        .iter()
        .rev()
        .map(|call| format!("{} {}", call["route"].as_str().unwrap(), call["to_number"].as_str().unwrap()))
        .collect();
    assert_eq!(reached, ["balie 202", "balie 203", "balie 202", "uitwijk 203"]);
}

#[test]
fn a_closed_office_says_so_and_the_record_says_why() {
    let pbx = at("2026-12-25T10:00:00+01:00");
    let mut caller = phone(&pbx, "201", false);
    let _member = phone(&pbx, "202", true);
    caller.command("dial", &format!("sip:100@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    caller.expect("CALL_CLOSED");
    let calls = pbx.history(1);
    assert_eq!(calls[0]["route"], "dicht");
    let shown = pbx.kiestoon(&["history", calls[0]["id"].as_str().unwrap()]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("play:gesloten"), "{shown}");
    let hours = pbx.json(&["ctl", "hours"]);
    assert_eq!((&hours[0]["name"], &hours[0]["open"]), (&"kantoor".into(), &false.into()));
}
