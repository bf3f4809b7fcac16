//! A journal whose records are all stored goes on in an empty file. The reading end makes that one beforehand and removes the old one
//! afterwards: to cut a file waits for the disk, for seconds where others write much, and all calls would wait with it.
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use tokio::sync::mpsc;

use super::{end_with_a_whole_line, open_file};

/// The writing end's side.
#[derive(Debug)]
pub(super) struct Fresh {
    offered: mpsc::Receiver<File>,
    retired: mpsc::Sender<File>,
}

/// The reading end's side.
#[derive(Debug)]
pub(super) struct Renewal {
    path: PathBuf,
    next: PathBuf,
    offer: mpsc::Sender<File>,
    retired: mpsc::Receiver<File>,
    /// Whether an empty file is there that was not taken yet.
    is_offered: bool,
    /// Whether the new file cannot have the journal's name: it is read under its own, and none is made after it.
    has_no_name: bool,
}

/// Both sides of a journal.
pub(super) fn of(path: &Path) -> (Fresh, Renewal) {
    let ((offer, offered), (retire, retired)) = (mpsc::channel(1), mpsc::channel(1));
    let (path, next) = (path.to_path_buf(), next_of(path));
    let renewal = Renewal { path, next, offer, retired, is_offered: false, has_no_name: false };
    (Fresh { offered, retired: retire }, renewal)
}

/// Takes up what a killed process has left in the new file, before that had its name. What is in the old one was stored by then.
pub(super) fn take_up(path: &Path) -> io::Result<()> {
    let next = next_of(path);
    match fs::metadata(&next) {
        Ok(left) if left.len() > 0 => {}
        // An empty one may be that of a process that runs.
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    if fs::rename(&next, path).is_ok() {
        return Ok(());
    }
    let mut file = open_file(path)?;
    end_with_a_whole_line(&mut file)?;
    io::copy(&mut File::open(&next)?, &mut file)?;
    fs::remove_file(next)
}

fn next_of(path: &Path) -> PathBuf {
    let mut next = OsString::from(path);
    next.push(".next");
    next.into()
}

impl Fresh {
    /// Goes on in the empty file, if there is one that nobody has removed meanwhile.
    pub(super) fn take(&mut self, file: &mut File) -> bool {
        let Ok(fresh) = self.offered.try_recv() else { return false };
        if fresh.metadata().is_ok_and(|found| found.nlink() == 0) {
            return false;
        }
        // There is room: it is taken out before the next one is offered. Without a reader nobody is left who reads the old one.
        let _ = self.retired.try_send(std::mem::replace(file, fresh));
        true
    }
}

impl Renewal {
    /// Where the journal is read.
    pub(super) fn path(&self) -> &Path {
        if self.has_no_name { &self.next } else { &self.path }
    }

    /// Makes an empty file for the writing end.
    pub(super) fn offer(&mut self) {
        if self.has_no_name || (self.is_offered && self.next.exists()) {
            return;
        }
        let gone = fs::remove_file(&self.next).or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        });
        match gone.and_then(|()| open_file(&self.next)) {
            Ok(file) => self.is_offered = self.offer.try_send(file).is_ok(),
            Err(error) => {
                tracing::warn!(path = %self.next.display(), %error, "a new file for the journal cannot be made");
            }
        }
    }

    /// Where the writing end goes on in the new file, that gets the journal's name. Gives the old one, which is gone with its last handle.
    pub(super) fn settle(&mut self) -> Option<File> {
        // Where that is gone the writing end has opened the journal by its name.
        self.has_no_name &= self.next.exists();
        let old = self.retired.try_recv().ok()?;
        match fs::rename(&self.next, &self.path) {
            Ok(()) => self.is_offered = false,
            // Somebody has removed it: the writing end sees that, as with any journal.
            Err(error) if error.kind() == ErrorKind::NotFound => self.is_offered = false,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the journal goes on under another name");
                self.has_no_name = true;
                // What was stored is not to be read again.
                if let Err(error) = old.set_len(0) {
                    tracing::warn!(path = %self.path.display(), %error, "the journal cannot be emptied");
                }
            }
        }
        Some(old)
    }
}
