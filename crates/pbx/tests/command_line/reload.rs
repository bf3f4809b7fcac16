//! A running PBX says what of its configuration it has taken, and what waits for a restart.

use std::fs;

use crate::kiestoon::Folder;

#[test]
fn a_dutch_operator_reads_dutch_warnings_and_reasons() {
    let folder = Folder::new();
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    let config = fs::read_to_string(folder.path("kiestoon.toml")).expect("a configuration");
    folder.write("rates/voys.csv", "prefix,per_minute,setup\n31,1.00,0\n");
    folder.write("blocked.txt", "geen nummer\n");
    let more = "[trunks]\nrates = \"rates\"\nblocklist = \"blocked.txt\"\n";
    folder.write("kiestoon.toml", &format!("{config}{more}"));
    let _serving = folder.serve();
    let taken = folder.run_with(&["ctl", "reload"], &dutch).expect(0);
    taken.says("de tarieven van trunk voys worden niet gebruikt: die trunk is er niet");
    taken.says("blocked.txt:1: regels van de blokkeerlijst die geen nummer zijn: 1");
    let english = folder.run(&["ctl", "reload"]).expect(0);
    english.says("rates of trunk voys are not used: there is no such trunk");
    folder.write("rates/voys.csv", "prefix\n");
    let refused = folder.run_with(&["ctl", "reload"], &dutch).expect(64);
    refused.says("de nieuwe toestand is geweigerd en de oude gebleven");
    refused.says("voys.csv:1: fout: de eerste regel moet `prefix,per_minute,setup` zijn");
    folder.run(&["ctl", "reload"]).expect(64).says("voys.csv:1: error: the first line must be");
}

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
