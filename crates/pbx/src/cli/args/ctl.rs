//! The words of `kiestoon ctl`.

use clap::{Args as ClapArgs, Subcommand};
use kiestoon_control::DrainRequest;

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct CtlArgs {
    #[command(subcommand)]
    pub(in crate::cli) verb: CtlVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CtlVerb {
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
pub(in crate::cli) struct BansArgs {
    #[command(subcommand)]
    pub(in crate::cli) verb: Option<BansVerb>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BansVerb {
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
pub(in crate::cli) enum FraudVerb {
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
pub(in crate::cli) struct Who {
    /// The number of the extension
    #[arg(required_unless_present = "itself", conflicts_with = "itself")]
    pub(in crate::cli) number: Option<String>,
    /// The organisation itself, whose dialplan calls out for calls from outside
    #[arg(long)]
    pub(in crate::cli) itself: bool,
    /// The organisation's slug [default: the only one]
    #[arg(long, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
}
