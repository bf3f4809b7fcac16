//! The words of `kiestoon history`.

use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct HistoryArgs {
    /// The id of one call: shows its legs and its way through the dialplan
    pub(in crate::cli) call: Option<String>,
    /// At most so many calls
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(in crate::cli) limit: u32,
    /// Only calls with this number as caller, callee or as dialled
    #[arg(long)]
    pub(in crate::cli) number: Option<String>,
    /// Only calls that began then or later: "2026-11-20", "2026-11-20T10:00", "90m", "24h" or "7d"
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) since: Option<String>,
    /// Only calls that ended so: answered, no_answer, busy, failed, cancelled or interrupted
    #[arg(long, value_name = "WORD")]
    pub(in crate::cli) disposition: Option<String>,
}
