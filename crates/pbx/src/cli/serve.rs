//! `kiestoon serve`: the allocator, the log, the runtime, and then the PBX.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use kiestoon_config::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

use super::Cli;
use super::failure::Failure;
use crate::configured::Configured;

pub(super) fn serve(cli: &Cli) -> Result<(), Failure> {
    with_a_small_heap();
    let loaded = cli.load()?;
    start_log(&loaded.config.log)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let configured = Configured { file: cli.file.clone(), started_with: loaded.config };
    Ok(runtime.block_on(crate::serve::run(configured))?)
}

/// Starts this program again in its own place, with the allocator's settings in the environment, where it reads them
/// before anything runs; setting them from within is unsafe code. One heap for all threads: a heap each keeps what it once
/// used, and few allocations of ours are made at the same moment. Large blocks go back to the system at once: a burst of
/// registrations is held in such. Whoever sets the first variable keeps what is set.
fn with_a_small_heap() {
    if std::env::var_os(ARENAS).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    again.arg0(arguments.next().unwrap_or_default()).args(arguments).env(ARENAS, "1");
    if std::env::var_os(MAPPED_FROM_BYTES).is_none() {
        again.env(MAPPED_FROM_BYTES, "65536");
    }
    // It returns only where it fails, and then a larger heap is better than no PBX.
    let _ = again.exec();
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

/// Variables of glibc's allocator, mallopt(3); any other allocator ignores them.
const ARENAS: &str = "MALLOC_ARENA_MAX";
const MAPPED_FROM_BYTES: &str = "MALLOC_MMAP_THRESHOLD_";
