//! The words that scenarios share, whatever their database.

use kiestoon_store::{Import, ImportReport, Key, Store};

pub(crate) fn key() -> Key {
    Key::from_bytes([7; 32])
}

pub(crate) async fn import(store: &Store, text: &str) -> ImportReport {
    let import = Import::parse("import.toml", text).unwrap();
    store.import(&import, &mut |_, _| {}).await.unwrap()
}

/// One organisation, two extensions with the passwords `geheim201` and `geheim202`.
pub(crate) const KANTOOR: &str = r#"
[[organisation]]
slug = "kantoor"
domain = "kantoor.example"
[[extension]]
number = "201"
name = "Balie"
password = "geheim201"
[[extension]]
number = "202"
password = "geheim202"
"#;
