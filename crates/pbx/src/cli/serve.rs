//! `kiestoon serve`: the log, the runtime, and then the PBX.

use kiestoon_config::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

use super::Cli;
use super::failure::Failure;

pub(super) fn serve(cli: &Cli) -> Result<(), Failure> {
    let loaded = cli.load()?;
    start_log(&loaded.config.log)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(crate::serve::run(loaded.config))?)
}

/// The log goes to standard error: standard output has the ready line only.
fn start_log(log: &Log) -> Result<(), Failure> {
    let filter =
        EnvFilter::try_new(&log.level).map_err(|error| Failure::Input(format!("`log.level`: {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => {
            use std::io::IsTerminal as _;
            lines.with_ansi(std::io::stderr().is_terminal()).try_init()
        }
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| Failure::Other(error.to_string()))
}
