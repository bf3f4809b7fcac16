//! Kamailio as a real neighbour, with whatever configuration a test gives it.
use std::{
    fs,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::authority::Authority;
use crate::pbx::{free_port, wait_for};

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
        let it = Self { child: run(&folder), folder, port };
        it.wait();
        it
    }

    /// Until it listens at each port of its configuration: what is sent before is refused.
    fn wait(&self) {
        let configuration = fs::read_to_string(self.folder.path().join("kamailio.cfg")).unwrap();
        let listens = configuration.lines().filter(|line| line.starts_with("listen"));
        let ports: Vec<u16> =
            listens.filter_map(|line| line.trim_end_matches('"').rsplit(':').next()?.parse().ok()).collect();
        assert!(!ports.is_empty(), "it listens nowhere: {configuration}");
        wait_for("Kamailio", Duration::from_secs(20), || {
            // Local address and state are the second and the fourth field; a UDP socket is never in another state.
            let sockets = [("udp", "07"), ("tcp", "0A")].map(|(kind, state)| {
                (fs::read_to_string(format!("/proc/net/{kind}")).unwrap_or_default(), state)
            });
            ports.iter().all(|port| {
                let of_port = format!(":{port:04X}");
                sockets.iter().any(|(sockets, state)| {
                    sockets.lines().any(|line| {
                        let fields: Vec<_> = line.split_whitespace().collect();
                        matches!(fields.as_slice(), [_, at, _, of, ..] if at.ends_with(&of_port) && of == state)
                    })
                })
            })
        });
    }

    /// Ends it and starts it again: its connections are lost.
    pub(crate) fn restart(&mut self) {
        self.end();
        self.child = run(&self.folder);
        self.wait();
    }

    fn end(&mut self) {
        // Its children end with it on this signal only.
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

/// A configuration: where it listens, what it loads besides, and what it does with a request outside a dialog.
pub(crate) fn configuration(listen: &str, modules: &str, route: &str) -> String {
    format!("{SETTINGS}{listen}\n{MODULES}{modules}\nrequest_route {{\n{IN_DIALOGS}{route}}}\n")
}

/// What it listens by for TLS, with certificates of this authority in its folder. It shows one, and wants to see one.
pub(crate) fn tls(folder: &TempDir, authority: &Authority, listen: SocketAddr) -> String {
    authority.equip_proxy(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let side = |side: &str| {
        format!(
            "[{side}:default]\nmethod = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\n\
             certificate = {}\nprivate_key = {}\nca_list = {}\n",
            file("proxy.crt"),
            file("proxy.key"),
            file("ca.crt")
        )
    };
    fs::write(file("tls.cfg"), side("server") + &side("client")).unwrap();
    format!(
        "enable_tls=yes\nlisten=tls:{listen}\nloadmodule \"tls.so\"\nmodparam(\"tls\", \"config\", \"{}\")",
        file("tls.cfg")
    )
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

const SETTINGS: &str = "debug=2
log_stderror=yes
children=1
auto_aliases=no
";
const MODULES: &str = r#"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
"#;
const IN_DIALOGS: &str = r#"
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("CANCEL")) {
        if (t_check_trans()) { t_relay(); }
        exit;
    }
    if (has_totag()) {
        if (loose_route()) { t_relay(); exit; }
        if (is_method("ACK") && t_check_trans()) { t_relay(); }
        exit;
    }
    t_check_trans();
"#;
