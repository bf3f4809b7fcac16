//! The doctor, where nothing runs: it says so, and what lies on the disk.

use serde_json::Value;

use crate::kiestoon::Folder;

fn found<'a>(findings: &'a Value, item: &str) -> (&'a str, &'a str) {
    let all = findings.as_array().expect("a list");
    let one =
        all.iter().find(|finding| finding["item"] == item).unwrap_or_else(|| panic!("{item}: {findings:#}"));
    (one["result"].as_str().expect("a word"), one["says"].as_str().expect("words"))
}

#[test]
fn it_says_what_is_missing_and_what_to_do() {
    let folder = Folder::new();
    let dead = folder.run(&["doctor", "--json"]).expect(64).json();
    assert_eq!(found(&dead, "database").0, "failed");
    assert_eq!(found(&dead, "PBX").0, "failed");
    assert_eq!(found(&dead, "web pages").0, "failed");

    folder.run(&["extension", "add", "201"]).expect(0);
    folder.run(&["user", "add", "anna"]).expect(0);
    folder.run(&["trunk", "add", "voys", "host=sip.example.net"]).expect(0);
    let there = folder.run(&["doctor", "--production", "--json"]).expect(64).json();
    assert_eq!(found(&there, "database").0, "good");
    // How full it is depends on the machine.
    assert!(found(&there, "disk").1.contains("MB free"), "{there:#}");
    assert_eq!(found(&there, "trunks").0, "skipped", "nobody knows while it does not run");
    assert_eq!(found(&there, "dialplan"), ("warning", "no rule takes 112 as a call for help"));
    assert_eq!(found(&there, "people").0, "failed", "nobody administers it");
    assert_eq!(found(&there, "test call").0, "warning");
    assert_eq!(found(&there, "HTTPS").0, "warning");
    assert_eq!(found(&there, "key").0, "warning");

    folder.run(&["user", "add", "admin", "--role", "admin", "--extension", "201"]).expect(0);
    folder.run(&["user", "extension", "anna", "201"]).expect(0);
    folder.write("dialplans/nood.toml", HELP);
    let mended = folder.run_with(&["doctor", "--production"], &[("LC_ALL", "nl_NL.UTF-8")]).expect(64);
    mended
        .says("✓ mensen       gebruikers: 2; beheerders: 1")
        .says("112 gaat naar buiten")
        .says("→ kiestoon check && kiestoon serve");
    folder.write("dialplans/nood.toml", "broken");
    let broken = folder.run(&["doctor", "--json"]).expect(64).json();
    assert_eq!(found(&broken, "dialplan").0, "failed");
}

const HELP: &str = "[[context.intern]]\nname = \"nood\"\nmatch = \"112\"\nemergency = true\ndo = [{ dial = \"trunk:voys\" }]\n";
