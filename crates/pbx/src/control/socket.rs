//! The socket's file: made with mode 0660, stale ones replaced, live ones respected, removed at the end.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// Why the control socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SocketError {
    #[error(
        "another PBX runs already: the control socket {} is in use; stop that one or set another [control] socket",
        .0.display()
    )]
    InUse(PathBuf),
    #[error("the control socket {} cannot be made: something that is not a socket is there; move it away", .0.display())]
    NotASocket(PathBuf),
    #[error("the control socket {} cannot be made ({error})", path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// Removes the file when it is dropped, unless another process has put its own there.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Listens on `path`, making its folder where it is missing.
pub(super) async fn open(path: &Path) -> Result<(UnixListener, SocketFile), SocketError> {
    let failed = |error| SocketError::Io { path: path.to_owned(), error };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    clear(path).await?;
    // Bound under a name of its own and then moved, so that nobody finds the socket before its mode is set.
    let making = path.with_extension(format!("{}.new", std::process::id()));
    let listener = UnixListener::bind(&making).map_err(failed)?;
    let made = fs::set_permissions(&making, fs::Permissions::from_mode(0o660))
        .and_then(|()| fs::rename(&making, path))
        .and_then(|()| fs::symlink_metadata(path));
    match made {
        Ok(found) => Ok((listener, SocketFile { path: path.to_owned(), inode: found.ino() })),
        Err(error) => {
            let _ = fs::remove_file(&making);
            Err(failed(error))
        }
    }
}

/// Makes sure that nobody is displaced: a socket that answers is refused, one that does not is left to be replaced.
async fn clear(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(SocketError::Io { path: path.to_owned(), error }),
        Ok(found) if !found.file_type().is_socket() => return Err(SocketError::NotASocket(path.to_owned())),
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(SocketError::InUse(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(SocketError::Io { path: path.to_owned(), error }),
    }
}
