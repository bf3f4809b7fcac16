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
