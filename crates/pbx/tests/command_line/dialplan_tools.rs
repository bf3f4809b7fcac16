//! `dialplan explain` answers without a database, a running PBX or the right time of day.

use crate::kiestoon::Folder;

#[test]
fn a_call_is_explained_with_its_rule_and_steps() {
    let folder = Folder::new();
    let ended =
        folder.run(&["dialplan", "explain", "202", "--from", "201", "--at", "2026-11-20T10:00"]).expect(0);
    ended.says("201 dials 202 in context intern at 2026-11-20T10:00").says("phones").says("ext:202");
    let json = folder.run(&["dialplan", "explain", "202", "--from", "201", "--json"]).expect(0).json();
    assert_eq!(json["matched"]["rule"]["name"], "phones");
    assert_eq!(json["matched"]["rule"]["file"], "dialplans/office.toml");
    let now = folder.run(&["dialplan", "explain", "202", "--from", "201", "--json"]).expect(0).json();
    assert_eq!(now["at"].as_str().map(str::len), Some("2026-11-20T10:00:00".len()), "{now}");
    folder.run(&["dialplan", "explain", "999", "--from", "201"]).expect(0).says("no rule matches");
    folder
        .run(&["dialplan", "explain", "202", "--from", "201", "--at", "later"])
        .expect(64)
        .says("is no moment");
    assert!(!folder.path("data").exists());
}

#[test]
fn what_a_plan_refers_to_is_looked_for_where_it_can_be() {
    let folder = Folder::new();
    folder.write(
        "dialplans/office.toml",
        "version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ play = \"welkom\" }, { dial = [\"trunk:voys\", \"ext:299\"] }]\n",
    );
    let check = || folder.run(&["dialplan", "check"]).expect(0);
    let alone = check();
    alone
        .says("office.toml:4:16: warning: prompt `welkom` does not exist")
        .says("trunk `voys` does not exist");
    assert!(!alone.err().contains("extension `299`"), "without a database nobody knows");
    assert!(!folder.path("data").exists());
    folder.run(&["extension", "add", "201"]).expect(0);
    folder.write("sounds/nl/welkom.wav", "");
    let known = check();
    known.says("extension `299` does not exist");
    assert!(!known.err().contains("prompt `welkom`"), "{}", known.err());
}

const OFFICE: &str = "version = 1\ntimezone = \"Europe/Amsterdam\"\n[hours.kantoor]\nopen = \"ma-vr 09:00-17:00\"\n\
    [[context.intern]]\nname = \"balie\"\nmatch = \"100\"\nwhen = \"kantoor\"\n\
    do = [{ dial = \"ext:201\", on_busy = [{ reject = \"busy\" }] }]\n\
    [[context.intern]]\nname = \"dicht\"\nmatch = \"100\"\ndo = [{ hangup = true }]\n";

#[test]
fn tests_pass_or_say_what_happened() {
    let folder = Folder::new();
    folder.write("dialplans/office.toml", OFFICE);
    folder.run(&["dialplan", "test"]).expect(64).says("there are no tests");
    let call = "call = { context = \"intern\", from = \"202\", to = \"100\" }";
    let case =
        |name: &str, expect: &str| format!("[[case]]\nname = \"{name}\"\n{call}\nexpect = [\"{expect}\"]\n");
    folder.write("dialplans/tests/office.toml", &case("open", "dial:ext:201"));
    folder.run(&["dialplan", "test"]).expect(0).says("ok    open").says("passed: 1; wrong: 0");
    folder.run(&["check"]).expect(0);
    folder.run(&["dialplan", "coverage"]).expect(0).says("1 of 2 rules, 1 of 3 steps (33 %)");
    folder.run(&["dialplan", "coverage", "--min", "80"]).expect(1).says("less than 80 %");

    folder.write("dialplans/tests/office.toml", &(case("open", "hangup") + &case("ook", "dial:*")));
    let failed = folder.run(&["dialplan", "test", "--junit", "junit.xml"]).expect(1);
    failed.says("WRONG open").says("- hangup").says("+ dial:ext:201").says("passed: 1; wrong: 1");
    assert!(std::fs::read_to_string(folder.path("junit.xml")).unwrap().contains("failures=\"1\""));
    folder.run(&["dialplan", "test", "--filter", "ook"]).expect(0);
    let json = folder.run(&["dialplan", "test", "--json"]).expect(1).json();
    assert_eq!(json["cases"][0]["simulated"]["rule"]["name"], "balie");

    folder.write("dialplans/tests/office.toml", &case("open", "hangup").replace("expect", "expct"));
    folder
        .run(&["dialplan", "test"])
        .expect(64)
        .says("tests/office.toml:4:1: error")
        .says("did you mean `expect`?");
}

#[test]
fn an_explanation_takes_the_way_of_what_is_given() {
    let folder = Folder::new();
    folder.write("dialplans/office.toml", OFFICE);
    let explain = |rest: &[&str]| {
        let words = ["dialplan", "explain", "100", "--from", "202", "--at", "2026-11-20T10:00"];
        folder.run(&[&words, rest].concat())
    };
    explain(&[]).expect(0).says("dial:ext:201 -> answered  (dialplans/office.toml:9)").says("end: answered");
    explain(&["--given", "ext:201=busy"]).expect(0).says("-> busy").says("end: reject:486");
    explain(&["--override", "kantoor=closed"])
        .expect(0)
        .says("kantoor is set closed by hand")
        .says("end: hangup");
    explain(&["--given", "ext:201=bussy"]).expect(64).says("did you mean `busy`?");
    let json = explain(&["--json"]).expect(0).json();
    assert_eq!(json["way"]["end"], "answered");
}

#[test]
fn a_replay_reads_the_history() {
    let folder = Folder::new();
    folder.run(&["extension", "add", "201"]).expect(0);
    folder.run(&["dialplan", "replay", "--last", "7d"]).expect(0).says("0 calls, 0 would go another way");
    folder.run(&["dialplan", "replay", "--from", "gisteren"]).expect(64).says("is no moment");
    folder.run(&["dialplan", "replay", "--organisation", "weg"]).expect(64).says("no organisation `weg`");
}
