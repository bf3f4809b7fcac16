//! The words of the command line; verbs with many words of their own have a file each. clap's own help stays in English; every
//! verb ends its help with an example.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

pub(super) use self::block::{BlockArgs, BlockVerb, Who as BlockWho, Whom as BlockWhom};
pub(super) use self::contact::{ContactArgs, ContactVerb};
pub(super) use self::ctl::{BansVerb, CtlArgs, CtlVerb, FraudVerb, Who};
pub(super) use self::dialplan::{
    CoverageArgs, DialplanArgs, DialplanTestArgs, DialplanVerb, ExplainArgs, GraphArgs, ReplayArgs,
    SchemaArgs,
};
pub(super) use self::extension::{ExtensionArgs, ExtensionVerb};
pub(super) use self::history::HistoryArgs;
pub(super) use self::rights::{DrillArgs, ProfileArgs, ProfileVerb, RightsArgs, RightsVerb, Whose};
pub(super) use self::setup::{DoctorArgs, SecretsArgs, SecretsVerb, SetupArgs};
pub(super) use self::trunk::{ImportEnvArgs, TrunkArgs, TrunkTestArgs, TrunkVerb};
pub(super) use self::user::{UserArgs, UserVerb};

mod block;
mod contact;
mod ctl;
mod dialplan;
mod extension;
mod history;
mod rights;
mod setup;
mod trunk;
mod user;

/// Kiestoon, a PBX: phones register here and call each other.
#[derive(Debug, Parser)]
#[command(
    name = "kiestoon",
    version,
    propagate_version = false,
    subcommand_required = true,
    after_help = "Example:\n  kiestoon check && kiestoon serve --config config/kiestoon.toml\n\nExit codes: 0 fine, 64 something to mend (usage, configuration, input files), 1 anything else."
)]
pub(super) struct Args {
    /// The configuration file [default: config/kiestoon.toml, which may be missing]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Run the PBX in the foreground
    #[command(
        after_help = "Prints `kiestoon ready` when phones can register. SIGTERM waits for calls to end, SIGINT hangs up, SIGHUP reloads.\n\nExample:\n  kiestoon serve --config /etc/kiestoon/kiestoon.toml"
    )]
    Serve,
    /// Check configuration, certificates, dialplan, prompts, database and ports: all problems at once
    #[command(after_help = "Example:\n  kiestoon check --config /etc/kiestoon/kiestoon.toml")]
    Check,
    /// Load organisations, extensions, profiles, trunks, numbers, contacts and blocks from a TOML file; loading it again changes nothing
    #[command(
        after_help = "Generated passwords are printed once. docs/trunks.md has the keys of trunks, docs/rights.md those of profiles.\n\nExample:\n  kiestoon import extensions.toml"
    )]
    Import(ImportArgs),
    /// Add, list, change and remove extensions
    #[command(after_help = "Example:\n  kiestoon extension add 201 --name Balie")]
    Extension(ExtensionArgs),
    /// Add, list, change and remove trunks, the ways to the public network
    #[command(
        after_help = "Example:\n  kiestoon trunk add voys --preset voipgrid username=100001 password=-"
    )]
    Trunk(TrunkArgs),
    /// Add, list, import and remove contacts: the names that phones show for numbers outside
    #[command(after_help = "Example:\n  kiestoon contact add +31201234567 \"Bakkerij Jansen\"")]
    Contact(ContactArgs),
    /// Keep callers out, list whom, and let them in again
    #[command(after_help = "Example:\n  kiestoon block add --prefix +44 --note \"only from home\"")]
    Block(BlockArgs),
    /// Who may call what: classes and profiles of extensions and organisations
    #[command(after_help = "Example:\n  kiestoon rights show 201")]
    Rights(RightsArgs),
    /// Profiles: rights and limits with a name
    #[command(after_help = "Example:\n  kiestoon profile set sales spend_per_day=25.00")]
    Profile(ProfileArgs),
    /// Prove the limits on calling out on the running PBX, without a call: exits with 1 where something gets out that should not
    #[command(after_help = "Example:\n  kiestoon fraud-drill\n  kiestoon fraud-drill --from 201 --json")]
    FraudDrill(DrillArgs),
    /// Add, list, change and remove those who log in at the web pages
    #[command(after_help = "Example:\n  kiestoon user add anna --extension 201")]
    User(UserArgs),
    /// Check and explain the dialplan
    #[command(after_help = "Example:\n  kiestoon dialplan check dialplans/")]
    Dialplan(DialplanArgs),
    /// Show finished calls, newest first
    #[command(
        after_help = "Example:\n  kiestoon history --number 201 --since 7d --limit 20\n  kiestoon history 01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10"
    )]
    History(HistoryArgs),
    /// Look into and steer the running PBX
    #[command(after_help = "Example:\n  kiestoon ctl watch")]
    Ctl(CtlArgs),
    /// Set a PBX up: asks, and writes what was answered; what is there stays
    #[command(after_help = "Example:\n  kiestoon setup --interactive")]
    Setup(SetupArgs),
    /// Look at an installation as its users would, and say what to do about what is found
    #[command(
        after_help = "Exit code 64 where something failed; warnings do not fail it.\n\nExample:\n  kiestoon doctor --production\n  kiestoon doctor --production --call +31201234567"
    )]
    Doctor(DoctorArgs),
    /// Change the key that passwords are encrypted with
    #[command(after_help = "Example:\n  kiestoon secrets rotate")]
    Secrets(SecretsArgs),
    /// Print the configuration in force, secrets masked
    #[command(after_help = "Example:\n  KIESTOON__LOG__LEVEL=debug kiestoon print-config")]
    PrintConfig,
    /// Print the version
    #[command(after_help = "Example:\n  kiestoon version")]
    Version,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ImportArgs {
    /// The TOML file
    pub(super) file: PathBuf,
}
