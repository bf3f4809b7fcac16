//! The command line: 0 fine, 64 for what the operator has to mend, 1 for the rest.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kiestoon_config::{ConfigFile, Log, LogFormat};
use kiestoon_store::StoreError;
use tracing_subscriber::EnvFilter;

use crate::serve::{self, ConfigurationError};

/// Kiestoon's sidecar: web pages, API and metrics beside the PBX.
#[derive(Debug, Parser)]
#[command(
    name = "kiestoon-admin",
    version,
    subcommand_required = true,
    after_help = "Example:\n  kiestoon-admin serve --config config/kiestoon.toml\n\nUsers are added and changed with `kiestoon user`.\n\nExit codes: 0 fine, 64 something to mend (usage, configuration), 1 anything else."
)]
struct Args {
    /// The configuration file, the same as the PBX's [default: config/kiestoon.toml, which may be missing]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the sidecar in the foreground
    #[command(
        after_help = "Prints `kiestoon-admin ready` when it serves. The first start makes a user `admin` and prints the password once, on standard error. SIGTERM and SIGINT end it.\n\nExample:\n  kiestoon-admin serve --config /etc/kiestoon/kiestoon.toml"
    )]
    Serve,
}

/// Runs the command line of this process to its end.
pub(crate) fn run() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EX_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let Verb::Serve = args.verb;
    match start(args.config.map_or(ConfigFile::Default, ConfigFile::Named)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(code(&error))
        }
    }
}

fn start(file: ConfigFile) -> anyhow::Result<()> {
    // What is not Unicode is no key or value of ours.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let loaded = kiestoon_config::load(&file, environment).map_err(ConfigurationError::from_all)?;
    start_log(&loaded.config.log)?;
    // Warnings are about the PBX, too, which says them itself.
    for warning in loaded.warnings.iter().filter(|warning| warning.message.en.contains("admin.")) {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    runtime.block_on(serve::run(loaded.config))
}

/// The log goes to standard error: standard output has the ready line only.
fn start_log(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.level)
        .map_err(|error| ConfigurationError::from_display(format!("`log.level`: {error}")))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => {
            use std::io::IsTerminal as _;
            lines.with_ansi(std::io::stderr().is_terminal()).try_init()
        }
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("{error}"))
}

fn code(error: &anyhow::Error) -> u8 {
    let must_be_mended = error.is::<ConfigurationError>()
        || error.downcast_ref::<StoreError>().is_some_and(StoreError::must_be_mended);
    if must_be_mended { EX_USAGE } else { 1 }
}

/// `EX_USAGE` of sysexits.h.
const EX_USAGE: u8 = 64;
/// Enough: most of the work is waiting. The PBX needs the processors more.
const THREADS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_words_are_consistent_and_every_verb_has_an_example() {
        let command = Args::command();
        command.clone().debug_assert();
        for verb in command.get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example:\n  "), "{}", verb.get_name());
        }
        assert!(Args::try_parse_from(["kiestoon-admin", "serve", "--config", "a.toml"]).is_ok());
        assert!(Args::try_parse_from(["kiestoon-admin"]).is_err());
    }
}
