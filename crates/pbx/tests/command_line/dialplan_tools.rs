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
