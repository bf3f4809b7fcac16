//! A new key for all secrets. The database changes in one transaction and the key file by a rename, which cannot be one moment;
//! so the new key is on the disk before the transaction ends, in a file beside the old one, and whoever finds that the old key
//! fits no longer looks there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::AnyConnection;
use uuid::Uuid;

use crate::error::{Fault, reason};
use crate::key::{Owner, key_file, write_fresh};
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
    /// Where the keys of earlier rotations are still kept, the oldest first.
    pub older: Vec<PathBuf>,
}

impl Store {
    /// Seals every secret under a fresh key and puts that in the place of the key file, all or nothing: cut short at any point,
    /// every secret opens under the key that the next start finds. The new file belongs to whom the old one belonged. Other
    /// processes that have the database open find the new key by themselves. What is derived from the key
    /// ([`Store::derived_key`]) stays as it was until they start again.
    ///
    /// # Errors
    /// When the key came from no file, a secret does not open, or database or folder cannot be written. Nothing was changed then,
    /// but for [`StoreError::KeyNotPlaced`] (everything was, only the file is not at its place) and
    /// [`StoreError::KeyUndecided`] (the next start finds out).
    pub async fn rotate_key(&self, keep_old: bool) -> Result<Rotation, StoreError> {
        self.explain(async {
            let file = self.key_file().ok_or(StoreError::KeyGiven)?;
            let mut writing = self.begin_change().await?;
            // From here on nobody else rotates.
            let old = self.seal(&mut writing).await?;
            settle(&file, &mut writing).await?;
            let older = all_beside(&file, KEPT);
            let mut made = Made::beside(&file, keep_old)?;
            let new = Seal::new(&Key::load(&made.fresh)?);
            let secrets = seal_anew(&mut writing, &old, &new).await?;
            settings::store_key_check(&mut writing, &new).await?;
            // From here on the database may need them.
            made.stays = true;
            if let Err(error) = writing.commit().await {
                made.stays = self.has_taken(&new, &made, &error).await?;
                if !made.stays {
                    return Err(error.into());
                }
            }
            self.use_seal(new);
            let unplaced = |error: &io::Error| StoreError::KeyNotPlaced {
                fresh: made.fresh.clone(),
                file: file.clone(),
                reason: error.to_string(),
            };
            // Once the old key has lost its place, no power cut may take back what is sealed under the new one.
            self.sync().map_err(|error| unplaced(&error))?;
            take_place(&made.fresh, &file).map_err(|error| unplaced(&error))?;
            Ok(Rotation { secrets, older, old: made.kept.take(), key: file })
        })
        .await
    }

    /// Whether the database is sealed under the fresh key although its transaction did not end well: the answer alone may have
    /// been lost. Asked under the lock, which is had only once that transaction is over.
    async fn has_taken(&self, new: &Seal, made: &Made, error: &sqlx::Error) -> Result<bool, StoreError> {
        let looked = async { settings::key_fits(&mut *self.begin_change().await?, new).await };
        looked
            .await
            .map_err(|_: Fault| StoreError::KeyUndecided { fresh: made.fresh.clone(), reason: reason(error) })
    }
}

/// The files that a rotation makes beside the key file. They go with it where the database does not need them.
struct Made {
    fresh: PathBuf,
    kept: Option<PathBuf>,
    stays: bool,
}

impl Made {
    /// Writes the fresh key, for whom the old one belongs to, and leaves that under a name of its own. They are on the disk then.
    fn beside(file: &Path, keep_old: bool) -> Result<Self, StoreError> {
        let fresh = beside(file, FRESH, &Uuid::now_v7().to_string());
        write_fresh(&fresh, Some(Owner::of(file)?))?;
        let mut made = Self { fresh, kept: None, stays: false };
        made.kept = keep_old.then(|| keep(file)).transpose()?;
        let folder = folder(file);
        let synced = fs::File::open(&folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| key_file(&folder, &error))?;
        Ok(made)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if !self.stays {
            // What went wrong before is what counts.
            let _ = fs::remove_file(&self.fresh);
            let _ = self.kept.as_ref().map(fs::remove_file);
        }
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
    for written in all_beside(file, FRESH).into_iter().chain([file.to_owned()]) {
        let Ok(found) = Key::load(&written) else { continue };
        let seal = Seal::new(&found);
        if settings::key_fits(connection, &seal).await? {
            if written != file {
                take_place(&written, file).map_err(|error| key_file(file, &error))?;
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

/// Puts a key into the place of the key file; another process may have done so a moment ago. Under which of its names the
/// key is found after a power cut does not matter.
fn take_place(fresh: &Path, file: &Path) -> io::Result<()> {
    match fs::rename(fresh, file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The keys beside the key file: those of rotations that did not come to an end, or those that were kept; the oldest first.
fn all_beside(file: &Path, what: &str) -> Vec<PathBuf> {
    let begins = beside(file, what, "");
    let begins = begins.file_name().unwrap_or_default().to_string_lossy();
    let entries = fs::read_dir(folder(file)).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&*begins));
    let mut found: Vec<_> = ours.map(|entry| file.with_file_name(entry.file_name())).collect();
    found.sort();
    found
}

/// Finishes what other rotations left: a key that fits gets its place, and one that was never used goes. Only for whoever holds
/// the lock: a key that does not fit yet may be another's whose transaction is about to end.
async fn settle(file: &Path, connection: &mut AnyConnection) -> Result<(), Fault> {
    for left in all_beside(file, FRESH) {
        let fits = match Key::load(&left) {
            Ok(key) => settings::key_fits(connection, &Seal::new(&key)).await?,
            Err(_) => false,
        };
        if fits {
            take_place(&left, file).map_err(|error| key_file(file, &error))?;
        } else {
            fs::remove_file(&left).map_err(|error| key_file(&left, &error))?;
        }
    }
    Ok(())
}

fn folder(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new(".")).to_owned()
}

fn beside(file: &Path, what: &str, which: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{name}.{what}-{which}"))
}

const FRESH: &str = "fresh";
const KEPT: &str = "until";
