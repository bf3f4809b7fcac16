//! The words of `kiestoon rights`, `kiestoon profile` and `kiestoon fraud-drill`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct RightsArgs {
    /// The organisation's slug [default: the only one, or `default`]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    #[command(subcommand)]
    pub(in crate::cli) verb: RightsVerb,
}

/// An extension, or the organisation.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Whose {
    /// The number of the extension
    #[arg(required_unless_present = "itself")]
    pub(in crate::cli) number: Option<String>,
    /// The organisation itself, whose dialplan calls out for calls from outside
    #[arg(long, conflicts_with = "number")]
    pub(in crate::cli) itself: bool,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RightsVerb {
    /// Show what somebody may call, where that is said, what was spent, and whether they are on hold
    #[command(after_help = "Example:\n  kiestoon rights show 201\n  kiestoon rights show --itself")]
    Show(Whose),
    /// Set the classes or the profile of an extension, or the profile of the organisation
    #[command(
        after_help = "Classes: internal, national, mobile, international, premium; `none` for none but emergency numbers.\n\nExample:\n  kiestoon rights set 201 --rights internal,national,international\n  kiestoon rights set 201 --profile sales --inherit\n  kiestoon rights set --itself --profile office"
    )]
    Set {
        #[command(flatten)]
        whose: Whose,
        /// Classes over those of the profile
        #[arg(long, value_name = "CLASSES", conflicts_with_all = ["inherit", "itself"], value_parser = NonEmptyStringValueParser::new())]
        rights: Option<String>,
        /// Take away the extension's own classes: those of its profile count
        #[arg(long, conflicts_with = "itself")]
        inherit: bool,
        /// The profile; `kiestoon profile list` has them
        #[arg(long, value_name = "NAME", conflicts_with = "no_profile", value_parser = NonEmptyStringValueParser::new())]
        profile: Option<String>,
        /// Take away the profile: that of the organisation counts, and then what ships
        #[arg(long)]
        no_profile: bool,
    },
    /// Ask the running PBX whether a call out would be made now, and why; no call is made and nothing is counted
    #[command(
        after_help = "It ends with 1 where no trunk would take the call.\n\nExample:\n  kiestoon rights test 201 +49301234567"
    )]
    Test {
        /// The number of the extension that calls
        number: String,
        /// The number that it dials
        dialled: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ProfileArgs {
    /// The organisation's slug [default: the only one, or `default`]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    #[command(subcommand)]
    pub(in crate::cli) verb: ProfileVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ProfileVerb {
    /// List profiles
    #[command(after_help = "Example:\n  kiestoon profile list --json")]
    List,
    /// Show one profile
    #[command(after_help = "Example:\n  kiestoon profile show sales")]
    Show {
        /// Its name
        name: String,
    },
    /// Make a profile, or change one: KEY=VALUE with the keys of the import; KEY= takes one away
    #[command(
        after_help = "Keys: rights, hours, rights_closed, calls, calls_per_minute, spend_per_day, spend_per_month, blocked, allowed, watch_within, watch_calls, watch_destinations, watch_closed; docs/rights.md tells what they do.\n\nExample:\n  kiestoon profile set sales rights=internal,national,mobile,international spend_per_day=25.00"
    )]
    Set {
        /// Its name
        name: String,
        /// What is said of it
        #[arg(value_name = "KEY=VALUE", required = true)]
        words: Vec<String>,
    },
    /// Remove a profile that nobody has
    #[command(after_help = "Example:\n  kiestoon profile remove sales")]
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct DrillArgs {
    /// The organisation's slug [default: all]
    #[arg(long, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    /// The extension whose rights are tried [default: one of each profile in use, and the organisation itself]
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) from: Option<String>,
}
