//! Opening the database: the file, its migrations, the fit of the key, and the connections: one that writes and
//! a few that read beside it.

use std::fs::{self, OpenOptions};
use std::future::Future;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite, SqliteConnection, SqlitePool, Transaction};

use crate::error::Fault;
use crate::seal::Seal;
use crate::{Key, StoreError, migrate, settings};

/// One open database. Clones share its connections; every method may be called from any task.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    identity: Option<Identity>,
    busy_timeout: Duration,
    seal: Seal,
    writer: SqlitePool,
    readers: SqlitePool,
}

/// What may differ between a server and a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How long to wait for another program's lock before [`StoreError::Busy`]. 5 seconds by default.
    pub busy_timeout: Duration,
    /// How many connections read beside the one that writes. 4 by default.
    pub readers: u32,
    /// Whether a missing file and folder are made. Yes by default; commands that only look say no.
    pub create: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), readers: 4, create: true }
    }
}

impl Store {
    /// Opens the database at `sqlite:PATH`, making the file and its folder where they are missing, and brings its
    /// schema up to this release. A fresh database holds one organisation, `default`.
    ///
    /// # Errors
    /// One sentence for a bad URL, a file that cannot be opened or is no database of ours, a damaged file, a
    /// schema newer than this release, a lock held by another program, or a key that does not fit. Nothing was
    /// changed then, and the process should not go on with this database.
    pub async fn open(url: &str, key: Key) -> Result<Self, StoreError> {
        Self::open_with(url, key, Options::default()).await
    }

    /// [`Store::open`] with other options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(url: &str, key: Key, options: Options) -> Result<Self, StoreError> {
        let path = path_of(url)?;
        if !options.create && !path.exists() {
            return Err(StoreError::Missing { path });
        }
        make_file(&path).map_err(|error| open_error(&path, &error))?;
        let busy_timeout = options.busy_timeout;
        let seal = Seal::new(&key);
        let connect = SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(busy_timeout)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Normal)
            .disable_statement_logging();
        let fits = prepare(&path, &connect, busy_timeout, &seal).await;
        if !fits.map_err(|fault| fault.explain(&path, busy_timeout))? {
            return Err(StoreError::WrongKey { key: key.origin(), path });
        }
        // A caller that queues behind other writers waits a little longer than SQLite itself would.
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(busy_timeout + QUEUE_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                // SQLite ends a transaction by itself where the disk is full; sqlx then takes it for open for ever, and
                // nothing would be written on that connection any more.
                .before_acquire(|connection, _| {
                    let is_free = !sqlx::Connection::is_in_transaction(connection);
                    Box::pin(async move { Ok(is_free) })
                })
        };
        let writer = pool().max_connections(1).connect_lazy_with(connect.clone());
        let readers = pool().max_connections(options.readers.max(1)).connect_lazy_with(connect);
        Ok(Self {
            inner: Arc::new(Inner { identity: identity(&path), path, busy_timeout, seal, writer, readers }),
        })
    }

    /// Ends all connections after what they are doing, and folds the write-ahead log into the file.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    pub(crate) fn seal(&self) -> &Seal {
        &self.inner.seal
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// Begins a transaction that holds the write lock from its first moment, so that it can never fail half-way
    /// because another process wrote in between. Refused when the file has gone: the open connections would go on
    /// writing to a file that nobody can find again.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        if identity(&self.inner.path) != self.inner.identity {
            return Err(StoreError::Gone { path: self.inner.path.clone() }.into());
        }
        Ok(self.inner.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Runs the body of a public method and turns its failure into the operator's sentence.
    pub(crate) async fn explain<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        work.await.map_err(|fault| fault.explain(&self.inner.path, self.inner.busy_timeout))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

/// Microseconds since 1970 UTC, as times are stored.
pub(crate) fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Brings the schema up to date and says whether the key fits.
async fn prepare(
    path: &Path,
    options: &SqliteConnectOptions,
    timeout: Duration,
    seal: &Seal,
) -> Result<bool, Fault> {
    let mut connection = options.connect().await?;
    let fits = prepare_on(&mut connection, path, timeout, seal).await;
    // A connection that failed may also fail to close; the first failure is the one to tell.
    let closed = sqlx::Connection::close(connection).await;
    let fits = fits?;
    closed?;
    Ok(fits)
}

async fn prepare_on(
    connection: &mut SqliteConnection,
    path: &Path,
    timeout: Duration,
    seal: &Seal,
) -> Result<bool, Fault> {
    if fs::metadata(path).is_ok_and(|file| file.len() <= QUICK_CHECK_BYTES) {
        quick_check(connection, path).await?;
    }
    if !migrate::is_current(connection, path).await? {
        write_ahead_log(connection, timeout).await?;
        migrate::migrate(connection, path, seal).await?;
    }
    settings::key_fits(connection, seal).await
}

/// Finds a damaged file before the first call does. Only for files small enough that nobody notices.
async fn quick_check(connection: &mut SqliteConnection, path: &Path) -> Result<(), Fault> {
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(connection).await?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Corrupt { path: path.into() }.into()) }
}

/// Turns on WAL, which stays with the file. SQLite does not apply its busy timeout to this one statement when
/// two processes meet in it, so it is repeated here.
async fn write_ahead_log(connection: &mut SqliteConnection, timeout: Duration) -> Result<(), Fault> {
    let deadline = tokio::time::Instant::now() + timeout;
    loop {
        let mode =
            sqlx::query_scalar::<_, String>("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await;
        match mode.map_err(Fault::from) {
            Err(fault) if fault.is_busy() && tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(RETRY).await;
            }
            other => return other.map(|_| ()),
        }
    }
}

/// Device and inode: what a file is, whatever it is called.
type Identity = (u64, u64);

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let refused = || {
        // A URL of another database may carry a password.
        let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
        StoreError::Url { url: if url.contains('@') { format!("{scheme}:...") } else { url.to_owned() } }
    };
    let rest = url.strip_prefix("sqlite:").ok_or_else(refused)?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains(['?', '\0']) || path == ":memory:" {
        return Err(refused());
    }
    Ok(PathBuf::from(path))
}

/// The file is made here rather than by SQLite, so that strangers on the machine cannot read who called whom.
fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    if path.is_dir() {
        return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory));
    }
    match OpenOptions::new().read(true).write(true).create_new(true).mode(0o660).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::File::open(path).map(|_| ()),
    }
}

fn open_error(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Open { path: path.into(), reason: error.to_string() }
}

const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(10);
const QUICK_CHECK_BYTES: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_file() {
        assert_eq!(path_of("sqlite:data/k.db").unwrap(), PathBuf::from("data/k.db"));
        assert_eq!(path_of("sqlite:/var/k.db").unwrap(), PathBuf::from("/var/k.db"));
        assert_eq!(path_of("sqlite:///var/k.db").unwrap(), PathBuf::from("/var/k.db"));
        for bad in ["", "sqlite:", "sqlite::memory:", "data/k.db", "mysql:x", "sqlite:k.db?mode=ro"] {
            assert!(matches!(path_of(bad), Err(StoreError::Url { .. })), "{bad}");
        }
    }

    #[test]
    fn a_refused_url_does_not_show_its_password() {
        let message = path_of("postgres://pbx:geheim@db/pbx").unwrap_err().to_string();
        assert!(!message.contains("geheim"), "{message}");
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_blocks_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("k.db").display());
        let store = Store::open(&url, Key::from_bytes([7; 32])).await.unwrap();
        let mut writing = store.begin().await.unwrap();
        // What SQLite does where a COMMIT finds the disk full.
        sqlx::query("ROLLBACK").execute(&mut *writing).await.unwrap();
        assert!(writing.commit().await.is_err());
        let again = store.begin().await.expect("a second transaction");
        again.commit().await.unwrap();
    }
}
