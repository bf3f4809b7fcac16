//! Who calls in over a trunk, by a provider that is SIPp: a contact rings under its name, whoever is kept out is declined.
use std::{fs, time::Duration};

use crate::pbx::{Pbx, free_port, text, wait_for};
use crate::sipp::Sipp;

const DIALPLAN: &str = r#"
version = 1
[[context.inkomend]]
match = "+31201234567"
do = [{ dial = "ext:201" }]
"#;

const PROVIDER: &str = "127.0.0.2";

const IMPORT: &str = r#"
[[trunk]]
name = "voys"
host = "127.0.0.2"
addresses = ["127.0.0.2"]
numbers = ["020-1234567"]
options = "off"

[[contact]]
number = "06-87654321"
name = "Bakkerij Jansen"

[[block]]
prefix = "+44"
note = "alleen uit eigen land"
"#;

fn call_in(pbx: &Pbx, scenario: &str, from: &str) {
    let arguments = ["-i", PROVIDER, "-s", "+31201234567", "-m", "1", "-d", "200"];
    Sipp::start(pbx, scenario, from, free_port(), 0, &arguments).succeed();
}

#[test]
fn a_contact_is_named_and_a_blocked_number_is_declined() {
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    let list = pbx.path("blocklist.txt");
    fs::write(&list, "# nobody yet\n").unwrap();
    pbx.configure(&format!("[trunks]\nblocklist = {list:?}\n"));
    let file = pbx.path("callers.toml");
    fs::write(&file, IMPORT).unwrap();
    let imported = pbx.kiestoon(&["import", file.to_str().unwrap()]);
    assert!(text(&imported).contains("contacts: 1 new"), "{}", text(&imported));
    assert!(text(&imported).contains("blocks: 1 new"), "{}", text(&imported));
    pbx.run();
    let port = free_port();
    let messages = pbx.path("phone-messages");
    let log = ["-m", "1", "-trace_msg", "-message_file", messages.to_str().unwrap()];
    let phone = Sipp::start(&pbx, "callee", "201", port, port, &log);
    Sipp::register(&pbx, "201", port);
    call_in(&pbx, "trunk-caller", "0687654321");
    phone.succeed();
    let messages = fs::read_to_string(messages).unwrap();
    assert!(messages.contains("From: \"Bakkerij Jansen\" <sip:+31687654321@"), "{messages}");
    let call = &pbx.history(1)[0];
    assert_eq!(
        (&call["from_name"], &call["to_number"]),
        (&"Bakkerij Jansen".into(), &"201".into()),
        "{call:#}"
    );

    call_in(&pbx, "trunk-refused", "+442071234567");
    let call = &pbx.history(2)[0];
    assert_eq!((&call["end_reason"], &call["sip_code"]), (&"blocked".into(), &603.into()), "{call:#}");
    assert_eq!(call["from_name"], "", "{call:#}");

    // A list that changes is read again.
    let before = pbx.log();
    fs::write(&list, "+31 20 5551234  # nuisance\n").unwrap();
    wait_for("the list to be read", Duration::from_secs(20), || {
        pbx.log().len() > before.len() && {
            pbx.log().get(before.len()..).is_some_and(|news| news.contains("reloaded"))
        }
    });
    call_in(&pbx, "trunk-refused", "0205551234");
    assert_eq!(pbx.history(3)[0]["end_reason"], "blocked");
    let metrics = text(&pbx.kiestoon(&["ctl", "metrics"]));
    assert!(metrics.contains("kiestoon_calls_blocked_total{action=\"reject\"} 2"), "{metrics}");

    // One that goes away stays in force as it was, and other changes are taken.
    fs::remove_file(&list).unwrap();
    let reloaded = pbx.kiestoon(&["ctl", "reload"]);
    assert!(text(&reloaded).contains("its 1 numbers from before stay in force"), "{}", text(&reloaded));
    call_in(&pbx, "trunk-refused", "0205551234");
    assert_eq!(pbx.history(4)[0]["end_reason"], "blocked");
}

#[test]
fn a_list_that_is_not_there_keeps_the_pbx_from_nothing() {
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    let list = pbx.path("gone.txt");
    pbx.configure(&format!("[trunks]\nblocklist = {list:?}\n"));
    pbx.run();
    assert!(pbx.log().contains("until it can be read, it keeps nobody out"), "{}", pbx.log());
    let checked = text(&pbx.kiestoon(&["check"]));
    assert!(checked.contains("`trunks.blocklist`: ") && checked.contains("gone.txt"), "{checked}");
}
