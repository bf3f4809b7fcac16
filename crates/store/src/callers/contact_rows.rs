//! The table `contacts`.

use std::collections::{HashMap, HashSet};

use sqlx::{AnyConnection, FromRow};
use uuid::Uuid;

use super::Contact;
use crate::error::Fault;
use crate::import::Counts;
use crate::open::now_micros;

/// A contact as its row holds it.
#[derive(Debug, FromRow)]
pub(crate) struct ContactRow {
    id: String,
    number: String,
    name: String,
    source: String,
    updated_at: i64,
}

/// A contact to be kept: its number in E.164.
#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    pub(crate) number: String,
    pub(crate) name: String,
}

impl ContactRow {
    pub(crate) fn shown(self, organisation: &str) -> Contact {
        let Self { id, number, name, source, updated_at } = self;
        Contact { id, organisation: organisation.to_owned(), number, name, source, updated_at }
    }
}

/// Organisation, number and name of all.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<(String, String, String)>, Fault> {
    let sql = "SELECT organisation_id, number, name FROM contacts";
    Ok(sqlx::query_as(sql).fetch_all(connection).await?)
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    organisation_id: &str,
) -> Result<Vec<ContactRow>, Fault> {
    let sql = "SELECT id, number, name, source, updated_at FROM contacts WHERE organisation_id = $1 ORDER BY number";
    Ok(sqlx::query_as(sql).bind(organisation_id).fetch_all(connection).await?)
}

/// The one whose column holds this.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    organisation_id: &str,
    column: &'static str,
    value: &str,
) -> Result<Option<ContactRow>, Fault> {
    let sql = format!(
        "SELECT id, number, name, source, updated_at FROM contacts WHERE organisation_id = $1 AND {column} = $2"
    );
    let find = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(organisation_id).bind(value);
    Ok(find.fetch_optional(connection).await?)
}

pub(crate) async fn count(connection: &mut AnyConnection, organisation_id: &str) -> Result<usize, Fault> {
    let sql = "SELECT COUNT(*) FROM contacts WHERE organisation_id = $1";
    let count: i64 = sqlx::query_scalar(sql).bind(organisation_id).fetch_one(connection).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Writes what differs. Of two with one number the last counts.
pub(crate) async fn apply(
    connection: &mut AnyConnection,
    organisation_id: &str,
    rows: &[NewRow],
    source: &str,
) -> Result<Counts, Fault> {
    let present = of(connection, organisation_id).await?;
    let present: HashMap<&str, &ContactRow> = present.iter().map(|row| (row.number.as_str(), row)).collect();
    let (mut counts, mut new, mut seen) = (Counts::default(), Vec::new(), HashSet::new());
    for row in rows.iter().rev().filter(|row| seen.insert(row.number.as_str())) {
        match present.get(row.number.as_str()) {
            None => new.push(row),
            Some(before) if before.name == row.name => counts.unchanged += 1,
            Some(before) => {
                let sql = "UPDATE contacts SET name = $2, source = $3, updated_at = $4 WHERE id = $1";
                let update =
                    sqlx::query(sql).bind(&before.id).bind(&row.name).bind(source).bind(now_micros());
                update.execute(&mut *connection).await?;
                counts.updated += 1;
            }
        }
    }
    for some in new.chunks(AT_ONCE) {
        insert(connection, organisation_id, some, source).await?;
    }
    counts.created = new.len();
    Ok(counts)
}

async fn insert(
    connection: &mut AnyConnection,
    organisation_id: &str,
    rows: &[&NewRow],
    source: &str,
) -> Result<(), Fault> {
    let places = |row: usize| {
        let first = row * 3;
        format!("(${}, $1, ${}, ${}, $2, $3)", first + 4, first + 5, first + 6)
    };
    let values = (0..rows.len()).map(places).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "INSERT INTO contacts (id, organisation_id, number, name, source, updated_at) VALUES {values}"
    );
    let mut query =
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(organisation_id).bind(source).bind(now_micros());
    for row in rows {
        query = query.bind(Uuid::now_v7().to_string()).bind(&row.number).bind(&row.name);
    }
    query.execute(connection).await?;
    Ok(())
}

/// Rows of one statement: a hundred thousand one by one take half a minute.
const AT_ONCE: usize = 500;
