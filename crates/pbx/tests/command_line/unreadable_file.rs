//! A file that cannot be read is named, with the reason.

use std::fs;

use crate::kiestoon::Folder;

#[test]
fn a_configuration_that_is_not_there() {
    let folder = Folder::new();
    fs::remove_file(folder.path("kiestoon.toml")).expect("removed");
    folder
        .run(&["serve"])
        .expect(64)
        .says("kiestoon.toml: error: the file does not exist; check the path after --config");
}

#[test]
fn a_configuration_that_is_no_file() {
    let folder = Folder::new();
    fs::remove_file(folder.path("kiestoon.toml")).expect("removed");
    fs::create_dir(folder.path("kiestoon.toml")).expect("a folder");
    folder.run(&["serve"]).expect(64).says("kiestoon.toml: error: the file cannot be read");
}

#[test]
fn an_import_that_is_not_there_or_not_text() {
    let folder = Folder::new();
    folder.run(&["import", "phones.toml"]).expect(64).says("phones.toml: the file cannot be read");
    fs::write(folder.path("phones.toml"), [0xff, 0xfe, 0x00]).expect("a file");
    folder.run(&["import", "phones.toml"]).expect(64).says("phones.toml: the file cannot be read");
    assert!(!folder.path("data").exists(), "nothing was made for an import that failed");
}

#[test]
fn a_prompt_that_is_no_sound() {
    let folder = Folder::new();
    folder.write("sounds/nl/welkom.wav", "this is no RIFF file");
    folder.run(&["check"]).expect(64).says("sounds/nl/welkom.wav: error: ");
}

#[test]
fn a_journal_that_is_no_file() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("data/kiestoon.registrations.journal")).expect("a folder");
    let ended = folder.run(&["serve"]).expect(1);
    ended.says("the journal data/kiestoon.registrations.journal cannot be used: Is a directory");
    assert_eq!(ended.err().matches("Is a directory").count(), 1, "{}", ended.err());
}
