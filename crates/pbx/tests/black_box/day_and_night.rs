//! Hours set by hand, by a phone and by `kiestoon ctl hours`: they count at once, are told, and stay so when the PBX is killed.
use crate::pbx::{Pbx, wait_for};
use crate::user_agent::UserAgent;

/// Whatever the clock says: 100 is busy when it is open, and rejected as gone when it is closed.
const DIALPLAN: &str = r#"
version = 1
timezone = "Europe/Amsterdam"

[hours.kantoor]
open = ["00:00-24:00"]

[[context.intern]]
match = "*28"
do = [{ override = "kantoor", to = "toggle" }, { reject = 480 }]

[[context.intern]]
match = "100"
when = "kantoor"
do = [{ reject = 486 }]

[[context.intern]]
match = "100"
do = [{ reject = 410 }]
"#;

fn state(pbx: &Pbx) -> (String, bool) {
    let hours = pbx.json(&["ctl", "hours"])[0].clone();
    assert_eq!((&hours["name"], &hours["clock"]), (&"kantoor".into(), &"open".into()));
    (hours["state"].as_str().unwrap().to_owned(), hours["open"].as_bool().unwrap())
}

#[test]
fn a_phone_and_an_operator_close_and_open_and_a_killed_pbx_remembers() {
    let mut pbx = Pbx::start(&["201"], DIALPLAN);
    let mut phone = UserAgent::new(&pbx, "201", "127.0.0.1:0".parse().unwrap());
    phone.register().unwrap();
    assert_eq!(phone.call("100"), Err(486));
    assert_eq!(phone.call("*28"), Err(480));
    assert_eq!(phone.call("100"), Err(410));
    assert_eq!(state(&pbx), ("closed".into(), false));
    assert!(pbx.log().contains("hours set by hand"), "{}", pbx.log());

    pbx.kill();
    pbx.run();
    assert_eq!(state(&pbx), ("closed".into(), false));
    wait_for("a registration after the restart", std::time::Duration::from_secs(10), || {
        phone.register().is_ok()
    });
    assert_eq!(phone.call("100"), Err(410));

    assert_eq!(pbx.json(&["ctl", "hours", "kantoor", "auto"])["state"], "auto");
    assert_eq!(phone.call("100"), Err(486));
    assert_eq!(state(&pbx), ("auto".into(), true));
    let refused = pbx.kiestoon(&["ctl", "hours", "winkel", "open"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("it has kantoor"), "{refused:?}");

    let calls = pbx.history(5);
    let shown = pbx.kiestoon(&["history", calls[3]["id"].as_str().unwrap()]);
    let shown = String::from_utf8_lossy(&shown.stdout);
    for part in ["*28 for 201: rule intern/#1", "override:kantoor:toggle -> done", "reject:480"] {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
    assert_eq!(calls[3]["way"][0]["pattern"], "*28");
    assert_eq!(calls[0]["way"][0]["when"][0], "kantoor");
}
