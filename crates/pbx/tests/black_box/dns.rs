//! A real DNS server for a PBX under test.
use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::pbx::{Pbx, free_port, wait_for};

/// A dnsmasq that knows a few records and nothing else. It is ended when it goes out of scope.
pub(crate) struct Dns(Child);

impl Dns {
    /// Serves `records`, written as dnsmasq's options, to a PBX that has not started; it logs to `dns.log` in its folder.
    /// `a.phones.test` and `b.phones.test` are the loopback address.
    pub(crate) fn start(pbx: &Pbx, records: &[String]) -> Self {
        let port = free_port();
        let path = pbx.path("kiestoon.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("[sip]\n", &format!("[sip]\ndns = [\"127.0.0.1:{port}\"]\n"))).unwrap();
        let log = pbx.path("dns.log");
        let child = Command::new("dnsmasq")
            .args([
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--no-resolv",
                "--no-hosts",
                "--pid-file=",
            ])
            .args(["--listen-address=127.0.0.1", "--bind-interfaces", "--log-queries", "--user=root"])
            .arg(format!("--port={port}"))
            .arg(format!("--log-facility={}", log.display()))
            .args(records.iter().map(|record| format!("--{record}")))
            .args(["--host-record=a.phones.test,127.0.0.1", "--host-record=b.phones.test,127.0.0.1"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dnsmasq is installed (make test installs it)");
        wait_for("dns server", Duration::from_secs(10), || {
            fs::read_to_string(&log).is_ok_and(|log| log.contains("started"))
        });
        Self(child)
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
