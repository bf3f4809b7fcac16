//! The words of `kiestoon dialplan`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct DialplanArgs {
    #[command(subcommand)]
    pub(in crate::cli) verb: DialplanVerb,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum DialplanVerb {
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
pub(in crate::cli) struct GraphArgs {
    /// A folder, or one file [default: `dialplan.path` of the configuration]
    pub(in crate::cli) path: Option<PathBuf>,
    /// `svg` for a browser, `mermaid` for Markdown pages [default: by the ending of --output, else svg]
    #[arg(long, value_parser = ["svg", "mermaid"])]
    pub(in crate::cli) format: Option<String>,
    /// This context alone
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) context: Option<String>,
    /// The plan of this organisation [default: the one that all share]
    #[arg(long, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
    /// Where to write it [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct SchemaArgs {
    /// The schema of test files instead
    #[arg(long)]
    pub(in crate::cli) tests: bool,
    /// Write both schemas beside the dialplan files, instead of printing one
    #[arg(long, conflicts_with = "tests")]
    pub(in crate::cli) write: bool,
    /// The folder to write to [default: `dialplan.path` of the configuration]
    #[arg(requires = "write")]
    pub(in crate::cli) path: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct DialplanTestArgs {
    /// The folder of the dialplan, or one file of it [default: `dialplan.path` of the configuration]
    pub(in crate::cli) path: Option<PathBuf>,
    /// Only cases whose name has this in it
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) filter: Option<String>,
    /// Write the results to this file too, as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) junit: Option<PathBuf>,
    /// Only cases of the organisation with this slug [default: all]
    #[arg(long, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ExplainArgs {
    /// The number dialled
    pub(in crate::cli) number: String,
    /// The caller's number
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) from: String,
    /// The caller's name
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(in crate::cli) from_name: String,
    /// The context that the call enters
    #[arg(long, default_value = "intern")]
    pub(in crate::cli) context: String,
    /// The moment, on the dialplan's clock: "2026-11-20T10:00", "za 10:00" or "10:00" [default: now]
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) at: Option<String>,
    /// What comes of it: "ext:201=busy", "trunk:voys=503", "group:balie=no-answer", "keuze=1", "webhook:crm=group:balie"
    #[arg(long, value_name = "WHAT=RESULT")]
    pub(in crate::cli) given: Vec<String>,
    /// Hours set by hand: "kantoor=closed"
    #[arg(long = "override", value_name = "HOURS=open|closed")]
    pub(in crate::cli) overrides: Vec<String>,
    /// A folder, or one file [default: `dialplan.path` of the configuration]
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) path: Option<PathBuf>,
    /// By the plan of the organisation with this slug [default: that of those without files of their own]
    #[arg(long, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct CoverageArgs {
    /// The folder of the dialplan, or one file of it [default: `dialplan.path` of the configuration]
    pub(in crate::cli) path: Option<PathBuf>,
    /// Fail where the tests reach a smaller share of the steps, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    pub(in crate::cli) min: Option<u8>,
    /// Of the plan of the organisation with this slug, with what it shares [default: of all files]
    #[arg(long, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ReplayArgs {
    /// A folder, or one file [default: `dialplan.path` of the configuration]
    pub(in crate::cli) path: Option<PathBuf>,
    /// Calls of the last minutes, hours or days: "90m", "24h" or "7d"
    #[arg(long, value_name = "TIME", default_value = "7d", conflicts_with = "from")]
    pub(in crate::cli) last: String,
    /// Calls that began then or later: "2026-11-20" or "2026-11-20T10:00"
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) from: Option<String>,
    /// Calls that began before then
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) to: Option<String>,
    /// Calls of the organisation with this slug [default: all]
    #[arg(long, value_name = "SLUG")]
    pub(in crate::cli) organisation: Option<String>,
}
