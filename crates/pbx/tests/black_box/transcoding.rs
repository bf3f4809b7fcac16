//! Two phones that have no codec in common: each hears the other at its level, without clicks, and its digits arrive.
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
name = "bezet"
match = "700"
do = [{ play = "tone:busy" }, { hangup = true }]
"#;

const PCMU: &str = ";audio_codecs=PCMU/8000/1";
const PCMA: &str = ";audio_codecs=PCMA/8000/1";
const G722: &str = ";audio_codecs=G722/16000/1";
const OPUS: &str = ";audio_codecs=opus/48000/2";

#[test]
fn between_the_two_laws() {
    talk(PCMU, "PCMU", PCMA, "PCMA");
}

#[test]
fn between_g722_and_g711() {
    talk(G722, "G722", PCMA, "PCMA");
}

#[test]
fn between_opus_and_g711() {
    talk(OPUS, "opus", PCMU, "PCMU");
}

#[test]
fn between_g722_and_opus() {
    talk(G722, "G722", OPUS, "opus");
}

fn talk(caller_codec: &str, caller_name: &str, callee_codec: &str, callee_name: &str) {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let phone = |number, tone, answers, parameters| {
        Baresip::start(&pbx, &Phone { number, transport: "udp", tone, answers, parameters })
    };
    let mut caller = phone("201", 440, false, caller_codec);
    let mut callee = phone("202", 1_000, true, callee_codec);
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    wait_for("packets on both legs", Duration::from_secs(20), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let packets = |leg: usize| calls[0]["legs"][leg]["outbound"]["packets"].as_u64().unwrap_or_default();
        packets(0) > 200 && packets(1) > 200
    });
    let calls = pbx.json(&["ctl", "calls"]);
    assert_eq!(
        (&calls[0]["legs"][0]["codec"], &calls[0]["legs"][1]["codec"]),
        (&caller_name.into(), &callee_name.into())
    );
    caller.command("hangup", "");
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");

    for (hears, says, frequency) in [(&caller, &callee, 1_000.0), (&callee, &caller, 440.0)] {
        tone::assert_heard(&hears.heard(), frequency);
        let (heard, _) = tone::level(&hears.heard(), frequency);
        let (said, _) = tone::level(&says.said(), frequency);
        assert!((heard - said).abs() < 1.0, "{frequency} Hz said at {said:.2} dB, heard at {heard:.2} dB");
        tone::assert_smooth(&hears.heard(), frequency);
    }
    assert_eq!(pbx.history(1)[0]["end_reason"], "hangup_caller");
}

#[test]
fn a_digit_reaches_a_phone_of_another_codec() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let phone = |number, answers, parameters| {
        Baresip::start(&pbx, &Phone { number, transport: "udp", tone: 440, answers, parameters })
    };
    let mut caller = phone("201", false, PCMA);
    let mut callee = phone("202", true, G722);
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    wait_for("sound", Duration::from_secs(10), || {
        pbx.json(&["ctl", "calls"])[0]["legs"][1]["outbound"]["packets"].as_u64().unwrap_or_default() > 50
    });
    caller.command("sndcode", "5");
    assert_eq!(callee.expect("CALL_DTMF_START")["param"], "5");
    caller.command("hangup", "");
    callee.expect("CALL_CLOSED");
}

#[test]
fn the_busy_tone_of_the_country_is_heard_in_g722() {
    let pbx = Pbx::start(&["201"], DIALPLAN);
    let mut a = Baresip::start(
        &pbx,
        &Phone { number: "201", transport: "udp", tone: 1_000, answers: false, parameters: G722 },
    );
    a.command("dial", &format!("sip:700@{}", pbx.address()));
    a.expect("CALL_ESTABLISHED");
    a.expect("CALL_CLOSED");
    let (tone, _) = tone::level(&a.heard(), 425.0);
    assert!(tone > -30.0, "425 Hz is only {tone:.1} dB");
}
