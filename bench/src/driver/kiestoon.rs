//! Kiestoon as shipped, but for its users and its log level.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Bench;
use super::target::{RTP_PORTS, Target, Traffic};

pub(crate) fn start(target: &mut Target, bench: &Bench, traffic: Traffic, users: u32) -> anyhow::Result<()> {
    let folder = target.folder().to_owned();
    let mut set_up = SetUp::new(target, bench.options.base, users);
    if let Traffic::Paid { has_budgets } = traffic {
        let provider = SocketAddrV4::new(*target.address.ip(), target.trunk_port);
        set_up.call_out(&folder, provider, has_budgets);
    }
    let (configuration, import) = set_up.write(&folder)?;
    let mut command = Command::new(&bench.kiestoon);
    command.arg("import").arg("--config").arg(&configuration).arg(&import).current_dir(&folder);
    let output = command.output().with_context(|| format!("cannot start {}", bench.kiestoon.display()))?;
    ensure!(output.status.success(), "import failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut command = bench.place.command(&bench.kiestoon);
    target.launch(bench, command.arg("serve").arg("--config").arg(&configuration))
}

/// What it is told before it starts.
#[derive(Default)]
pub(super) struct SetUp {
    pub(super) configuration: String,
    pub(super) dialplan: String,
    /// Its users, and what else is in the database.
    pub(super) import: String,
    /// What calls over its trunk cost; empty without one.
    pub(super) rates: &'static str,
}

impl SetUp {
    fn new(target: &Target, base: u32, users: u32) -> Self {
        let (from, to) = RTP_PORTS;
        let configuration = format!(
            "[sip]\nudp = [\"{address}\"]\ntcp = [\"{address}\"]\n[sip.ws]\nlisten = [\"{host}:{web_port}\"]\n[media]\nrtp_ports = \"{from}-{to}\"\n\
             [store]\nurl = \"sqlite:{folder}/data/kiestoon.db\"\n[dialplan]\npath = \"{folder}/dialplans\"\n\
             [control]\nsocket = \"{folder}/data/kiestoon.sock\"\n[limits]\nexempt_sources = [\"127.0.0.1/32\"]\n\
             [log]\nlevel = \"warn\"\n",
            address = target.address,
            host = target.address.ip(),
            web_port = target.web_port,
            folder = target.folder().display(),
        );
        let import = extensions(base, users);
        Self { configuration, dialplan: DIALPLAN.to_owned(), import, ..Self::default() }
    }

    /// Writes all of it into the folder of the configuration: that file, and what is to be imported.
    fn write(&self, folder: &Path) -> io::Result<(PathBuf, PathBuf)> {
        for name in ["data", "dialplans", "rates"] {
            fs::create_dir(folder.join(name))?;
        }
        fs::write(folder.join("dialplans/bench.toml"), &self.dialplan)?;
        if !self.rates.is_empty() {
            fs::write(folder.join("rates/world.csv"), self.rates)?;
        }
        let (configuration, import) = (folder.join("kiestoon.toml"), folder.join("import.toml"));
        fs::write(&configuration, &self.configuration)?;
        fs::write(&import, &self.import)?;
        Ok((configuration, import))
    }
}

const DIALPLAN: &str = "version = 1\ntimezone = \"Europe/Amsterdam\"\n[[context.intern]]\nname = \"all\"\n\
    match = \"_X.\"\ndo = [{ dial = \"ext:${number}\", timeout = \"30s\" }]\n";

fn extensions(base: u32, users: u32) -> String {
    let mut text = String::new();
    for number in base..base.saturating_add(users) {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "[[extension]]\nnumber = \"{number}\"\nname = \"Phone {number}\"\npassword = \"pw{number}\"\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_extension_a_user() {
        let text = super::extensions(100, 2);
        assert_eq!(text.matches("[[extension]]").count(), 2);
        assert!(text.contains("number = \"101\"") && text.contains("password = \"pw101\""));
    }
}
