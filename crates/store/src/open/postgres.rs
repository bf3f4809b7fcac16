//! A database on a PostgreSQL server: its name without the password, and what a connection is told.

use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::postgres::PgConnectOptions;

use crate::StoreError;
use crate::error::Fault;

/// A database of a PostgreSQL server.
#[derive(Clone)]
pub(crate) struct Postgres {
    url: String,
    name: String,
}

impl Postgres {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the library's own words for the rest.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions =
            url.parse().map_err(|_| StoreError::Url { url: super::without_secret(url) })?;
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        let host = options.get_socket().map_or_else(
            || format!("{}:{}", options.get_host(), options.get_port()),
            |socket| socket.display().to_string(),
        );
        let name = format!("{database} on the PostgreSQL server {host}");
        Ok(Self { url: url.to_owned(), name })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// How messages call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// What every connection is told first. Times without an end are how one stuck program stops all others.
pub(super) fn greeting(busy_timeout: Duration) -> String {
    format!(
        "SET lock_timeout = {}; SET idle_in_transaction_session_timeout = '60s'; \
         SET application_name = 'kiestoon'; SET client_min_messages = 'warning'",
        busy_timeout.as_millis().max(1)
    )
}

/// Waits until no other process changes the desired state or the schema; the lock ends with the transaction.
pub(crate) async fn lock(connection: &mut AnyConnection) -> Result<(), Fault> {
    // Any number will do, as long as it is always the same; this one is "kiestoon" in ASCII.
    sqlx::query("SELECT pg_advisory_xact_lock(7739828981162012526)").execute(connection).await?;
    Ok(())
}
