//! What the signalling task must not lose: call records, registrations, hours set by hand, what was spent and who is on hold. It appends them to journals, which survive a
//! killed process, and tasks of their own carry the journals into the database, however long that is away.
mod carry;
mod journal;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use kiestoon_store::{AccountChange, BindingChange, Cdr, HoursChange, Store, StoreError};

use self::journal::Appender;
use crate::task::{self, Task};

/// The writing ends, owned by the signalling task. Dropping them lets the [`Writers`] finish.
#[derive(Debug)]
pub(crate) struct Journals {
    calls: Appender,
    bindings: Appender,
    hours: Appender,
    accounts: Appender,
}

impl Journals {
    /// Keeps one call record, started or finished.
    pub(crate) fn call(&mut self, record: &Cdr) {
        self.calls.append(record);
    }

    /// Call records that the database has not taken yet.
    pub(crate) fn calls_waiting(&self) -> u64 {
        self.calls.waiting()
    }

    /// Keeps what hours were set to.
    pub(crate) fn hours(&mut self, change: &HoursChange) {
        self.hours.append(change);
    }

    /// Keeps what was spent, or who is on hold.
    pub(crate) fn account(&mut self, change: &AccountChange) {
        let of = format!("{} {}", change.organisation_id, change.number);
        self.accounts.append_state(&of, change);
    }

    /// Keeps one change of the registrar.
    pub(crate) fn binding(&mut self, change: &BindingChange) {
        self.bindings.append(change);
    }
}

/// Where the journals lie.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    calls: PathBuf,
    bindings: PathBuf,
    hours: PathBuf,
    accounts: PathBuf,
}

impl Paths {
    /// Beside the database, unless the call records' spool is placed elsewhere.
    pub(crate) fn new(database: &Path, spool: Option<&Path>) -> Self {
        let calls = spool.map_or_else(|| database.with_extension("cdr.spool"), Path::to_path_buf);
        Self {
            calls,
            bindings: database.with_extension("registrations.journal"),
            hours: database.with_extension("hours.journal"),
            accounts: database.with_extension("accounts.journal"),
        }
    }
}

/// Why the journals could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("the journal {} cannot be used: {error}", path.display())]
    Journal { path: PathBuf, error: io::Error },
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The tasks that carry the journals into the database.
#[derive(Debug)]
pub(crate) struct Writers {
    calls: Task<()>,
    bindings: Task<()>,
    hours: Task<()>,
    accounts: Task<()>,
}

impl Writers {
    /// Waits until all is stored; the [`Journals`] must be gone. What the database has not taken within `limit` is
    /// stored at the next start.
    pub(crate) async fn finish(self, limit: Duration) {
        let all = async {
            self.calls.join().await;
            self.bindings.join().await;
            self.hours.join().await;
            self.accounts.join().await;
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("the database is away: the journals keep what it has not taken");
        }
    }
}

/// Opens the journals, stores what an earlier run left in them, and starts the tasks that do so from now on.
///
/// # Errors
/// When a journal cannot be opened or read, or the database does not take what is left in it: a start then would show
/// calls as interrupted that have ended.
pub(crate) async fn start(paths: &Paths, store: &Store) -> Result<(Journals, Writers), StartError> {
    let open = |path: &Path| {
        journal::open(path, JOURNAL_LIMIT_BYTES)
            .map_err(|error| StartError::Journal { path: path.to_path_buf(), error })
    };
    let (calls, mut call_records) = open(&paths.calls)?;
    let (bindings, mut binding_changes) = open(&paths.bindings)?;
    let (hours, mut hours_changes) = open(&paths.hours)?;
    let (accounts, mut account_changes) = open(&paths.accounts)?;
    carry::catch_up::<Cdr>(&mut call_records, store).await?;
    carry::catch_up::<BindingChange>(&mut binding_changes, store).await?;
    carry::catch_up::<HoursChange>(&mut hours_changes, store).await?;
    carry::catch_up::<AccountChange>(&mut account_changes, store).await?;
    let writers = Writers {
        calls: task::spawn("cdr writer", carry::carry::<Cdr>(call_records, store.clone())),
        bindings: task::spawn(
            "binding writer",
            carry::carry::<BindingChange>(binding_changes, store.clone()),
        ),
        hours: task::spawn("hours writer", carry::carry::<HoursChange>(hours_changes, store.clone())),
        accounts: task::spawn(
            "account writer",
            carry::carry::<AccountChange>(account_changes, store.clone()),
        ),
    };
    Ok((Journals { calls, bindings, hours, accounts }, writers))
}

/// About a million call records: a database that is away for that long is an operator's business.
const JOURNAL_LIMIT_BYTES: u64 = 1 << 30;
