//! The way to the database that the PBX uses too: which one, with which key. Whichever process starts first makes both.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use kiestoon_config::{Config, KeySource};
use kiestoon_store::{Key, Store};

/// Opens the configured database with its key, making both where there is neither.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Store> {
    let key = match config.store.key_source() {
        KeySource::Given(key) => Key::from_bytes(key),
        // A database that was made with a key is lost without it: another one would only hide that.
        KeySource::File(path) if config.store.path().is_some_and(has_content) => Key::load(&path)?,
        KeySource::File(path) => Key::load_or_create(&path)?,
    };
    let url = match &config.store.url_file {
        None => config.store.url.expose().to_owned(),
        Some(file) => fs::read_to_string(file)
            .with_context(|| format!("the file {} of [store] url_file cannot be read", file.display()))?,
    };
    Ok(Store::open(url.trim(), key).await?)
}

fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.len() > 0)
}
