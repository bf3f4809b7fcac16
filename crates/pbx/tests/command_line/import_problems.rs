//! `kiestoon import` tells what is wrong with a file all at once: its text, the names of the dialplan, and what the database shows.

use crate::kiestoon::Folder;

const IMPORT: &str = "\
[[block]]
prefix = \"44\"
context = \"spa\"
[[profile]]
name = \"balie\"
hours = \"nergens\"
spend_per_dag = 5
[[extension]]
number = \"201\"
profile = \"bali\"
[[block]]
organisation = \"elders\"
anonymous = true
context = \"elders\"
";

#[test]
fn text_dialplan_and_database_are_told_together() {
    let folder = Folder::new();
    folder.write("import.toml", IMPORT);
    let told = folder.run(&["import", "import.toml"]).expect(64);
    told.says("import.toml:1:1: error: the dialplan has no context `spa`")
        .says("import.toml:2:10: error: `44` cannot be the start")
        .says("import.toml:5:8: error: the dialplan has no hours `nergens`")
        .says("import.toml:7:1: error: unknown key `spend_per_dag`: did you mean `spend_per_day`?")
        .says("import.toml:10:11: error: there is no profile `bali`: did you mean `balie`?")
        .says("import.toml:11:1: error: there is no organisation `elders`");
    assert_eq!(told.err().lines().count(), 6, "and nothing of a dialplan of nobody");
}

#[test]
fn what_is_wrong_with_the_text_is_told_where_the_database_cannot_be_opened() {
    let folder = Folder::new();
    folder.write("data/kiestoon.db", "this is no database, and never was one");
    folder.write("import.toml", IMPORT);
    let told = folder.run(&["import", "import.toml"]).expect(64);
    told.says("import.toml:2:10: error: `44` cannot be the start").says("kiestoon.db");
}
