//! A new key for all secrets, on the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::kiestoon::Folder;

#[test]
fn the_key_is_rotated_and_every_password_stays() {
    let folder = Folder::new();
    folder.run(&["secrets", "rotate"]).expect(64).says("there is no database");
    folder.run(&["extension", "add", "201", "--password", "geheim201"]).expect(0);
    let trunk = ["trunk", "add", "voys", "host=sip.example.net", "username=1", "password=geheim-van-voys"];
    folder.run(&trunk).expect(0);
    let key = |folder: &Folder| fs::read_to_string(folder.path("data/kiestoon.key")).expect("a key");
    let before = key(&folder);
    let done = folder.run(&["secrets", "rotate", "--json"]).expect(0).json();
    assert_eq!(done["secrets"], 2);
    assert_ne!(key(&folder), before);
    let old = folder.path(done["old_key_file"].as_str().expect("a path"));
    assert_eq!(fs::read_to_string(&old).expect("the old key"), before);
    for file in [old.clone(), folder.path("data/kiestoon.key")] {
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    }
    folder.run(&["extension", "show", "201", "--reveal"]).expect(0).says("geheim201");
    folder.run(&["trunk", "show", "voys", "--reveal"]).expect(0).says("geheim-van-voys");

    let said =
        folder.run_with(&["secrets", "rotate", "--forget-old"], &[("LC_ALL", "nl_NL.UTF-8")]).expect(0);
    said.says("opnieuw versleutelde geheimen: 2").says("herstart kiestoon en kiestoon-admin");
    assert!(!said.out().contains("oude sleutel nodig"), "{}", said.out());
    let kept = old.file_name().expect("a name").to_string_lossy();
    said.says("sleutels van eerdere vernieuwingen zijn er nog").says(&kept);
    folder.run(&["extension", "show", "201", "--reveal"]).expect(0).says("geheim201");
}
