//! A running PBX says what of its configuration it has taken, and what waits for a restart.

use std::fs;

use crate::kiestoon::Folder;

#[test]
fn keys_that_wait_for_a_restart_are_named_and_those_of_files_are_taken() {
    let folder = Folder::new();
    let _serving = folder.serve();
    let quiet = folder.run(&["ctl", "reload"]).expect(0);
    assert!(!quiet.out().contains("restart"), "{}", quiet.out());

    let config = fs::read_to_string(folder.path("kiestoon.toml")).expect("a configuration");
    folder.write("rates/voys.csv", "prefix,per_minute,setup\n31,1.00,0\n");
    let more = "[trunks]\nrates = \"rates\"\nblocklist = \"blocked.txt\"\n[limits]\ndrain_secs = 77\n";
    folder.write("kiestoon.toml", &format!("{config}{more}"));
    folder.run(&["ctl", "reload"]).expect(0).says("blocked.txt").says("it keeps nobody out");
    folder.write("blocked.txt", "+31205550000\n");
    let taken = folder.run(&["ctl", "reload"]).expect(0);
    taken.says("these changes wait for a restart: limits.drain_secs\n");
    let taken = folder.run(&["ctl", "reload", "--json"]).expect(0).json();
    assert_eq!(taken["waiting"], serde_json::json!(["limits.drain_secs"]));
    // The list of numbers is one that the running PBX looks at by itself from now on.
    folder.write("blocked.txt", "no number\n");
    folder.run(&["ctl", "reload"]).expect(0).says("blocked.txt");

    folder.write("kiestoon.toml", &format!("{config}[sip.tsl]\n"));
    folder.run(&["ctl", "reload"]).expect(64);
}
