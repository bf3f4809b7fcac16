//! Bad configurations end with 64 and every error; both sides end cleanly.

use std::fs;

use crate::house::House;

#[test]
fn every_error_is_said_at_once() {
    let house = House::new();
    let text = fs::read_to_string(house.path("kiestoon.toml")).unwrap();
    let text = text.replace("http = [\"127.0.0.1", "http = [\"0.0.0.0");
    let more = "certificate = \"none.crt\"\nlocale = \"xx\"\nturn_urls = [\"turn:a\"]\n";
    fs::write(house.path("kiestoon.toml"), text + more).unwrap();
    let refused = house.refused();
    assert_eq!(refused.status.code(), Some(64));
    let said = String::from_utf8_lossy(&refused.stderr);
    for part in ["in the clear", "`admin.key`", "`admin.locale`", "turn_secret_file"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn a_taken_port_is_named() {
    let mut house = House::new();
    house.start_admin();
    let refused = house.refused();
    assert_eq!(refused.status.code(), Some(64));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains(&format!("`admin.http`: {} cannot be listened on", house.http())), "{said}");
    assert_eq!(house.stop_admin(), Some(0));
}
