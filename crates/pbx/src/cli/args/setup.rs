//! Arguments of what sets a PBX up and keeps it right.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct SetupArgs {
    /// Ask even where nobody sits at a terminal: the answers come from standard input, one a line
    #[arg(long)]
    pub(in crate::cli) interactive: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct DoctorArgs {
    /// Also what only matters where people depend on it: certificate, calls of the last days, the place of the key
    #[arg(long)]
    pub(in crate::cli) production: bool,
    /// Call this number over each trunk by the running PBX: calls that cost what they cost, by the rights of the organisation
    #[arg(long, value_name = "NUMBER", requires = "production")]
    pub(in crate::cli) call: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct SecretsArgs {
    #[command(subcommand)]
    pub(in crate::cli) verb: SecretsVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SecretsVerb {
    /// Encrypt every secret anew under a fresh key, which takes the place of the key file
    #[command(
        after_help = "All or nothing, while the PBX runs. Copy the new key file to other machines that use the same database.\n\nExample:\n  kiestoon secrets rotate"
    )]
    Rotate {
        /// Remove the old key, which copies of the database from before need; keys of earlier rotations are named and stay
        #[arg(long)]
        forget_old: bool,
    },
}
