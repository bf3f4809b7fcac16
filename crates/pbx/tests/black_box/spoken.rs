//! A desk phone is asked for digits, presses them, and hears the number in words: listened for in what it recorded. What it
//! presses for a secret question is told to nobody.
use std::fs;
use std::time::Duration;

use kiestoon_media::prompt::Prompt;

use crate::baresip::{Baresip, Phone};
use crate::pbx::{Pbx, repository, text, wait_for};
use crate::tone;
use crate::watch::Watch;

const DIALPLAN: &str = r#"
version = 1
[[context.intern]]
match = "700"
do = [
    { collect = "nummer", prompt = "toon", min = 2, max = 5, timeout = "60s", pause = "60s", match = "_XXX" },
    { say = "number:${nummer}" },
    { collect = "pin", prompt = "toon", digits = 6, timeout = "60s", pause = "60s", secret = true },
    { hangup = true },
]
"#;

/// No part of a time, an address or an id is like it.
const PIN: &str = "791797";

#[test]
fn what_is_pressed_is_heard_as_a_number_and_a_secret_is_told_to_nobody() {
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    pbx.configure("[log]\nlevel = \"trace\"\n");
    tone::write(&pbx.path("sounds/toon.wav"), 700.0, 100.0);
    fs::create_dir_all(pbx.path("sounds/nl/say")).unwrap();
    for entry in fs::read_dir(repository("sounds/nl/say")).unwrap() {
        let file = entry.unwrap().path();
        fs::copy(&file, pbx.path("sounds/nl/say").join(file.file_name().unwrap())).unwrap();
    }
    pbx.run();
    let mut keys = Watch::start(&pbx);
    let mut phone = Baresip::start(
        &pbx,
        &Phone { number: "201", transport: "udp", tone: 440, answers: false, parameters: "" },
    );
    phone.command("dial", &format!("sip:700@{}", pbx.address()));
    phone.expect("CALL_ESTABLISHED");
    let sent = |packets: u64| {
        pbx.json(&["ctl", "calls"])[0]["legs"][0]["outbound"]["packets"].as_u64().unwrap_or_default()
            > packets
    };
    wait_for("the question", Duration::from_secs(20), || sent(75));
    for key in ["1", "8", "5", "#"] {
        phone.command("sndcode", key);
        assert!(keys.next("call.digit").contains(&format!("\"digit\":\"{key}\"")), "each key is told of");
    }
    wait_for("the second question", Duration::from_secs(20), || {
        let calls = pbx.json(&["ctl", "calls"]);
        let steps = calls[0]["way"][0]["steps"].as_array().unwrap();
        steps.iter().filter(|step| step["step"] == "collect:toon").count() == 2
    });
    for key in PIN.split_inclusive(|_| true) {
        phone.command("sndcode", key);
        let told = keys.next("call.digit");
        assert!(told.contains("\"digit\":null"), "{told}");
    }
    phone.expect("CALL_CLOSED");
    tone::assert_not_heard(&phone.heard(), 440.0);
    let words = ["100", "85", "58"].map(|word| {
        let file = fs::read(repository(&format!("sounds/nl/say/{word}.opus"))).unwrap();
        Prompt::from_file(&file).unwrap().decoded().unwrap()
    });
    let [hundred, right, wrong] = words.each_ref().map(|word| tone::find(&phone.heard(), word));
    let found = format!("100 {hundred:?}, 85 {right:?}, 58 {wrong:?}");
    assert!(hundred.0 > 0.9 && right.0 > 0.9 && wrong.0 < 0.5, "{found}");
    // Each word begins where the one before ends.
    let gap = right.1 - hundred.1 - words[0].len() as f64 / 16_000.0;
    assert!(gap.abs() < 0.1, "{gap} s between the words: {found}");

    let call = &pbx.history(1)[0];
    assert_eq!((&call["disposition"], &call["end_reason"]), (&"answered".into(), &"dialplan".into()));
    let shown = text(&pbx.kiestoon(&["history", call["id"].as_str().unwrap()]));
    assert!(shown.contains("digits:185") && shown.contains("digits:******"), "{shown}");
    for shown in [&shown, &pbx.log(), &call.to_string(), &keys.heard] {
        assert!(!shown.contains(PIN), "{PIN} in {shown}");
    }
}
