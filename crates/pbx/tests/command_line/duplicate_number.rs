//! An import with a number twice is refused whole, with the place; what was there stays.

use crate::kiestoon::Folder;

#[test]
fn nothing_of_a_bad_import_is_taken() {
    let folder = Folder::new();
    folder.write(
        "good.toml",
        "[[extension]]\nnumber = \"201\"\nname = \"Balie\"\npassword = \"een-lang-wachtwoord\"\n",
    );
    folder.run(&["import", "good.toml"]).expect(0).says("1 new, 0 changed, 0 unchanged");
    folder.write(
        "bad.toml",
        "[[extension]]\nnumber = \"202\"\n\n[[extension]]\nnumber = \"203\"\n\n[[extension]]\nnumber = \"202\"\n",
    );
    let ended = folder.run(&["import", "bad.toml"]).expect(64);
    ended.says("bad.toml:8:").says("202");
    let list = folder.run(&["extension", "list", "--json"]).expect(0).json();
    let numbers: Vec<&str> =
        list.as_array().expect("a list").iter().filter_map(|e| e["number"].as_str()).collect();
    assert_eq!(numbers, ["201"]);
}

#[test]
fn an_import_is_idempotent_and_shows_passwords_once() {
    let folder = Folder::new();
    folder.write("phones.toml", "[[extension]]\nnumber = \"201\"\n[[extension]]\nnumber = \"202\"\n");
    let first = folder.run(&["import", "phones.toml", "--json"]).expect(0).json();
    assert_eq!(first["extensions"]["created"], 2);
    assert_eq!(first["generated"].as_array().map(Vec::len), Some(2));
    let password = first["generated"][0]["password"].as_str().expect("a password").to_owned();
    let second = folder.run(&["import", "phones.toml"]).expect(0);
    second.says("0 new, 0 changed, 2 unchanged");
    assert!(!second.out().contains(&password));
}

#[test]
fn many_warnings_are_counted_rather_than_listed() {
    let folder = Folder::new();
    let phones: String = (100..150)
        .map(|number| format!("[[extension]]\nnumber = \"{number}\"\npassword = \"kort\"\n"))
        .collect();
    folder.write("phones.toml", &phones);
    let ended = folder.run(&["import", "phones.toml"]).expect(0);
    ended.says("50 new").says("phones.toml:3:12: warning: ").says("and 40 warnings more");
    assert_eq!(ended.err().lines().count(), 11, "{}", ended.err());
}
