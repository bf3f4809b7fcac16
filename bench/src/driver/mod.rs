//! The driver: starts each target in turn, lets the generator load it, and puts the figures side by side.

mod figure;
mod held;
mod kamailio;
mod kiestoon;
mod measure;
mod paid;
mod place;
mod process;
mod run;
mod search;
mod table;
mod target;

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum as _};

use figure::Measured;
use measure::Measure;
use place::{Place, Role};

pub(crate) use process::ticks;
pub(crate) use run::Run;
pub(crate) use table::read as read_results;
pub(crate) use target::{Product, Target, Traffic};

/// What to measure.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Measures, by commas; left out: those that tell most in a few minutes
    #[arg(long, value_delimiter = ',')]
    only: Vec<Measure>,
    /// Every measure, searches for maxima included: about half an hour
    #[arg(long, conflicts_with = "only")]
    all: bool,
    /// Targets, by commas
    #[arg(long, value_delimiter = ',', default_value = "kiestoon,kamailio")]
    targets: Vec<Product>,
    /// Runs of each load; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    repeat: u32,
    /// Users that the targets know
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(200..=20_000))]
    users: u32,
    /// The number of the first user
    #[arg(long, default_value_t = 100_000)]
    base: u32,
    /// The kiestoon binary; left out: the one beside this binary
    #[arg(long)]
    kiestoon: Option<PathBuf>,
    #[command(flatten)]
    results: ResultsFolder,
}

/// Where figures are kept.
#[derive(Args, Clone, Debug)]
pub(crate) struct ResultsFolder {
    /// Folder of the figures, one JSON file a target
    #[arg(long, default_value = "bench/results")]
    results: PathBuf,
}

/// A run of the driver.
pub(crate) struct Bench {
    /// Held while we measure: two at a time would measure each other.
    _only_one: File,
    options: Options,
    place: Place,
    kiestoon: PathBuf,
    own_binary: PathBuf,
}

impl Options {
    pub(crate) fn results_folder(&self) -> PathBuf {
        self.results.results.clone()
    }

    /// As many users as a load needs, whatever was asked for.
    pub(crate) fn set_users(&mut self, users: u32) {
        self.users = users;
    }
}

impl Bench {
    pub(crate) fn kiestoon(&self) -> &std::path::Path {
        &self.kiestoon
    }

    /// The number of the first user.
    pub(crate) fn base(&self) -> u32 {
        self.options.base
    }

    pub(crate) fn open(options: Options) -> anyhow::Result<Self> {
        let lock = std::env::temp_dir().join("kiestoon-bench.lock");
        let only_one = File::options().create(true).append(true).open(&lock);
        let only_one = only_one.with_context(|| format!("cannot open {}", lock.display()))?;
        only_one.try_lock().context("another bench runs on this machine")?;
        let busy = process::load_average();
        if busy > 1.0 {
            println!(
                "bench: the machine is busy (load average {busy:.1}): costs and latencies will be too high"
            );
        }
        let own_binary = std::env::current_exe()?;
        let beside = own_binary.with_file_name("kiestoon");
        let kiestoon = std::path::absolute(options.kiestoon.clone().unwrap_or(beside))?;
        Ok(Self { _only_one: only_one, place: Place::enter()?, kiestoon, own_binary, options })
    }

    fn record(&self, target: &str, measure: &str, measured: Measured) -> anyhow::Result<()> {
        let figures: Vec<String> =
            measured.figures.iter().map(|(name, figure)| format!("{name} {:.3}", figure.median)).collect();
        println!("    {}", figures.join(", "));
        measured.doubts.iter().for_each(|doubt| println!("    doubt: {doubt}"));
        table::store(&self.options.results.results, target, measure, measured)
    }
}

/// Measures and prints the table. Fails when a measure could not be made, after making the others.
pub(crate) fn run(options: Options) -> anyhow::Result<()> {
    let bench = Bench::open(options)?;
    let options = &bench.options;
    if options.targets.contains(&Product::Kiestoon) {
        ensure!(
            bench.kiestoon.exists(),
            "{} does not exist: build it with --release",
            bench.kiestoon.display()
        );
    }
    let measures = match (options.all, options.only.as_slice()) {
        (true, _) => Measure::value_variants().to_vec(),
        (false, []) => Measure::USUAL.to_vec(),
        (false, only) => only.to_vec(),
    };
    let mut failed = Vec::new();
    for measure in measures {
        for product in options.targets.iter().filter(|product| measure.is_for(**product)) {
            let (name, begun) = (measure.name(), Instant::now());
            println!("==> {name} {} (load average {:.1})", product.name(), process::load_average());
            let kept = measure
                .of(&bench, *product)
                .and_then(|measured| bench.record(product.name(), &name, measured));
            if let Err(error) = kept {
                println!("    failed: {error:#}");
                failed.push(format!("{name} of {}", product.name()));
            }
            println!("    {:.0} s", begun.elapsed().as_secs_f64());
        }
    }
    print_table(&options.results)?;
    ensure!(failed.is_empty(), "could not measure {}", failed.join(", "));
    Ok(())
}

/// Measures a plain forwarder under the same RTP.
pub(crate) fn floor(options: Options) -> anyhow::Result<()> {
    let bench = Bench::open(options)?;
    let mut measured = Measured::default();
    println!("==> floor: a forwarder with a socket a leg, 400 calls");
    for _ in 0..bench.options.repeat {
        let (port, legs) = (target::RTP_PORTS.0.to_string(), "800");
        let mut command = bench.place.command(&bench.own_binary);
        command
            .args(["forward", "--port", &port, "--legs", legs])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut forwarder = bench.place.spawn(Role::Server, &mut command)?;
        let output = forwarder.stdout.take().context("no output of the forwarder")?;
        BufReader::new(output).read_line(&mut String::new())?;
        let arguments = ["media", "--calls", "400", "--seconds", "5", "--direct", &port].map(str::to_owned);
        let run = bench.load(&[forwarder.id()], &arguments);
        forwarder.kill()?;
        forwarder.wait()?;
        measured.runs.push(run?);
    }
    measured.relay_figures();
    bench.record("floor", &Measure::Media400.name(), measured)?;
    print_table(&bench.options.results)
}

/// Prints what was measured earlier.
pub(crate) fn print_table(folder: &ResultsFolder) -> anyhow::Result<()> {
    let results = table::read(&folder.results)?;
    ensure!(!results.is_empty(), "no figures in {}", folder.results.display());
    println!("\n{}", table::render(&results));
    Ok(())
}
