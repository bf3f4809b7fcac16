//! Kiestoon's figures beside its peers': a load generator and a driver that runs it against each target in turn.
//!
//! The generator has its own few lines of SIP and RTP on purpose. A generator that shared the parser, the digest or the
//! SDP of the PBX would share their faults and their cost, and would measure them with themselves. Only the codecs and
//! the dialplan are shared: what transcoding and deciding cost is measured beside them.

mod clock;
mod codec_cost;
mod decision_cost;
mod driver;
mod forwarder;
mod generator;
mod report;
mod samples;
mod soak;
mod voice;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures Kiestoon beside its peers on this machine.
#[derive(Parser)]
#[command(version, about)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Measure the targets and print the table
    Run(driver::Options),
    /// Print the table of earlier figures
    Table(driver::ResultsFolder),
    /// Measure a plain forwarder: what no relay with a socket a leg can go below
    Floor(driver::Options),
    /// Put every kind of load on Kiestoon for long, and judge whether anything leaks or drifts
    Soak(soak::Options),
    /// Put browsers that talk, fail or die on Kiestoon, and judge whether each is forgotten in its time
    Browsers(soak::browsers::Options),
    /// Make one load against a running server
    Load(generator::Settings),
    /// Measure what decoding and encoding alone cost
    Codec(codec_cost::Settings),
    /// Measure what deciding a call in a large dialplan costs
    Decide(decision_cost::Settings),
    /// Be the plain forwarder
    Forward(forwarder::Settings),
}

fn main() -> ExitCode {
    let done = match Command::parse().verb {
        Verb::Run(options) => driver::run(options),
        Verb::Table(folder) => driver::print_table(&folder),
        Verb::Floor(options) => driver::floor(options),
        Verb::Soak(options) => soak::run(options),
        Verb::Browsers(options) => soak::browsers::run(options),
        Verb::Load(settings) => generator::run(settings),
        Verb::Codec(settings) => codec_cost::run(&settings),
        Verb::Decide(settings) => decision_cost::run(&settings),
        Verb::Forward(settings) => forwarder::run(&settings),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
