//! A real desk phone: baresip, driven over its control socket, playing a tone of its own and recording what it hears.
use std::{
    fs,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::baresip_control::{Control, MODULES, newest_recording};
use crate::pbx::{PASSWORD_PREFIX, Pbx, free_port, wait_for};

/// A running baresip with one account.
pub(crate) struct Baresip {
    folder: TempDir,
    child: Child,
    control: Control,
}

/// What may differ between phones.
pub(crate) struct Phone<'a> {
    pub(crate) number: &'a str,
    pub(crate) transport: &'a str,
    pub(crate) tone: u32,
    pub(crate) answers: bool,
    /// Further account parameters, each beginning with a semicolon; with `auth_user` and `auth_pass` it logs in with those.
    pub(crate) parameters: &'a str,
}

impl Baresip {
    /// Starts a phone and waits until it is registered.
    pub(crate) fn start(pbx: &Pbx, phone: &Phone<'_>) -> Self {
        let folder = tempfile::Builder::new().prefix("kiestoon-baresip-").tempdir().unwrap();
        let path = folder.path().display();
        let (control_port, sip_port) = (free_port(), free_port());
        let tone = phone.tone;
        fs::write(
            folder.path().join("config"),
            format!(
                "sip_listen 127.0.0.1:{sip_port}\naudio_source ausine,{tone}\naudio_player aubridge,sink\naudio_alert aubridge,alert\n\
                 ausrc_srate 48000\nausrc_channels 2\nauplay_srate 8000\nauplay_channels 1\nmodule_path {MODULES}\nmodule g711.so\nmodule ausine.so\nmodule srtp.so\nmodule aubridge.so\n\
                 module sndfile.so\nmodule_tmp account.so\nmodule_app ctrl_tcp.so\nmodule_app menu.so\n\
                 ctrl_tcp_listen 127.0.0.1:{control_port}\nsnd_path {path}\nrtp_timeout 0\nrtp_ports 30100-32700\ncall_local_timeout 120\n"
            ),
        )
        .unwrap();
        if phone.parameters.contains("audio_codecs") {
            let mut config = fs::OpenOptions::new().append(true).open(folder.path().join("config")).unwrap();
            writeln!(config, "module g722.so\nmodule opus.so").unwrap();
        }
        if phone.transport == "tls" {
            let mut config = fs::OpenOptions::new().append(true).open(folder.path().join("config")).unwrap();
            writeln!(config, "sip_cafile {}", pbx.path("ca.crt").display()).unwrap();
        }
        let answer = if phone.answers { "auto" } else { "manual" };
        let login = if phone.parameters.contains("auth_user=") {
            String::new()
        } else {
            format!(";auth_user={n};auth_pass={PASSWORD_PREFIX}{n}", n = phone.number)
        };
        fs::write(
            folder.path().join("accounts"),
            format!(
                "<sip:{n}@{address};transport={transport}>{login};answermode={answer};regint=60{more}\n",
                n = phone.number,
                address = pbx.address_over(phone.transport),
                transport = phone.transport,
                more = phone.parameters,
            ),
        )
        .unwrap();
        fs::write(folder.path().join("contacts"), "").unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("baresip")
            .args(["-f", folder.path().to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("baresip is installed (make test installs it)");
        let address = SocketAddr::from(([127, 0, 0, 1], control_port));
        let mut control = None;
        wait_for("control socket of baresip", Duration::from_secs(10), || {
            control = TcpStream::connect(address).ok();
            control.is_some()
        });
        let started = Self { folder, child, control: Control::new(control.unwrap()) };
        wait_for("registration", Duration::from_secs(20), || {
            let registrations = pbx.json(&["ctl", "registrations"]);
            registrations
                .as_array()
                .unwrap()
                .iter()
                .any(|registration| registration["number"] == phone.number)
        });
        started
    }

    /// Gives one command, such as `dial sip:202@127.0.0.1`.
    pub(crate) fn command(&mut self, command: &str, parameters: &str) {
        self.control.command(command, parameters);
    }

    /// Waits for an event such as `REGISTER_OK`, `CALL_ESTABLISHED` or `CALL_CLOSED`, which it then forgets.
    #[track_caller]
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        let mut found = None;
        wait_for(&format!("{kind} at baresip"), Duration::from_secs(20), || {
            found = self.control.take(kind);
            found.is_some()
        });
        found.unwrap()
    }

    /// Whether such an event has come, which it then forgets.
    pub(crate) fn has_seen(&mut self, kind: &str) -> bool {
        self.control.take(kind).is_some()
    }

    /// The recording of what it heard in its last call.
    pub(crate) fn heard(&self) -> PathBuf {
        self.recording("dec")
    }

    /// The recording of what it said in its last call.
    pub(crate) fn said(&self) -> PathBuf {
        self.recording("enc")
    }

    fn recording(&self, side: &str) -> PathBuf {
        newest_recording(self.folder.path(), side)
            .unwrap_or_else(|| panic!("no recording; baresip says:\n{}", self.log()))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of baresip\n{}", self.log());
        }
    }
}
