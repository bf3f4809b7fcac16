//! A folder with a PBX and a sidecar, each started and stopped as the test wants it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

pub(crate) struct House {
    folder: TempDir,
    port: u16,
    pbx: Option<Child>,
    admin: Option<Child>,
}

impl House {
    /// One organisation with the extensions 201 and 202; nothing runs.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("kiestoon-admin-test-").tempdir().unwrap();
        let house = Self { folder, port: free_ports(), pbx: None, admin: None };
        let [sip, ws, http, https] = [0, 1, 2, 3].map(|offset| house.port + offset);
        let rtp = 30_000 + (house.port - FIRST_PORT) * 5;
        fs::create_dir(house.path("dialplans")).unwrap();
        fs::write(house.path("dialplans/test.toml"), DIALPLAN).unwrap();
        fs::create_dir(house.path("sounds")).unwrap();
        fs::write(
            house.path("kiestoon.toml"),
            format!(
                "[sip]\nudp = [\"127.0.0.1:{sip}\"]\ntcp = []\n[sip.ws]\nlisten = [\"127.0.0.1:{ws}\"]\n\
                 [media]\nrtp_ports = \"{rtp}-{}\"\nwebrtc_port = {}\nsounds = \"sounds\"\nhold_music = \"\"\n\
                 [admin]\nhttp = [\"127.0.0.1:{http}\"]\nhttps = [\"127.0.0.1:{https}\"]\n",
                rtp + 15,
                rtp + 16
            ),
        )
        .unwrap();
        fs::write(house.path("import.toml"), EXTENSIONS).unwrap();
        house.kiestoon(&["import", "import.toml"]);
        house
    }

    /// Two organisations that both have the extensions 201 and 202, and in each an admin and a user with 201: `kees` and `anna`
    /// of kantoor, `willem` and `bea` of winkel. Both started.
    pub(crate) fn of_two() -> Self {
        let mut house = Self::new();
        let organisations = ["kantoor", "winkel"].map(|slug| {
            let extensions = ["201", "202"].map(|number| {
                format!("[[extension]]\norganisation = \"{slug}\"\nnumber = \"{number}\"\npassword = \"{slug}{number}\"\n")
            });
            format!("[[organisation]]\nslug = \"{slug}\"\ndomain = \"{slug}.example\"\n{}", extensions.concat())
        });
        fs::write(house.path("two.toml"), organisations.concat()).unwrap();
        house.kiestoon(&["import", "two.toml"]);
        for (slug, admin, user) in [("kantoor", "kees", "anna"), ("winkel", "willem", "bea")] {
            for user in [&[admin, "--role", "admin"][..], &[user, "--extension", "201"]] {
                let more = ["--organisation", slug, "--password", PASSWORD];
                house.kiestoon(&[&["user", "add"], user, &more].concat());
            }
        }
        house.start_pbx();
        house.start_admin();
        house
    }

    /// Adds lines to a section of the configuration, or to a new one.
    pub(crate) fn configure(&self, section: &str, lines: &str) {
        let text = fs::read_to_string(self.path("kiestoon.toml")).unwrap();
        let head = format!("[{section}]\n");
        let text = if text.contains(&head) {
            text.replace(&head, &format!("{head}{lines}"))
        } else {
            format!("{text}{head}{lines}")
        };
        fs::write(self.path("kiestoon.toml"), text).unwrap();
    }

    /// Both started, with the users `admin` and `anna`, who has extension 201; their passwords are [`PASSWORD`].
    pub(crate) fn open() -> Self {
        Self::new().opened()
    }

    /// The same of what has been configured.
    pub(crate) fn opened(self) -> Self {
        let mut house = self;
        for user in [&["admin", "--role", "admin"][..], &["anna", "--extension", "201"]] {
            house.kiestoon(&[&["user", "add"], user, &["--password", PASSWORD]].concat());
        }
        house.start_pbx();
        house.start_admin();
        house
    }

    pub(crate) fn start_pbx(&mut self) {
        self.pbx = Some(self.start(&kiestoon(), "kiestoon ready"));
    }

    pub(crate) fn start_admin(&mut self) {
        self.admin = Some(self.start(Path::new(ADMIN), "kiestoon-admin ready"));
    }

    fn start(&self, program: &Path, ready: &str) -> Child {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        let mut child = Command::new(program)
            .args(["serve", "--config", "kiestoon.toml"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert_eq!(first.trim_end(), ready, "the log says:\n{}", self.log());
        child
    }

    /// Ends the PBX as a power cut would.
    pub(crate) fn kill_pbx(&mut self) {
        let mut child = self.pbx.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends the PBX by SIGTERM; the exit code.
    pub(crate) fn stop_pbx(&mut self) -> Option<i32> {
        end(self.pbx.take().unwrap(), Signal::SIGTERM)
    }

    /// Ends the sidecar by SIGTERM; the exit code.
    pub(crate) fn stop_admin(&mut self) -> Option<i32> {
        end(self.admin.take().unwrap(), Signal::SIGTERM)
    }

    /// What `kiestoon-admin serve` prints and returns where it does not start.
    pub(crate) fn refused(&self) -> Output {
        let mut command = Command::new(ADMIN);
        command.args(["serve", "--config", "kiestoon.toml"]).current_dir(self.folder.path());
        command.stdin(Stdio::null()).output().unwrap()
    }

    pub(crate) fn kiestoon(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(kiestoon());
        command.args(arguments).args(["--config", "kiestoon.toml"]).current_dir(self.folder.path());
        let output = command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    pub(crate) fn sip(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(crate) fn http(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port + 2))
    }

    pub(crate) fn https(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port + 3))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        for child in [self.admin.take(), self.pbx.take()].into_iter().flatten() {
            end(child, Signal::SIGINT);
        }
        if std::thread::panicking() {
            eprintln!("--- log of both\n{}", self.log());
        }
    }
}

fn end(mut child: Child, signal: Signal) -> Option<i32> {
    let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal);
    let limit = Instant::now() + Duration::from_secs(10);
    while Instant::now() < limit {
        if let Ok(Some(status)) = child.try_wait() {
            return status.code();
        }
        std::thread::sleep(POLL);
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < limit, "no {what}");
        std::thread::sleep(POLL);
    }
}

/// The PBX's binary lies beside ours; where only this crate is tested, it may not be built yet.
fn kiestoon() -> PathBuf {
    static BUILT: Once = Once::new();
    let program = Path::new(ADMIN).with_file_name("kiestoon");
    BUILT.call_once(|| {
        if !program.exists() {
            let build = Command::new(env!("CARGO"))
                .args(["build", "--locked", "-p", "kiestoon-pbx", "--bin", "kiestoon"])
                .status();
            assert!(build.unwrap().success());
        }
    });
    program
}

/// Four ports in a row that no other test of this run is given; the PBX's own tests have those below.
fn free_ports() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..100 {
        let port = FIRST_PORT + NEXT.fetch_add(4, Ordering::Relaxed);
        if (0..4).all(|offset| TcpListener::bind(("127.0.0.1", port + offset)).is_ok()) {
            return port;
        }
    }
    panic!("no free ports");
}

pub(crate) const PASSWORD: &str = "geheim 1234";
const ADMIN: &str = env!("CARGO_BIN_EXE_kiestoon-admin");
const FIRST_PORT: u16 = 9_930;
const POLL: Duration = Duration::from_millis(20);
const DIALPLAN: &str = "version = 1\ntimezone = \"Europe/Amsterdam\"\n[hours.kantoor]\nopen = [\"ma-vr 08:30-17:30\"]\n\
     [[context.intern]]\nname = \"toestellen\"\nmatch = \"_2XX\"\n\
     do = [{ dial = \"ext:${number}\", timeout = \"25s\" }]\n";
const EXTENSIONS: &str = "[[extension]]\nnumber = \"201\"\nname = \"Anna\"\npassword = \"geheim201\"\n\
     [[extension]]\nnumber = \"202\"\nname = \"Piet\"\npassword = \"geheim202\"\n";
