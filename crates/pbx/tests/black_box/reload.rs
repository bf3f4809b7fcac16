//! A changed dialplan takes effect by itself; a bad one is refused whole and the old one stays in force.
use std::{fs, time::Duration};

use crate::pbx::{Pbx, text, wait_for};

const OLD: &str = "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\" }]\n";

fn hash(pbx: &Pbx) -> String {
    pbx.json(&["ctl", "status"])["dialplan_hash"].as_str().unwrap().to_owned()
}

#[test]
fn a_good_file_is_taken_and_a_bad_one_refused() {
    let pbx = Pbx::start(&["201"], OLD);
    let file = pbx.path("dialplans/test.toml");
    let first = hash(&pbx);
    fs::write(&file, OLD.replace("_2XX", "_3XX")).unwrap();
    wait_for("the new plan", Duration::from_secs(5), || hash(&pbx) != first);
    let second = hash(&pbx);

    fs::write(&file, OLD.replace("dial", "dail")).unwrap();
    wait_for("the refusal in the log", Duration::from_secs(5), || pbx.log().contains("dail"));
    assert_eq!(hash(&pbx), second);
    let refused = pbx.kiestoon(&["ctl", "reload"]);
    assert_eq!(refused.status.code(), Some(64), "{}", text(&refused));
    assert!(text(&refused).contains("test.toml:4:"), "{}", text(&refused));
    assert_eq!(hash(&pbx), second);
    let check = pbx.kiestoon(&["dialplan", "check"]);
    assert_eq!(check.status.code(), Some(64), "{}", text(&check));
}

#[test]
fn a_new_extension_can_be_used_without_a_restart() {
    let pbx = Pbx::start(&["201"], OLD);
    let before = pbx.json(&["ctl", "status"])["extensions"].as_u64().unwrap();
    assert!(pbx.kiestoon(&["extension", "add", "202"]).status.success());
    wait_for("the extension", Duration::from_secs(5), || {
        pbx.json(&["ctl", "status"])["extensions"].as_u64().unwrap() == before + 1
    });
}
