//! What it costs to decide a call in a large dialplan: the rule found and its first step taken, in a process that does nothing else,
//! with the processor's caches emptied before each decision as the rest of a call's work does.

use std::fmt::Write as _;
use std::hint::black_box;

use anyhow::{Context as _, anyhow};
use clap::Args;
use kiestoon_dialplan::{Action, CallFacts, Circumstances, Overrides, Plan, Problem, SourceFile, Timestamp};
use nix::time::{ClockId, clock_gettime};

/// How large the plan is.
#[derive(Args, Clone, Debug)]
pub(crate) struct Settings {
    /// Rules of the plan
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=9000))]
    rules: u32,
    /// Decisions to make
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
}

/// Prints microseconds of CPU for one decision.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<()> {
    let file = SourceFile { path: "bench.toml".to_owned(), text: plan_of(settings.rules) };
    let loaded = Plan::load(&[file])
        .map_err(|problems| anyhow!(problems.iter().map(Problem::render).collect::<String>()))?;
    let (plan, overrides) = (loaded.plan, Overrides::NONE);
    let at = Timestamp::from_second(1_795_000_000)?;
    let now = Circumstances { plan: &plan, at, overrides: &overrides };
    let mut elsewhere = vec![0_u64; CACHES / 8];
    let mut spent = 0_i128;
    for call in 0..settings.calls {
        elsewhere.iter_mut().for_each(|word| *word = word.wrapping_add(u64::from(call)));
        black_box(&elsewhere);
        // The caller, and whoever is called, by the last of all rules.
        let dialled = (100_000 + call % 2000).to_string();
        let facts = CallFacts {
            context: "intern",
            from: "100001",
            from_name: "Phone",
            dialled: &dialled,
            at,
            overrides: &overrides,
        };
        let before = cpu_nanos()?;
        let mut decision = plan.decide(&facts).context("no rule takes the call")?;
        let action = decision.run.next(None, &now);
        spent += cpu_nanos()? - before;
        anyhow::ensure!(matches!(action, Action::Dial(_)), "the plan does not dial");
    }
    println!("{:.3}", spent as f64 / 1000.0 / f64::from(settings.calls));
    Ok(())
}

fn cpu_nanos() -> anyhow::Result<i128> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(i128::from(time.tv_sec()) * 1_000_000_000 + i128::from(time.tv_nsec()))
}

/// Numbers, patterns, hours and callers as a large company has them; the last rule dials every extension.
fn plan_of(rules: u32) -> String {
    let mut text = String::from(
        "version = 1\ntimezone = \"Europe/Amsterdam\"\n[hours.kantoor]\nopen = [\"ma-vr 08:30-17:30\"]\nclosed = [\"holidays:nl\"]\n\
         [set.vip]\nnumbers = [\"+31612345678\", \"_+3162X.\"]\n",
    );
    for rule in 0..rules.saturating_sub(1) {
        let (matched, more) = match rule % 5 {
            0 => (format!("\"{}\"", 300_000 + rule), ""),
            1 => (format!("\"_1{rule:04}!\""), "when = \"kantoor\"\n"),
            // As the extensions begin: their hours or callers must be looked at to pass them over.
            2 => (format!("\"_1[0-{}]XXXX\"", rule % 9), "when = \"!kantoor\"\nfrom = \"set:vip\"\n"),
            3 => (format!("\"_0{rule:04}XXXXX\""), ""),
            _ => (format!("[\"+3120{rule:07}\", \"_9{rule:04}X.\"]"), ""),
        };
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "[[context.intern]]\nname = \"r{rule}\"\nmatch = {matched}\n{more}do = [{{ dial = \"ext:{rule}\" }}, {{ hangup = true }}]\n"
        );
    }
    text.push_str("[[context.intern]]\nname = \"all\"\nmatch = \"_X.\"\ndo = [{ dial = \"ext:${number}\", timeout = \"30s\" }]\n");
    text
}

/// Bytes that are touched between two decisions: more than the processor's second cache.
const CACHES: usize = 8 << 20;

#[cfg(test)]
mod tests {
    #[test]
    fn the_plan_is_whole() {
        let file = kiestoon_dialplan::SourceFile { path: "bench.toml".into(), text: super::plan_of(1000) };
        let loaded = kiestoon_dialplan::Plan::load(&[file]).expect("a plan");
        assert_eq!(loaded.plan.contexts().collect::<Vec<_>>(), [("intern", 1000)]);
    }
}
