//! SIPp as a real peer: scenarios in `tests/sipp`, their users in a CSV file.
use std::{
    fmt::Display,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::pbx::{PASSWORD_PREFIX, Pbx, free_port, repository};

/// A SIPp run. It is ended when it goes out of scope.
pub(crate) struct Sipp {
    child: Child,
    log: PathBuf,
}

impl Sipp {
    /// Starts a scenario of the test's own, as a provider that listens at this address and port.
    pub(crate) fn provider(pbx: &Pbx, scenario: &Path, at: (&str, u16), arguments: &[&str]) -> Self {
        let name = scenario.file_stem().unwrap().to_string_lossy();
        let ip = at.0;
        let arguments = [&["-i", ip, "-mi", ip][..], arguments].concat();
        Self::run(&pbx.address().to_string(), pbx, scenario, &name, at.1, &arguments)
    }

    /// Starts a scenario for one user; `contact` is where the scenario registers it.
    pub(crate) fn start(
        pbx: &Pbx,
        scenario: &str,
        user: &str,
        port: u16,
        contact: impl Display,
        arguments: &[&str],
    ) -> Self {
        Self::start_to(&pbx.address().to_string(), pbx, scenario, user, port, contact, arguments)
    }

    /// The same, speaking to another than the PBX.
    pub(crate) fn start_to(
        peer: &str,
        pbx: &Pbx,
        scenario: &str,
        user: &str,
        port: u16,
        contact: impl Display,
        arguments: &[&str],
    ) -> Self {
        let users = pbx.path(&format!("{scenario}-{user}.csv"));
        let credentials = format!("[authentication username={user} password={PASSWORD_PREFIX}{user}]");
        fs::write(&users, format!("SEQUENTIAL\n{user};{credentials};{contact}\n")).unwrap();
        let file = repository(&format!("tests/sipp/{scenario}.xml"));
        let inf = ["-i", "127.0.0.1", "-inf", users.to_str().unwrap()];
        let arguments = [&inf[..], arguments].concat();
        Self::run(peer, pbx, &file, &format!("{scenario}-{user}"), port, &arguments)
    }

    fn run(peer: &str, pbx: &Pbx, scenario: &Path, name: &str, port: u16, arguments: &[&str]) -> Self {
        let log = pbx.path(&format!("{name}.log"));
        let output = fs::File::create(&log).unwrap();
        let media_port = media_port();
        let child = Command::new("sipp")
            .arg(peer)
            .arg("-sf")
            .arg(scenario)
            .args(["-p", &port.to_string(), "-mp", &media_port.to_string(), "-nostdin"])
            .args(arguments)
            .current_dir(pbx.path(""))
            .env("TERM", "dumb")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .expect("sipp is installed (make test installs it)");
        Self { child, log }
    }

    /// Registers an extension at a port and waits for the 200.
    pub(crate) fn register(pbx: &Pbx, user: &str, contact: u16) {
        Self::register_at(pbx, user, &format!("127.0.0.1:{contact}"));
    }

    /// The same at any contact.
    pub(crate) fn register_at(pbx: &Pbx, user: &str, contact: &str) {
        Self::start(pbx, "register", user, free_port(), contact, &["-m", "1"]).succeed();
    }

    /// Stops its process, as if its host had lost its network.
    pub(crate) fn stop(&self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGSTOP).unwrap();
    }

    /// Waits for the end of the run and asserts that every call was as the scenario says.
    #[track_caller]
    pub(crate) fn succeed(mut self) {
        let status = self.child.wait().unwrap();
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let tail: String = log.chars().rev().take(3_000).collect::<Vec<_>>().into_iter().rev().collect();
        assert!(status.success(), "sipp ended with {status}:\n{tail}");
    }
}

/// SIPp binds four ports from here for sound and pictures. Below those of baresip.
fn media_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    30_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 24 * 4
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
