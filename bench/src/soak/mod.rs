//! A soak: every kind of load at once for half an hour, the PBX watched from outside once a second, and a verdict at the end. What
//! leaks or drifts shows here, and not in a bench of some seconds.

pub(crate) mod browsers;
mod loads;
mod sample;
mod verdict;
mod watch;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Args;

use crate::driver::{Bench, Options as Driver, Product, Target, Traffic};
use loads::Plan;
use sample::Sample;
use verdict::{Account, Finding, judge};
use watch::Watch;

/// How long and how much.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Minutes of load
    #[arg(default_value_t = 30.0)]
    minutes: f64,
    #[command(flatten)]
    plan: Plan,
    /// Where the samples go, one line a second
    #[arg(long, default_value = "bench/results/soak.csv")]
    csv: PathBuf,
    #[command(flatten)]
    driver: Driver,
}

/// After the last call: Timer J and its like last 32 s, ports rest for two more, journals are carried within one.
const REST: Duration = Duration::from_secs(40);

/// Runs the soak; fails where its verdict is not good.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    ensure!(options.minutes >= 0.5, "a soak takes half a minute at least");
    let plan = options.plan.settle(&options.driver.results_folder())?;
    println!("soak: {:.0} min of {plan}", options.minutes);
    let mut driver = options.driver;
    driver.set_users(plan.users());
    let bench = Arc::new(Bench::open(driver)?);
    let target = Product::Kiestoon.start(&bench, Traffic::Sound, plan.users())?;
    let mut watch = Watch::open(&target, &options.csv)?;
    let before = watch.look()?;
    let (samples, outcomes) = load(&bench, &target, &plan, options.minutes, &mut watch)?;
    println!("soak: the load has ended; {} s of rest", REST.as_secs());
    let rested = Instant::now();
    let mut after = watch.look()?;
    while rested.elapsed() < REST {
        sleep(Duration::from_secs(1));
        after = watch.look()?;
    }
    let records = target.call_records(&bench)?;
    let settled = samples.len() / 3;
    conclude(&judge(&Account { before, samples, settled, after, outcomes, records }), &options.csv)
}

/// Prints the verdict, which is an error where one finding is bad.
fn conclude(findings: &[Finding], csv: &Path) -> anyhow::Result<()> {
    for finding in findings {
        println!("{}", finding.line());
    }
    let bad = findings.iter().filter(|finding| !finding.good).count();
    println!("soak: the samples are in {}", csv.display());
    ensure!(bad == 0, "{bad} of {} findings are not good", findings.len());
    println!("soak: good");
    Ok(())
}

/// Keeps the loads going, each from a thread of its own, and samples meanwhile.
fn load(
    bench: &Arc<Bench>,
    target: &Target,
    plan: &loads::Settled,
    minutes: f64,
    watch: &mut Watch,
) -> anyhow::Result<(Vec<Sample>, Vec<loads::Outcome>)> {
    let over = Arc::new(AtomicBool::new(false));
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let threads: Vec<_> = plan
        .loads()
        .into_iter()
        .map(|load| {
            let (bench, over, address) = (Arc::clone(bench), Arc::clone(&over), target.address);
            std::thread::spawn(move || load.keep_up(&bench, address, end, &over))
        })
        .collect();
    let mut samples = Vec::new();
    let mut last_word = Instant::now();
    while threads.iter().any(|thread| !thread.is_finished()) {
        sleep(Duration::from_secs(1));
        match watch.look() {
            Ok(sample) => samples.push(sample),
            Err(error) => {
                over.store(true, Ordering::Relaxed);
                return Err(error.context("the PBX does not answer"));
            }
        }
        if let Some(sample) = samples.last().filter(|_| last_word.elapsed() > Duration::from_secs(60)) {
            last_word = Instant::now();
            println!("    {}", sample.words());
        }
    }
    let outcomes = threads.into_iter().map(|thread| thread.join().ok().context("a load panicked")?);
    Ok((samples, outcomes.collect::<anyhow::Result<_>>()?))
}
