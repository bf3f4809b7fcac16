//! Failures inside this crate, and what those of the database library mean to an operator.

use std::path::Path;
use std::time::Duration;

use super::StoreError;
use crate::open::Place;

/// A failure inside this crate, before the name of the database is added to it.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(sqlx::Error),
    Known(StoreError),
}

impl Fault {
    /// True when another connection holds the lock of the file that was needed.
    pub(crate) fn is_sqlite_busy(&self) -> bool {
        matches!(self, Self::Sql(error) if matches!(primary_code(error), Some(BUSY | LOCKED)))
    }

    /// The operator's sentence for this failure of the database.
    pub(crate) fn explain(self, place: &Place, waited: Duration) -> StoreError {
        let error = match self {
            Self::Known(known) => return known,
            Self::Sql(error) => error,
        };
        let database = place.to_string();
        match (&error, place) {
            // The queue for the one writer of a file; the queue for a server's connections, where none can be made.
            (sqlx::Error::PoolTimedOut, Place::File(_)) => StoreError::Busy { database, waited },
            (sqlx::Error::PoolTimedOut, Place::Server(_)) => {
                StoreError::Unreachable { database, reason: "no connection in time".into() }
            }
            (_, Place::File(file)) => of_file(&error, file.path(), database, waited),
            (_, Place::Server(_)) => of_server(&error, database, waited),
        }
    }
}

fn of_file(error: &sqlx::Error, path: &Path, database: String, waited: Duration) -> StoreError {
    let path = path.to_path_buf();
    match primary_code(error) {
        Some(BUSY | LOCKED) => StoreError::Busy { database, waited },
        Some(CORRUPT) => StoreError::Corrupt { path },
        Some(NOT_A_DATABASE) => StoreError::NotADatabase { path },
        Some(READ_ONLY) => StoreError::ReadOnly { database },
        Some(FULL) => StoreError::Full { database },
        Some(CANNOT_OPEN | PERMISSION | INPUT_OUTPUT) => StoreError::Open { path, reason: reason(error) },
        _ => StoreError::Database { database, reason: reason(error) },
    }
}

/// By SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>: the first two characters are the class.
fn of_server(error: &sqlx::Error, database: String, waited: Duration) -> StoreError {
    let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
    let reason = reason(error);
    match (&*code, code.get(..2)) {
        // lock_not_available, deadlock_detected, serialization_failure
        ("55P03" | "40P01" | "40001", _) => StoreError::Busy { database, waited },
        // invalid_authorization_specification, invalid_catalog_name, insufficient_privilege
        ("42501" | "3D000", _) | (_, Some("28")) => StoreError::Denied { database, reason },
        ("25006", _) => StoreError::ReadOnly { database },
        ("53100", _) => StoreError::Full { database },
        // connection exceptions, too_many_connections, operator intervention such as a shutdown
        ("53300", _) | (_, Some("08" | "57")) => StoreError::Unreachable { database, reason },
        _ if matches!(error, sqlx::Error::Io(_) | sqlx::Error::Tls(_)) => {
            StoreError::Unreachable { database, reason }
        }
        _ => StoreError::Database { database, reason },
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Known(error)
    }
}

impl From<crate::rules::Refusal> for Fault {
    fn from(refusal: crate::rules::Refusal) -> Self {
        Self::Known(StoreError::Refused(refusal))
    }
}

/// The primary result code of SQLite; the bits above the lowest eight only refine it.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?.parse::<i32>().ok()?;
    Some(code & 0xff)
}

/// The words of the database, on one line.
pub(crate) fn reason(error: &sqlx::Error) -> String {
    let text =
        error.as_database_error().map_or_else(|| error.to_string(), |known| known.message().to_owned());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

// Result codes of SQLite, https://www.sqlite.org/rescode.html
const PERMISSION: i32 = 3;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const INPUT_OUTPUT: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;
