//! Who is on hold, and an operator who takes them off it: `kiestoon ctl fraud`.
use crate::pbx::Pbx;

const DIALPLAN: &str = "version = 1\n";

#[test]
fn an_operator_holds_lists_and_approves() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    assert_eq!(pbx.json(&["ctl", "fraud"]).as_array().unwrap().len(), 0);
    assert!(pbx.kiestoon(&["ctl", "fraud", "hold", "201"]).status.success());
    assert!(pbx.kiestoon(&["ctl", "fraud", "hold", "--itself"]).status.success());
    let held = pbx.json(&["ctl", "fraud", "list"]);
    assert_eq!(held.as_array().unwrap().len(), 2);
    assert_eq!((&held[0]["number"], &held[1]["number"]), (&serde_json::Value::Null, &"201".into()));
    assert_eq!((&held[1]["reason"], &held[1]["by"]), (&"operator".into(), &"ctl".into()));
    assert_eq!(held[1]["spent_today"], 0);
    assert!(pbx.log().contains("on hold"), "{}", pbx.log());

    let shown = pbx.kiestoon(&["ctl", "fraud"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("201") && shown.contains("by an operator"), "{shown}");
    let unknown = pbx.kiestoon(&["ctl", "fraud", "approve", "999"]);
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no extension 999"), "{unknown:?}");
    assert!(!pbx.kiestoon(&["ctl", "fraud", "approve"]).status.success(), "of whom is to be said");

    assert!(pbx.kiestoon(&["ctl", "fraud", "approve", "201"]).status.success());
    assert_eq!(pbx.json(&["ctl", "fraud"]).as_array().unwrap().len(), 1);
    assert!(pbx.log().contains("off hold"), "{}", pbx.log());
}
