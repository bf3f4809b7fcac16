//! Looks at the PBX from outside: /proc, and its control socket.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::sample::{HEADING, Sample, Status};
use super::witness::Witness;
use crate::driver::{Target, ticks};

/// An open look-out, and the file that its samples go to.
pub(crate) struct Watch {
    begun: Instant,
    pid: u32,
    socket: PathBuf,
    csv: File,
    /// Of the machine's own stalls, where this user may have one.
    witness: Option<Arc<Witness>>,
}

const PATIENCE: Duration = Duration::from_secs(5);

impl Watch {
    pub(crate) fn open(target: &Target, csv: &Path) -> anyhow::Result<Self> {
        let pid = *target.roots().first().context("no process")?;
        if let Some(folder) = csv.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut csv = File::create(csv).with_context(|| format!("cannot write {}", csv.display()))?;
        writeln!(csv, "{HEADING}")?;
        let witness = match Witness::start() {
            Ok(witness) => Some(witness),
            Err(error) => {
                println!("soak: {error:#}: the machine's own stalls count as Kiestoon's");
                None
            }
        };
        let socket = target.folder().join("data/kiestoon.sock");
        Ok(Self { begun: Instant::now(), pid, socket, csv, witness })
    }

    /// One sample, written down.
    pub(crate) fn look(&mut self) -> anyhow::Result<Sample> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let rss_kb = rss.and_then(|line| line.split_whitespace().next()?.parse().ok()).context("no VmRSS")?;
        let sample = Sample {
            at: self.begun.elapsed().as_secs_f64(),
            rss_kb,
            files: fs::read_dir(format!("/proc/{}/fd", self.pid))?.count() as u64,
            cpu_s: ticks(self.pid),
            status: self.status()?,
            stalls: self.witness.as_ref().map(|witness| witness.stalls()).unwrap_or_default(),
        };
        writeln!(self.csv, "{}", sample.csv())?;
        Ok(sample)
    }

    fn status(&self) -> anyhow::Result<Status> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /v1/status HTTP/1.1\r\nHost: kiestoon\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP")?;
        ensure!(head.starts_with("HTTP/1.1 200"), "status refused: {head}");
        Ok(serde_json::from_str(body)?)
    }
}
