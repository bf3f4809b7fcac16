//! The PBX in its network.
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::world::{Place, World};

/// A running PBX with the extensions 201 to 204; their passwords are `geheimNUMBER`.
pub(crate) struct Pbx {
    folder: TempDir,
    child: Child,
}

impl Pbx {
    /// Starts it on the internet; `more` is added to its configuration.
    pub(crate) fn start(world: &World, more: &str) -> Self {
        Self::start_in(world, Place::Pbx, more)
    }

    /// The same, elsewhere.
    pub(crate) fn start_in(world: &World, place: Place, more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("kiestoon-nat-").tempdir().unwrap();
        for name in ["dialplans", "sounds", "conf.d"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("dialplans/test.toml"), DIALPLAN).unwrap();
        fs::write(folder.path().join("kiestoon.toml"), CONFIGURATION).unwrap();
        fs::write(folder.path().join("conf.d/more.toml"), more).unwrap();
        let extensions: String = ["201", "202", "203", "204"]
            .iter()
            .map(|number| format!("[[extension]]\nnumber = \"{number}\"\npassword = \"geheim{number}\"\n"))
            .collect();
        fs::write(folder.path().join("import.toml"), extensions).unwrap();
        let imported = Command::new(PROGRAM)
            .args(["import", "import.toml", "--config", "kiestoon.toml"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut child = world
            .command(place, PROGRAM)
            .args(["serve", "--config", "kiestoon.toml"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let started = Self { folder, child };
        assert_eq!(first.trim_end(), "kiestoon ready", "the log says:\n{}", started.log());
        started
    }

    /// What a command of the command line prints as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .args(["--json", "--config", "kiestoon.toml"])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Whether a phone is registered on this extension.
    pub(crate) fn has(&self, number: &str) -> bool {
        let registrations = self.json(&["ctl", "registrations"]);
        registrations.as_array().unwrap().iter().any(|registration| registration["number"] == number)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGINT);
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the PBX\n{}", self.log());
        }
    }
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "no {what} within {LIMIT:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) const LIMIT: Duration = Duration::from_secs(20);
const PROGRAM: &str = env!("CARGO_BIN_EXE_kiestoon");

const CONFIGURATION: &str = r#"
[sip]
udp = ["0.0.0.0:5060"]
tcp = ["0.0.0.0:5060"]
"#;

const DIALPLAN: &str = r#"
version = 1
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "25s" }]
[[context.intern]]
match = "*43"
do = [{ echo = true }]
"#;
