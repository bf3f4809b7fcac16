//! Carries a journal into the database, in batches, for as long as there is something to carry.
use std::time::Duration;

use kiestoon_store::{AccountChange, BindingChange, Cdr, HoursChange, Store, StoreError};
use serde::de::DeserializeOwned;

use super::{
    StartError,
    journal::{Batch, Reader},
};

/// Something that a journal holds, a line each, and the database takes in batches. Storing it twice changes nothing: a
/// killed process leaves lines behind that were stored already.
pub(super) trait Record: DeserializeOwned + Send + Sync {
    /// The word of the log.
    const NAME: &'static str;
    /// Whether it names what it is about: damage may look like a record without content.
    fn is_whole(&self) -> bool;
    /// How long records are collected for one transaction.
    const PAUSE: Duration;
    /// Stores a batch in one transaction.
    fn save(store: &Store, records: &[Self]) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Record for Cdr {
    const NAME: &'static str = "call records";
    /// Whoever asks for a finished call within a second finds it.
    const PAUSE: Duration = Duration::from_millis(400);

    fn is_whole(&self) -> bool {
        !self.id.is_empty() && self.started_at > 0
    }

    async fn save(store: &Store, records: &[Self]) -> Result<(), StoreError> {
        store.save_cdrs(records).await
    }
}

impl Record for BindingChange {
    const NAME: &'static str = "registrations";
    /// Only a start reads them: a burst of registrations touches each page of the database once.
    const PAUSE: Duration = Duration::from_secs(5);

    fn is_whole(&self) -> bool {
        match self {
            Self::Put(binding) => !binding.contact.is_empty(),
            Self::Remove { .. } => true,
        }
    }

    async fn save(store: &Store, records: &[Self]) -> Result<(), StoreError> {
        store.save_bindings(records).await
    }
}

impl Record for HoursChange {
    const NAME: &'static str = "hours set by hand";
    const PAUSE: Duration = Duration::from_millis(400);

    fn is_whole(&self) -> bool {
        !self.organisation_id.is_empty() && !self.name.is_empty() && self.at > 0
    }

    async fn save(store: &Store, records: &[Self]) -> Result<(), StoreError> {
        store.save_hours(records).await
    }
}

impl Record for AccountChange {
    const NAME: &'static str = "accounts";
    /// A running call changes its accounts every few seconds: of each only the last state is written.
    const PAUSE: Duration = Duration::from_secs(1);

    fn is_whole(&self) -> bool {
        !self.organisation_id.is_empty() && self.at > 0
    }

    async fn save(store: &Store, records: &[Self]) -> Result<(), StoreError> {
        store.save_accounts(records).await
    }
}

/// Stores all that waits.
pub(super) async fn catch_up<R: Record>(reader: &mut Reader, store: &Store) -> Result<(), StartError> {
    while reader.backlog() > 0 {
        carry_batch::<R>(reader, store).await?;
    }
    Ok(())
}

/// Stores what is appended until the appender is gone and all is stored.
pub(super) async fn carry<R: Record>(mut reader: Reader, store: Store) {
    let mut pause = R::PAUSE;
    while reader.ready().await.is_some() {
        reader.collect(pause).await;
        match catch_up::<R>(&mut reader, &store).await {
            Ok(()) => {
                if pause > R::PAUSE {
                    tracing::info!(records = R::NAME, "records are stored again");
                }
                pause = R::PAUSE;
            }
            Err(error) => {
                if pause == R::PAUSE {
                    tracing::warn!(records = R::NAME, %error, "records are not stored: they wait in the journal");
                }
                pause = (pause * 2).min(PAUSE_MOST);
                // The appender may be gone, and then nothing is collected any more.
                tokio::time::sleep(RETRY_AFTER).await;
            }
        }
    }
}

async fn carry_batch<R: Record>(reader: &mut Reader, store: &Store) -> Result<(), StartError> {
    let batch = reader
        .next_batch(BATCH)
        .map_err(|error| StartError::Journal { path: reader.path().to_path_buf(), error })?;
    R::save(store, &read(&batch)).await?;
    reader.stored(&batch);
    Ok(())
}

fn read<R: Record>(batch: &Batch) -> Vec<R> {
    let mut records = Vec::with_capacity(batch.lines.len());
    for line in &batch.lines {
        match serde_json::from_str::<R>(line) {
            Ok(record) if record.is_whole() => records.push(record),
            Ok(_) => tracing::warn!(records = R::NAME, "a line of the journal is no record: skipped"),
            // Half a line, of a process that was killed while it wrote.
            Err(error) => {
                // Its own words may quote the line, which says who called whom.
                let (kind, column) = (error.classify(), error.column());
                tracing::warn!(
                    records = R::NAME,
                    ?kind,
                    column,
                    "a line of the journal is not readable: skipped"
                );
            }
        }
    }
    records
}

/// Few enough that a burst leaves the allocator no heap to keep, many enough that a transaction's cost is shared.
const BATCH: usize = 200;
const PAUSE_MOST: Duration = Duration::from_secs(5);
const RETRY_AFTER: Duration = Duration::from_millis(100);
