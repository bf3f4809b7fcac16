//! The table `blocks`.

use std::collections::HashMap;

use sqlx::{AnyConnection, FromRow};
use uuid::Uuid;

use super::{Block, BlockAction, BlockCondition, BlockDetails};
use crate::StoreError;
use crate::error::Fault;
use crate::import::Counts;
use crate::open::now_micros;

/// A block as its row holds it.
#[derive(Debug, FromRow)]
pub(crate) struct BlockRow {
    id: String,
    pub(crate) organisation_id: String,
    kind: String,
    value: String,
    trunk: String,
    action: String,
    context: Option<String>,
    note: String,
    updated_at: i64,
}

impl BlockRow {
    pub(crate) fn details(&self) -> Result<BlockDetails, Fault> {
        let unknown = |what: &'static str, value: &str| StoreError::Value { what, value: value.to_owned() };
        let condition = BlockCondition::of_words(&self.kind, &self.value);
        let action = match &self.context {
            Some(context) => Some(BlockAction::Context(context.clone())),
            None => BlockAction::of_word(&self.action),
        };
        Ok(BlockDetails {
            condition: condition.ok_or_else(|| unknown("kind of a block", &self.kind))?,
            trunk: Some(self.trunk.clone()).filter(|trunk| !trunk.is_empty()),
            action: action.ok_or_else(|| unknown("action of a block", &self.action))?,
            note: self.note.clone(),
        })
    }

    pub(crate) fn shown(self, organisation: &str) -> Result<Block, Fault> {
        let details = self.details()?;
        Ok(Block { id: self.id, organisation: organisation.to_owned(), details, updated_at: self.updated_at })
    }
}

/// All blocks with their organisations.
pub(crate) async fn all(connection: &mut AnyConnection) -> Result<Vec<(String, BlockDetails)>, Fault> {
    let sql = "SELECT id, organisation_id, kind, value, trunk, action, context, note, updated_at FROM blocks \
         ORDER BY organisation_id, kind, value, trunk";
    let rows: Vec<BlockRow> = sqlx::query_as(sql).fetch_all(connection).await?;
    rows.into_iter().map(|row| Ok((row.organisation_id.clone(), row.details()?))).collect()
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    organisation_id: &str,
) -> Result<Vec<BlockRow>, Fault> {
    let sql = "SELECT id, organisation_id, kind, value, trunk, action, context, note, updated_at FROM blocks \
         WHERE organisation_id = $1 ORDER BY kind, value, trunk";
    Ok(sqlx::query_as(sql).bind(organisation_id).fetch_all(connection).await?)
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    organisation_id: &str,
    id: &str,
) -> Result<Option<BlockRow>, Fault> {
    let sql = "SELECT id, organisation_id, kind, value, trunk, action, context, note, updated_at FROM blocks \
         WHERE organisation_id = $1 AND id = $2";
    Ok(sqlx::query_as(sql).bind(organisation_id).bind(id).fetch_optional(connection).await?)
}

pub(crate) async fn count(connection: &mut AnyConnection, organisation_id: &str) -> Result<usize, Fault> {
    let sql = "SELECT COUNT(*) FROM blocks WHERE organisation_id = $1";
    let count: i64 = sqlx::query_scalar(sql).bind(organisation_id).fetch_one(connection).await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Writes what differs.
pub(crate) async fn apply(
    connection: &mut AnyConnection,
    organisation_id: &str,
    blocks: &[BlockDetails],
) -> Result<Counts, Fault> {
    let mut present = HashMap::new();
    for row in of(connection, organisation_id).await? {
        let details = row.details()?;
        present.insert((details.condition.clone(), details.trunk.clone()), (row.id, details));
    }
    let mut counts = Counts::default();
    for block in blocks {
        match present.get(&(block.condition.clone(), block.trunk.clone())) {
            None => {
                insert(connection, organisation_id, block).await?;
                counts.created += 1;
            }
            Some((_, before)) if before == block => counts.unchanged += 1,
            Some((id, _)) => {
                update(connection, id, block).await?;
                counts.updated += 1;
            }
        }
    }
    Ok(counts)
}

async fn insert(
    connection: &mut AnyConnection,
    organisation_id: &str,
    block: &BlockDetails,
) -> Result<(), Fault> {
    let (kind, value) = block.condition.words();
    let sql = "INSERT INTO blocks (id, organisation_id, kind, value, trunk, action, context, note, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let insert = sqlx::query(sql)
        .bind(Uuid::now_v7().to_string())
        .bind(organisation_id)
        .bind(kind)
        .bind(value)
        .bind(block.trunk.as_deref().unwrap_or_default())
        .bind(block.action.as_str())
        .bind(block.action.context())
        .bind(&block.note)
        .bind(now_micros());
    insert.execute(connection).await?;
    Ok(())
}

async fn update(connection: &mut AnyConnection, id: &str, block: &BlockDetails) -> Result<(), Fault> {
    let sql = "UPDATE blocks SET action = $2, context = $3, note = $4, updated_at = $5 WHERE id = $1";
    let update = sqlx::query(sql)
        .bind(id)
        .bind(block.action.as_str())
        .bind(block.action.context())
        .bind(&block.note)
        .bind(now_micros());
    update.execute(connection).await?;
    Ok(())
}

/// False where there is none.
pub(crate) async fn remove(
    connection: &mut AnyConnection,
    organisation_id: &str,
    block: &BlockDetails,
) -> Result<bool, Fault> {
    let (kind, value) = block.condition.words();
    let sql = "DELETE FROM blocks WHERE organisation_id = $1 AND kind = $2 AND value = $3 AND trunk = $4";
    let delete = sqlx::query(sql).bind(organisation_id).bind(kind).bind(value);
    let removed = delete.bind(block.trunk.as_deref().unwrap_or_default()).execute(connection).await?;
    Ok(removed.rows_affected() > 0)
}

/// Those that are for calls over one trunk. Returns how many there were.
pub(crate) async fn remove_of_trunk(
    connection: &mut AnyConnection,
    organisation_id: &str,
    trunk: &str,
) -> Result<u64, Fault> {
    let sql = "DELETE FROM blocks WHERE organisation_id = $1 AND trunk = $2";
    let removed = sqlx::query(sql).bind(organisation_id).bind(trunk).execute(connection).await?;
    Ok(removed.rows_affected())
}

/// Has those of a trunk follow its new name. Returns how many there were. One that an earlier trunk of that name has left goes where
/// both are for the same callers.
pub(crate) async fn rename_trunk(
    connection: &mut AnyConnection,
    organisation_id: &str,
    before: &str,
    after: &str,
) -> Result<u64, Fault> {
    let sql = "DELETE FROM blocks WHERE organisation_id = $1 AND trunk = $2 AND EXISTS (SELECT 1 FROM blocks own \
         WHERE own.organisation_id = $1 AND own.trunk = $3 AND own.kind = blocks.kind AND own.value = blocks.value)";
    sqlx::query(sql).bind(organisation_id).bind(after).bind(before).execute(&mut *connection).await?;
    let sql = "UPDATE blocks SET trunk = $2 WHERE organisation_id = $1 AND trunk = $3";
    let renamed = sqlx::query(sql).bind(organisation_id).bind(after).bind(before).execute(connection).await?;
    Ok(renamed.rows_affected())
}
