//! The schema's history: numbered files, each applied once, all under one exclusive lock, so that two processes
//! that start together find one finished schema.

use sqlx::AnyConnection;

use crate::error::Fault;
use crate::open::{Place, now_micros, postgres};
use crate::seal::Seal;
use crate::{StoreError, organisations, settings};

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// Oldest first; versions count up from 1. A released file is never changed.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "ground_floor", sqlite: GROUND_FLOOR, postgres: GROUND_FLOOR },
    Migration {
        version: 2,
        name: "lean_registrations",
        sqlite: include_str!("../migrations/0002_lean_registrations.sql"),
        postgres: include_str!("../migrations/0002_lean_registrations.postgres.sql"),
    },
    Migration { version: 3, name: "ha1_sha512_256", sqlite: SHA_512_256, postgres: SHA_512_256 },
    Migration { version: 4, name: "users", sqlite: USERS, postgres: USERS },
    Migration { version: 5, name: "hours", sqlite: HOURS, postgres: HOURS },
    Migration { version: 6, name: "way", sqlite: WAY, postgres: WAY },
    Migration { version: 7, name: "trunks", sqlite: TRUNKS, postgres: TRUNKS },
    Migration { version: 8, name: "rights", sqlite: RIGHTS, postgres: RIGHTS },
    Migration { version: 9, name: "provider_events", sqlite: PROVIDER_EVENTS, postgres: PROVIDER_EVENTS },
    Migration { version: 10, name: "contacts", sqlite: CONTACTS, postgres: CONTACTS },
    Migration { version: 11, name: "trunk_accounts", sqlite: TRUNK_ACCOUNTS, postgres: TRUNK_ACCOUNTS },
    Migration { version: 12, name: "settled_events", sqlite: SETTLED_EVENTS, postgres: SETTLED_EVENTS },
];

const GROUND_FLOOR: &str = include_str!("../migrations/0001_ground_floor.sql");
const SHA_512_256: &str = include_str!("../migrations/0003_ha1_sha512_256.sql");
const USERS: &str = include_str!("../migrations/0004_users.sql");
const HOURS: &str = include_str!("../migrations/0005_hours.sql");
const WAY: &str = include_str!("../migrations/0006_way.sql");
const TRUNKS: &str = include_str!("../migrations/0007_trunks.sql");
const RIGHTS: &str = include_str!("../migrations/0008_rights.sql");
const PROVIDER_EVENTS: &str = include_str!("../migrations/0009_provider_events.sql");
const CONTACTS: &str = include_str!("../migrations/0010_contacts.sql");
const TRUNK_ACCOUNTS: &str = include_str!("../migrations/0011_trunk_accounts.sql");
const SETTLED_EVENTS: &str = include_str!("../migrations/0012_settled_events.sql");

/// True when no migration is left to apply. Takes no lock.
///
/// # Errors
/// When the file is no database, is another program's, or has a newer schema.
pub(crate) async fn is_current(connection: &mut AnyConnection, place: &Place) -> Result<bool, Fault> {
    Ok(version(connection, place).await? == newest())
}

/// Applies what is missing. A fresh database also gets its key check and its first organisation.
pub(crate) async fn migrate(connection: &mut AnyConnection, place: &Place, seal: &Seal) -> Result<(), Fault> {
    let begin = match place {
        Place::File(_) => "BEGIN EXCLUSIVE",
        Place::Server(_) => "BEGIN",
    };
    sqlx::raw_sql(begin).execute(&mut *connection).await?;
    let applied = apply(connection, place, seal).await;
    let end = if applied.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = sqlx::raw_sql(end).execute(connection).await;
    applied?;
    ended?;
    Ok(())
}

async fn apply(connection: &mut AnyConnection, place: &Place, seal: &Seal) -> Result<(), Fault> {
    if let Place::Server(_) = place {
        postgres::lock(connection).await?;
    }
    // Read again under the lock: another process may have finished in the meantime.
    let found = version(connection, place).await?;
    if found == 0 {
        let sql = "CREATE TABLE IF NOT EXISTS schema_migrations \
             (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
        sqlx::query(sql).execute(&mut *connection).await?;
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
        let sql = match place {
            Place::File(_) => migration.sqlite,
            Place::Server(_) => migration.postgres,
        };
        sqlx::raw_sql(sql).execute(&mut *connection).await?;
        let sql = "INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)";
        let insert = sqlx::query(sql).bind(migration.version).bind(migration.name).bind(now_micros());
        insert.execute(&mut *connection).await?;
        tracing::info!(version = migration.version, name = migration.name, "schema migrated");
    }
    if found == 0 {
        settings::store_key_check(connection, seal).await?;
        organisations::create_placeholder(connection).await?;
    }
    Ok(())
}

/// The version of the schema found, 0 for an empty database.
async fn version(connection: &mut AnyConnection, place: &Place) -> Result<i64, Fault> {
    let sql = match place {
        Place::File(_) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Place::Server(_) => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *connection).await?;
    if tables.is_empty() {
        return Ok(0);
    }
    if !tables.iter().any(|table| table == "schema_migrations") {
        return Err(StoreError::Foreign { database: place.to_string() }.into());
    }
    let found: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM schema_migrations").fetch_one(connection).await?;
    let (found, known) = (found.unwrap_or(0), newest());
    if found > known {
        return Err(StoreError::NewerSchema { database: place.to_string(), found, known }.into());
    }
    Ok(found)
}

fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_from_one() {
        let versions: Vec<_> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=newest()).collect::<Vec<_>>());
    }
}
