//! Scenarios of the store on real SQLite files, one behaviour a module.

#![expect(clippy::unwrap_used, reason = "a scenario ends at its first surprise, its fixtures included")]

mod bindings_survive;
mod calls_are_upserted;
mod damaged_files;
mod extension_crud;
mod file_goes_missing;
mod import_is_idempotent;
mod import_problems;
mod import_two_thousand;
mod interrupted_calls;
mod locked_database;
mod newer_schema;
mod open_creates;
mod secrets_stay_sealed;
mod two_openers;
mod wrong_key;

use std::path::{Path, PathBuf};

use kiestoon_store::{Import, ImportReport, Key, Options, Store};
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

/// A database in a folder of its own.
struct Fixture {
    folder: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("kiestoon.db")
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    async fn open(&self) -> Store {
        Store::open(&self.url(), key()).await.unwrap()
    }

    /// The sentence with which the database is refused.
    async fn refusal(&self) -> String {
        let mut options = Options::default();
        options.busy_timeout = std::time::Duration::from_millis(50);
        let message = Store::open_with(&self.url(), key(), options).await.unwrap_err().to_string();
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.contains(&self.path().display().to_string()), "{message}");
        message
    }

    /// A second program on the same file.
    async fn stranger(&self) -> SqliteConnection {
        sqlx::sqlite::SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap()
    }
}

fn key() -> Key {
    Key::from_bytes([7; 32])
}

async fn import(store: &Store, text: &str) -> ImportReport {
    let import = Import::parse("import.toml", text).unwrap();
    store.import(&import, &mut |_, _| {}).await.unwrap()
}

/// One organisation, two extensions with the passwords `geheim201` and `geheim202`.
const KANTOOR: &str = r#"
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

/// Every byte of the database and its side files.
fn raw_bytes(path: &Path) -> Vec<u8> {
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    folder.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
}
