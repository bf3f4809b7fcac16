//! The words of `kiestoon extension`.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ExtensionArgs {
    /// The organisation's slug [default: the only one, or `default`]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    #[command(subcommand)]
    pub(in crate::cli) verb: ExtensionVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ExtensionVerb {
    /// Add an extension
    #[command(after_help = "Example:\n  kiestoon extension add 201 --name Balie")]
    Add {
        /// The number, also the SIP user name
        number: String,
        /// The name that displays show
        #[arg(long, default_value = "")]
        name: String,
        /// The password; `-` reads it from standard input [default: generated and printed once]
        #[arg(long)]
        password: Option<String>,
    },
    /// List extensions
    #[command(after_help = "Example:\n  kiestoon extension list --organisation kantoor --json")]
    List,
    /// Remove an extension; its calls stay in the history
    #[command(after_help = "Example:\n  kiestoon extension remove 201")]
    Remove {
        /// The number
        number: String,
    },
    /// Set the password of an extension
    #[command(after_help = "Example:\n  kiestoon extension password 201")]
    Password {
        /// The number
        number: String,
        /// The password; `-` reads it from standard input [default: generated and printed once]
        #[arg(long)]
        password: Option<String>,
    },
    /// Show one extension
    #[command(after_help = "Example:\n  kiestoon extension show 201 --reveal")]
    Show {
        /// The number
        number: String,
        /// Show the password too
        #[arg(long)]
        reveal: bool,
    },
}
