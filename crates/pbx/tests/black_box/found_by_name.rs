//! A phone that registered a name is found through a real DNS server: NAPTR, SRV, addresses, and past what does not answer.
use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::pbx::{Pbx, free_port, wait_for};
use crate::sipp::Sipp;

const DIALPLAN: &str = "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\", timeout = \"25s\" }]\n";

struct Dns(Child);

impl Dns {
    /// Serves the domain: TCP first, at a port that refuses; then UDP, where the first host is silent.
    fn start(pbx: &Pbx, port: u16, dead: u16, alive: u16) -> Self {
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
            .arg("--naptr-record=phones.test,10,10,s,SIP+D2T,,_sip._tcp.phones.test")
            .arg("--naptr-record=phones.test,20,10,s,SIP+D2U,,_sip._udp.phones.test")
            .arg(format!("--srv-host=_sip._tcp.phones.test,a.phones.test,{dead},0,0"))
            .arg(format!("--srv-host=_sip._udp.phones.test,a.phones.test,{dead},0,0"))
            .arg(format!("--srv-host=_sip._udp.phones.test,b.phones.test,{alive},1,0"))
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

#[test]
fn the_call_goes_past_what_refuses_and_what_is_silent() {
    let mut pbx = Pbx::new(&["201", "202"], DIALPLAN);
    let (dns_port, dead, alive) = (free_port(), free_port(), free_port());
    let path = pbx.path("kiestoon.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("[sip]", &format!("[sip]\ndns = [\"127.0.0.1:{dns_port}\"]"))).unwrap();
    let _dns = Dns::start(&pbx, dns_port, dead, alive);
    pbx.run();
    Sipp::register_at(&pbx, "202", "phones.test");
    let asked = || fs::read_to_string(pbx.path("dns.log")).unwrap().matches("phones.test").count();
    assert_eq!(asked(), 0, "a registration asks nobody");

    let callee = Sipp::start(&pbx, "callee", "202", alive, alive, &["-m", "1"]);
    Sipp::start(&pbx, "caller", "201", free_port(), 0, &["-s", "202", "-m", "1", "-d", "500"]).succeed();
    callee.succeed();
    assert!(asked() > 0);
    let call = &pbx.history(1)[0];
    assert_eq!((&call["disposition"], &call["end_reason"]), (&"answered".into(), &"hangup_caller".into()));
}
