//! The way to the database: which file, which key, and what is made where there is none.
use std::{io::Read as _, path::Path};

use anyhow::Context as _;
use kiestoon_config::{Config, KeySource};
use kiestoon_store::{Key, Options, Store, StoreError};

/// Opens the configured database with its key, making both where there is neither.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Store> {
    let key = match (config.store.key_source(), found(config)?) {
        (KeySource::Given(key), _) => Key::from_bytes(key),
        (KeySource::File(path), Found::Nothing) => {
            make_folder(&path)?;
            Key::load_or_create(&path)?
        }
        // A database that was made with a key is lost without it: another one would only hide that.
        (KeySource::File(path), Found::Database) => Key::load(&path)?,
    };
    Ok(Store::open(&url(config)?, key).await?)
}

/// Opens a database that is there already, for commands that have nothing to put into a new one.
pub(crate) async fn open_existing(config: &Config) -> anyhow::Result<Store> {
    let found = found(config)?;
    let key = match (config.store.key_source(), config.store.path()) {
        // Before the key: where there is no database, a missing key is no news.
        (_, Some(path)) if found == Found::Nothing => {
            return Err(StoreError::Missing { path: path.to_owned() }.into());
        }
        (KeySource::Given(key), _) => Key::from_bytes(key),
        (KeySource::File(path), _) => Key::load(&path)?,
    };
    let mut options = Options::default();
    options.create = false;
    Ok(Store::open_with(&url(config)?, key, options).await?)
}

/// The URL as it is configured, or as its file says.
fn url(config: &Config) -> anyhow::Result<String> {
    let Some(file) = &config.store.url_file else { return Ok(config.store.url.expose().to_owned()) };
    let url = std::fs::read_to_string(file)
        .with_context(|| format!("the file {} of [store] url_file cannot be read", file.display()))?;
    Ok(url.trim().to_owned())
}

/// What is at the path of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// No file, or an empty one: a first start that was cut short leaves it.
    Nothing,
    /// A database, or a file that cannot be read: opening it says why.
    Database,
}

fn found(config: &Config) -> Result<Found, StoreError> {
    // On a server nobody knows before it is asked; a key that does not fit is refused then.
    let Some(path) = config.store.path() else { return Ok(Found::Nothing) };
    let mut start = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut start));
    match read {
        Ok(0) => Ok(Found::Nothing),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Found::Nothing),
        Ok(_) if start != MAGIC => Err(StoreError::NotADatabase { path: path.to_owned() }),
        _ => Ok(Found::Database),
    }
}

/// How every SQLite database begins (<https://www.sqlite.org/fileformat.html> section 1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";

fn make_folder(file: &Path) -> anyhow::Result<()> {
    let Some(folder) = file.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).with_context(|| format!("{}: cannot be made", folder.display()))
}
