//! What was spent, and who is on hold, kept so that both outlive the process. The PBX owns them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::Row;

use crate::{Store, StoreError};

/// The account of an extension or of an organisation, as it is from then on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountChange {
    /// The organisation.
    pub organisation_id: String,
    /// The number of the extension; empty for the organisation itself.
    pub number: String,
    /// Year, month and day on the calendar of the organisation, as 20261129.
    pub day: i64,
    /// Spent that day, in millionths of the currency.
    pub today: u64,
    /// Spent in its month, likewise.
    pub this_month: u64,
    /// Whether it is on hold, and why.
    pub held: Option<AccountHold>,
    /// When, in microseconds UTC.
    pub at: i64,
}

/// That somebody is on hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountHold {
    /// Since when, in microseconds UTC.
    pub since: i64,
    /// The word of the reason.
    pub reason: String,
    /// The operator who did it; None where the calls did.
    pub by: Option<String>,
}

impl Store {
    /// Saves accounts, given in their order, in one transaction; of each the last one counts, whatever the clock said: it may have been
    /// set back. Those of an organisation that is gone are left out.
    ///
    /// # Errors
    /// When the database cannot be written now; the caller keeps the changes and tries again.
    pub async fn save_accounts(&self, changes: &[AccountChange]) -> Result<(), StoreError> {
        // A running call changes its accounts every few seconds: of each only the last state is written.
        let latest: BTreeMap<(&str, &str), &AccountChange> =
            changes.iter().map(|change| ((&*change.organisation_id, &*change.number), change)).collect();
        if latest.is_empty() {
            return Ok(());
        }
        self.explain(async {
            let mut writing = self.begin().await?;
            for change in latest.into_values() {
                let held = change.held.as_ref();
                sqlx::query(SAVE)
                    .bind(&change.organisation_id)
                    .bind(&change.number)
                    .bind(change.day)
                    .bind(amount(change.today))
                    .bind(amount(change.this_month))
                    .bind(held.map(|held| held.since))
                    .bind(held.map(|held| held.reason.as_str()))
                    .bind(held.and_then(|held| held.by.as_deref()))
                    .bind(change.at)
                    .execute(&mut *writing)
                    .await?;
            }
            Ok(writing.commit().await?)
        })
        .await
    }

    /// All accounts, by organisation and number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn accounts(&self) -> Result<Vec<AccountChange>, StoreError> {
        self.explain(async {
            let sql = "SELECT organisation_id, number, day, today, this_month, held_since, held_reason, held_by, \
                 changed_at FROM accounts ORDER BY organisation_id, number";
            let rows = sqlx::query(sql).fetch_all(self.readers()).await?;
            Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn read(row: &sqlx::any::AnyRow) -> Result<AccountChange, sqlx::Error> {
    let since: Option<i64> = row.try_get("held_since")?;
    let reason: Option<String> = row.try_get("held_reason")?;
    let by: Option<String> = row.try_get("held_by")?;
    Ok(AccountChange {
        organisation_id: row.try_get("organisation_id")?,
        number: row.try_get("number")?,
        day: row.try_get("day")?,
        today: row.try_get::<i64, _>("today")?.unsigned_abs(),
        this_month: row.try_get::<i64, _>("this_month")?.unsigned_abs(),
        held: since.zip(reason).map(|(since, reason)| AccountHold { since, reason, by }),
        at: row.try_get("changed_at")?,
    })
}

/// The database has no numbers without a sign.
fn amount(millionths: u64) -> i64 {
    i64::try_from(millionths).unwrap_or(i64::MAX)
}

const SAVE: &str = "INSERT INTO accounts (organisation_id, number, day, today, this_month, held_since, held_reason, \
     held_by, changed_at) \
     SELECT id, $2, $3, $4, $5, CAST($6 AS BIGINT), CAST($7 AS TEXT), CAST($8 AS TEXT), $9 \
     FROM organisations WHERE id = $1 \
     ON CONFLICT (organisation_id, number) DO UPDATE SET \
     day = excluded.day, today = excluded.today, this_month = excluded.this_month, \
     held_since = excluded.held_since, held_reason = excluded.held_reason, held_by = excluded.held_by, \
     changed_at = excluded.changed_at";
