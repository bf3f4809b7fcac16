//! Kamailio as registrar and proxy, with rtpengine in user space where the sound must pass through.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use super::Bench;
use super::target::{HOST, RTP_PORTS, Target, Traffic};

pub(crate) fn start(target: &mut Target, bench: &Bench, traffic: Traffic) -> anyhow::Result<()> {
    let folder = target.folder().to_owned();
    let relay_port = std::net::UdpSocket::bind((HOST, 0))?.local_addr()?.port();
    if traffic == Traffic::Sound {
        let mut command = bench.place.command("rtpengine");
        command.args(["--foreground", "--log-stderr", "--log-level=3", "--table=-1", "--num-threads=2"]);
        command.arg(format!("--interface={HOST}")).arg(format!("--listen-ng={HOST}:{relay_port}"));
        command.arg(format!("--port-min={}", RTP_PORTS.0)).arg(format!("--port-max={}", RTP_PORTS.1));
        command.arg(format!("--pidfile={}/rtpengine.pid", folder.display()));
        target.launch(bench, &mut command)?;
        // Kamailio looks for it once, at its own start.
        sleep(Duration::from_millis(700));
    }
    let configuration = folder.join("kamailio.cfg");
    let text =
        TEMPLATE.replace("@HOST@", &HOST.to_string()).replace("@PORT@", &target.address.port().to_string());
    fs::write(&configuration, text.replace("@RELAY_PORT@", &relay_port.to_string()))?;
    let mut command = bench.place.command("kamailio");
    // In the foreground, logging to stderr, with 512 MB of shared memory and 16 MB a process.
    command.args(["-DD", "-E", "-m", "512", "-M", "16", "-Y"]).arg(&folder).arg("-f").arg(&configuration);
    command.arg("-P").arg(folder.join("kamailio.pid"));
    if traffic == Traffic::Sound {
        command.args(["-A", "WITH_RELAY"]);
    }
    target.launch(bench, &mut command)
}

const TEMPLATE: &str = include_str!("../../targets/kamailio.cfg");
