//! A baresip in its network, with an account at the PBX, playing a tone and recording what it hears.
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use tempfile::TempDir;

use crate::baresip_control::{Control, MODULES, newest_recording};
use crate::pbx::{Pbx, wait_for};
use crate::world::{Place, World};

/// A phone that answers whatever rings.
pub(crate) struct Phone {
    folder: TempDir,
    child: Child,
    control: Control,
    pub(crate) number: String,
    pub(crate) tone: u32,
}

impl Phone {
    /// Starts a phone and waits until it is registered over this transport.
    pub(crate) fn start(
        world: &World,
        place: Place,
        pbx: &Pbx,
        number: &str,
        tone: u32,
        transport: &str,
    ) -> Self {
        Self::start_at(world, place, pbx, Place::Pbx.address(), number, tone, transport)
    }

    /// The same, where the PBX has another address for this phone.
    pub(crate) fn start_at(
        world: &World,
        place: Place,
        pbx: &Pbx,
        address: &str,
        number: &str,
        tone: u32,
        transport: &str,
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("kiestoon-phone-").tempdir().unwrap();
        let path = folder.path().display();
        let config = format!(
            "sip_listen 0.0.0.0:5060\naudio_source ausine,{tone}\naudio_player aubridge,sink\naudio_alert aubridge,alert\n\
             ausrc_srate 48000\nausrc_channels 2\nauplay_srate 8000\nauplay_channels 1\nmodule_path {MODULES}\nmodule g711.so\n\
             module ausine.so\nmodule aubridge.so\nmodule sndfile.so\nmodule_tmp account.so\nmodule_app ctrl_tcp.so\n\
             module_app menu.so\nctrl_tcp_listen 127.0.0.1:4444\nsnd_path {path}\nrtp_timeout 0\nrtp_ports 30100-30700\n"
        );
        fs::write(folder.path().join("config"), config).unwrap();
        let account = format!(
            "<sip:{number}@{address};transport={transport}>;auth_user={number};auth_pass=geheim{number};answermode=auto;regint=300\n"
        );
        fs::write(folder.path().join("accounts"), account).unwrap();
        fs::write(folder.path().join("contacts"), "").unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = world
            .command(place, "baresip")
            .args(["-s", "-f", folder.path().to_str().unwrap()])
            .stdout(log.try_clone().unwrap())
            .stderr(Stdio::from(log))
            .spawn()
            .expect("baresip is installed (make test installs it)");
        let mut control = None;
        wait_for("control socket of baresip", || {
            control = world.connect(place, SocketAddr::from(([127, 0, 0, 1], 4444)));
            control.is_some()
        });
        let (control, number) = (Control::new(control.unwrap()), number.to_owned());
        let started = Self { folder, child, control, number, tone };
        wait_for("registration", || pbx.has(&started.number));
        started
    }

    pub(crate) fn dial(&mut self, number: &str, address: &str) {
        self.control.command("dial", &format!("sip:{number}@{address}"));
    }

    pub(crate) fn hang_up(&mut self) {
        self.control.command("hangup", "");
    }

    /// Waits for an event such as `CALL_ESTABLISHED`, which it then forgets.
    #[track_caller]
    pub(crate) fn expect(&mut self, kind: &str) {
        wait_for(&format!("{kind} at {}", self.number), || self.control.take(kind).is_some());
    }

    /// The recording of what it heard in its last call.
    pub(crate) fn heard(&self) -> PathBuf {
        newest_recording(self.folder.path(), "dec")
            .unwrap_or_else(|| panic!("no recording; baresip says:\n{}", self.log()))
    }

    /// What it has said, with every SIP message that it sent and received.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of {}\n{}", self.number, self.log());
        }
    }
}
