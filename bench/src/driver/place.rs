//! Where targets and generator run: a network namespace of our own, a processor each, and a raised priority. What this
//! user may not do is left out, and said.

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command};

use anyhow::{Context as _, ensure};
use nix::sched::{CloneFlags, CpuSet, sched_getaffinity, sched_setaffinity, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Pid, geteuid};

/// The processors and rights that this run has.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    server_cpu: Option<usize>,
    load_cpu: Option<usize>,
    root: bool,
}

/// Who is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Load,
}

impl Place {
    /// Enters the namespace. Call it before anything is started.
    pub(crate) fn enter() -> anyhow::Result<Self> {
        let root = geteuid().is_root();
        if root {
            unshare(CloneFlags::CLONE_NEWNET).context("cannot make a network namespace")?;
            let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
            ensure!(up.context("cannot run ip (package iproute2)")?.success(), "cannot bring loopback up");
            // Above the ports of targets and generator.
            std::fs::write("/proc/sys/net/ipv4/ip_local_port_range", "61000 65000")?;
        } else {
            eprintln!(
                "bench: not root, so no network namespace and no raised priority: \
                 other servers on this machine may disturb the figures"
            );
        }
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, hard.min(65_536), hard)?;
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut cpus = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false));
        let (server_cpu, load_cpu) = (cpus.next(), cpus.next());
        if load_cpu.is_none() {
            eprintln!(
                "bench: one processor only: the generator disturbs the target, so distrust latencies and maxima"
            );
        }
        Ok(Self { server_cpu, load_cpu, root })
    }

    /// A command that will have the priority of a measured process.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        if !self.root {
            return Command::new(program);
        }
        let mut command = Command::new("nice");
        command.args(["-n", "-10"]).arg(program);
        command
    }

    /// Starts a command on the processor of its role.
    pub(crate) fn spawn(&self, role: Role, command: &mut Command) -> io::Result<Child> {
        let cpu = match role {
            Role::Server => self.server_cpu,
            Role::Load => self.load_cpu,
        };
        // With a processor for each only: two roles pinned to one would wait for each other.
        let (Some(cpu), Some(_)) = (cpu, self.load_cpu) else { return command.spawn() };
        let ours = sched_getaffinity(Pid::from_raw(0))?;
        let mut theirs = CpuSet::new();
        theirs.set(cpu)?;
        // The child inherits the affinity of the thread that starts it, from its first instruction on.
        sched_setaffinity(Pid::from_raw(0), &theirs)?;
        let child = command.spawn();
        sched_setaffinity(Pid::from_raw(0), &ours)?;
        child
    }
}
