//! What the PBX tells whoever watches: `kiestoon ctl watch`.
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    time::Duration,
};

use crate::pbx::Pbx;

/// A running watcher. It is ended when it goes out of scope.
pub(crate) struct Watch {
    child: Child,
    told: Receiver<String>,
    pub(crate) heard: String,
}

impl Watch {
    pub(crate) fn start(pbx: &Pbx) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kiestoon"))
            .args(["ctl", "watch", "--json", "--config"])
            .arg(pbx.path("kiestoon.toml"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (tell, told) = sync_channel(64);
        std::thread::spawn(move || lines.map_while(|line| tell.send(line).ok()).for_each(drop));
        Self { child, told, heard: String::new() }
    }

    /// The next event of this kind, as JSON.
    #[track_caller]
    pub(crate) fn next(&mut self, kind: &str) -> String {
        self.soon(kind, Duration::from_secs(20))
            .unwrap_or_else(|| panic!("no {kind} in time after\n{}", self.heard))
    }

    /// The next that has this in it; None where the PBX says nothing for so long.
    pub(crate) fn soon(&mut self, what: &str, patience: Duration) -> Option<String> {
        loop {
            let line = self.told.recv_timeout(patience).ok()?;
            self.heard.push_str(&line);
            if line.contains(what) {
                return Some(line);
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
