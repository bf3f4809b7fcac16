//! The binary in a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::{fs, str};

/// A folder with a configuration that names nothing outside it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        folder.write("dialplans/office.toml", DIALPLAN);
        folder.write("kiestoon.toml", CONFIG);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Runs `kiestoon` in the folder, in English unless told otherwise.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[])
    }

    /// The PBX, serving until what is returned goes.
    pub(crate) fn serve(&self) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kiestoon"))
            .current_dir(self.0.path())
            .args(["serve", "--config", "kiestoon.toml"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(self.path("log")).expect("a file"))
            .spawn()
            .expect("the binary runs");
        let mut ready = String::new();
        let out = child.stdout.as_mut().expect("a pipe");
        BufReader::new(out).read_line(&mut ready).expect("a line");
        assert_eq!(ready, "kiestoon ready\n", "{}", fs::read_to_string(self.path("log")).unwrap_or_default());
        Serving(child)
    }

    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_kiestoon"))
            .current_dir(self.0.path())
            .args(arguments)
            .args(["--config", "kiestoon.toml"])
            .env("LC_ALL", "C.UTF-8")
            .envs(environment.iter().copied())
            .output()
            .expect("the binary runs");
        Ended(output)
    }
}

/// A PBX that serves. It ends with this.
pub(crate) struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a run printed and how it ended.
pub(crate) struct Ended(Output);

impl Ended {
    pub(crate) fn new(output: Output) -> Self {
        Self(output)
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub(crate) fn out(&self) -> &str {
        str::from_utf8(&self.0.stdout).expect("UTF-8")
    }

    pub(crate) fn err(&self) -> &str {
        str::from_utf8(&self.0.stderr).expect("UTF-8")
    }

    /// Asserts the exit code, with what was printed where it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code(),
            Some(code),
            "standard output:\n{}\nstandard error:\n{}",
            self.out(),
            self.err()
        );
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        let said = format!("{}{}", self.out(), self.err());
        assert!(said.contains(text), "`{text}` in:\n{said}");
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.out()).expect("JSON on standard output")
    }
}

/// Port 0 lets the system choose, so that these tests meet nobody. There are no sounds, and so no music.
const CONFIG: &str = r#"
[sip]
udp = ["127.0.0.1:0"]
tcp = ["127.0.0.1:0"]
[sip.ws]
listen = []
[store]
url = "sqlite:data/kiestoon.db"
[media]
hold_music = ""
[dialplan]
path = "dialplans"
[control]
socket = "data/kiestoon.sock"
"#;

const DIALPLAN: &str = r#"
version = 1
timezone = "Europe/Amsterdam"

[[context.intern]]
name = "phones"
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "25s" }]
"#;
