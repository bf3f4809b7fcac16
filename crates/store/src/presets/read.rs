//! From the text of a preset to a [`Preset`].

use toml_edit::{Document, Item, Table};

use super::Preset;
use crate::import::{ImportProblem, Reader};
use crate::trunks::{TrunkDoubt, TrunkSettings};

/// A preset of this name; `is_country` knows which countries there are.
pub(super) fn preset(
    name: &str,
    path: &str,
    text: &str,
    is_country: &dyn Fn(&str) -> bool,
) -> Result<Preset, Vec<ImportProblem>> {
    let mut reader = Reader::new(path, text);
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => return Err(reader.broken(&error)),
    };
    let table = document.as_table();
    reader.known(table, "title, documentation, needs, note, trunk");
    let title = reader.required(table, "title", |_| Ok(()));
    let note = section(&mut reader, table, "note");
    let mut notes = ["nl", "en"].map(|_| String::new());
    if let Some(note) = note {
        reader.known(note, "nl, en");
        notes = ["nl", "en"].map(|key| reader.text(note, key, |_| Ok(())).unwrap_or_default());
    }
    let [note_nl, note_en] = notes;
    let preset = Preset {
        name: name.to_owned(),
        title: title.unwrap_or_default(),
        note_nl,
        note_en,
        documentation: texts(&mut reader, table, "documentation"),
        needs: needs(&mut reader, table),
        settings: settings(&mut reader, table, is_country),
        file: None,
    };
    let problems = reader.into_problems();
    if problems.is_empty() { Ok(preset) } else { Err(problems) }
}

/// A file or folder that cannot be read.
pub(super) fn unreadable(path: &str, error: &std::io::Error) -> ImportProblem {
    let mut reader = Reader::new(path, "");
    reader.error(None, format!("cannot be read ({error})"));
    reader.into_problems().swap_remove(0)
}

fn section<'t>(reader: &mut Reader<'_>, table: &'t Table, key: &str) -> Option<&'t Table> {
    let item = table.get(key)?;
    let section = item.as_table();
    if section.is_none() {
        reader.error(item.span(), format!("write `{key}` as a section that begins with [{key}]"));
    }
    section
}

fn settings(reader: &mut Reader<'_>, table: &Table, is_country: &dyn Fn(&str) -> bool) -> TrunkSettings {
    let mut settings = TrunkSettings::default();
    let Some(trunk) = section(reader, table, "trunk") else { return settings };
    reader.known(trunk, &TrunkSettings::KEYS.join(", "));
    for (key, item) in trunk {
        reader.setting(&mut settings, key, item);
    }
    if let Some(country) = settings.country.as_ref().filter(|country| !is_country(country)) {
        let doubt = TrunkDoubt::UnknownCountry(country.clone());
        reader.error(trunk.get("country").and_then(Item::span), doubt.to_string());
    }
    settings
}

fn needs(reader: &mut Reader<'_>, table: &Table) -> Vec<String> {
    let needs = texts(reader, table, "needs");
    let Some(item) = table.get("needs") else { return needs };
    for (key, value) in needs.iter().zip(item.as_array().into_iter().flatten()) {
        if key != "password" && !TrunkSettings::KEYS.contains(&key.as_str()) {
            reader.error(value.span(), format!("`needs` has `{key}`, which is no key of a trunk"));
        }
    }
    needs
}

fn texts(reader: &mut Reader<'_>, table: &Table, key: &str) -> Vec<String> {
    let Some(item) = table.get(key) else { return Vec::new() };
    let Some(array) = item.as_array() else {
        reader.error(item.span(), format!("`{key}` is a list of {}", listed(key)));
        return Vec::new();
    };
    let mut texts = Vec::new();
    for value in array {
        match value.as_str() {
            Some(text) => texts.push(text.to_owned()),
            None => reader.error(value.span(), format!("`{key}` is a list of {}", listed(key))),
        }
    }
    texts
}

fn listed(key: &str) -> &'static str {
    if key == "needs" { "keys in quotes" } else { "texts in quotes" }
}
