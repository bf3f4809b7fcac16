//! The loads of a soak: runs of the generator, one after the other, each with users of its own.

use std::fmt;
use std::net::SocketAddrV4;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use crate::driver::{Bench, Run, read_results};
use crate::report::Latency;

/// What is put on the PBX. What is left out is derived from the maxima that `tools/bench.sh --all` found on this machine.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Plan {
    /// The share of the machine's maximum that all loads together take
    #[arg(long, default_value_t = 0.5)]
    share: f64,
    /// Registrations a second
    #[arg(long)]
    registers: Option<u32>,
    /// Calls a second, a third of them held and a third transferred
    #[arg(long)]
    calls: Option<u32>,
    /// Relayed calls with RTP at the same time
    #[arg(long)]
    relayed: Option<u32>,
    /// Transcoded calls at the same time (Opus and PCMA)
    #[arg(long)]
    transcoded: Option<u32>,
}

/// A plan with all its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    registers: u32,
    calls: u32,
    relayed: u32,
    transcoded: u32,
}

/// One kind of load.
pub(crate) struct Load {
    name: &'static str,
    /// Its ports.
    lane: u16,
    /// The number of its first user, beyond the first user of all.
    first: u32,
    arguments: String,
}

/// How a load went, all its rounds together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// Registrations, calls, or RTP packets that came.
    pub(crate) ok: u64,
    pub(crate) rounds: u32,
    /// Of the worst round, a relayed packet's.
    pub(crate) worst_p99_us: f64,
    pub(crate) faults: Vec<String>,
    /// What else is to be said.
    pub(crate) remark: String,
}

/// How the share is divided: what a load gets of its own maximum, if that were all that the machine does.
const REGISTERS: f64 = 0.2;
const CALLS: f64 = 0.3;
const RELAYED: f64 = 0.3;
const TRANSCODED: f64 = 0.2;
/// A held or transferred call is two or three calls' work.
const STORIES: f64 = 0.5;
/// Users of each load that calls without RTP, and of the one that registers.
const USERS: u32 = 800;
/// How long a round takes, and a call in it.
const ROUND_SECS: u32 = 25;
const HOLD_MS: u32 = 6000;

impl Plan {
    /// Fills in what was left out.
    pub(crate) fn settle(&self, results: &Path) -> anyhow::Result<Settled> {
        let results = read_results(results)?;
        let figure = |measure: &str, name: &str| {
            let found =
                results.get("kiestoon").and_then(|ours| Some(ours.get(measure)?.figures.get(name)?.median));
            found.with_context(|| {
                format!(
                    "{measure} was not measured on this machine: run tools/bench.sh --all, or name the loads"
                )
            })
        };
        let part = |given: Option<u32>, part: f64, most: &dyn Fn() -> anyhow::Result<f64>| match given {
            Some(given) => Ok::<_, anyhow::Error>(given),
            None => Ok((self.share * part * most()?) as u32),
        };
        // One processor of packets, a hundred a second from each call.
        let transcodes = || Ok(1e6 / (100.0 * figure("transcode", "opus_cpu_us_per_packet")?));
        Ok(Settled {
            registers: part(self.registers, REGISTERS, &|| figure("regmax", "max"))?,
            calls: part(self.calls, CALLS * STORIES, &|| figure("callmax", "max"))?,
            relayed: part(self.relayed, RELAYED, &|| figure("mediamax", "max"))?,
            transcoded: part(self.transcoded, TRANSCODED, &transcodes)?,
        })
    }
}

impl Settled {
    /// Users that the PBX must know.
    pub(crate) fn users(&self) -> u32 {
        self.loads().last().map_or(0, |last| last.first) + 2 * self.transcoded.max(USERS)
    }

    /// The loads that are not empty.
    pub(crate) fn loads(&self) -> Vec<Load> {
        let Self { registers, calls, relayed, transcoded } = self;
        let (kind, rest) = (calls.div_ceil(3), calls / 3);
        let call = |story: &str, rate: u32| {
            format!(
                "call --story {story} --rate {rate} --users {USERS} --seconds {ROUND_SECS} --hold-ms {HOLD_MS}"
            )
        };
        let sound = |calls: &u32, codecs: &str| {
            format!("media --calls {calls} --seconds {ROUND_SECS} --setup-rate 20{codecs}")
        };
        let all = [
            (
                "registered",
                *registers,
                USERS,
                format!("register --rate {registers} --users {USERS} --seconds {ROUND_SECS}"),
            ),
            ("called", kind, USERS, call("plain", kind)),
            ("held", rest, USERS, call("hold", rest)),
            ("transferred", rest, USERS, call("transfer", rest)),
            ("relayed", *relayed, 2 * relayed, sound(relayed, "")),
            (
                "transcoded",
                *transcoded,
                2 * transcoded,
                sound(transcoded, " --caller-codec opus --callee-codec pcma"),
            ),
        ];
        let mut next = 0;
        let mut loads = Vec::new();
        for ((name, amount, users, arguments), lane) in all.into_iter().zip(0..) {
            if amount > 0 {
                loads.push(Load { name, lane, first: next, arguments });
                next += users;
            }
        }
        loads
    }
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registers, calls, relayed, transcoded } = self;
        write!(
            f,
            "{registers} registrations/s, {calls} calls/s (plain, held, transferred), {relayed} relayed and {transcoded} transcoded calls"
        )
    }
}

impl Load {
    /// Runs rounds until `end`.
    pub(crate) fn keep_up(
        &self,
        bench: &Bench,
        address: SocketAddrV4,
        end: Instant,
        over: &AtomicBool,
    ) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome { name: self.name.to_owned(), ..Outcome::default() };
        let mut arguments: Vec<String> = self.arguments.split(' ').map(str::to_owned).collect();
        arguments.extend([
            format!("--host={}", address.ip()),
            format!("--port={}", address.port()),
            format!("--base={}", bench.base() + self.first),
            format!("--lane={}", self.lane),
        ]);
        while Instant::now() < end && !over.load(Ordering::Relaxed) {
            outcome.add(&bench.load(&[], &arguments)?);
            // Rounds of several loads need not begin together.
            std::thread::sleep(Duration::from_millis(500));
        }
        Ok(outcome)
    }
}

impl Outcome {
    fn add(&mut self, run: &Run) {
        self.rounds += 1;
        let (counts, media) = (run.report.counts, run.report.media);
        self.ok += media.map_or(counts.ok, |media| media.received);
        let p99 = run.report.latency(Latency::Rtp).map_or(0.0, |rtp| rtp.p99_us);
        self.worst_p99_us = self.worst_p99_us.max(p99);
        let failed = counts.failed + counts.timeouts + counts.not_started;
        if failed > 0 {
            self.faults
                .push(format!("round {}: {failed} failed, responses {:?}", self.rounds, run.report.codes));
        }
        let tells =
            ["hold", "transfer"].iter().any(|story| run.load.iter().any(|argument| argument == story));
        if tells && counts.stories < counts.ok {
            self.faults.push(format!(
                "round {}: {} of {} calls went their way",
                self.rounds, counts.stories, counts.ok
            ));
        }
        if let Some(media) =
            media.filter(|media| media.silent_legs + media.crossed > 0 || media.loss_pct.abs() >= 1.0)
        {
            self.faults.push(format!(
                "round {}: {} silent legs, {} packets astray, {:.2} % lost",
                self.rounds, media.silent_legs, media.crossed, media.loss_pct
            ));
        }
    }

    pub(crate) fn words(&self) -> String {
        let mut words = match self.rounds {
            0 => format!("{}, {}", self.ok, self.remark),
            rounds => format!("{} in {rounds} rounds", self.ok),
        };
        if self.worst_p99_us > 0.0 {
            words.push_str(&format!(", packets' worst p99 {:.1} ms", self.worst_p99_us / 1000.0));
        }
        for fault in self.faults.iter().take(3) {
            words.push_str("; ");
            words.push_str(fault);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_have_users_and_ports_of_their_own() {
        let settled = Settled { registers: 10, calls: 7, relayed: 5, transcoded: 0 };
        let loads = settled.loads();
        let firsts: Vec<_> = loads.iter().map(|load| (load.name, load.first)).collect();
        let expected =
            [("registered", 0), ("called", 800), ("held", 1600), ("transferred", 2400), ("relayed", 3200)];
        assert_eq!(firsts, expected);
        assert_eq!(loads.iter().map(|load| load.lane).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert!(loads[1].arguments.contains("--rate 3 ") && loads[2].arguments.contains("--rate 2 "));
    }

    #[test]
    fn what_is_not_named_comes_from_the_maxima() {
        let folder = tempfile::tempdir().unwrap();
        let named =
            Plan { registers: Some(1), calls: Some(0), relayed: Some(2), transcoded: Some(3), share: 0.5 };
        let settled = named.settle(folder.path()).unwrap();
        assert_eq!(settled, Settled { registers: 1, calls: 0, relayed: 2, transcoded: 3 });
        let refused = Plan { registers: None, ..named }.settle(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("regmax was not measured"), "{refused}");
    }
}
