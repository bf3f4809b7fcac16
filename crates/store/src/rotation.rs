//! A new key for all secrets. The database changes in one transaction and the key file by a rename, which cannot be one moment;
//! so the new key is on the disk before the transaction ends, in a file beside the old one, and whoever finds that the old key
//! fits no longer looks there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::AnyConnection;
use uuid::Uuid;

use crate::error::Fault;
use crate::key::{key_file, write_fresh};
use crate::seal::{Place, Seal};
use crate::{Key, Store, StoreError, settings};

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// How many secrets are sealed anew.
    pub secrets: usize,
    /// The file of the new key, which is where the old one was.
    pub key: PathBuf,
    /// Where the old key is now, which copies of the database from before need; None where it is kept no longer.
    pub old: Option<PathBuf>,
}

impl Store {
    /// Seals every secret under a fresh key and puts that in the place of the key file, all or nothing: cut short at any point,
    /// every secret opens under the key that the next start finds. Other processes that have the database open find the new
    /// key by themselves. What is derived from the key ([`Store::derived_key`]) stays as it was until they start again.
    ///
    /// # Errors
    /// When the key came from no file, a secret does not open, or database or folder cannot be written. Nothing was changed then.
    pub async fn rotate_key(&self, keep_old: bool) -> Result<Rotation, StoreError> {
        self.explain(async {
            let file = self.key_file().ok_or(StoreError::KeyGiven)?;
            let mut writing = self.begin_change().await?;
            // From here on nobody else rotates.
            let old = self.seal(&mut writing).await?;
            settle(&file, &mut writing).await?;
            let fresh = beside(&file, FRESH, &Uuid::now_v7().to_string());
            write_fresh(&fresh)?;
            let secrets = async {
                let new = Seal::new(&Key::load(&fresh)?);
                let secrets = seal_anew(&mut writing, &old, &new).await?;
                settings::store_key_check(&mut writing, &new).await?;
                Ok::<_, Fault>((secrets, new))
            }
            .await;
            let (secrets, new) = match secrets {
                Ok(done) => done,
                Err(fault) => {
                    // A key that nothing is sealed under is of no use; the fault is what counts.
                    let _ = fs::remove_file(&fresh);
                    return Err(fault);
                }
            };
            let old = keep_old.then(|| keep(&file)).transpose()?;
            // Where this fails nobody knows whether it was taken; the fresh key stays for whoever finds that it was.
            writing.commit().await?;
            self.use_seal(new);
            take_place(&fresh, &file)?;
            Ok(Rotation { secrets, key: file, old })
        })
        .await
    }
}

/// The key that fits the database now that `key` does not, and its seal: another process has rotated it, or was cut short
/// between the database and the file, which is finished then.
///
/// # Errors
/// [`StoreError::WrongKey`] where no key of that place fits.
pub(crate) async fn rotated(
    key: &Key,
    connection: &mut AnyConnection,
    database: String,
) -> Result<(Key, Seal), Fault> {
    let wrong = StoreError::WrongKey { key: key.origin(), database };
    let Some(file) = key.file() else { return Err(wrong.into()) };
    // First those beside it: what is renamed in the meantime is found at its new name then.
    for written in unfinished(file).into_iter().chain([file.to_owned()]) {
        let Ok(found) = Key::load(&written) else { continue };
        let seal = Seal::new(&found);
        if settings::key_fits(connection, &seal).await? {
            if written != file {
                take_place(&written, file)?;
            }
            return Ok((Key::load(file)?, seal));
        }
    }
    Err(wrong.into())
}

async fn seal_anew(connection: &mut AnyConnection, old: &Seal, new: &Seal) -> Result<usize, Fault> {
    let mut secrets = 0;
    for column in SEALED {
        let Some((table, field)) = column.split_once('.') else { continue };
        let read = format!("SELECT id, {field} FROM {table} WHERE {field} IS NOT NULL");
        let rows: Vec<(String, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(read)).fetch_all(&mut *connection).await?;
        for (id, sealed) in rows {
            let place = Place { column, row: &id };
            let sealed = new.seal(place, &old.open(place, &sealed)?)?;
            let write = format!("UPDATE {table} SET {field} = $2 WHERE id = $1");
            let write = sqlx::query(sqlx::AssertSqlSafe(write)).bind(&id).bind(sealed);
            write.execute(&mut *connection).await?;
            secrets += 1;
        }
    }
    Ok(secrets)
}

/// Every column that holds sealed values, of tables whose rows have an `id`.
const SEALED: [&str; 7] = [
    "extensions.password",
    "extensions.ha1_md5",
    "extensions.ha1_sha256",
    "extensions.ha1_sha512_256",
    "trunks.password",
    "trunks.webhook_secret",
    "trunks.api_secret",
];

/// Leaves the key also under a name of its own.
fn keep(file: &Path) -> Result<PathBuf, StoreError> {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ").to_string();
    let kept = beside(file, KEPT, &now);
    fs::hard_link(file, &kept).map_err(|error| key_file(&kept, &error))?;
    Ok(kept)
}

/// Puts a key into the place of the key file; another process may have done so a moment ago.
fn take_place(fresh: &Path, file: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| key_file(file, &error);
    match fs::rename(fresh, file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => other.map_err(failed)?,
    }
    let folder =
        file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Keys of rotations that did not come to an end.
fn unfinished(file: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (beside(file, FRESH, "").parent().map(Path::to_owned), file.file_name())
    else {
        return Vec::new();
    };
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let begins = format!("{}.{FRESH}-", name.to_string_lossy());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&begins))
        .map(|entry| entry.path())
        .collect()
}

/// Finishes what other rotations left: a key that fits gets its place, and one that was never used goes. Only for whoever holds
/// the lock: a key that does not fit yet may be another's whose transaction is about to end.
async fn settle(file: &Path, connection: &mut AnyConnection) -> Result<(), Fault> {
    for left in unfinished(file) {
        let fits = match Key::load(&left) {
            Ok(key) => settings::key_fits(connection, &Seal::new(&key)).await?,
            Err(_) => false,
        };
        if fits {
            take_place(&left, file)?;
        } else {
            fs::remove_file(&left).map_err(|error| key_file(&left, &error))?;
        }
    }
    Ok(())
}

fn beside(file: &Path, what: &str, which: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{name}.{what}-{which}"))
}

const FRESH: &str = "fresh";
const KEPT: &str = "until";
