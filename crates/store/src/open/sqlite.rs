//! A database in a file: making it, knowing it again, and what SQLite must be told.

use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::AnyConnection;

use crate::StoreError;
use crate::error::Fault;

/// The file of a database.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    path: PathBuf,
    /// What the file was when it was opened.
    identity: Option<Identity>,
}

/// Device and inode: what a file is, whatever it is called.
type Identity = (u64, u64);

impl Sqlite {
    /// Reads `sqlite:PATH` or `sqlite://PATH`.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let refused = || StoreError::Url { url: super::without_secret(url) };
        let rest = url.strip_prefix("sqlite:").ok_or_else(refused)?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.contains(['?', '\0']) || path == ":memory:" {
            return Err(refused());
        }
        Ok(Self { path: PathBuf::from(path), identity: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The URL that the library reads: every byte that means something in a URL is escaped.
    pub(super) fn url(&self) -> String {
        let mut url = String::from("sqlite:");
        for &byte in self.path.as_os_str().as_bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                    url.push(char::from(byte))
                }
                _ => url.push_str(&format!("%{byte:02X}")),
            }
        }
        url
    }

    /// The file is made here rather than by SQLite, so that strangers on the machine cannot read who called whom.
    pub(super) fn make(&mut self, create: bool) -> Result<(), StoreError> {
        let path = &self.path;
        if !create && !path.exists() {
            return Err(StoreError::Missing { path: path.clone() });
        }
        make_file(path)
            .map_err(|error| StoreError::Open { path: path.clone(), reason: error.to_string() })?;
        self.identity = identity(path);
        Ok(())
    }

    /// Refuses where the file is another one than was opened.
    pub(super) fn check_identity(&self) -> Result<(), StoreError> {
        if identity(&self.path) == self.identity {
            return Ok(());
        }
        Err(StoreError::Gone { path: self.path.clone() })
    }

    /// Has the write-ahead log on the disk, which `synchronous = NORMAL` leaves to the next checkpoint. Only that file: to close
    /// one more handle of the database itself would drop the locks that this process has on it.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        match fs::File::open(log) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            opened => opened?.sync_data(),
        }
    }

    /// Finds a damaged file before the first call does. Only for files small enough that nobody notices.
    pub(super) async fn quick_check(&self, connection: &mut AnyConnection) -> Result<(), Fault> {
        if !fs::metadata(&self.path).is_ok_and(|file| file.len() <= QUICK_CHECK_BYTES) {
            return Ok(());
        }
        let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(connection).await?;
        if verdict == "ok" { Ok(()) } else { Err(StoreError::Corrupt { path: self.path.clone() }.into()) }
    }
}

/// What every connection is told first.
pub(super) fn greeting(busy_timeout: Duration) -> String {
    format!(
        "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; \
         PRAGMA cache_size = -{CACHE_KIB}",
        busy_timeout.as_millis()
    )
}

/// Turns on WAL, which stays with the file. SQLite does not apply its busy timeout to this one statement when
/// two processes meet in it, so it is repeated here.
pub(super) async fn write_ahead_log(connection: &mut AnyConnection, timeout: Duration) -> Result<(), Fault> {
    let deadline = tokio::time::Instant::now() + timeout;
    loop {
        let mode =
            sqlx::query_scalar::<_, String>("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await;
        match mode.map_err(Fault::from) {
            Err(fault) if fault.is_sqlite_busy() && tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(RETRY).await;
            }
            other => return other.map(|_| ()),
        }
    }
}

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

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

/// Calls run on memory and the kernel caches the file: what a larger cache holds would only be held twice.
const CACHE_KIB: u32 = 256;
const RETRY: Duration = Duration::from_millis(10);
const QUICK_CHECK_BYTES: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_file() {
        let path_of = |url: &str| Sqlite::parse(url).map(|file| file.path);
        assert_eq!(path_of("sqlite:data/k.db").unwrap(), PathBuf::from("data/k.db"));
        assert_eq!(path_of("sqlite:/var/k.db").unwrap(), PathBuf::from("/var/k.db"));
        assert_eq!(path_of("sqlite:///var/k.db").unwrap(), PathBuf::from("/var/k.db"));
        for bad in ["", "sqlite:", "sqlite::memory:", "data/k.db", "mysql:x", "sqlite:k.db?mode=ro"] {
            assert!(matches!(path_of(bad), Err(StoreError::Url { .. })), "{bad}");
        }
    }

    #[test]
    fn odd_names_are_escaped() {
        let file = Sqlite::parse("sqlite:/srv/mijn map/50%#é.db").unwrap();
        assert_eq!(file.url(), "sqlite:/srv/mijn%20map/50%25%23%C3%A9.db");
    }
}
