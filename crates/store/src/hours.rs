//! Day and night by hand: hours that are open or closed whatever the clock says, kept so that they stay so over a restart. The
//! PBX owns them.

use serde::{Deserialize, Serialize};
use sqlx::Row;

use crate::error::Fault;
use crate::{Store, StoreError};

/// What hours of an organisation were set to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HoursChange {
    /// The organisation.
    pub organisation_id: String,
    /// The name of the hours in the dialplan.
    pub name: String,
    /// Open or closed; None: as the clock says.
    pub open: Option<bool>,
    /// Who set them: an extension's number, a user's login, or another word.
    pub by: String,
    /// When, in microseconds UTC.
    pub at: i64,
}

impl Store {
    /// Saves changes, given in their order, in one transaction; of each hours the latest counts. Those of an organisation that is
    /// gone are left out.
    ///
    /// # Errors
    /// When the database cannot be written now; the caller keeps the changes and tries again.
    pub async fn save_hours(&self, changes: &[HoursChange]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.explain(async {
            let mut writing = self.begin().await?;
            for change in changes {
                sqlx::query(SAVE)
                    .bind(&change.organisation_id)
                    .bind(&change.name)
                    .bind(word(change.open))
                    .bind(&change.by)
                    .bind(change.at)
                    .execute(&mut *writing)
                    .await?;
            }
            Ok(writing.commit().await?)
        })
        .await
    }

    /// The hours that are open or closed by hand, by organisation and name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hours(&self) -> Result<Vec<HoursChange>, StoreError> {
        self.explain(async {
            let sql = "SELECT organisation_id, name, state, changed_by, changed_at FROM hours \
                 WHERE state <> 'auto' ORDER BY organisation_id, name";
            let rows = sqlx::query(sql).fetch_all(self.readers()).await?;
            let read = |row: &sqlx::any::AnyRow| {
                let state: &str = row.try_get("state")?;
                Ok(HoursChange {
                    organisation_id: row.try_get("organisation_id")?,
                    name: row.try_get("name")?,
                    open: open(state)?,
                    by: row.try_get("changed_by")?,
                    at: row.try_get("changed_at")?,
                })
            };
            rows.iter().map(read).collect()
        })
        .await
    }
}

fn word(open: Option<bool>) -> &'static str {
    match open {
        None => "auto",
        Some(true) => "open",
        Some(false) => "closed",
    }
}

fn open(state: &str) -> Result<Option<bool>, Fault> {
    match state {
        "auto" => Ok(None),
        "open" => Ok(Some(true)),
        "closed" => Ok(Some(false)),
        other => Err(StoreError::Value { what: "state", value: other.into() }.into()),
    }
}

const SAVE: &str = "INSERT INTO hours (organisation_id, name, state, changed_by, changed_at) \
     SELECT id, $2, $3, $4, $5 FROM organisations WHERE id = $1 \
     ON CONFLICT (organisation_id, name) DO UPDATE SET \
     state = excluded.state, changed_by = excluded.changed_by, changed_at = excluded.changed_at \
     WHERE excluded.changed_at >= hours.changed_at";
