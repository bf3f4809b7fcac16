//! 50 calls a second while two plans take turns, by saved files and by command: no call is lost, and each goes by one plan alone.
use std::{fs, net::UdpSocket, time::Duration};

use crate::pbx::{Pbx, free_port, wait_for};
use crate::sipp::Sipp;

const CALLS: usize = 550;
const PLANS: [(&str, &str); 2] = [("een", "202"), ("twee", "204")];

/// The files of a plan in which everything tells which one it is. Its calls wait in a group before they go on, and may be
/// overtaken there.
fn files((name, rung): (&str, &str)) -> [(&'static str, String); 2] {
    let first = format!(
        r#"version = 1
[group.{name}]
members = ["203"]
timeout = "1s"
[[context.intern]]
name = "{name}"
match = "100"
do = [{{ dial = "group:{name}" }}, {{ goto = "context:deel" }}]
"#
    );
    let second = format!(
        "version = 1\n[[context.deel]]\nname = \"{name}\"\nmatch = \"_!\"\ndo = [{{ dial = \"ext:{rung}\" }}]\n"
    );
    [("a.toml", first), ("b.toml", second)]
}

fn save(pbx: &Pbx, plan: (&str, &str)) {
    for (name, text) in files(plan) {
        fs::write(pbx.path("dialplans").join(name), text).unwrap();
    }
}

fn hash(pbx: &Pbx) -> String {
    pbx.json(&["ctl", "status"])["dialplan_hash"].as_str().unwrap().to_owned()
}

#[test]
fn no_call_is_lost_and_none_goes_by_two_plans() {
    let mut pbx = Pbx::new(&["201", "202", "203", "204"], "version = 1\n");
    save(&pbx, PLANS[0]);
    pbx.run();
    // A phone that never says anything: who calls it waits.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    Sipp::register(&pbx, "203", silent.local_addr().unwrap().port());
    let callees = ["202", "204"].map(|number| {
        let port = free_port();
        Sipp::register(&pbx, number, port);
        Sipp::start(&pbx, "callee", number, port, port, &[])
    });
    let calls = CALLS.to_string();
    let arguments = ["-s", "100", "-r", "50", "-m", &calls, "-l", "500", "-d", "100"];
    let caller = Sipp::start(&pbx, "caller", "201", free_port(), 0, &arguments);
    let mut hashes = vec![hash(&pbx)];
    for turn in 1..=20 {
        save(&pbx, PLANS[turn % 2]);
        let before = hashes.last().cloned();
        if turn % 5 == 0 {
            wait_for("the saved files", Duration::from_secs(10), || Some(hash(&pbx)) != before);
        } else {
            assert!(pbx.kiestoon(&["ctl", "reload"]).status.success());
        }
        hashes.push(hash(&pbx));
    }
    caller.succeed();
    drop(callees);
    assert!(hashes.windows(3).all(|three| three[0] == three[2] && three[0] != three[1]), "{hashes:?}");

    let mut history = Vec::new();
    wait_for("all call records", Duration::from_secs(10), || {
        history = pbx.json(&["history", "--limit", "2000"]).as_array().unwrap().clone();
        history.len() == CALLS
    });
    let mut counts = [0; 2];
    for call in &history {
        let at = usize::from(call["route"] == PLANS[1].0);
        let (name, rung) = PLANS[at];
        counts[at] += 1;
        let steps: Vec<&str> = call["way"][0]["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["step"].as_str().unwrap())
            .collect();
        let expected =
            [format!("dial:group:{name}"), format!("rule:deel/{name}"), format!("dial:ext:{rung}")];
        assert_eq!(steps, expected, "{call:#}");
        let ended = (&call["dialplan_hash"], &call["to_number"], &call["end_reason"]);
        assert_eq!(ended, (&hashes[at].clone().into(), &rung.into(), &"hangup_caller".into()), "{call:#}");
    }
    assert!(counts.iter().all(|count| *count > CALLS / 10), "both plans were in force: {counts:?}");
}
