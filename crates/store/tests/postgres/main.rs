//! The scenarios of the store that are not about files, again on a real PostgreSQL server: the same modules, another
//! [`Fixture`].

#![expect(clippy::unwrap_used, reason = "a scenario ends at its first surprise, its fixtures included")]

mod key_undecided;
mod server;
mod server_away;
mod strangers_database;

#[path = "../store/accounts_survive.rs"]
mod accounts_survive;
#[path = "../store/bindings_survive.rs"]
mod bindings_survive;
#[path = "../store/blocks_are_kept.rs"]
mod blocks_are_kept;
#[path = "../store/calls_are_upserted.rs"]
mod calls_are_upserted;
#[path = "../store/contacts_are_kept.rs"]
mod contacts_are_kept;
#[path = "../store/extension_crud.rs"]
mod extension_crud;
#[path = "../store/hours_survive.rs"]
mod hours_survive;
#[path = "../store/import_is_idempotent.rs"]
mod import_is_idempotent;
#[path = "../store/import_problems.rs"]
mod import_problems;
#[path = "../store/import_rights.rs"]
mod import_rights;
#[path = "../store/import_trunks.rs"]
mod import_trunks;
#[path = "../store/import_two_thousand.rs"]
mod import_two_thousand;
#[path = "../store/interrupted_calls.rs"]
mod interrupted_calls;
#[path = "../store/newer_schema.rs"]
mod newer_schema;
#[path = "../store/provider_events.rs"]
mod provider_events;
#[path = "../store/secrets_stay_sealed.rs"]
mod secrets_stay_sealed;
#[path = "../store/trunk_crud.rs"]
mod trunk_crud;
#[path = "../store/two_openers.rs"]
mod two_openers;
#[path = "../store/users_log_in.rs"]
mod users_log_in;
#[path = "../store/words.rs"]
mod words;
#[path = "../store/wrong_key.rs"]
mod wrong_key;

use std::sync::OnceLock;
use std::time::Duration;

use kiestoon_store::{Options, Store};
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

use crate::server::Server;
use crate::words::{KANTOOR, import, key, presets};

/// Starting one takes longer than most scenarios.
fn shared_server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server::new();
        server.start();
        server
    })
}

/// A database of its own on the server that all scenarios share.
struct Fixture {
    folder: TempDir,
    database: String,
}

impl Fixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: shared_server().create_database() }
    }

    fn url(&self) -> String {
        shared_server().url(&self.database)
    }

    async fn open(&self) -> Store {
        Store::open(&self.url(), key()).await.unwrap()
    }

    /// The sentence with which the database is refused.
    async fn refusal(&self) -> String {
        let mut options = Options::default();
        options.busy_timeout = Duration::from_millis(50);
        let message = Store::open_with(&self.url(), key(), options).await.unwrap_err().to_string();
        assert_eq!(message.lines().count(), 1, "{message}");
        assert!(message.contains(&self.database), "{message}");
        message
    }

    /// A second program on the same database.
    async fn stranger(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&self.url()).await.unwrap()
    }

    /// The server's write-ahead log: whatever is written to a table stands there first.
    fn raw_bytes(&self) -> Vec<u8> {
        let log = std::fs::read_dir(shared_server().data().join("pg_wal")).unwrap();
        let files = log.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        files.flat_map(|path| std::fs::read(path).unwrap()).collect()
    }
}
