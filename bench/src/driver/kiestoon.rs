//! Kiestoon as shipped, but for its users and its log level.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::Bench;
use super::target::{RTP_PORTS, Target, Traffic};

pub(crate) fn start(target: &mut Target, bench: &Bench, traffic: Traffic, users: u32) -> anyhow::Result<()> {
    let folder = target.folder().to_owned();
    let configuration = folder.join("kiestoon.toml");
    fs::create_dir(folder.join("data"))?;
    fs::create_dir(folder.join("dialplans"))?;
    fs::write(folder.join("dialplans/bench.toml"), DIALPLAN)?;
    let (from, to) = RTP_PORTS;
    let mut text = format!(
        "[sip]\nudp = [\"{address}\"]\ntcp = [\"{address}\"]\n[sip.ws]\nlisten = [\"{host}:{web_port}\"]\n[media]\nrtp_ports = \"{from}-{to}\"\n\
         [store]\nurl = \"sqlite:{folder}/data/kiestoon.db\"\n[dialplan]\npath = \"{folder}/dialplans\"\n\
         [control]\nsocket = \"{folder}/data/kiestoon.sock\"\n[limits]\nexempt_sources = [\"127.0.0.1/32\"]\n\
         [log]\nlevel = \"warn\"\n",
        address = target.address,
        host = target.address.ip(),
        web_port = target.web_port,
        folder = folder.display(),
    );
    let mut import = extensions(bench.options.base, users);
    if let Traffic::Paid { has_budgets } = traffic {
        let rates = folder.join("rates");
        fs::create_dir(&rates)?;
        fs::write(rates.join("world.csv"), RATES)?;
        // Writing to a String cannot fail.
        let _ = write!(text, "[trunks]\nrates = \"{}\"\n", rates.display());
        import.push_str(&trunk(target));
        if has_budgets {
            import = import.replace("[[extension]]\n", "[[extension]]\nprofile = \"rich\"\n");
            import.push_str(BUDGETS);
        }
    }
    fs::write(&configuration, text)?;
    let file = folder.join("import.toml");
    fs::write(&file, import)?;
    let mut command = Command::new(&bench.kiestoon);
    command.arg("import").arg("--config").arg(&configuration).arg(&file).current_dir(&folder);
    let output = command.output().with_context(|| format!("cannot start {}", bench.kiestoon.display()))?;
    ensure!(output.status.success(), "import failed: {}", String::from_utf8_lossy(&output.stderr));
    let mut command = bench.place.command(&bench.kiestoon);
    target.launch(bench, command.arg("serve").arg("--config").arg(&configuration))
}

const DIALPLAN: &str = "version = 1\ntimezone = \"Europe/Amsterdam\"\n[[context.intern]]\nname = \"all\"\n\
    match = \"_X.\"\ndo = [{ dial = \"ext:${number}\", timeout = \"30s\" }]\n\
    [[context.intern]]\nname = \"outside\"\nmatch = \"_+X.\"\ndo = [{ dial = \"trunk:world\" }]\n";

/// What the numbers cost that the generator dials over the trunk.
const RATES: &str = "prefix,per_minute,setup\n31,0.06,0\n";

/// The same in millionths of the currency, for a second.
pub(crate) const COST_A_SECOND: u64 = 1000;

/// Budgets of each extension and of all together, which no run spends.
const BUDGETS: &str = "[[profile]]\nname = \"rich\"\nspend_per_day = 1000000\nspend_per_month = 1000000\n\
    [[organisation]]\nslug = \"default\"\nprofile = \"rich\"\n";

/// The way to the provider that the generator is.
fn trunk(target: &Target) -> String {
    let (host, port) = (target.address.ip(), target.trunk_port);
    format!(
        "[[trunk]]\nname = \"world\"\nhost = \"{host}:{port}\"\ntransport = \"udp\"\ncaller_id_number = \"+31201234567\"\n"
    )
}

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
