//! Commands that only look make no database: they say that there is none.

use crate::kiestoon::Folder;

#[test]
fn looking_makes_nothing() {
    let folder = Folder::new();
    for verb in [
        &["history"][..],
        &["extension", "list"],
        &["extension", "show", "201"],
        &["extension", "remove", "201"],
        &["extension", "password", "201"],
    ] {
        let ended = folder.run(verb).expect(64);
        assert_eq!(
            ended.err().trim_end(),
            "there is no database data/kiestoon.db: start Kiestoon or import something first, or check [store] url",
            "{verb:?}"
        );
        assert!(!folder.path("data").exists(), "{verb:?}");
    }
}

#[test]
fn the_first_extension_makes_it() {
    let folder = Folder::new();
    folder.run(&["extension", "add", "201"]).expect(0).says("extension 201 added to default");
    assert!(folder.path("data/kiestoon.db").exists() && folder.path("data/kiestoon.key").exists());
    folder.run(&["extension", "list"]).expect(0).says("201");
}
