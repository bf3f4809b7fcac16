//! A PostgreSQL server of Debian's package, in a folder of its own, on a Unix socket only. It ends
//! with this process.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    /// PostgreSQL refuses to run as root: then it runs as the user that its package made.
    user: Option<(u32, u32)>,
    databases: AtomicU32,
}

impl Server {
    /// A server that is not running yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = is_root().then(|| id_of("postgres"));
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let server = Self { folder, programs: programs(), user, databases: AtomicU32::new(0) };
        let made = server
            .program("initdb")
            .args(["--auth=trust", "--username=kiestoon", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        server
    }

    /// Starts it and waits until it answers.
    pub(crate) fn start(&self) {
        let mut server = Command::new("setpriv");
        if let Some((uid, gid)) = self.user {
            server.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()]);
        }
        server.args(["--pdeathsig", "INT"]).arg(self.programs.join("postgres")).arg("-D").arg(self.data());
        server.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=300", "-k"]);
        server.arg(self.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        // The signal of a parent's death comes when the thread that started it ends, and a test's thread does.
        std::thread::spawn(move || {
            let mut child = server.spawn().unwrap();
            child.wait().unwrap();
        });
        while !self.answers() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it, whoever is connected.
    pub(crate) fn stop(&self) {
        let stopped = self
            .program("pg_ctl")
            .args(["stop", "-w", "-m", "immediate", "-D"])
            .arg(self.data())
            .output()
            .unwrap();
        assert!(stopped.status.success(), "pg_ctl: {}", String::from_utf8_lossy(&stopped.stderr));
    }

    pub(crate) fn create_database(&self) -> String {
        let name = format!("kiestoon{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = self.client("createdb").arg(&name).output().unwrap();
        assert!(made.status.success(), "createdb: {}", String::from_utf8_lossy(&made.stderr));
        name
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://kiestoon@localhost/{database}?host={}", self.folder.path().display())
    }

    fn answers(&self) -> bool {
        self.client("pg_isready").stdout(Stdio::null()).status().unwrap().success()
    }

    /// One of its client programs.
    pub(crate) fn client(&self, name: &str) -> Command {
        let mut command = self.program(name);
        command.args(["-U", "kiestoon", "-h"]).arg(self.folder.path());
        command
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/").env("LC_ALL", "C");
        command
    }

    /// The folder of its files.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

/// Where Debian's package puts the server's programs.
fn programs() -> PathBuf {
    let versions =
        std::fs::read_dir("/usr/lib/postgresql").expect("postgresql is installed (make test installs it)");
    let folders = versions.map(|entry| entry.unwrap().path().join("bin"));
    folders.filter(|folder| folder.join("initdb").exists()).max().expect("postgresql is installed")
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0
}

fn id_of(user: &str) -> (u32, u32) {
    let passwd = std::fs::read_to_string(Path::new("/etc/passwd")).unwrap();
    let line = passwd.lines().find(|line| line.split(':').next() == Some(user)).expect("the user postgres");
    let mut fields = line.split(':').skip(2).map(|field| field.parse().unwrap());
    (fields.next().unwrap(), fields.next().unwrap())
}
