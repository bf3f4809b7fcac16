//! A database that is none is one sentence and exit 64; nothing is overwritten.

use std::fs;

use crate::kiestoon::Folder;

#[test]
fn a_file_that_is_no_database() {
    let folder = Folder::new();
    folder.write("data/kiestoon.db", &"this is a shopping list\n".repeat(100));
    folder.write("phones.toml", "[[extension]]\nnumber = \"201\"\n");
    for verb in [&["serve"][..], &["history"], &["import", "phones.toml"], &["extension", "list"]] {
        let ended = folder.run(verb).expect(64);
        ended.says("data/kiestoon.db is not an SQLite database");
        assert_eq!(ended.err().trim_end().lines().count(), 1, "{verb:?}: {}", ended.err());
    }
    let kept = fs::read_to_string(folder.path("data/kiestoon.db")).expect("the file");
    assert!(kept.starts_with("this is a shopping list"));
}

#[test]
fn a_database_with_broken_pages() {
    let folder = Folder::new();
    folder.write("phones.toml", "[[extension]]\nnumber = \"201\"\n");
    folder.run(&["import", "phones.toml"]).expect(0);
    let path = folder.path("data/kiestoon.db");
    let mut bytes = fs::read(&path).expect("the database");
    let middle = bytes.len() / 2;
    bytes[4096..middle].fill(0xaa);
    fs::write(&path, bytes).expect("damage");
    let ended = folder.run(&["extension", "list"]).expect(64);
    ended.says("data/kiestoon.db is damaged");
    folder.run(&["check"]).expect(64).says("data/kiestoon.db is damaged");
}

#[test]
fn a_key_that_was_lost_is_told_and_not_replaced() {
    let folder = Folder::new();
    folder.write("phones.toml", "[[extension]]\nnumber = \"201\"\n");
    folder.run(&["import", "phones.toml"]).expect(0);
    fs::remove_file(folder.path("data/kiestoon.key")).expect("the key lies beside the database");
    for verb in [&["check"][..], &["serve"], &["import", "phones.toml"], &["extension", "list"], &["history"]]
    {
        folder
            .run(verb)
            .expect(64)
            .says("the key file data/kiestoon.key cannot be used")
            .says("put back the one that was made with the database");
        assert!(!folder.path("data/kiestoon.key").exists(), "{verb:?}");
    }
}
