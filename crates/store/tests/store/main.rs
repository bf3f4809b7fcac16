//! Scenarios of the store on real SQLite files, one behaviour a module.

#![expect(clippy::unwrap_used, reason = "a scenario ends at its first surprise, its fixtures included")]

mod accounts_survive;
mod bindings_survive;
mod blocks_are_kept;
mod calls_are_upserted;
mod contacts_are_kept;
mod damaged_files;
mod extension_crud;
mod file_goes_missing;
mod hours_survive;
mod import_is_idempotent;
mod import_problems;
mod import_rights;
mod import_trunks;
mod import_two_thousand;
mod interrupted_calls;
mod key_rotation;
mod locked_database;
mod newer_schema;
mod open_creates;
mod preset_addresses;
mod provider_events;
mod secrets_stay_sealed;
mod trunk_crud;
mod two_openers;
mod users_log_in;
mod words;
mod wrong_key;

use std::path::PathBuf;

use kiestoon_store::{Options, Store};
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

use crate::words::{KANTOOR, import, key, presets};

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
    async fn stranger(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&self.url()).await.unwrap()
    }

    /// Every byte of the database and its side files.
    fn raw_bytes(&self) -> Vec<u8> {
        let folder = std::fs::read_dir(self.folder.path()).unwrap();
        folder.flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect()
    }
}
