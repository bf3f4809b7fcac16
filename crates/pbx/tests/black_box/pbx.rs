//! The PBX under test: its own folder, its own ports, stopped when it goes out of scope.
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tempfile::TempDir;

/// A dialplan by which phones reach each other, and nothing else.
pub(crate) const PHONES_CALL: &str = r#"
version = 1
timezone = "Europe/Amsterdam"
[[context.intern]]
name = "toestellen"
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "25s" }]
"#;

/// The folder and configuration of a PBX that may be started, killed and started again.
pub(crate) struct Pbx {
    folder: TempDir,
    pub(crate) port: u16,
    running: Option<Child>,
}

pub(crate) const PASSWORD_PREFIX: &str = "geheim";

impl Pbx {
    /// A PBX with extensions, not started. Their passwords are `geheimNUMBER`.
    pub(crate) fn new(extensions: &[&str], dialplan: &str) -> Self {
        Self::new_on("sqlite:kiestoon.db", extensions, dialplan)
    }

    /// The same, on another database than the usual file.
    pub(crate) fn new_on(database: &str, extensions: &[&str], dialplan: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("kiestoon-test-").tempdir().unwrap();
        let port = free_port();
        let (rtp, browsers) = (rtp_ports(), free_port());
        let path = folder.path().display().to_string();
        fs::create_dir(folder.path().join("dialplans")).unwrap();
        fs::write(folder.path().join("dialplans/test.toml"), dialplan).unwrap();
        fs::write(
            folder.path().join("kiestoon.toml"),
            format!(
                r#"
[sip]
udp = ["127.0.0.1:{port}", "[::1]:{port}"]
tcp = ["127.0.0.1:{port}", "[::1]:{port}"]
{NO_WEBSOCKET}
[media]
webrtc_port = {browsers}
rtp_ports = "{rtp}-{}"
sounds = "{path}/sounds"
[store]
url = "{database}"
[dialplan]
path = "{path}/dialplans"
[control]
socket = "{path}/kiestoon.sock"
[limits]
exempt_sources = ["127.0.0.0/8", "::1/128"]
"#,
                rtp + RTP_PORTS - 1
            ),
        )
        .unwrap();
        fs::create_dir(folder.path().join("sounds")).unwrap();
        let pbx = Self { folder, port, running: None };
        let import: String = extensions
            .iter()
            .map(|number| format!("[[extension]]\nnumber = \"{number}\"\nname = \"Toestel {number}\"\npassword = \"{PASSWORD_PREFIX}{number}\"\n"))
            .collect();
        pbx.import(&import);
        pbx
    }

    /// Imports a file with this text.
    #[track_caller]
    pub(crate) fn import(&self, toml: &str) {
        let file = self.path("more.toml");
        fs::write(&file, toml).unwrap();
        let imported = self.kiestoon(&["import", file.to_str().unwrap()]);
        assert!(imported.status.success(), "{}", text(&imported));
    }

    /// The same, where no source is exempt from limits and bans; `limits` are lines for that section.
    pub(crate) fn strict(extensions: &[&str], dialplan: &str, limits: &str) -> Self {
        let pbx = Self::new(extensions, dialplan);
        let path = pbx.path("kiestoon.toml");
        let exempt = "exempt_sources = [\"127.0.0.0/8\", \"::1/128\"]";
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(exempt));
        fs::write(&path, text.replace(exempt, limits)).unwrap();
        pbx
    }

    /// The same, started.
    pub(crate) fn start(extensions: &[&str], dialplan: &str) -> Self {
        let mut pbx = Self::new(extensions, dialplan);
        pbx.run();
        pbx
    }

    /// Starts the process and waits for its ready line.
    pub(crate) fn run(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kiestoon"))
            .args(["serve", "--config"])
            .arg(self.path("kiestoon.toml"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut first = String::new();
        BufReader::new(stdout).read_line(&mut first).unwrap();
        assert_eq!(first.trim_end(), "kiestoon ready", "the log says:\n{}", self.log());
        self.running = Some(child);
    }

    /// A file of this PBX.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Where it serves SIP over IPv4.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The same over a transport: TLS or WebSocket has the next port.
    pub(crate) fn address_over(&self, transport: &str) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port + u16::from(matches!(transport, "tls" | "ws"))))
    }

    /// Adds to the configuration, before a start.
    pub(crate) fn configure(&self, toml: &str) {
        let mut text = fs::read_to_string(self.path("kiestoon.toml")).unwrap();
        if toml.contains("[sip.ws]") {
            text = text.replace(NO_WEBSOCKET, "");
        }
        fs::write(self.path("kiestoon.toml"), text + toml).unwrap();
    }

    /// Adds to a section that is there, before a start.
    pub(crate) fn configure_in(&self, section: &str, lines: &str) {
        let text = fs::read_to_string(self.path("kiestoon.toml")).unwrap();
        let head = format!("[{section}]\n");
        assert!(text.contains(&head), "{text}");
        fs::write(self.path("kiestoon.toml"), text.replace(&head, &format!("{head}{lines}\n"))).unwrap();
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.running.as_ref().expect("the PBX runs").id()
    }

    /// Runs the command line with this PBX's configuration.
    pub(crate) fn kiestoon(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_kiestoon"))
            .args(arguments)
            .arg("--config")
            .arg(self.path("kiestoon.toml"))
            .current_dir(self.folder.path())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// The same, for a command that prints JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let mut all = arguments.to_vec();
        all.push("--json");
        let output = self.kiestoon(&all);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", text(&output)))
    }

    /// The finished calls, newest first, once there are as many as expected.
    pub(crate) fn history(&self, calls: usize) -> Vec<serde_json::Value> {
        let mut seen = Vec::new();
        wait_for("call records", Duration::from_secs(10), || {
            seen = self.json(&["history"]).as_array().unwrap().clone();
            seen.len() >= calls
        });
        assert_eq!(seen.len(), calls, "{seen:#?}");
        seen
    }

    /// Sends the process a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.pid()).unwrap()), signal).unwrap();
    }

    /// Kills it without warning, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Waits for its end after a signal; the exit code.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<i32> {
        let mut child = self.running.take().unwrap();
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(POLL);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("still running after {limit:?}; the log says:\n{}", self.log());
    }

    /// Asserts that the process lives and answers.
    pub(crate) fn assert_alive(&mut self) {
        let child = self.running.as_mut().unwrap();
        assert!(
            child.try_wait().unwrap().is_none(),
            "the PBX has died:\n{}",
            fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
        );
        assert!(self.kiestoon(&["ctl", "status"]).status.success());
    }
}

impl Drop for Pbx {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT);
            let end = Instant::now() + Duration::from_secs(5);
            while Instant::now() < end && matches!(child.try_wait(), Ok(None)) {
                std::thread::sleep(POLL);
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- log of the PBX\n{}", self.log());
        }
    }
}

/// Waits until `condition` holds. Real programs take real time: this is the one place that waits for it.
#[track_caller]
pub(crate) fn wait_for(what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < end, "no {what} within {limit:?}");
        std::thread::sleep(POLL);
    }
}

/// A port that is free for UDP and TCP on both loopback addresses, and that no other test of this run is given. Below
/// the ephemeral ports: one of those may be taken between this look and its use. Every second one: baresip serves TLS on
/// the port behind its own.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..PORTS {
        let port = FIRST_PORT + NEXT.fetch_add(2, Ordering::Relaxed) % PORTS;
        let free = UdpSocket::bind(("127.0.0.1", port)).is_ok()
            && TcpListener::bind(("127.0.0.1", port)).is_ok()
            && UdpSocket::bind(("::1", port)).is_ok()
            && TcpListener::bind(("::1", port)).is_ok();
        if free {
            return port;
        }
    }
    panic!("no free port");
}

/// Tests run side by side: each PBX has an RTP range of its own, below the ephemeral ports.
fn rtp_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    10_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 20 * RTP_PORTS
}

/// Output of a command as text, for messages.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Its default is one port, which only one of the tests could have.
const NO_WEBSOCKET: &str = "[sip.ws]\nlisten = []";
const FIRST_PORT: u16 = 5_100;
const PORTS: u16 = 4_800;
const RTP_PORTS: u16 = 1_000;
const POLL: Duration = Duration::from_millis(20);
