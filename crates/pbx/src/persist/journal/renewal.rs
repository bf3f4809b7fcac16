//! A journal whose records are all stored goes on in an empty file. The reading end makes that one beforehand and removes the old one
//! afterwards: to cut a file waits for the disk, for seconds where others write much, and all calls would wait with it.
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, ErrorKind},
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
    next: PathBuf,
    offer: mpsc::Sender<File>,
    retired: mpsc::Receiver<File>,
    /// Whether an empty file is there that was not taken yet.
    is_offered: bool,
    /// The file that was left, until the new one has its name.
    old: Option<File>,
}

/// Both sides of a journal.
pub(super) fn of(path: &Path) -> (Fresh, Renewal) {
    let ((offer, offered), (retire, retired)) = (mpsc::channel(1), mpsc::channel(1));
    let renewal = Renewal { next: next_of(path), offer, retired, is_offered: false, old: None };
    (Fresh { offered, retired: retire }, renewal)
}

/// Adds what a killed process has left in the new file, before that had its name.
pub(super) fn take_up(path: &Path) -> io::Result<()> {
    let next = next_of(path);
    let mut left = match File::open(&next) {
        Ok(left) => left,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if left.metadata()?.len() > 0 {
        let mut file = open_file(path)?;
        end_with_a_whole_line(&mut file)?;
        io::copy(&mut left, &mut file)?;
    }
    fs::remove_file(next)
}

fn next_of(path: &Path) -> PathBuf {
    let mut next = OsString::from(path);
    next.push(".next");
    next.into()
}

impl Fresh {
    /// Goes on in the empty file, if there is one: no system call.
    pub(super) fn take(&mut self, file: &mut File) -> bool {
        let Ok(fresh) = self.offered.try_recv() else { return false };
        // There is room: it is taken out before the next one is offered. Without a reader nobody is left who reads the old one.
        let _ = self.retired.try_send(std::mem::replace(file, fresh));
        true
    }
}

impl Renewal {
    /// Makes an empty file for the writing end.
    pub(super) fn offer(&mut self) {
        if self.is_offered {
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

    /// Where the writing end goes on in the new file, that gets the journal's name.
    pub(super) fn settle(&mut self, path: &Path) -> io::Result<()> {
        if let Ok(old) = self.retired.try_recv() {
            self.old = Some(old);
        }
        if self.old.is_some() {
            match fs::rename(&self.next, path) {
                // Somebody has removed it: the writing end will see that, as with any journal.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            self.old = None;
            self.is_offered = false;
        }
        Ok(())
    }
}
