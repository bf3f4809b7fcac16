//! The words of `kiestoon user`.

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct UserArgs {
    /// The organisation's slug [default: the only one, or `default`; all in a list]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    #[command(subcommand)]
    pub(in crate::cli) verb: UserVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum UserVerb {
    /// Add a user
    #[command(after_help = "Example:\n  kiestoon user add anna --name \"Anna Jansen\" --extension 201")]
    Add {
        /// The word to log in with
        login: String,
        /// The name that pages and phones show
        #[arg(long, default_value = "")]
        name: String,
        /// `admin` sees all of the organisation, `user` the own extension and calls
        #[arg(long, default_value = "user", value_parser = ["admin", "user"])]
        role: String,
        /// The number of the user's extension
        #[arg(long, value_name = "NUMBER")]
        extension: Option<String>,
        /// The password; `-` reads it from standard input [default: generated and printed once]
        #[arg(long)]
        password: Option<String>,
    },
    /// List users
    #[command(after_help = "Example:\n  kiestoon user list --json")]
    List,
    /// Remove a user
    #[command(after_help = "Example:\n  kiestoon user remove anna")]
    Remove {
        /// The login
        login: String,
    },
    /// Set the password of a user, who is logged out everywhere
    #[command(visible_alias = "passwd", after_help = "Example:\n  kiestoon user password anna")]
    Password {
        /// The login
        login: String,
        /// The password; `-` reads it from standard input [default: generated and printed once]
        #[arg(long)]
        password: Option<String>,
    },
    /// Give a user an extension, or without a number take it away
    #[command(after_help = "Example:\n  kiestoon user extension anna 201")]
    Extension {
        /// The login
        login: String,
        /// The number
        number: Option<String>,
    },
}
