//! A server under test, running from a scratch folder, stopped when dropped.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::Bench;
use super::place::Role;
use super::process::tree;
use super::{kamailio, kiestoon};

/// The servers that we can measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Product {
    Kiestoon,
    /// With rtpengine in user space where sound passes through the server
    Kamailio,
}

/// What passes through the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// SIP; sound goes end to end where the product can.
    Signalling,
    /// SIP and RTP.
    Sound,
    /// Calls out over a trunk to the generator, which have a price; whoever pays them has a budget or not.
    Paid { has_budgets: bool },
}

/// A running server.
pub(crate) struct Target {
    children: Vec<Child>,
    pub(crate) address: SocketAddrV4,
    /// Where browsers come with their WebSockets.
    pub(crate) web_port: u16,
    /// Where its trunk leads, if it has one: a port for the generator.
    pub(crate) trunk_port: u16,
    folder: TempDir,
}

pub(crate) const HOST: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// The ports that a target may give to legs: below everything that the generator takes, two for each of 10,000 legs.
pub(crate) const RTP_PORTS: (u16, u16) = (20_000, 39_999);
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(4);

impl Product {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kiestoon => "kiestoon",
            Self::Kamailio => "kamailio",
        }
    }

    /// Starts the product with `users` users and waits until it answers.
    pub(crate) fn start(self, bench: &Bench, traffic: Traffic, users: u32) -> anyhow::Result<Target> {
        let folder = TempDir::with_prefix(format!("bench-{}-", self.name()))?;
        let address = SocketAddrV4::new(HOST, free_port()?);
        let web_port = TcpListener::bind((HOST, 0))?.local_addr()?.port();
        let trunk_port = UdpSocket::bind((HOST, 0))?.local_addr()?.port();
        let mut target = Target { children: Vec::new(), address, web_port, trunk_port, folder };
        match self {
            Self::Kiestoon => kiestoon::start(&mut target, bench, traffic, users)?,
            Self::Kamailio => kamailio::start(&mut target, bench, traffic)?,
        }
        target.wait_until_ready(bench)?;
        Ok(target)
    }
}

impl Target {
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn roots(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }

    /// How many call records Kiestoon has in its database; at most the million that it lists.
    pub(crate) fn call_records(&self, bench: &Bench) -> anyhow::Result<u64> {
        let records: Vec<serde::de::IgnoredAny> =
            self.ask(bench, &["history", "--json", "--limit", "1000000"])?;
        Ok(records.len() as u64)
    }

    /// What the organisation has spent in this month, in millionths of the currency.
    pub(crate) fn spent(&self, bench: &Bench) -> anyhow::Result<u64> {
        #[derive(serde::Deserialize)]
        struct Account {
            spent_this_month: u64,
        }
        let account: Account = self.ask(bench, &["rights", "show", "--itself", "--json"])?;
        Ok(account.spent_this_month)
    }

    /// What a command of Kiestoon says in JSON about this server.
    fn ask<T: DeserializeOwned>(&self, bench: &Bench, arguments: &[&str]) -> anyhow::Result<T> {
        let mut command = Command::new(bench.kiestoon());
        command.args(arguments).arg("--config").arg(self.folder().join("kiestoon.toml"));
        let output = command.current_dir(self.folder()).output()?;
        serde_json::from_slice(&output.stdout)
            .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Starts one of the target's processes, in its folder, its output going to a log there.
    pub(crate) fn launch(&mut self, bench: &Bench, command: &mut Command) -> anyhow::Result<()> {
        let log = File::create(self.folder().join(format!("{}.log", self.children.len())))?;
        command.current_dir(self.folder()).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = bench.place.spawn(Role::Server, command);
        self.children.push(child.with_context(|| format!("cannot start {command:?}"))?);
        Ok(())
    }

    /// The server challenges a REGISTER, so it works. Then a second of rest for what it still does by itself.
    fn wait_until_ready(&mut self, bench: &Bench) -> anyhow::Result<()> {
        let socket = UdpSocket::bind((HOST, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        let (us, host, user) = (socket.local_addr()?, HOST, bench.options.base);
        let begun = Instant::now();
        for attempt in 0.. {
            let request = format!(
                "REGISTER sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bKready{attempt};rport\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:{user}@{host}>;tag=ready\r\nTo: <sip:{user}@{host}>\r\n\
                 Call-ID: ready{attempt}@{us}\r\nCSeq: 1 REGISTER\r\nContact: <sip:{user}@{us}>\r\n\
                 Expires: 60\r\nContent-Length: 0\r\n\r\n"
            );
            let mut answer = [0; 2048];
            let answered =
                socket.send_to(request.as_bytes(), self.address).and_then(|_| socket.recv(&mut answer));
            match answered {
                Ok(_) if answer.starts_with(b"SIP/2.0 401") => break,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                _ => sleep(Duration::from_millis(100)),
            }
            let ended = self.children.iter_mut().any(|child| !matches!(child.try_wait(), Ok(None)));
            if ended || begun.elapsed() > START_LIMIT {
                let what = if ended { "it ended" } else { "no 401 to a REGISTER within a minute" };
                bail!("did not start: {what}\n{}", self.last_words());
            }
        }
        sleep(Duration::from_secs(1));
        Ok(())
    }

    fn last_words(&self) -> String {
        let logs = (0..self.children.len()).map(|index| self.folder().join(format!("{index}.log")));
        let texts = logs.map(|log| fs::read_to_string(log).unwrap_or_default());
        let mut lines: Vec<String> =
            texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        lines.split_off(lines.len().saturating_sub(12)).join("\n")
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let tree = tree(&self.roots());
        for child in &self.children {
            signal(child.id(), Signal::SIGTERM);
        }
        let begun = Instant::now();
        while begun.elapsed() < STOP_LIMIT
            && self.children.iter_mut().any(|child| matches!(child.try_wait(), Ok(None)))
        {
            sleep(Duration::from_millis(50));
        }
        // Whoever is left, children first asked and now alone included. Their ids cannot have been given away yet:
        // we have not waited for the roots that still run, and those that ended took their children along.
        for child in &mut self.children {
            if matches!(child.try_wait(), Ok(None)) {
                tree.iter().for_each(|pid| signal(*pid, Signal::SIGKILL));
                let _ = child.wait();
            }
        }
    }
}

fn signal(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // It may have ended by itself, which is what we want.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// 5060 where it is free, as it is in our own namespace; else any.
fn free_port() -> anyhow::Result<u16> {
    let usual = UdpSocket::bind((HOST, 5060));
    let socket = usual.or_else(|_| UdpSocket::bind((HOST, 0)))?;
    Ok(socket.local_addr()?.port())
}
