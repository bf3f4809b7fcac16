//! An append-only file between the signalling task and the database: what is appended survives `kill -9` (the kernel
//! holds it; there is no fsync), and a locked or missing database only makes the file longer. One [`Appender`] writes,
//! one [`Reader`] takes the lines to the database; when all is stored it goes on in an empty file.
mod renewal;

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::{mpsc, watch};

use self::renewal::{Fresh, Renewal};

/// The writing end. Owned by the signalling task.
#[derive(Debug)]
pub(crate) struct Appender {
    path: PathBuf,
    file: File,
    /// Where it goes on when all is stored.
    fresh: Fresh,
    written: Written,
    announce: watch::Sender<Written>,
    stored: Arc<AtomicU64>,
    waiting: Arc<AtomicU64>,
    limit: u64,
    /// When the file was last looked at for what others do to it.
    looked_at: Option<Instant>,
    /// The line that is being made: its room is used again.
    line: Vec<u8>,
    /// Lines that could not be written yet, and their bytes.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// Attempts to write that failed, one after the other.
    failures: u64,
    /// Records that there was no room for anywhere.
    lost: u64,
    /// Its end tells the reader that no more will come.
    _alive: mpsc::Sender<()>,
}

/// A line that waits in memory.
#[derive(Debug)]
struct Held {
    /// Of what it says the state.
    state_of: Option<Box<str>>,
    line: Vec<u8>,
}

impl Drop for Appender {
    fn drop(&mut self) {
        if let Err(error) = self.write_held() {
            tracing::error!(path = %self.path.display(), %error, lost = self.held.len(), "journal cannot be written");
        }
    }
}

/// The reading end. Owned by the task that writes to the database.
#[derive(Debug)]
pub(crate) struct Reader {
    renewal: Renewal,
    written: watch::Receiver<Written>,
    stored: Arc<AtomicU64>,
    waiting: Arc<AtomicU64>,
    generation: u64,
    offset: u64,
    appender: mpsc::Receiver<()>,
}

/// How far the file goes; the generation rises each time it starts again at zero.
#[derive(Clone, Copy, Debug)]
struct Written {
    generation: u64,
    bytes: u64,
}

/// Complete lines, without their line ends, and the offset behind them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) lines: Vec<String>,
    end: u64,
}

/// Opens or creates the journal. What an earlier run left unread is the reader's first batch. `limit` bounds the file
/// in bytes.
pub(crate) fn open(path: &Path, limit: u64) -> io::Result<(Appender, Reader)> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    drop(open_file(path)?);
    // A new file takes the place of the file itself, not of a link that leads there.
    let path = &path.canonicalize()?;
    renewal::take_up(path)?;
    let mut file = open_file(path)?;
    let (fresh, renewal) = renewal::of(path);
    let written = Written { generation: 0, bytes: end_with_a_whole_line(&mut file)? };
    let (announce, receiver) = watch::channel(written);
    let (alive, gone) = mpsc::channel(1);
    let stored = Arc::new(AtomicU64::new(0));
    let waiting = Arc::new(AtomicU64::new(lines(path)?));
    let path = path.to_path_buf();
    let reader = Reader {
        renewal,
        written: receiver,
        stored: Arc::clone(&stored),
        waiting: Arc::clone(&waiting),
        generation: 0,
        offset: 0,
        appender: gone,
    };
    let appender = Appender {
        path,
        file,
        fresh,
        written,
        announce,
        stored,
        waiting,
        limit,
        looked_at: None,
        line: Vec::new(),
        held: VecDeque::new(),
        held_bytes: 0,
        failures: 0,
        lost: 0,
        _alive: alive,
    };
    Ok((appender, reader))
}

/// As private as the database: it says who called whom.
fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).read(true).mode(0o640).open(path)
}

/// A process that was killed in the middle of a write leaves half a line: it is ended, so that the next record starts
/// a line of its own, and the reader skips what it cannot read.
fn end_with_a_whole_line(file: &mut File) -> io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    if length == 0 {
        return Ok(0);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last == *b"\n" {
        return Ok(length);
    }
    file.write_all(b"\n")?;
    Ok(length + 1)
}

fn lines(path: &Path) -> io::Result<u64> {
    let mut reader = io::BufReader::new(File::open(path)?);
    let (mut count, mut line) = (0, Vec::new());
    while io::BufRead::read_until(&mut reader, b'\n', &mut line)? > 0 {
        count += 1;
        line.clear();
    }
    Ok(count)
}

impl Appender {
    /// Records that the database has not taken yet.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed) + self.held.len() as u64
    }

    /// Appends one record, as a line of JSON. While the file cannot be written (a full disk, or a journal at its limit)
    /// records wait in memory for the next attempt; where they take too much of it, one is lost, and counted.
    pub(crate) fn append(&mut self, record: &impl Serialize) {
        self.append_of(None, record);
    }

    /// Appends what something is from now on. While it waits in memory it takes the place of what that was before, so that the latest state
    /// is never the one that is lost.
    pub(crate) fn append_state(&mut self, of: &str, record: &impl Serialize) {
        self.append_of(Some(of), record);
    }

    fn append_of(&mut self, state_of: Option<&str>, record: &impl Serialize) {
        self.line.clear();
        if let Err(error) = serde_json::to_writer(&mut self.line, record) {
            return tracing::error!(%error, "record cannot be written down");
        }
        self.line.push(b'\n');
        self.keep_in_step();
        self.start_again_when_stored();
        let line = std::mem::take(&mut self.line);
        if let Err(error) = self.write_held().and_then(|()| self.write(&line)) {
            self.hold(Held { state_of: state_of.map(Into::into), line });
            return self.complain(&error);
        }
        self.line = line;
    }

    /// Has a line wait in memory.
    fn hold(&mut self, new: Held) {
        self.held_bytes += new.line.len();
        let same = |held: &&mut Held| held.state_of.is_some() && held.state_of == new.state_of;
        match self.held.iter_mut().find(same) {
            Some(before) => {
                self.held_bytes = self.held_bytes.saturating_sub(before.line.len());
                *before = new;
            }
            None => self.held.push_back(new),
        }
    }

    /// Writes what waits in memory, oldest first.
    fn write_held(&mut self) -> io::Result<()> {
        while let Some(held) = self.held.pop_front() {
            if let Err(error) = self.write(&held.line) {
                self.held.push_front(held);
                return Err(error);
            }
            self.held_bytes = self.held_bytes.saturating_sub(held.line.len());
        }
        Ok(())
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.written.bytes.saturating_add(line.len() as u64) > self.limit {
            return Err(io::Error::other("the journal is at its limit: the database has been away too long"));
        }
        if let Err(error) = self.file.write_all(line) {
            // A full disk may have taken half of it, which would spoil the next record.
            let _ = self.file.set_len(self.written.bytes);
            return Err(error);
        }
        if self.failures > 0 {
            tracing::info!(path = %self.path.display(), "journal can be written again");
            self.failures = 0;
        }
        self.written.bytes += line.len() as u64;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.announce.send_replace(self.written);
        Ok(())
    }

    fn complain(&mut self, error: &io::Error) {
        self.failures += 1;
        while self.held_bytes > HELD_BYTES
            && let Some(held) = self.held.pop_back()
        {
            self.held_bytes = self.held_bytes.saturating_sub(held.line.len());
            self.lost += 1;
        }
        if self.failures.is_power_of_two() {
            let (held, lost) = (self.held.len(), self.lost);
            tracing::error!(path = %self.path.display(), %error, held, lost, "journal cannot be written");
        }
    }

    /// Somebody else cut the file or removed it: what is left of it is read once more, and records go on behind that. The
    /// file is looked at once a second: a look at each record would cost as much as the record.
    fn keep_in_step(&mut self) {
        let now = Instant::now();
        if self.looked_at.is_some_and(|last| now.duration_since(last) < LOOK_EVERY) {
            return;
        }
        self.looked_at = Some(now);
        let Ok(found) = self.file.metadata() else { return };
        if found.len() == self.written.bytes && found.nlink() > 0 {
            return;
        }
        tracing::warn!(path = %self.path.display(), "journal was changed by another program");
        let bytes = match self.open_again(found.nlink() > 0) {
            Ok(bytes) => bytes,
            Err(error) => return self.complain(&error),
        };
        self.written = Written { generation: self.written.generation + 1, bytes };
        self.announce.send_replace(self.written);
        self.stored.store(0, Ordering::Release);
        self.waiting.store(lines(&self.path).unwrap_or(0), Ordering::Relaxed);
    }

    fn open_again(&mut self, exists: bool) -> io::Result<u64> {
        if !exists {
            self.file = open_file(&self.path)?;
        }
        end_with_a_whole_line(&mut self.file)
    }

    /// Everything is in the database: a short file is cheap to replay after the next start. Not at every record, since another file costs
    /// more than an append. One is cut only where no other can be made.
    fn start_again_when_stored(&mut self) {
        let bytes = self.written.bytes;
        if bytes < RENEW_ABOVE_BYTES || self.stored.load(Ordering::Acquire) != bytes {
            return;
        }
        if self.fresh.take(&mut self.file) || (bytes >= CUT_ABOVE_BYTES && self.file.set_len(0).is_ok()) {
            self.written = Written { generation: self.written.generation + 1, bytes: 0 };
            self.stored.store(0, Ordering::Release);
            self.announce.send_replace(self.written);
        }
    }
}

impl Reader {
    /// The file.
    pub(crate) fn path(&self) -> &Path {
        self.renewal.path()
    }

    /// Waits until there is something to read; `None` when the appender is gone and everything is read.
    pub(crate) async fn ready(&mut self) -> Option<()> {
        loop {
            let written = *self.written.borrow_and_update();
            if written.generation != self.generation {
                (self.generation, self.offset) = (written.generation, 0);
                // Also where nothing could be written yet: the disk may be full of what is stored.
                if let Some(old) = self.renewal.settle() {
                    // Its end may wait for the disk.
                    let _ = tokio::task::spawn_blocking(move || drop(old)).await;
                }
            }
            if written.bytes > self.offset {
                return Some(());
            }
            self.written.changed().await.ok()?;
        }
    }

    /// Lets records gather for so long, or until no more will come.
    pub(crate) async fn collect(&mut self, time: Duration) {
        let _ = tokio::time::timeout(time, self.appender.recv()).await;
    }

    /// The next records, at most `most`. Lines that are no UTF-8 come out mangled: the caller skips what it cannot read.
    pub(crate) fn next_batch(&self, most: usize) -> io::Result<Batch> {
        let length = self.backlog().min(BATCH_BYTES);
        let mut file = File::open(self.path())?;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        file.take(length).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < length {
            return Err(io::Error::other("the journal was cut by another program"));
        }
        let mut end = self.offset;
        let mut lines = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n').take(most) {
            let Some(text) = line.strip_suffix(b"\n") else { break };
            end += line.len() as u64;
            lines.push(String::from_utf8_lossy(text).into_owned());
        }
        if lines.is_empty() {
            // No record is that long: this is damage, and its end will be skipped as a line that cannot be read.
            end += length;
        }
        Ok(Batch { lines, end })
    }

    /// The batch is in the database.
    pub(crate) fn stored(&mut self, batch: &Batch) {
        self.offset = batch.end;
        let stored = batch.lines.len() as u64;
        let _ = self
            .waiting
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| Some(waiting.saturating_sub(stored)));
        // Before the appender hears that all is stored: it finds the new file there.
        if batch.end >= RENEW_ABOVE_BYTES && self.is_all(batch) {
            self.renewal.offer();
        }
        // While this is held, the appender cannot begin a generation in which the offset means something else.
        let written = self.written.borrow();
        if written.generation == self.generation {
            self.stored.store(batch.end, Ordering::Release);
        }
    }

    fn is_all(&self, batch: &Batch) -> bool {
        let written = self.written.borrow();
        written.generation == self.generation && written.bytes == batch.end
    }

    /// Bytes that wait for the database.
    pub(crate) fn backlog(&self) -> u64 {
        self.written.borrow().bytes.saturating_sub(self.offset)
    }
}

/// Records are below one kilobyte: a batch is a few hundred of them.
const BATCH_BYTES: u64 = 128 << 10;
/// Some thousand records, while the disk is full.
const HELD_BYTES: usize = 4 << 20;
const LOOK_EVERY: Duration = Duration::from_secs(1);
const RENEW_ABOVE_BYTES: u64 = 256 << 10;
const CUT_ABOVE_BYTES: u64 = 4 << 20;

#[cfg(test)]
mod tests;
