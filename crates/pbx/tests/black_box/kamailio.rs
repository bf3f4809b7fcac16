//! Kamailio as a real neighbour, with whatever configuration a test gives it.
use std::{
    fs,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::pbx::free_port;

/// A running Kamailio. It is ended when it goes out of scope.
pub(crate) struct Kamailio {
    folder: TempDir,
    child: Child,
    pub(crate) port: u16,
}

impl Kamailio {
    /// Starts it in a folder with the configuration that is made for its port.
    pub(crate) fn start(folder: TempDir, configuration: impl Fn(u16) -> String) -> Self {
        let port = free_port();
        fs::write(folder.path().join("kamailio.cfg"), configuration(port)).unwrap();
        Self { child: run(&folder), folder, port }
    }

    /// Ends it and starts it again: its connections are lost.
    pub(crate) fn restart(&mut self) {
        self.end();
        self.child = run(&self.folder);
    }

    fn end(&mut self) {
        // Its children end with it on this signal only.
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

/// A folder for one.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("kiestoon-kamailio-").tempdir().unwrap()
}

fn run(folder: &TempDir) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.path().join("log")).unwrap();
    Command::new("kamailio")
        .args(["-DD", "-E", "-n", "1", "-m", "32", "-f"])
        .arg(folder.path().join("kamailio.cfg"))
        .arg("-Y")
        .arg(folder.path())
        .env("PATH", format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default()))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("kamailio is installed (make test installs it)")
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("--- log of kamailio\n{log}");
        }
    }
}
