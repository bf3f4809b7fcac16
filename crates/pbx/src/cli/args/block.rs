//! The words of `kiestoon block`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(in crate::cli) struct BlockArgs {
    /// The organisation's slug [default: the only one, or `default`; all in a list]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    #[command(subcommand)]
    pub(in crate::cli) verb: BlockVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BlockVerb {
    /// Keep callers out, or change what becomes of their calls
    #[command(
        after_help = "A number comes before a prefix, a longer prefix before a shorter one.\n\nExample:\n  kiestoon block add --number 020-1234567\n  kiestoon block add --prefix +44 --action busy\n  kiestoon block add --prefix +4420 --action allow\n  kiestoon block add --stir-failed --context spam"
    )]
    Add {
        #[command(flatten)]
        whom: Whom,
        /// What becomes of their calls: 603 Decline, 486 Busy Here, ringing for nobody, or that they go on
        #[arg(long, default_value = "reject", value_parser = ["reject", "busy", "silence", "allow"])]
        action: String,
        /// The context of the dialplan that their calls enter instead
        #[arg(long, value_name = "NAME", conflicts_with = "action")]
        context: Option<String>,
        /// Why, for people
        #[arg(long, default_value = "", value_name = "TEXT")]
        note: String,
    },
    /// List who is kept out
    #[command(after_help = "Example:\n  kiestoon block list --json")]
    List,
    /// Let callers in again
    #[command(after_help = "Example:\n  kiestoon block remove --prefix +44")]
    Remove {
        #[command(flatten)]
        whom: Whom,
    },
}

/// Whom a block is for.
#[derive(Debug, Args)]
pub(in crate::cli) struct Whom {
    #[command(flatten)]
    pub(in crate::cli) who: Who,
    /// Only over this trunk [default: any]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) trunk: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Who {
    /// Who has this number
    #[arg(long)]
    pub(in crate::cli) number: Option<String>,
    /// Who has a number that begins so, such as +44
    #[arg(long, value_name = "START")]
    pub(in crate::cli) prefix: Option<String>,
    /// Who withholds the number
    #[arg(long)]
    pub(in crate::cli) anonymous: bool,
    /// Whose number is signed wrongly (docs/stir.md)
    #[arg(long)]
    pub(in crate::cli) stir_failed: bool,
}
