//! Kiestoon as shipped, but for its users and its log level.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Bench;
use super::target::{RTP_PORTS, Target};

pub(crate) fn start(target: &mut Target, bench: &Bench, users: u32) -> anyhow::Result<()> {
    let folder = target.folder().to_owned();
    let configuration = folder.join("kiestoon.toml");
    fs::create_dir(folder.join("data"))?;
    fs::create_dir(folder.join("dialplans"))?;
    fs::write(folder.join("dialplans/bench.toml"), DIALPLAN)?;
    let (from, to) = RTP_PORTS;
    let text = format!(
        "[sip]\nudp = [\"{address}\"]\ntcp = [\"{address}\"]\n[sip.ws]\nlisten = [\"{host}:{web_port}\"]\n[media]\nrtp_ports = \"{from}-{to}\"\n\
         [store]\nurl = \"sqlite:{folder}/data/kiestoon.db\"\n[dialplan]\npath = \"{folder}/dialplans\"\n\
         [control]\nsocket = \"{folder}/data/kiestoon.sock\"\n[limits]\nexempt_sources = [\"127.0.0.1/32\"]\n\
         [log]\nlevel = \"warn\"\n",
        address = target.address,
        host = target.address.ip(),
        web_port = target.web_port,
        folder = folder.display(),
    );
    fs::write(&configuration, text)?;
    let import = folder.join("import.toml");
    fs::write(&import, extensions(bench.options.base, users))?;
    let mut command = Command::new(&bench.kiestoon);
    command.arg("import").arg("--config").arg(&configuration).arg(&import).current_dir(&folder);
    let output = command.output().with_context(|| format!("cannot start {}", bench.kiestoon.display()))?;
    ensure!(output.status.success(), "import failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut command = bench.place.command(&bench.kiestoon);
    target.launch(bench, command.arg("serve").arg("--config").arg(&configuration))
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
