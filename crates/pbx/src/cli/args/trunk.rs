//! The words of `kiestoon trunk`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use kiestoon_control::TestTrunk;

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct TrunkArgs {
    /// The organisation's slug [default: the only one, or `default`; all in a list]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    #[command(subcommand)]
    pub(in crate::cli) verb: TrunkVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TrunkVerb {
    /// List trunks
    #[command(after_help = "Example:\n  kiestoon trunk list --json")]
    List,
    /// Show one trunk: what was said of it, and what its preset says besides
    #[command(after_help = "Example:\n  kiestoon trunk show voys --reveal")]
    Show {
        /// The name
        name: String,
        /// Show the password too
        #[arg(long)]
        reveal: bool,
    },
    /// Add a trunk
    #[command(
        after_help = "The keys are those of the import; a list has commas; `password=-` reads standard input.\n\nExample:\n  kiestoon trunk add voys --preset voipgrid username=100001 password=- numbers=+31201234567"
    )]
    Add {
        /// What the dialplan calls it: `trunk:NAME`
        name: String,
        /// Who the provider is; `kiestoon trunk presets` lists them
        #[arg(long, default_value = "generic")]
        preset: String,
        /// Take it although something is missing, and carry no calls over it
        #[arg(long)]
        disabled: bool,
        /// What is said of it
        #[arg(value_name = "KEY=VALUE")]
        words: Vec<String>,
    },
    /// Change a trunk; a key without a value goes back to what the preset says
    #[command(
        after_help = "Example:\n  kiestoon trunk set voys channels=30 host=\n  kiestoon trunk set voys password=- < password.txt"
    )]
    Set {
        /// The name
        name: String,
        /// What is said of it
        #[arg(value_name = "KEY=VALUE", required = true)]
        words: Vec<String>,
    },
    /// Take trunks over from the variables that another system keeps its provider in
    #[command(
        after_help = "Known are TWILIO_SID, TWILIO_TOKEN, TWILIO_API_KEY, TWILIO_API_SECRET and TWILIO_NUMBER; TELNYX_CONNECTION_ID, TELNYX_API_KEY, TELNYX_PUBLIC_KEY, TELNYX_USERNAME, TELNYX_PASSWORD and TELNYX_NUMBER; VOIP_SERVER, VOIP_TRANSPORT, VOIP_USERNAME, VOIP_PASSWORD and VOIP_NUMBER; VOIP_WEBHOOK_URL and VOIP_TOKEN_TTL, which become settings.\n\nExample:\n  kiestoon trunk import-env .env"
    )]
    ImportEnv(ImportEnvArgs),
    /// Remove a trunk and its numbers; its calls stay in the history
    #[command(after_help = "Example:\n  kiestoon trunk remove voys")]
    Remove {
        /// The name
        name: String,
    },
    /// Carry calls over a trunk again
    #[command(after_help = "Example:\n  kiestoon trunk enable voys")]
    Enable {
        /// The name
        name: String,
    },
    /// Carry no calls over a trunk; those that stand go on
    #[command(after_help = "Example:\n  kiestoon trunk disable voys")]
    Disable {
        /// The name
        name: String,
    },
    /// Test a trunk rung by rung: DNS, transport, TLS, OPTIONS, REGISTER, and on request a call out and one that comes in
    #[command(
        after_help = "A running PBX tests it; without one the command line does it itself. Exit code 1 where a rung fails.\n\nExample:\n  kiestoon trunk test voys\n  kiestoon trunk test voys --call +31201234567\n  kiestoon trunk test voys --wait-inbound 60 -v"
    )]
    Test(TrunkTestArgs),
    /// List the presets, or show one and what it leaves to be filled in
    #[command(after_help = "Example:\n  kiestoon trunk presets voipgrid")]
    Presets {
        /// The name
        name: Option<String>,
    },
    /// List the numbers that come in over a trunk, or change them
    #[command(
        after_help = "Example:\n  kiestoon trunk numbers voys --add +31201234567 --context inkomend\n  kiestoon trunk numbers voys --remove +31201234567"
    )]
    Numbers {
        /// The name
        name: String,
        /// A number that comes in over it
        #[arg(long, value_name = "NUMBER")]
        add: Vec<String>,
        /// The context of the dialplan that the added numbers enter [default: inkomend]
        #[arg(long, requires = "add")]
        context: Option<String>,
        /// A number that does not any more
        #[arg(long, value_name = "NUMBER")]
        remove: Vec<String>,
    },
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ImportEnvArgs {
    /// The file, one NAME=VALUE a line
    pub(in crate::cli) file: PathBuf,
    /// Carry calls over these trunks at once, where nothing is missing
    #[arg(long)]
    pub(in crate::cli) enable: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct TrunkTestArgs {
    /// The name
    pub(in crate::cli) name: String,
    /// Show what went over the line too, secrets masked
    #[arg(long, short)]
    pub(in crate::cli) verbose: bool,
    /// Call this number over it, send a tone and measure what comes back: a call that costs what it costs, by the rights of the organisation
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) call: Option<String>,
    /// Wait so long for a call: ring one of the trunk's numbers meanwhile
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=i64::from(TestTrunk::LONGEST_WAIT_SECS)))]
    pub(in crate::cli) wait_inbound: Option<u32>,
}
