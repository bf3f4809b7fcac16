//! The key that seals secrets at rest: 32 random bytes, kept as base64 in a file that only its owner may read.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::StoreError;
use crate::password::random;

/// The key of one installation. Without it the passwords in the database cannot be read again.
#[derive(Clone)]
pub struct Key {
    bytes: [u8; LENGTH],
    file: Option<PathBuf>,
}

impl Key {
    /// Reads the key file, or makes one with a fresh key (mode 0600) and its folder where there is none. Two
    /// processes that start at once end up with the same key.
    ///
    /// # Errors
    /// When the file cannot be read or made, is open to others than its owner, or holds no key.
    pub fn load_or_create(path: &Path) -> Result<Self, StoreError> {
        // Looked at once: between a failed read and a second look another process may have put its key there.
        if is_missing(path) {
            create(path)?;
        }
        Self::load(path)
    }

    /// Reads an existing key file.
    ///
    /// # Errors
    /// As [`Key::load_or_create`], and when there is no such file.
    pub fn load(path: &Path) -> Result<Self, StoreError> {
        let failed = |error: io::Error| key_file(path, &error);
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(StoreError::KeyExposed { path: path.into(), mode });
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| StoreError::KeyFormat { path: path.into() })?;
        Ok(Self { bytes, file: Some(path.into()) })
    }

    /// A key from bytes that the caller keeps.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes, file: None }
    }

    /// A key for another purpose, the same at each start. Whoever has it learns nothing of this one.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        // HMAC pads a key with zeros to its block; done here, the constructor cannot fail.
        let mut block = [0; 64];
        block.iter_mut().zip(self.bytes).for_each(|(to, byte)| *to = byte);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(b"kiestoon ");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub(crate) fn bytes(&self) -> &[u8; LENGTH] {
        &self.bytes
    }

    /// The file it was read from.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The key's file, for messages.
    pub(crate) fn origin(&self) -> String {
        self.file.as_ref().map_or_else(|| "given".into(), |file| file.display().to_string())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Writes the key beside its final name and links it there: the link fails when another process was first, and
/// nobody ever reads half a key.
fn create(path: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| key_file(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let draft = path.with_extension(format!("draft-{}", uuid::Uuid::now_v7()));
    write_fresh(&draft, None)?;
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
        _ => Ok(()),
    };
    let removed = fs::remove_file(&draft).map_err(failed);
    linked.and(removed)
}

/// Whom a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    user: u32,
    group: u32,
}

impl Owner {
    pub(crate) fn of(path: &Path) -> Result<Self, StoreError> {
        let file = fs::metadata(path).map_err(|error| key_file(path, &error))?;
        Ok(Self { user: file.uid(), group: file.gid() })
    }
}

/// Writes a fresh key into a new file that only its owner may read: whoever runs this, or another one that is named. Where that
/// fails there is no file.
pub(crate) fn write_fresh(path: &Path, owner: Option<Owner>) -> Result<(), StoreError> {
    let key: [u8; LENGTH] = random()?;
    let failed = |error: io::Error| key_file(path, &error);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let whole = owner.map_or(Ok(()), |owner| give(&file, path, owner)).and_then(|()| {
        let mut file = &file;
        let written = file.write_all(format!("{}\n", STANDARD.encode(key)).as_bytes());
        written.and_then(|()| file.sync_all()).map_err(failed)
    });
    if whole.is_err() {
        // What went wrong before is what counts.
        let _ = fs::remove_file(path);
    }
    whole
}

/// Gives a file to an owner, who could not read it else: what root writes belongs to root.
fn give(file: &fs::File, path: &Path, Owner { user, group }: Owner) -> Result<(), StoreError> {
    fchown(file, Some(user), Some(group)).map_err(|error| StoreError::KeyOwner {
        path: path.into(),
        user,
        reason: error.to_string(),
    })
}

fn is_missing(path: &Path) -> bool {
    matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

pub(crate) fn key_file(path: &Path, error: &io::Error) -> StoreError {
    StoreError::KeyFile { path: path.into(), reason: error.to_string() }
}

const LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    /// Starts at once are a race: as many as show one that is lost now and then.
    const ROUNDS: usize = 100;

    #[test]
    fn is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/kiestoon.key");
        let made = Key::load_or_create(&path).unwrap();
        let read = Key::load_or_create(&path).unwrap();
        assert_eq!(made.bytes(), read.bytes());
        assert_ne!(made.bytes(), &[0; 32]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn is_the_same_for_all_who_start_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..ROUNDS {
            let path = folder.path().join(format!("{round}.key"));
            let together = Barrier::new(8);
            let start = || {
                together.wait();
                Key::load_or_create(&path).unwrap()
            };
            let keys: Vec<_> = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
                starts.into_iter().map(|start| start.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|key| key.bytes() == keys[0].bytes()), "round {round}");
        }
    }

    #[test]
    fn is_refused_when_others_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kiestoon.key");
        Key::load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let message = Key::load_or_create(&path).unwrap_err().to_string();
        assert!(message.contains("mode 640"), "{message}");
        assert!(message.contains(&format!("chmod 600 {}", path.display())), "{message}");
    }

    #[test]
    fn is_refused_when_it_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kiestoon.key");
        fs::write(&path, "c2hvcnQ=\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(Key::load_or_create(&path), Err(StoreError::KeyFormat { .. })));
    }

    #[test]
    fn a_derived_key_stays_the_same_and_is_for_one_purpose() {
        let key = Key::from_bytes([7; 32]);
        assert_eq!(key.derive("gruu"), Key::from_bytes([7; 32]).derive("gruu"));
        let others = [key.derive("nonce"), Key::from_bytes([8; 32]).derive("gruu"), *key.bytes()];
        assert!(!others.contains(&key.derive("gruu")));
    }

    #[test]
    fn hides_its_bytes_from_debug_output() {
        assert_eq!(format!("{:?}", Key::from_bytes([7; 32])), "Key { file: None, .. }");
    }
}
