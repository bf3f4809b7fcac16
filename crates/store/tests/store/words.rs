//! The words that scenarios share, whatever their database.

use kiestoon_store::{Import, ImportReport, Key, Presets, Store};

pub(crate) fn key() -> Key {
    Key::from_bytes([7; 32])
}

pub(crate) async fn import(store: &Store, text: &str) -> ImportReport {
    let import = Import::parse("import.toml", text).unwrap();
    store.import(&import, &presets(), &mut |_, _| {}).await.unwrap()
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

/// The presets that come with the program, and a country whose numbers are written with a 0 in front.
pub(crate) fn presets() -> Presets {
    Presets::load(None, numbering).unwrap()
}

pub(crate) fn numbering(country: &str, number: &str) -> Option<String> {
    let digits: String = number.chars().filter(|c| !" -".contains(*c)).collect();
    ["nl", "br", "us"].contains(&country).then(|| match digits.strip_prefix('0') {
        Some(rest) if digits.len() == 10 => format!("+31{rest}"),
        _ => digits,
    })
}
