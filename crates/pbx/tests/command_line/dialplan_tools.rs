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
    alone.says("office.toml:4:16: warning: prompt `welkom` does not exist");
    for what in ["extension `299`", "trunk `voys`"] {
        assert!(!alone.err().contains(what), "without a database nobody knows");
    }
    assert!(!folder.path("data").exists());
    folder.run(&["extension", "add", "201"]).expect(0);
    folder.write("sounds/nl/welkom.wav", "");
    let known = check();
    known.says("extension `299` does not exist").says("trunk `voys` does not exist");
    assert!(!known.err().contains("prompt `welkom`"), "{}", known.err());
    let add = |name: &str| folder.run(&["trunk", "add", name, "host=sip.example.net"]).expect(0);
    add("voyz");
    check().says("trunk `voys` does not exist").says("did you mean `voyz`?");
    add("voys");
    assert!(!check().err().contains("trunk `voys` does not exist"));
    folder.run(&["trunk", "disable", "voys"]).expect(0);
    for disabled in [check(), folder.run(&["check"]).expect(64)] {
        disabled.says("warning: trunk `voys` is disabled, so no call goes over it");
        disabled.says("enable it: `kiestoon trunk enable voys --config kiestoon.toml`");
        assert!(!disabled.err().contains("trunk `voys` does not exist"), "{}", disabled.err());
    }
    folder.run(&["trunk", "enable", "voys"]).expect(0);
    assert!(!check().err().contains("trunk `voys`"));
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
    assert_eq!(json["cases"][0]["attempts"][0], serde_json::json!({ "is": "missing", "text": "hangup" }));
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
    explain(&["--given", "group:balie=busy"]).expect(64).says("the plan has no group `balie`");
    explain(&[]).expect(0).says("for a test: expect = [\"dial:ext:201\"]");
    let json = explain(&["--json", "--given", "ext:201=503"]).expect(0).json();
    assert_eq!(
        (&json["way"]["end"], &json["way"]["trail"]["steps"][0]["result"]),
        (&"500".into(), &"503".into()),
        "the way has what came, the caller is told another status"
    );
}

#[test]
fn a_replay_reads_the_history() {
    let folder = Folder::new();
    folder.run(&["extension", "add", "201"]).expect(0);
    folder.run(&["dialplan", "replay", "--last", "7d"]).expect(0).says("0 calls, 0 would go another way");
    folder.run(&["dialplan", "replay", "--from", "gisteren"]).expect(64).says("is no moment");
    folder
        .run(&["dialplan", "replay", "--organisation", "weg"])
        .expect(64)
        .says("no organisation `weg`; there are: default");
}

const BAKKER: &str = "version = 1\norganisation = \"bakker\"\n[[context.intern]]\nname = \"brood\"\nmatch = \"100\"\n\
    do = [{ play = \"brood\" }, { hangup = true }]\n";

#[test]
fn organisations_have_plans_and_tests_of_their_own() {
    let folder = Folder::new();
    folder.write("dialplans/a.toml", BAKKER);
    folder.write("dialplans/b.toml", &BAKKER.replace("bakker", "slager").replace("brood", "worst"));
    let call = "call = { context = \"intern\", from = \"201\", to = \"100\" }";
    let case = |slug: &str, expect: &str| {
        format!(
            "organisation = \"{slug}\"\n[[case]]\nname = \"{expect}\"\n{call}\nexpect = [\"play:{expect}\", \"hangup\"]\n"
        )
    };
    folder.write("dialplans/tests/a.toml", &case("bakker", "brood"));
    folder.write("dialplans/tests/b.toml", &case("slager", "worst"));
    let shared = "[[case]]\nname = \"allen\"\ncall = { context = \"intern\", from = \"201\", to = \"202\" }\nexpect = [\"dial:ext:202\"]\n";
    folder.write("dialplans/tests/c.toml", shared);
    let test = folder.run(&["dialplan", "test"]).expect(0);
    test.says("ok    bakker: brood")
        .says("ok    slager: worst")
        .says("ok    allen")
        .says("passed: 3; wrong: 0");
    folder.run(&["dialplan", "test", "--organisation", "slager"]).expect(0).says("passed: 1; wrong: 0");
    folder.run(&["dialplan", "test", "--filter", "weg"]).expect(64).says("no case has that name");
    folder.run(&["dialplan", "coverage"]).expect(0).says("3 of 3 rules, 5 of 5 steps (100 %)");
    folder
        .run(&["dialplan", "coverage", "--organisation", "slager"])
        .expect(0)
        .says("2 of 2 rules, 3 of 3 steps (100 %)");
    for words in [
        &["dialplan", "test"][..],
        &["dialplan", "coverage"],
        &["dialplan", "explain", "100", "--from", "201"],
        &["dialplan", "graph"],
    ] {
        let unknown = folder.run(&[words, &["--organisation", "slaager"]].concat()).expect(64);
        unknown
            .says("no file is of organisation `slaager`; there are: bakker, slager")
            .says("did you mean `slager`?");
    }
    let explain = ["dialplan", "explain", "100", "--from", "201", "--organisation", "bakker"];
    folder.run(&explain).expect(0).says("brood");
    folder
        .run(&["dialplan", "graph", "--format", "mermaid", "--organisation", "slager"])
        .expect(0)
        .says("worst");
    folder.write("dialplans/tests/c.toml", &shared.replace("[[case]]", "organisation = \"baker\"\n[[case]]"));
    folder
        .run(&["dialplan", "test"])
        .expect(64)
        .says("tests/c.toml:1:16: error: no file is of organisation `baker`")
        .says("did you mean `bakker`?");
}

#[test]
fn what_live_calls_cannot_do_is_said_once_and_at_its_step() {
    let folder = Folder::new();
    folder.write(
        "dialplans/office.toml",
        "version = 1\n[[context.intern]]\nmatch = \"_0X.\"\nrequire = \"call.national\"\n\
         do = [{ dial = \"trunk:voys\" }, { voicemail = \"1\" }]\n\
         [[context.intern]]\nmatch = \"_1X.\"\nrequire = \"call.premium\"\ndo = [{ dial = \"trunk:voys\" }]\n\
         [[context.inkomend]]\nmatch = \"_2X.\"\ndo = [{ dial = \"ext:${number}\" }]\n",
    );
    let check = folder.run(&["dialplan", "check"]).expect(0);
    assert_eq!(check.err().matches("`voicemail` is not built").count(), 1, "{}", check.err());
    folder
        .run(&["dialplan", "explain", "0612", "--from", "201"])
        .expect(0)
        .says("needs the permission call.national");
    folder
        .run(&["dialplan", "explain", "0612", "--from", "201", "--given", "trunk:voys=503"])
        .expect(0)
        .says("[live: not built yet, the call ends here]");
    let json = folder.run(&["dialplan", "explain", "0612", "--from", "201", "--json"]).expect(0).json();
    assert_eq!(json["matched"]["steps"][1]["not_live"], serde_json::json!(["voicemail"]));
    assert_eq!(json["matched"]["require"], "call.national");
    assert_eq!(json["way"]["not_live"], serde_json::json!([]));

    let none = folder.run(&["dialplan", "explain", "202", "--from", "201"]).expect(0);
    none.says("no rule matches").says("context inkomend has a rule for it: inkomend/#1 (dialplans/office.toml:10); calls from trunks enter it: --context inkomend");
    folder
        .run(&["dialplan", "explain", "202", "--from", "201", "--context", "inkommend"])
        .expect(64)
        .says("there is no context `inkommend`; there are: inkomend, intern")
        .says("did you mean `inkomend`?");
}

#[test]
fn a_picture_is_printed_or_written() {
    let folder = Folder::new();
    folder.run(&["dialplan", "graph", "--output", "plan.svg"]).expect(0).says("plan.svg is written");
    assert!(std::fs::read_to_string(folder.path("plan.svg")).unwrap().contains("</svg>"));
    folder.run(&["dialplan", "graph"]).expect(0).says("<svg");
    folder.run(&["dialplan", "graph", "--context", "intern"]).expect(0).says("phones");
    folder
        .run(&["dialplan", "graph", "--context", "intrn"])
        .expect(64)
        .says("there is no context intrn; there are: intern");
    folder.run(&["dialplan", "graph", "--output", "plan.md"]).expect(0);
    assert!(std::fs::read_to_string(folder.path("plan.md")).unwrap().contains("```mermaid\nflowchart LR"));
    folder.run(&["dialplan", "graph", "--output", "away/plan.svg"]).expect(1).says("cannot be written");
}

#[test]
fn schemas_are_printed_or_written_beside_the_files() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["dialplan", "schema"]).expect(0).json()["title"], "Kiestoon dialplan");
    assert_eq!(
        folder.run(&["dialplan", "schema", "--tests"]).expect(0).json()["title"],
        "Kiestoon dialplan tests"
    );
    folder
        .run(&["dialplan", "schema", "--write"])
        .expect(0)
        .says("dialplans/dialplan.schema.json is written");
    assert!(folder.path("dialplans/dialplan-test.schema.json").exists());
    folder.run(&["dialplan", "check"]).expect(0);
    folder.run(&["dialplan", "schema", "--write", "away"]).expect(64).says("away: there is no such folder");
    folder.write("plan.toml", "");
    folder.run(&["dialplan", "schema", "--write", "plan.toml"]).expect(64).says("plan.toml is no folder");
}

#[test]
fn every_verb_has_examples() {
    let folder = Folder::new();
    for verb in ["check", "test", "explain", "coverage", "replay", "graph", "schema"] {
        let help = folder.run(&["dialplan", verb, "--help"]).expect(0);
        help.says("Example:\n  kiestoon dialplan");
    }
}
