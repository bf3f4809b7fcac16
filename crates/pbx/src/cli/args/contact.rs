//! The words of `kiestoon contact`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(in crate::cli) struct ContactArgs {
    /// The organisation's slug [default: the only one, or `default`; all in a list]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    #[command(subcommand)]
    pub(in crate::cli) verb: ContactVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ContactVerb {
    /// Add a contact, or give one another name
    #[command(after_help = "Example:\n  kiestoon contact add 020-1234567 \"Bakkerij Jansen\"")]
    Add {
        /// The number, in E.164 or as it is dialled in the country of the organisation's trunks
        number: String,
        /// The name that phones show
        name: String,
    },
    /// List contacts
    #[command(after_help = "Example:\n  kiestoon contact list --json")]
    List,
    /// Remove a contact
    #[command(after_help = "Example:\n  kiestoon contact remove +31201234567")]
    Remove {
        /// The number
        number: String,
    },
    /// Add contacts from a CSV file of lines `number,name`; those that are not in it stay
    #[command(
        after_help = "All lines are taken, or none and every problem is told. An organisation may have 100,000.\n\nExample:\n  kiestoon contact import contacts.csv"
    )]
    Import {
        /// The CSV file
        file: PathBuf,
    },
}
