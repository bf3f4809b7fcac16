//! Three desk phones: one sends a call on to the third, and those who remain hear each other's tones and nobody else's.
use std::time::Duration;

use crate::baresip::{Baresip, Phone};
use crate::pbx::{PHONES_CALL, Pbx, wait_for};
use crate::tone;

#[test]
fn the_callee_sends_the_caller_on() {
    let pbx = Pbx::start(&["201", "202", "203"], PHONES_CALL);
    let phone = |number, tone, answers| Phone { number, transport: "udp", tone, answers, parameters: "" };
    let mut a = Baresip::start(&pbx, &phone("201", 440, false));
    let mut b = Baresip::start(&pbx, &phone("202", 1_000, true));
    let mut c = Baresip::start(&pbx, &phone("203", 700, true));
    a.command("dial", &format!("sip:202@{}", pbx.address()));
    b.expect("CALL_ESTABLISHED");
    wait_for_packets(&pbx, "202");

    b.command("transfer", &format!("sip:203@{}", pbx.address()));
    c.expect("CALL_ESTABLISHED");
    b.expect("CALL_CLOSED");
    wait_for_packets(&pbx, "203");
    a.command("hangup", "");
    c.expect("CALL_CLOSED");

    tone::assert_heard(&a.heard(), 1_000.0);
    tone::assert_heard(&a.heard(), 700.0);
    tone::assert_heard(&b.heard(), 440.0);
    tone::assert_not_heard(&b.heard(), 700.0);
    tone::assert_heard(&c.heard(), 440.0);
    tone::assert_not_heard(&c.heard(), 1_000.0);

    let history = pbx.history(1);
    assert_eq!(history[0]["from_number"], "201");
    assert_eq!(history[0]["dialed"], "202");
    assert_eq!(history[0]["to_number"], "203");
    assert_eq!(history[0]["end_reason"], "hangup_caller");
    assert_eq!(history[0]["legs"][1]["end_reason"], "transferred");
    assert_eq!(history[0]["legs"][2]["charged_to"], "202");
}

/// Until three seconds have been heard from a phone of this number in the one call.
fn wait_for_packets(pbx: &Pbx, number: &str) {
    wait_for("packets of the other side", Duration::from_secs(15), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let legs = calls[0]["legs"].as_array().cloned().unwrap_or_default();
        legs.iter().any(|leg| {
            leg["number"] == number && leg["inbound"]["packets"].as_u64().is_some_and(|packets| packets > 150)
        })
    });
}
