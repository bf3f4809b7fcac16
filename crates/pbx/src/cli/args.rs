//! The words of the command line. clap's own help stays in English; every verb ends its help with an example.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};
use kiestoon_control::DrainRequest;

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
    /// Load organisations, extensions, trunks, numbers, contacts and blocks from a TOML file; loading it again changes nothing
    #[command(
        after_help = "Generated passwords are printed once. docs/trunks.md has the keys of trunks.\n\nExample:\n  kiestoon import extensions.toml"
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
    Contact(super::args_contact::ContactArgs),
    /// Keep callers out, list whom, and let them in again
    #[command(after_help = "Example:\n  kiestoon block add --prefix +44 --note \"only from home\"")]
    Block(super::args_block::BlockArgs),
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

#[derive(Debug, ClapArgs)]
pub(super) struct ExtensionArgs {
    /// The organisation's slug [default: the only one, or `default`]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
    #[command(subcommand)]
    pub(super) verb: ExtensionVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum ExtensionVerb {
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

#[derive(Debug, ClapArgs)]
pub(super) struct TrunkArgs {
    /// The organisation's slug [default: the only one, or `default`; all in a list]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
    #[command(subcommand)]
    pub(super) verb: TrunkVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum TrunkVerb {
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
pub(super) struct UserArgs {
    /// The organisation's slug [default: the only one, or `default`; all in a list]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
    #[command(subcommand)]
    pub(super) verb: UserVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum UserVerb {
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

#[derive(Debug, ClapArgs)]
pub(super) struct DialplanArgs {
    #[command(subcommand)]
    pub(super) verb: DialplanVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum DialplanVerb {
    /// Check dialplan files: every problem with its line; needs no database
    #[command(
        after_help = "Exit code 64 where there is an error; warnings do not fail it.\n\nExample:\n  kiestoon dialplan check dialplans/\n  kiestoon dialplan check dialplans/kantoor.toml --json"
    )]
    Check {
        /// A folder, or one file [default: `dialplan.path` of the configuration]
        path: Option<PathBuf>,
    },
    /// Run the tests of a dialplan: the calls in `tests/*.toml` of its folder, made by nobody
    #[command(
        after_help = "Exit code 1 where a call goes another way than expected.\n\nExample:\n  kiestoon dialplan test dialplans/ --filter kantoor\n  kiestoon dialplan test dialplans/ --organisation bakker --junit results.xml"
    )]
    Test(DialplanTestArgs),
    /// Explain where a call goes, and why: the rule, its steps, and the way that the call takes
    #[command(
        after_help = "Whoever is rung answers unless something else is given; results are answered, busy, no-answer, unavailable, declined or a SIP status.\n\nExample:\n  kiestoon dialplan explain 0612345678 --from 206 --at \"za 10:00\"\n  kiestoon dialplan explain 202 --from 201 --given ext:202=busy\n  kiestoon dialplan explain 100 --from 201 --override kantoor=closed --given keuze=1,2"
    )]
    Explain(ExplainArgs),
    /// Name the rules and steps that no test reaches
    #[command(
        after_help = "Exit code 1 below --min.\n\nExample:\n  kiestoon dialplan coverage dialplans/ --min 80\n  kiestoon dialplan coverage --organisation bakker"
    )]
    Coverage(CoverageArgs),
    /// Take calls of the history through the files as they are now, and say which would go another way
    #[command(
        after_help = "Nothing is called, and nothing is changed. Results and hours set by hand are those that the calls had.\n\nExample:\n  kiestoon dialplan replay --last 7d new-dialplans/\n  kiestoon dialplan replay --from 2026-11-01 --to 2026-11-08 --json"
    )]
    Replay(ReplayArgs),
    /// Draw the dialplan: contexts, rules, steps and where they lead
    #[command(
        after_help = "Example:\n  kiestoon dialplan graph dialplans/ --output dialplan.svg\n  kiestoon dialplan graph --context intern --output dialplan.md\n  kiestoon dialplan graph --organisation bakker --format mermaid"
    )]
    Graph(GraphArgs),
    /// Print the JSON Schema of dialplan files, for editors
    #[command(
        after_help = "An editor that knows TOML schemas completes and checks while you type.\n\nExample:\n  kiestoon dialplan schema --write dialplans/\n  kiestoon dialplan schema --tests > dialplan-test.schema.json"
    )]
    Schema(SchemaArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct GraphArgs {
    /// A folder, or one file [default: `dialplan.path` of the configuration]
    pub(super) path: Option<PathBuf>,
    /// `svg` for a browser, `mermaid` for Markdown pages [default: by the ending of --output, else svg]
    #[arg(long, value_parser = ["svg", "mermaid"])]
    pub(super) format: Option<String>,
    /// This context alone
    #[arg(long, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// The plan of this organisation [default: the one that all share]
    #[arg(long, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
    /// Where to write it [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct SchemaArgs {
    /// The schema of test files instead
    #[arg(long)]
    pub(super) tests: bool,
    /// Write both schemas beside the dialplan files, instead of printing one
    #[arg(long, conflicts_with = "tests")]
    pub(super) write: bool,
    /// The folder to write to [default: `dialplan.path` of the configuration]
    #[arg(requires = "write")]
    pub(super) path: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DialplanTestArgs {
    /// The folder of the dialplan, or one file of it [default: `dialplan.path` of the configuration]
    pub(super) path: Option<PathBuf>,
    /// Only cases whose name has this in it
    #[arg(long, value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// Write the results to this file too, as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    /// Only cases of the organisation with this slug [default: all]
    #[arg(long, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExplainArgs {
    /// The number dialled
    pub(super) number: String,
    /// The caller's number
    #[arg(long, value_name = "NUMBER")]
    pub(super) from: String,
    /// The caller's name
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(super) from_name: String,
    /// The context that the call enters
    #[arg(long, default_value = "intern")]
    pub(super) context: String,
    /// The moment, on the dialplan's clock: "2026-11-20T10:00", "za 10:00" or "10:00" [default: now]
    #[arg(long, value_name = "WHEN")]
    pub(super) at: Option<String>,
    /// What comes of it: "ext:201=busy", "trunk:voys=503", "group:balie=no-answer", "keuze=1", "webhook:crm=group:balie"
    #[arg(long, value_name = "WHAT=RESULT")]
    pub(super) given: Vec<String>,
    /// Hours set by hand: "kantoor=closed"
    #[arg(long = "override", value_name = "HOURS=open|closed")]
    pub(super) overrides: Vec<String>,
    /// A folder, or one file [default: `dialplan.path` of the configuration]
    #[arg(long, value_name = "PATH")]
    pub(super) path: Option<PathBuf>,
    /// By the plan of the organisation with this slug [default: that of those without files of their own]
    #[arg(long, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CoverageArgs {
    /// The folder of the dialplan, or one file of it [default: `dialplan.path` of the configuration]
    pub(super) path: Option<PathBuf>,
    /// Fail where the tests reach a smaller share of the steps, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    pub(super) min: Option<u8>,
    /// Of the plan of the organisation with this slug, with what it shares [default: of all files]
    #[arg(long, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ReplayArgs {
    /// A folder, or one file [default: `dialplan.path` of the configuration]
    pub(super) path: Option<PathBuf>,
    /// Calls of the last minutes, hours or days: "90m", "24h" or "7d"
    #[arg(long, value_name = "TIME", default_value = "7d", conflicts_with = "from")]
    pub(super) last: String,
    /// Calls that began then or later: "2026-11-20" or "2026-11-20T10:00"
    #[arg(long, value_name = "WHEN")]
    pub(super) from: Option<String>,
    /// Calls that began before then
    #[arg(long, value_name = "WHEN")]
    pub(super) to: Option<String>,
    /// Calls of the organisation with this slug [default: all]
    #[arg(long, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct HistoryArgs {
    /// The id of one call: shows its legs and its way through the dialplan
    pub(super) call: Option<String>,
    /// At most so many calls
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) limit: u32,
    /// Only calls with this number as caller, callee or as dialled
    #[arg(long)]
    pub(super) number: Option<String>,
    /// Only calls that began then or later: "2026-11-20", "2026-11-20T10:00", "90m", "24h" or "7d"
    #[arg(long, value_name = "WHEN")]
    pub(super) since: Option<String>,
    /// Only calls that ended so: answered, no_answer, busy, failed, cancelled or interrupted
    #[arg(long, value_name = "WORD")]
    pub(super) disposition: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CtlArgs {
    #[command(subcommand)]
    pub(super) verb: CtlVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum CtlVerb {
    /// The PBX as a whole
    #[command(after_help = "Example:\n  kiestoon ctl status")]
    Status,
    /// Live calls, with codec, loss and jitter of each leg; of one call also its way through the dialplan
    #[command(
        after_help = "Example:\n  kiestoon ctl calls --json\n  kiestoon ctl calls 01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10"
    )]
    Calls {
        /// The id of one call; its first or last characters do where only one call has them
        call: Option<String>,
    },
    /// Everything that is measured, as Prometheus reads it
    #[command(after_help = "Example:\n  kiestoon ctl metrics | grep kiestoon_calls")]
    Metrics,
    /// Registered phones
    #[command(after_help = "Example:\n  kiestoon ctl registrations")]
    Registrations,
    /// Trunks: whether their hosts answer, where we are registered, and how many calls go over each
    #[command(after_help = "Example:\n  kiestoon ctl trunks\n  kiestoon ctl trunks --json")]
    Trunks,
    /// Sources that are refused for guessing passwords, and lifting that
    #[command(
        after_help = "Without a verb it lists the bans in force.\n\nExample:\n  kiestoon ctl bans\n  kiestoon ctl bans lift 192.0.2.7"
    )]
    Bans(BansArgs),
    /// Who is on hold because their calls looked like theft, and taking them off it
    #[command(
        after_help = "Without a verb it lists them. Who is on hold makes no international or premium calls; other calls go on.\n\nExample:\n  kiestoon ctl fraud\n  kiestoon ctl fraud approve 201"
    )]
    Fraud {
        #[command(subcommand)]
        verb: Option<FraudVerb>,
    },
    /// Day and night: the hours of the dialplan, and setting them by hand
    #[command(
        after_help = "Without a name it lists them. What is set by hand stays so, over a restart too, until it is set to auto.\n\nExample:\n  kiestoon ctl hours\n  kiestoon ctl hours kantoor closed\n  kiestoon ctl hours kantoor auto"
    )]
    Hours {
        /// The name of the hours in the dialplan
        #[arg(requires = "state")]
        name: Option<String>,
        /// What they are from now on; auto: as the clock says
        #[arg(value_parser = ["open", "closed", "auto"])]
        state: Option<String>,
        /// The organisation's slug [default: the only one]
        #[arg(long, value_name = "SLUG")]
        organisation: Option<String>,
    },
    /// End a call
    #[command(after_help = "Example:\n  kiestoon ctl hangup 01998a5e-3c1f-7e55-8a1b-0c9a4e2f7d10")]
    Hangup {
        /// The id, as `ctl calls` shows it; its first or last characters do where only one call has them
        call: String,
    },
    /// Take the state of database and dialplan folder now
    #[command(after_help = "Example:\n  kiestoon ctl reload")]
    Reload,
    /// Refuse new calls, wait for the live ones, then stop the PBX
    #[command(after_help = "Example:\n  kiestoon ctl drain --limit-secs 60")]
    Drain {
        /// Hang up what is left after so many seconds [default: `limits.drain_secs` of the configuration]
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=DrainRequest::LONGEST_SECS))]
        limit_secs: Option<u64>,
    },
    /// Follow calls and registrations live; q ends it
    #[command(after_help = "Example:\n  kiestoon ctl watch --plain | tee calls.log")]
    Watch {
        /// One line for each event, as when the output is no terminal
        #[arg(long)]
        plain: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct BansArgs {
    #[command(subcommand)]
    pub(super) verb: Option<BansVerb>,
}

#[derive(Debug, Subcommand)]
pub(super) enum BansVerb {
    /// Lift the ban of a source: its wrong passwords so far are forgotten
    #[command(after_help = "Example:\n  kiestoon ctl bans lift 192.0.2.7\n  kiestoon ctl bans lift --all")]
    Lift {
        /// The source, as `ctl bans` shows it
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        address: Option<String>,
        /// Lift every ban
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum FraudVerb {
    /// List who is on hold
    #[command(after_help = "Example:\n  kiestoon ctl fraud list")]
    List,
    /// Take somebody off hold: their calls so far count no more
    #[command(
        after_help = "Example:\n  kiestoon ctl fraud approve 201\n  kiestoon ctl fraud approve --itself"
    )]
    Approve(Who),
    /// Put somebody on hold
    #[command(after_help = "Example:\n  kiestoon ctl fraud hold 201")]
    Hold(Who),
}

#[derive(Debug, ClapArgs)]
pub(super) struct Who {
    /// The number of the extension
    #[arg(required_unless_present = "itself", conflicts_with = "itself")]
    pub(super) number: Option<String>,
    /// The organisation itself, whose dialplan calls out for calls from outside
    #[arg(long)]
    pub(super) itself: bool,
    /// The organisation's slug [default: the only one]
    #[arg(long, value_name = "SLUG")]
    pub(super) organisation: Option<String>,
}
