//! The browsers' phase of a soak: connections that talk, fail or die, one after the other on one PBX, and whether each is forgotten in its
//! time and nothing of any of them is left.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use super::loads::Outcome;
use super::verdict::{Account, Finding, judge};
use super::watch::Watch;
use super::{REST, conclude};
use crate::driver::{Bench, Options as Driver, Product, Run, Traffic};

/// How many, and how fast.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Connections in all
    #[arg(default_value_t = 1000, value_parser = clap::value_parser!(u32).range(9..=10_000))]
    connections: u32,
    /// Connections a second
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=50))]
    rate: u32,
    /// Where the samples go, one line a second
    #[arg(long, default_value = "bench/results/soak-browsers.csv")]
    csv: PathBuf,
    #[command(flatten)]
    driver: Driver,
}

/// As many legs come as go from this second on: the last to be forgotten are those whose machine stands still.
const SETTLED: usize = 100;
/// What a connection may cost: a registration, a handshake and three seconds of packets take a tenth of it; a socket with an error that
/// nobody takes keeps a thread busy for a minute.
const MOST_CPU_MS: f64 = 100.0;

/// Runs the phase; fails where its verdict is not good.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    let Options { connections, rate, csv, mut driver } = options;
    let users = 2 * connections;
    println!("soak: {connections} browsers, {rate} a second");
    driver.set_users(users);
    let bench = Arc::new(Bench::open(driver)?);
    let target = Product::Kiestoon.start(&bench, Traffic::Sound, users)?;
    let mut watch = Watch::open(&target, &csv)?;
    let before = watch.look()?;
    let load = [
        "visits".into(),
        format!("--host={}", target.address.ip()),
        format!("--port={}", target.address.port()),
        format!("--browsers={}", target.web_port),
        format!("--base={}", bench.base()),
        format!("--users={users}"),
        format!("--rate={rate}"),
        format!("--seconds={}", connections / rate),
    ];
    let thread = {
        let bench = Arc::clone(&bench);
        std::thread::spawn(move || bench.load(&[], &load))
    };
    let (mut samples, begun) = (Vec::new(), Instant::now());
    while !thread.is_finished() {
        sleep(Duration::from_secs(1));
        samples.push(watch.look().context("the PBX does not answer")?);
        if let Some(sample) = samples.last().filter(|_| samples.len() % 30 == 0) {
            println!("    {}, {} browsers", sample.words(), sample.status.held.browsers);
        }
    }
    let run = thread.join().ok().context("the load panicked")??;
    println!("soak: all are forgotten after {:.0} s", begun.elapsed().as_secs_f64());
    let (rested, mut after) = (Instant::now(), watch.look()?);
    while rested.elapsed() < REST {
        sleep(Duration::from_secs(1));
        after = watch.look()?;
    }
    // While they come memory must be flat; once they have all gone it may only fall.
    samples.truncate((connections / rate) as usize);
    let records = target.call_records(&bench)?;
    let settled = SETTLED.max(samples.len() / 3);
    let account = Account { before, samples, settled, after, outcomes: outcomes(&run), records };
    let mut findings = judge(&account);
    let each_ms = 1000.0 * (account.after.cpu_s - account.before.cpu_s) / f64::from(connections);
    let detail = format!("{each_ms:.1} ms a connection, at most {MOST_CPU_MS:.0} ms");
    findings.push(Finding::new(each_ms <= MOST_CPU_MS, "processor", detail));
    conclude(&findings, &csv)
}

/// What became of each kind.
fn outcomes(run: &Run) -> Vec<Outcome> {
    let kinds = run.report.visits.iter().map(|(kind, visits)| {
        let mut faults = Vec::new();
        let mut fault = |count: u64, what: &str| {
            if count > 0 {
                faults.push(format!("{count} {what}"));
            }
        };
        fault(visits.late, &format!("were not forgotten within {} s", visits.bound_s));
        fault(visits.untold, "never talked");
        fault(visits.unheard, "were not heard");
        let remark = format!("forgotten after {:.1} s at most", visits.longest_s);
        Outcome { name: kind.clone(), ok: visits.visits, faults, remark, ..Outcome::default() }
    });
    kinds.collect()
}
