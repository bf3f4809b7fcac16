//! Encrypted speech with real phones: on one leg, on both, and refused.
use std::time::Duration;

use serde_json::Value;

use crate::baresip::{Baresip, Phone};
use crate::pbx::{PHONES_CALL, Pbx, text, wait_for};
use crate::tone;

const MANDATORY: &str = ";mediaenc=srtp-mand";

fn start(policy: &str) -> Pbx {
    let mut pbx = Pbx::new(&["201", "202"], PHONES_CALL);
    pbx.configure_in("media", &format!("srtp = \"{policy}\""));
    pbx.run();
    pbx
}

fn phone<'a>(number: &'a str, tone: u32, parameters: &'a str) -> Phone<'a> {
    Phone { number, transport: "udp", tone, answers: number == "202", parameters }
}

#[test]
fn on_the_callers_leg_alone() {
    let pbx = start("optional");
    let mut caller = Baresip::start(&pbx, &phone("201", 440, MANDATORY));
    let mut callee = Baresip::start(&pbx, &phone("202", 1_000, ""));
    talk(&pbx, &mut caller, &mut callee, [true, false]);
}

#[test]
fn on_both_legs() {
    let pbx = start("required");
    let mut caller = Baresip::start(&pbx, &phone("201", 440, MANDATORY));
    let mut callee = Baresip::start(&pbx, &phone("202", 1_000, MANDATORY));
    talk(&pbx, &mut caller, &mut callee, [true, true]);
}

#[test]
fn as_an_attempt_beside_the_plain_profile() {
    let pbx = start("optional");
    let mut caller = Baresip::start(&pbx, &phone("201", 440, ";mediaenc=srtp"));
    let mut callee = Baresip::start(&pbx, &phone("202", 1_000, ""));
    talk(&pbx, &mut caller, &mut callee, [true, false]);
}

#[test]
fn and_without_it_where_it_is_required_no_call() {
    let pbx = start("required");
    let mut caller = Baresip::start(&pbx, &phone("201", 440, ""));
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_CLOSED");
    let history = pbx.history(1);
    assert_eq!((&history[0]["sip_code"], &history[0]["end_reason"]), (&488.into(), &"media_failed".into()));
}

fn talk(pbx: &Pbx, caller: &mut Baresip, callee: &mut Baresip, protected: [bool; 2]) {
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    wait_for("packets on both legs", Duration::from_secs(10), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let packets = |leg: usize| calls[0]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default();
        packets(0) > 150 && packets(1) > 150
    });
    let calls = pbx.json(&["ctl", "calls"]);
    for (leg, protected) in protected.into_iter().enumerate() {
        let leg = &calls[0]["legs"][leg];
        assert_eq!(leg["srtp"].is_string(), protected, "{calls:#}");
        assert_eq!(leg["srtp_keys"], if protected { "sdes".into() } else { Value::Null }, "{calls:#}");
        assert!(leg["user_agent"].as_str().is_some_and(|name| name.contains("baresip")), "{calls:#}");
        // On one machine nothing is lost.
        assert!(leg["inbound"]["mos"].as_f64().is_some_and(|score| score > 4.2), "{calls:#}");
    }
    // The phones signal over UDP: the keys were there for everyone on the way.
    let legs = protected.into_iter().filter(|protected| *protected).count();
    let shown = text(&pbx.kiestoon(&["ctl", "calls"]));
    assert_eq!(shown.matches(" srtp (key in clear)").count(), legs, "{shown}");
    let warned = pbx.log().matches("srtp over clear signalling").count();
    assert_eq!(warned, legs, "once for each side");
    caller.command("hangup", "");
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");
    tone::assert_heard(&caller.heard(), 1_000.0);
    tone::assert_heard(&callee.heard(), 440.0);
    assert!(!pbx.log().contains("inline:"), "keys are not logged");
    pbx.history(1);
    let shown = text(&pbx.kiestoon(&["history"]));
    let whose = if legs == 2 { "srtp (key in clear)" } else { "srtp caller (key in clear)" };
    assert!(shown.contains(whose), "{shown}");
}
