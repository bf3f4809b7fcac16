//! The `settings` table: small values by key, among them the revision of the desired state and the proof that
//! the key fits.

use sqlx::AnyConnection;

use crate::error::Fault;
use crate::seal::{Place, Seal};
use crate::{Store, StoreError};

impl Store {
    /// The revision of the desired state: raised with every change of organisations, extensions or trunks, in the same
    /// transaction. A snapshot built at one revision is current as long as this number stays the same.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn revision(&self) -> Result<i64, StoreError> {
        self.explain(async {
            let mut connection = self.readers().acquire().await?;
            revision(&mut connection).await
        })
        .await
    }
}

pub(crate) async fn revision(connection: &mut AnyConnection) -> Result<i64, Fault> {
    let sql = "SELECT CAST(value AS BIGINT) FROM settings WHERE key = 'revision'";
    Ok(sqlx::query_scalar(sql).fetch_one(connection).await?)
}

/// Says that the desired state changes in this transaction.
pub(crate) async fn raise_revision(connection: &mut AnyConnection) -> Result<(), Fault> {
    let sql = "UPDATE settings SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE key = 'revision'";
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}

pub(crate) async fn read(connection: &mut AnyConnection, key: &str) -> Result<Option<String>, Fault> {
    let sql = "SELECT value FROM settings WHERE key = $1";
    Ok(sqlx::query_scalar(sql).bind(key).fetch_optional(connection).await?)
}

pub(crate) async fn write(connection: &mut AnyConnection, key: &str, value: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    sqlx::query(sql).bind(key).bind(value).execute(connection).await?;
    Ok(())
}

/// Leaves a sealed word, by which a later start sees that it has the same key.
pub(crate) async fn store_key_check(connection: &mut AnyConnection, seal: &Seal) -> Result<(), Fault> {
    let sealed = seal.seal(KEY_CHECK, b"kiestoon")?;
    write(connection, KEY_CHECK.row, &sealed).await
}

pub(crate) async fn key_fits(connection: &mut AnyConnection, seal: &Seal) -> Result<bool, Fault> {
    let sealed = read(connection, KEY_CHECK.row).await?;
    Ok(sealed.is_some_and(|sealed| seal.open(KEY_CHECK, &sealed).is_ok()))
}

const KEY_CHECK: Place<'_> = Place { column: "settings.value", row: "key_check" };
