//! A step that the language does not have is shown with its line and a caret; a start with it is refused.

use crate::kiestoon::Folder;

#[test]
fn the_step_is_shown_where_it_stands() {
    let folder = Folder::new();
    folder.write(
        "dialplans/office.toml",
        "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dail = \"ext:${number}\" }]\n",
    );
    let ended = folder.run(&["dialplan", "check"]).expect(64);
    ended.says("dialplans/office.toml:4:").says("dail").says("^").says("`dial`").says("errors: 1");
    assert!(!folder.path("data").exists(), "a check of the dialplan needs no database");
    folder.run(&["check"]).expect(64).says("dialplans/office.toml:4:");
    folder.run(&["serve"]).expect(64).says("dialplans/office.toml:4:");
}

#[test]
fn a_path_may_be_named_without_any_configuration() {
    let folder = Folder::new();
    folder.write("kiestoon.toml", "not even TOML");
    folder.write("other/plan.toml", "version = 1\n[[context.intern]]\nmatch = \"1\"\ndo = [{ dail = 1 }]\n");
    folder.run(&["dialplan", "check", "other"]).expect(64).says("other/plan.toml:4:");
    folder.run(&["dialplan", "check", "other/plan.toml"]).expect(64).says("other/plan.toml:4:");
    folder.run(&["dialplan", "check", "nowhere"]).expect(64).says("nowhere: there is no such folder");
    folder.run(&["dialplan", "check", "dialplans"]).expect(0).says("contexts: intern (1 rules)");
}
