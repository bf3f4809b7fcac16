//! Two desk phones register, one calls the other, each hears the other's tone, and either may hang up.
use std::time::Duration;

use crate::baresip::{Baresip, Phone};
use crate::pbx::{PHONES_CALL, Pbx, wait_for};
use crate::tone;

#[test]
fn over_udp_and_the_caller_hangs_up() {
    talk("udp", "udp", true);
}

#[test]
fn over_tcp_and_the_callee_hangs_up() {
    talk("tcp", "tcp", false);
}

#[test]
fn from_udp_to_tcp() {
    talk("udp", "tcp", true);
}

fn talk(caller_transport: &str, callee_transport: &str, caller_hangs_up: bool) {
    let pbx = Pbx::start(&["201", "202"], PHONES_CALL);
    let phone = |number, transport, tone, answers| Phone { number, transport, tone, answers, parameters: "" };
    let mut caller = Baresip::start(&pbx, &phone("201", caller_transport, 440, false));
    let mut callee = Baresip::start(&pbx, &phone("202", callee_transport, 1_000, true));
    let registrations = pbx.json(&["ctl", "registrations"]);
    assert_eq!(registrations.as_array().unwrap().len(), 2);
    assert_eq!(registrations[0]["name"], "Toestel 201");

    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    wait_for("packets on both legs", Duration::from_secs(10), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let packets = |leg: usize| calls[0]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default();
        packets(0) > 150 && packets(1) > 150
    });
    let calls = pbx.json(&["ctl", "calls"]);
    assert_eq!(calls[0]["state"], "talking");
    assert_eq!(
        (&calls[0]["from_name"], &calls[0]["to_name"]),
        (&"Toestel 201".into(), &"Toestel 202".into())
    );
    assert_eq!(calls[0]["legs"][1]["name"], "Toestel 202");
    assert_eq!(calls[0]["legs"][0]["codec"], "PCMU");
    if caller_hangs_up {
        caller.command("hangup", "");
    } else {
        callee.command("hangup", "");
    }
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");

    tone::assert_heard(&caller.heard(), 1_000.0);
    tone::assert_not_heard(&caller.heard(), 440.0);
    tone::assert_heard(&callee.heard(), 440.0);
    tone::assert_not_heard(&callee.heard(), 1_000.0);

    let history = pbx.history(1);
    assert_eq!(history[0]["disposition"], "answered");
    assert_eq!(history[0]["end_reason"], if caller_hangs_up { "hangup_caller" } else { "hangup_callee" });
    assert_eq!(history[0]["from_number"], "201");
    assert_eq!(history[0]["dialed"], "202");
    assert!(history[0]["talk_ms"].as_i64().unwrap() > 2_000);
    assert_eq!(history[0]["loss"], 0.0);
    assert_eq!(pbx.json(&["ctl", "calls"]).as_array().unwrap().len(), 0);
}
