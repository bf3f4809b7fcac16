//! Extensions one at a time.

use crate::kiestoon::Folder;

#[test]
fn an_extension_is_added_shown_changed_and_removed() {
    let folder = Folder::new();
    let added = folder.run(&["extension", "add", "201", "--name", "Balie", "--json"]).expect(0).json();
    let password = added["password"].as_str().expect("a generated password").to_owned();
    let masked = folder.run(&["extension", "show", "201"]).expect(0);
    assert!(!masked.out().contains(&password) && masked.out().contains("Balie"), "{}", masked.out());
    folder.run(&["extension", "show", "201", "--reveal"]).expect(0).says(&password);
    folder.run(&["extension", "password", "201", "--password", "een-nieuw-wachtwoord"]).expect(0);
    folder.run(&["extension", "show", "201", "--reveal"]).expect(0).says("een-nieuw-wachtwoord");
    folder.run(&["extension", "add", "201"]).expect(1).says("extension 201 exists already");
    folder.run(&["extension", "remove", "201"]).expect(0);
    folder.run(&["extension", "show", "201"]).expect(1).says("there is no extension 201");
    folder.run(&["extension", "list"]).expect(0).says("no extensions yet");
}

#[test]
fn an_empty_history_is_an_empty_list() {
    let folder = Folder::new();
    folder.run(&["extension", "add", "201"]).expect(0);
    assert_eq!(folder.run(&["history", "--json"]).expect(0).json(), serde_json::json!([]));
    folder.run(&["history"]).expect(0).says("no calls");
    folder.run(&["history", "--since", "soon"]).expect(64).says("`soon` is no moment");
    folder.run(&["history", "--disposition", "lost"]).expect(64).says("`lost` is no disposition");
}
