//! Dutch by locale.

use crate::kiestoon::Folder;

#[test]
fn a_dutch_locale_gives_dutch_sentences() {
    let folder = Folder::new();
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&["dialplan", "check"], &dutch).expect(0).says("belplan is goed: bestanden: 1");
    folder.run_with(&["extension", "add", "201"], &dutch).expect(0).says("toestel 201 toegevoegd");
    folder.run_with(&["history"], &dutch).expect(0).says("geen gesprekken");
    folder.run_with(&["dialplan", "check", "nergens"], &dutch).expect(64).says("die map bestaat niet");
    folder.run_with(&["check"], &dutch).expect(0).says("configuratie is goed").says("alles is goed");
}

#[test]
fn errors_are_dutch_too() {
    let folder = Folder::new();
    let dutch = [("LC_ALL", "nl_NL.UTF-8")];
    folder.run_with(&["ctl", "status"], &dutch).expect(1).says("de centrale draait niet");
    folder.run_with(&["history"], &dutch).expect(64).says("er is geen database data/kiestoon.db");
    folder.run_with(&["extension", "add", "201"], &dutch).expect(0);
    folder.run_with(&["extension", "add", "201"], &dutch).expect(1).says("toestel 201 bestaat al");
    folder
        .run_with(&["extension", "add", "a b"], &dutch)
        .expect(64)
        .says("kan geen nummer van een toestel zijn");
    folder.write("data/kiestoon.db", "een boodschappenlijst");
    folder.run_with(&["check"], &dutch).expect(64).says("data/kiestoon.db is geen SQLite-database");
}
