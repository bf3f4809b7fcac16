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
