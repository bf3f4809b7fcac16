//! Calls between real phones that go another way than straight: hold, busy, cancel, no answer, echo, prompt.
use std::time::Duration;

use crate::baresip::{Baresip, Phone};
use crate::pbx::{Pbx, wait_for};
use crate::tone;

const DIALPLAN: &str = r#"
version = 1
timezone = "Europe/Amsterdam"

[[context.intern]]
name = "toestellen"
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "25s" }]

[[context.intern]]
name = "snel-door"
match = "9"
do = [{ dial = "ext:202", timeout = "2s", on_busy = [{ dial = "ext:203" }] }, { dial = "ext:203" }]

[[context.intern]]
name = "echo"
match = "*43"
do = [{ echo = true }]

[[context.intern]]
name = "bandje"
match = "700"
do = [{ play = "toon" }, { hangup = true }]
"#;

fn phone(pbx: &Pbx, number: &str, tone: u32, answers: bool) -> Baresip {
    Baresip::start(pbx, &Phone { number, transport: "udp", tone, answers, parameters: "" })
}

fn dial(pbx: &Pbx, phone: &mut Baresip, number: &str) {
    phone.command("dial", &format!("sip:{number}@{}", pbx.address()));
}

/// Packets that a leg of the only call has sent to the PBX.
fn packets(pbx: &Pbx, leg: usize) -> u64 {
    pbx.json(&["ctl", "calls"])[0]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default()
}

#[test]
fn hold_silences_and_resume_brings_the_sound_back() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let (mut a, mut b) = (phone(&pbx, "201", 440, false), phone(&pbx, "202", 1_000, true));
    dial(&pbx, &mut a, "202");
    a.expect("CALL_ESTABLISHED");
    wait_for("sound", Duration::from_secs(10), || packets(&pbx, 1) > 100);

    a.command("hold", "");
    wait_for("the hold", Duration::from_secs(10), || {
        pbx.json(&["ctl", "calls"])[0]["legs"][0]["on_hold"] == true
    });
    let held = packets(&pbx, 0);
    std::thread::sleep(Duration::from_secs(1));
    assert!(packets(&pbx, 0) < held + 10, "the phone on hold still sends");

    a.command("resume", "");
    wait_for("the resume", Duration::from_secs(10), || {
        pbx.json(&["ctl", "calls"])[0]["legs"][0]["on_hold"] == false
    });
    let resumed = packets(&pbx, 0);
    wait_for("sound again", Duration::from_secs(10), || packets(&pbx, 0) > resumed + 100);
    a.command("hangup", "");
    b.expect("CALL_CLOSED");
    assert_eq!(pbx.history(1)[0]["end_reason"], "hangup_caller");
}

#[test]
fn a_refused_call_is_busy() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let (mut a, mut b) = (phone(&pbx, "201", 440, false), phone(&pbx, "202", 1_000, false));
    dial(&pbx, &mut a, "202");
    b.expect("CALL_INCOMING");
    b.command("hangup", "");
    a.expect("CALL_CLOSED");
    let call = &pbx.history(1)[0];
    assert_eq!((&call["disposition"], &call["sip_code"]), (&"busy".into(), &486.into()));
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let (mut a, mut b) = (phone(&pbx, "201", 440, false), phone(&pbx, "202", 1_000, false));
    dial(&pbx, &mut a, "202");
    b.expect("CALL_INCOMING");
    a.expect("CALL_RINGING");
    a.command("hangup", "");
    b.expect("CALL_CLOSED");
    let call = &pbx.history(1)[0];
    assert_eq!((&call["disposition"], &call["end_reason"]), (&"cancelled".into(), &"cancelled".into()));
}

#[test]
fn who_does_not_answer_is_followed_by_the_next() {
    let pbx = Pbx::start(&["201", "202", "203"], DIALPLAN);
    let mut a = phone(&pbx, "201", 440, false);
    let (mut b, mut c) = (phone(&pbx, "202", 1_000, false), phone(&pbx, "203", 1_500, true));
    dial(&pbx, &mut a, "9");
    b.expect("CALL_INCOMING");
    a.expect("CALL_ESTABLISHED");
    b.expect("CALL_CLOSED");
    wait_for("sound", Duration::from_secs(10), || c.has_seen("CALL_ESTABLISHED"));
    std::thread::sleep(Duration::from_secs(2));
    a.command("hangup", "");
    c.expect("CALL_CLOSED");
    tone::assert_heard(&a.heard(), 1_500.0);
    assert_eq!(pbx.history(1)[0]["to_number"], "203");
}

#[test]
fn the_echo_returns_the_callers_own_sound() {
    let pbx = Pbx::start(&["201"], DIALPLAN);
    let mut a = phone(&pbx, "201", 440, false);
    dial(&pbx, &mut a, "*43");
    a.expect("CALL_ESTABLISHED");
    wait_for("sound", Duration::from_secs(10), || packets(&pbx, 0) > 150);
    a.command("hangup", "");
    a.expect("CALL_CLOSED");
    tone::assert_heard(&a.heard(), 440.0);
}

#[test]
fn a_prompt_is_heard_and_then_the_call_ends() {
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    tone::write(&pbx.path("sounds/toon.wav"), 700.0, 3.0);
    pbx.run();
    let mut a = phone(&pbx, "201", 440, false);
    dial(&pbx, &mut a, "700");
    a.expect("CALL_ESTABLISHED");
    a.expect("CALL_CLOSED");
    tone::assert_heard(&a.heard(), 700.0);
    let call = &pbx.history(1)[0];
    assert_eq!((&call["disposition"], &call["end_reason"]), (&"answered".into(), &"dialplan".into()));
}

#[test]
fn a_number_that_is_not_in_the_plan_is_not_found() {
    let pbx = Pbx::start(&["201"], DIALPLAN);
    let mut a = phone(&pbx, "201", 440, false);
    dial(&pbx, &mut a, "12345");
    a.expect("CALL_CLOSED");
    let call = &pbx.history(1)[0];
    assert_eq!((&call["end_reason"], &call["sip_code"]), (&"no_route".into(), &404.into()));
}
