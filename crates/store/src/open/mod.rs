//! Opening the database: its migrations, the fit of the key, and the connections: some that write and a few that read
//! beside them. What differs between a file and a server is in `sqlite` and `postgres`; the statements are the same.

pub(crate) mod postgres;
mod sqlite;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Transaction};

use self::postgres::Postgres;
use self::sqlite::Sqlite;
use crate::error::Fault;
use crate::seal::Seal;
use crate::{Key, StoreError, migrate, rotation, settings};

/// One open database. Clones share its connections; every method may be called from any task.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    place: Place,
    busy_timeout: Duration,
    /// Of the key that fitted last: another process may rotate it at any time.
    seal: ArcSwap<Seal>,
    key: Key,
    writers: AnyPool,
    readers: AnyPool,
}

/// Where the database is, and with that of which kind it is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A file of this machine.
    File(Sqlite),
    /// A database on a PostgreSQL server.
    Server(Postgres),
}

/// What may differ between a server and a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How long to wait for another program's lock before [`StoreError::Busy`]. 5 seconds by default.
    pub busy_timeout: Duration,
    /// How many connections read beside those that write. 4 by default.
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
    /// Opens the database at `sqlite:PATH`, making the file and its folder where they are missing, or at
    /// `postgres://USER:PASSWORD@HOST/DATABASE`, and brings its schema up to this release. A fresh database holds one
    /// organisation, `default`.
    ///
    /// # Errors
    /// One sentence for a bad URL, a file that cannot be opened, a server that cannot be reached or does not let us in, a
    /// database that is not ours, a damaged file, a schema newer than this release, a lock held by another program, or a
    /// key that does not fit. Nothing was changed then, and the process should not go on with this database.
    pub async fn open(url: &str, key: Key) -> Result<Self, StoreError> {
        Self::open_with(url, key, Options::default()).await
    }

    /// [`Store::open`] with other options.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(url: &str, key: Key, options: Options) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let mut place = Place::parse(url)?;
        if let Place::File(file) = &mut place {
            file.make(options.create)?;
        }
        let busy_timeout = options.busy_timeout;
        let fitting = place.fitting(key, busy_timeout).await;
        let (key, seal) = fitting.map_err(|fault| fault.explain(&place, busy_timeout))?;
        let seal = ArcSwap::from_pointee(seal);
        let writers = place.pool(busy_timeout, place.most_writers())?;
        let readers = place.pool(busy_timeout, options.readers.max(1))?;
        Ok(Self { inner: Arc::new(Inner { place, busy_timeout, seal, key, writers, readers }) })
    }

    /// Ends all connections after what they are doing; an SQLite file takes its write-ahead log in.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writers.close().await;
    }

    /// What the database is called in messages: the path of its file, or its URL without a password.
    #[must_use]
    pub fn name(&self) -> String {
        self.inner.place.to_string()
    }

    /// A key for another purpose than sealing, the same at each start: see [`Key::derive`].
    #[must_use]
    pub fn derived_key(&self, purpose: &str) -> [u8; 32] {
        self.inner.key.derive(purpose)
    }

    /// The seal of the database as this connection sees it.
    ///
    /// # Errors
    /// When the key was rotated and the new one is not in the file of the old one.
    pub(crate) async fn seal(&self, connection: &mut AnyConnection) -> Result<Arc<Seal>, Fault> {
        let seal = self.inner.seal.load_full();
        if settings::key_fits(connection, &seal).await? {
            return Ok(seal);
        }
        let (_, seal) = rotation::rotated(&self.inner.key, connection, self.name()).await?;
        let seal = Arc::new(seal);
        self.inner.seal.store(Arc::clone(&seal));
        Ok(seal)
    }

    /// Has what was committed on the disk: a file is not synced with each transaction.
    pub(crate) fn sync(&self) -> std::io::Result<()> {
        match &self.inner.place {
            Place::File(file) => file.sync(),
            Place::Server(_) => Ok(()),
        }
    }

    /// Seals with this from now on.
    pub(crate) fn use_seal(&self, seal: Seal) {
        self.inner.seal.store(Arc::new(seal));
    }

    /// The file that the key was read from.
    pub(crate) fn key_file(&self) -> Option<PathBuf> {
        self.inner.key.file().map(Into::into)
    }

    pub(crate) fn readers(&self) -> &AnyPool {
        &self.inner.readers
    }

    /// Begins a view of one moment: what others write while it lasts is not seen.
    pub(crate) async fn begin_reading(&self) -> Result<Transaction<'static, Any>, Fault> {
        let begin = match &self.inner.place {
            Place::File(_) => "BEGIN",
            Place::Server(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(self.inner.readers.begin_with(begin).await?)
    }

    /// Begins a transaction that writes history or bindings. In a file it holds the write lock from its first moment, so
    /// that it can never fail half-way because another process wrote in between. Refused when the file has gone: the open
    /// connections would go on writing to a file that nobody can find again.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, Fault> {
        let begin = match &self.inner.place {
            Place::File(file) => {
                file.check_identity()?;
                "BEGIN IMMEDIATE"
            }
            Place::Server(_) => "BEGIN",
        };
        Ok(self.inner.writers.begin_with(begin).await?)
    }

    /// Begins a transaction that changes the desired state: one at a time, because it compares with what is there before
    /// it writes.
    pub(crate) async fn begin_change(&self) -> Result<Transaction<'static, Any>, Fault> {
        let mut change = self.begin().await?;
        if let Place::Server(_) = &self.inner.place {
            postgres::lock(&mut change).await?;
        }
        Ok(change)
    }

    /// Runs the body of a public method and turns its failure into the operator's sentence.
    pub(crate) async fn explain<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        work.await.map_err(|fault| fault.explain(&self.inner.place, self.inner.busy_timeout))
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("database", &self.name()).finish_non_exhaustive()
    }
}

impl Place {
    fn parse(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            Sqlite::parse(url).map(Self::File)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Postgres::parse(url).map(Self::Server)
        } else {
            Err(StoreError::Url { url: without_secret(url) })
        }
    }

    fn options(&self) -> Result<AnyConnectOptions, StoreError> {
        let url = match self {
            Self::File(file) => file.url(),
            Self::Server(server) => server.url().to_owned(),
        };
        let options: AnyConnectOptions =
            url.parse().map_err(|_| StoreError::Url { url: without_secret(&url) })?;
        Ok(options.disable_statement_logging())
    }

    /// Connections that write at one time. A file has one writer; on a server a long import must not hold up the history.
    fn most_writers(&self) -> u32 {
        match self {
            Self::File(_) => 1,
            Self::Server(_) => SERVER_WRITERS,
        }
    }

    /// What a new connection is told first.
    fn greeting(&self, busy_timeout: Duration) -> String {
        match self {
            Self::File(_) => sqlite::greeting(busy_timeout),
            Self::Server(_) => postgres::greeting(busy_timeout),
        }
    }

    fn pool(&self, busy_timeout: Duration, most: u32) -> Result<AnyPool, StoreError> {
        let greeting = self.greeting(busy_timeout);
        let is_file = matches!(self, Self::File(_));
        // A caller that queues behind other writers waits a little longer than the database itself would.
        let pool = AnyPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(busy_timeout + QUEUE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            // A server may have been restarted in the meantime; a file has not.
            .test_before_acquire(!is_file)
            .after_connect(move |connection, _| {
                let greeting = greeting.clone();
                Box::pin(async move {
                    sqlx::raw_sql(sqlx::AssertSqlSafe(greeting)).execute(connection).await.map(|_| ())
                })
            })
            // SQLite ends a transaction by itself where the disk is full; sqlx then takes it for open for ever, and
            // nothing would be written on that connection any more.
            .before_acquire(|connection, _| {
                let is_free = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_free) })
            });
        Ok(pool.connect_lazy_with(self.options()?))
    }

    /// Brings the schema up to date and finds the key that fits.
    async fn fitting(&self, key: Key, timeout: Duration) -> Result<(Key, Seal), Fault> {
        let mut connection = self.options()?.connect().await?;
        let fitting = self.fitting_on(&mut connection, timeout, key).await;
        // A connection that failed may also fail to close; the first failure is the one to tell.
        let closed = connection.close().await;
        let fitting = fitting?;
        closed?;
        Ok(fitting)
    }

    async fn fitting_on(
        &self,
        connection: &mut AnyConnection,
        timeout: Duration,
        key: Key,
    ) -> Result<(Key, Seal), Fault> {
        let seal = Seal::new(&key);
        let greeting = self.greeting(timeout);
        sqlx::raw_sql(sqlx::AssertSqlSafe(greeting)).execute(&mut *connection).await?;
        if let Self::File(file) = self {
            file.quick_check(connection).await?;
        }
        if !migrate::is_current(connection, self).await? {
            if let Self::File(_) = self {
                sqlite::write_ahead_log(connection, timeout).await?;
            }
            migrate::migrate(connection, self, &seal).await?;
        }
        if settings::key_fits(connection, &seal).await? {
            return Ok((key, seal));
        }
        rotation::rotated(&key, connection, self.to_string()).await
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.path().display()),
            Self::Server(server) => f.write_str(server.name()),
        }
    }
}

/// Microseconds since 1970 UTC, as times are stored.
pub(crate) fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A URL as it may be shown: one with a user may hold a password.
fn without_secret(url: &str) -> String {
    let scheme = url.split_once(':').map_or(url, |(scheme, _)| scheme);
    if url.contains('@') { format!("{scheme}:...") } else { url.to_owned() }
}

const QUEUE_TIMEOUT: Duration = Duration::from_secs(5);
const SERVER_WRITERS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_url_does_not_show_its_password() {
        for url in ["mysql://pbx:geheim@db/pbx", "postgres://pbx:geheim@db:port/pbx", "sqlite:"] {
            let message = Place::parse(url).unwrap_err().to_string();
            assert!(!message.contains("geheim"), "{message}");
        }
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
