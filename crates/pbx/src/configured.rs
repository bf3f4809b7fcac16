//! The configuration that the process was started with, and what has changed of it since.

use kiestoon_config::{Config, ConfigFile, Loaded};

/// What it was, and where it is read again.
#[derive(Debug)]
pub(crate) struct Configured {
    pub(crate) file: ConfigFile,
    pub(crate) started_with: Config,
}

impl Configured {
    /// The configuration as it is written now; or every problem of it.
    pub(crate) fn read(&self) -> Result<Config, Vec<kiestoon_config::Problem>> {
        load(&self.file).map(|loaded| loaded.config)
    }

    /// The keys that another start would have others for: what a reload takes and what is the sidecar's does not count.
    pub(crate) fn waiting(&self, now: &Config) -> Vec<String> {
        let mut keys = self.started_with.changed_keys(now);
        keys.retain(|key| !RELOADED.contains(&key.as_str()) && !key.starts_with("admin"));
        keys
    }
}

/// A configuration with the overrides of this process's environment.
pub(crate) fn load(file: &ConfigFile) -> Result<Loaded, Vec<kiestoon_config::Problem>> {
    // What is not Unicode is no key or value of ours.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    kiestoon_config::load(file, environment)
}

/// What [`Source::configured`](crate::snapshot::Source::configured) takes at each reload.
const RELOADED: [&str; 3] = ["trunks.rates", "trunks.blocklist", "stir.authorities"];
