//! The networks of a scenario:
//!
//! ```text
//!  inside-1 192.168.1.11 ┐                    ┌ pbx     203.0.113.10
//!  inside-2 192.168.1.12 ┴ router 192.168.1.1 │ 203.0.113.2 ── internet ┴ outside 203.0.113.20
//! ```
//!
//! Each name is a network namespace; the router translates as the scenario says. A third network hangs on it, a VPN with
//! one phone: vpn 10.8.0.20 ─ router 10.8.0.1 and 10.8.0.2.
use std::fs::File;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sched::{CloneFlags, setns};

/// The namespaces of one scenario, gone when it goes out of scope.
pub(crate) struct World {
    prefix: String,
}

/// A place where a program can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Inside1,
    Inside2,
    Router,
    Internet,
    Pbx,
    Outside,
    Vpn,
}

impl Place {
    const ALL: [Self; 7] =
        [Self::Inside1, Self::Inside2, Self::Router, Self::Internet, Self::Pbx, Self::Outside, Self::Vpn];

    /// Its address; the router's is the one outside.
    pub(crate) fn address(self) -> &'static str {
        match self {
            Self::Inside1 => "192.168.1.11",
            Self::Inside2 => "192.168.1.12",
            Self::Router | Self::Internet => "203.0.113.2",
            Self::Pbx => "203.0.113.10",
            Self::Outside => "203.0.113.20",
            Self::Vpn => "10.8.0.20",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Inside1 => "in1",
            Self::Inside2 => "in2",
            Self::Router => "router",
            Self::Internet => "inet",
            Self::Pbx => "pbx",
            Self::Outside => "out",
            Self::Vpn => "vpn",
        }
    }
}

impl World {
    /// The networks, with this ruleset of nftables in the router. Its interfaces are `lan`, `wan` and `vpn`.
    pub(crate) fn new(rules: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("kt{}-{}-", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let world = Self { prefix };
        for place in Place::ALL {
            run("ip", &["netns", "add", &world.namespace(place)]);
            world.run(place, "ip", &["link", "set", "lo", "up"]);
        }
        world.bridge(Place::Internet, "inet");
        world.bridge(Place::Router, "lan");
        world.cable(Place::Internet, "inet", Place::Router, "wan", "203.0.113.2/24");
        for place in [Place::Pbx, Place::Outside] {
            world.cable(Place::Internet, "inet", place, "eth0", &format!("{}/24", place.address()));
        }
        for place in [Place::Inside1, Place::Inside2] {
            world.cable(Place::Router, "lan", place, "eth0", &format!("{}/24", place.address()));
            world.run(place, "ip", &["route", "add", "default", "via", "192.168.1.1"]);
        }
        world.run(Place::Router, "ip", &["address", "add", "192.168.1.1/24", "dev", "lan"]);
        world.bridge(Place::Router, "vpn");
        world.cable(Place::Router, "vpn", Place::Vpn, "eth0", "10.8.0.20/24");
        for address in ["10.8.0.1/24", "10.8.0.2/24"] {
            world.run(Place::Router, "ip", &["address", "add", address, "dev", "vpn"]);
        }
        world.run(Place::Router, "sysctl", &["-qw", "net.ipv4.ip_forward=1"]);
        world.rules(Place::Router, rules);
        world
    }

    /// Loads a ruleset of nftables.
    pub(crate) fn rules(&self, place: Place, rules: &str) {
        if !rules.is_empty() {
            self.run(place, "nft", &[rules]);
        }
    }

    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn run(&self, place: Place, program: &str, arguments: &[&str]) {
        let output = self.command(place, program).args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{program} {arguments:?} in {place:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// A command that will run there.
    pub(crate) fn command(&self, place: Place, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(place), program]).stdin(Stdio::null());
        command
    }

    /// Connects from there; the stream stays there, whoever uses it.
    pub(crate) fn connect(&self, place: Place, address: SocketAddr) -> Option<TcpStream> {
        self.there(place, move || TcpStream::connect(address).ok())
    }

    /// A socket there, which stays there as well.
    pub(crate) fn udp(&self, place: Place, port: u16) -> UdpSocket {
        self.there(place, move || UdpSocket::bind((place.address(), port)).unwrap())
    }

    fn there<T: Send + 'static>(&self, place: Place, open: impl FnOnce() -> T + Send + 'static) -> T {
        let namespace = File::open(format!("/run/netns/{}", self.namespace(place))).unwrap();
        // A namespace is a thread's; this one ends with its thread.
        let opening = std::thread::spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            open()
        });
        opening.join().unwrap()
    }

    fn namespace(&self, place: Place) -> String {
        format!("{}{}", self.prefix, place.name())
    }

    fn bridge(&self, place: Place, name: &str) {
        self.run(place, "ip", &["link", "add", name, "type", "bridge"]);
        self.run(place, "ip", &["link", "set", name, "up"]);
    }

    /// A cable from a bridge to an interface with this address.
    fn cable(&self, from: Place, bridge: &str, to: Place, name: &str, address: &str) {
        let port = format!("to-{}", to.name());
        let other = self.namespace(to);
        self.run(from, "ip", &["link", "add", &port, "type", "veth", "peer", "name", name, "netns", &other]);
        self.run(from, "ip", &["link", "set", &port, "master", bridge, "up"]);
        self.run(to, "ip", &["address", "add", address, "dev", name]);
        self.run(to, "ip", &["link", "set", name, "up"]);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for place in Place::ALL {
            let _ = Command::new("ip").args(["netns", "del", &self.namespace(place)]).output();
        }
    }
}

/// Runs a scenario with the rights to make networks. Whoever is not root gets them in a user namespace of the
/// scenario's own: there the same test runs once more.
pub(crate) fn inside(test: &str, scenario: impl FnOnce()) {
    if nix::unistd::geteuid().is_root() {
        return scenario();
    }
    let program = std::env::current_exe().unwrap();
    let script = "mount -t tmpfs none /run && exec \"$0\" --exact \"$1\" --nocapture";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--mount", "--kill-child", "sh", "-c", script])
        .arg(program)
        .arg(test)
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
