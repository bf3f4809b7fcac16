//! The measures: each starts a target, loads it, and keeps a few figures.

use std::thread::sleep;
use std::time::Duration;

use clap::ValueEnum;

use super::Bench;
use super::figure::Measured;
use super::process::Memory;
use super::run::Run;
use super::search::highest;
use super::target::{Product, Target, Traffic};
use crate::report::Latency;
use crate::voice::Sound;

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Measure {
    /// Registrations at 400/s, each with its challenge
    Reg,
    /// Calls at 50/s, held for half a second
    Call,
    /// Deciding a call in a plan of 1,000 rules, beside all of the call's work
    Decide,
    /// RTP of 100 calls at the same time: waking up dominates
    Media,
    /// RTP of 400 calls at the same time: relaying dominates
    Media400,
    /// RTP of 100 calls between Opus and PCMA, and of 100 between G.722 and PCMA
    Transcode,
    /// RTP of 200 calls between browsers and phones, relayed: one UDP port, ICE, DTLS, SRTP
    Webrtc200,
    /// Calls over a trunk that stand and are paid for, of payers with a budget and without
    Held,
    /// Memory of registered users
    Mem,
    /// Latencies with little load
    Lat,
    /// Memory when everyone refreshes three times: it must not grow
    Refresh,
    /// Most registrations a second
    Regmax,
    /// Most calls a second
    Callmax,
    /// Most calls with RTP at the same time
    Mediamax,
}

impl Measure {
    pub(crate) const USUAL: [Self; 8] = [
        Self::Reg,
        Self::Call,
        Self::Decide,
        Self::Media400,
        Self::Transcode,
        Self::Webrtc200,
        Self::Mem,
        Self::Lat,
    ];

    /// Transcoding is measured beside the codec alone, deciding beside our own call, budgets beside none, and Kamailio is no gateway
    /// for browsers.
    pub(crate) fn is_for(self, product: Product) -> bool {
        let ours_alone = matches!(self, Self::Decide | Self::Transcode | Self::Webrtc200 | Self::Held);
        !ours_alone || product == Product::Kiestoon
    }

    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    pub(crate) fn of(self, bench: &Bench, product: Product) -> anyhow::Result<Measured> {
        match self {
            Self::Reg => registrations(bench, product),
            Self::Call => calls(bench, product),
            Self::Decide => decisions(bench, product),
            Self::Media => media(bench, product, 100, 8),
            Self::Media400 => media(bench, product, 400, 5),
            Self::Transcode => transcode(bench, product),
            Self::Webrtc200 => browsers(bench, product),
            Self::Held => super::held::standing_calls(bench, product),
            Self::Mem => memory(bench, product),
            Self::Lat => latencies(bench, product),
            Self::Refresh => refresh(bench, product),
            Self::Regmax => most_registrations(bench, product),
            Self::Callmax => most_calls(bench, product),
            Self::Mediamax => most_media(bench, product),
        }
    }
}

fn registrations(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let target = product.start(bench, Traffic::Signalling, bench.options.users)?;
    bench.signalling(&target, "register --rate 400 --seconds 2")?;
    let mut measured = Measured::default();
    for _ in 0..bench.options.repeat {
        measured.runs.push(bench.signalling(&target, "register --rate 400 --seconds 8")?);
    }
    // Milliseconds each are seconds for a thousand.
    measured.set("cpu_s_per_1000", |run| run.cpu_ms_each());
    measured.latency("register", Latency::Register);
    measured.judge_signalling();
    Ok(measured)
}

fn calls(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let target = product.start(bench, Traffic::Signalling, bench.options.users)?;
    bench.signalling(&target, "call --users 200 --rate 50 --seconds 2")?;
    let mut measured = Measured::default();
    for _ in 0..bench.options.repeat {
        measured.runs.push(bench.signalling(&target, "call --users 200 --rate 50 --seconds 8")?);
    }
    measured.set("cpu_ms_per_call", |run| run.cpu_ms_each());
    measured.latency("setup", Latency::Setup);
    measured.latency("ring", Latency::Ringing);
    measured.latency("bye", Latency::Bye);
    measured.judge_signalling();
    Ok(measured)
}

/// Calls through the server, then the decisions alone on the same processor.
fn decisions(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let target = product.start(bench, Traffic::Signalling, bench.options.users)?;
    bench.signalling(&target, "call --users 200 --rate 50 --seconds 2")?;
    let (mut measured, mut alone) = (Measured::default(), Vec::new());
    for _ in 0..bench.options.repeat {
        measured.runs.push(bench.signalling(&target, "call --users 200 --rate 50 --seconds 8")?);
        alone.push(bench.decision_alone(RULES)?);
    }
    let calls = measured.runs.iter().filter_map(Run::cpu_ms_each);
    let shares = calls.zip(&alone).map(|(call, decision)| decision / (10.0 * call)).collect();
    measured.set_all("share_pct", shares);
    measured.set_all("cpu_us_per_decision", alone);
    measured.judge_signalling();
    Ok(measured)
}

/// Of the plan in which calls are decided.
const RULES: u32 = 1000;

fn media(bench: &Bench, product: Product, calls: u32, seconds: u32) -> anyhow::Result<Measured> {
    let target = product.start(bench, Traffic::Sound, bench.options.users.max(2 * calls))?;
    let mut measured = Measured::default();
    for _ in 0..bench.options.repeat {
        measured.runs.push(bench.signalling(&target, &format!("media --calls {calls} --seconds {seconds}"))?);
    }
    measured.relay_figures();
    // Only the first run finds a server that has not yet kept anything from earlier calls.
    if let Some(per_call) = measured.runs.first().and_then(|run| run.pss_kb_per_call()) {
        measured.set_one("pss_kb_per_call", per_call);
    }
    Ok(measured)
}

fn browsers(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let target = product.start(bench, Traffic::Sound, bench.options.users.max(2 * BROWSERS))?;
    let load = format!("media --calls {BROWSERS} --seconds 5 --caller-codec pcma --callee-codec pcma");
    let load = format!("{load} --browsers {}", target.web_port);
    let mut measured = Measured::default();
    for _ in 0..bench.options.repeat {
        measured.runs.push(bench.signalling(&target, &load)?);
    }
    measured.relay_figures();
    measured.set("cpu_ms_per_call_second", Run::cpu_ms_per_call_second);
    // Of one browser's leg with its phone's.
    if let Some(per_leg) = measured.runs.first().and_then(|run| run.pss_kb_per_call()) {
        measured.set_one("pss_kb_per_leg", per_leg);
    }
    Ok(measured)
}

/// Browsers that talk at a time.
const BROWSERS: u32 = 200;

/// Each pair of codecs through the server, then the codecs alone on the same processor.
fn transcode(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let mut all = Measured::default();
    let pairs = [("opus", Sound::Opus, false), ("page", Sound::Opus, true), ("g722", Sound::G722, false)];
    for (title, caller, is_browser) in pairs {
        let callee = Sound::Pcma;
        let (from, to) = (caller.name(), callee.name());
        let target = product.start(bench, Traffic::Sound, bench.options.users.max(2 * SPEAKING))?;
        let (mut measured, mut alone) = (Measured::default(), Vec::new());
        let mut load =
            format!("media --calls {SPEAKING} --seconds 5 --caller-codec {from} --callee-codec {to}");
        if is_browser {
            load.push_str(&format!(" --browsers {}", target.web_port));
        }
        for _ in 0..bench.options.repeat {
            measured.runs.push(bench.signalling(&target, &load)?);
            alone.push(bench.codec_alone(&from, &to, SPEAKING)?);
        }
        let ratios = measured.runs.iter().zip(&alone);
        let ratios = ratios.filter_map(|(run, alone)| Some(run.cpu_us_per_packet()? / alone));
        let ratios: Vec<f64> = ratios.collect();
        let through = measured.runs.iter().filter_map(Run::cpu_us_per_packet).collect();
        for (name, values) in
            [("cpu_us_per_packet", through), ("codec_us_per_packet", alone), ("ratio", ratios)]
        {
            all.set_all(&format!("{title}_{name}"), values);
        }
        // A hundred packets a second: fifty each way.
        let per_core = measured.runs.iter().filter_map(Run::cpu_us_per_packet).map(|cost| 1e4 / cost);
        all.set_all(&format!("{title}_calls_per_core"), per_core.collect());
        measured
            .runs
            .iter()
            .filter_map(Run::speech_doubt)
            .for_each(|doubt| all.doubt(format!("{title}: {doubt}")));
        all.runs.append(&mut measured.runs);
    }
    Ok(all)
}

/// Calls that are transcoded at a time.
const SPEAKING: u32 = 100;

fn memory(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let users = bench.options.users;
    let target = product.start(bench, Traffic::Signalling, users)?;
    let idle = Memory::of(&target.roots());
    let mut measured = Measured::default();
    measured.runs.push(bench.signalling(&target, &format!("fill --users {users} --rate 500"))?);
    // Until completed transactions are gone (64*T1), only the bindings remain.
    sleep(Duration::from_secs(35));
    let registered = Memory::of(&target.roots());
    measured.set_one("idle_pss_mb", idle.pss_kb as f64 / 1024.0);
    let grown = registered.pss_kb as f64 - idle.pss_kb as f64;
    measured.set_one("pss_kb_per_extension", grown / f64::from(users));
    measured.judge_signalling();
    Ok(measured)
}

fn refresh(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let fill = format!("fill --users {} --rate 500", bench.options.users);
    let target = product.start(bench, Traffic::Signalling, bench.options.users)?;
    let mut measured = Measured::default();
    measured.runs.push(bench.signalling(&target, &fill)?);
    sleep(Duration::from_secs(10));
    let before = Memory::of(&target.roots());
    for _ in 0..3 {
        measured.runs.push(bench.signalling(&target, &fill)?);
        sleep(Duration::from_secs(3));
    }
    let after = Memory::of(&target.roots());
    measured.set_one("pss_kb_gained", after.pss_kb as f64 - before.pss_kb as f64);
    measured.judge_signalling();
    Ok(measured)
}

fn latencies(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    let target = product.start(bench, Traffic::Signalling, bench.options.users)?;
    bench.signalling(&target, "call --users 40 --rate 5 --seconds 1 --hold-ms 100")?;
    let mut measured = Measured::default();
    for _ in 0..bench.options.repeat {
        measured.runs.push(bench.signalling(&target, "options --users 100 --rate 50 --seconds 5")?);
        measured.runs.push(bench.signalling(&target, "call --users 40 --rate 10 --seconds 5 --hold-ms 300")?);
    }
    measured.latency("options", Latency::Options);
    measured.latency("invite_challenge", Latency::InviteChallenge);
    measured.latency("invite_100", Latency::Trying);
    measured.latency("setup", Latency::Setup);
    measured.judge_signalling();
    Ok(measured)
}

fn most_registrations(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    highest(1000, 2.0, Duration::from_secs(60), |rate| {
        let target = product.start(bench, Traffic::Signalling, bench.options.users)?;
        bench.signalling(&target, &format!("register --rate {} --seconds 1", rate.min(200)))?;
        let run = bench.signalling(&target, &format!("register --rate {rate} --seconds 4"))?;
        // A standing queue is a failure too.
        let fast = run.p99(Latency::Register).is_some_and(|p99| p99 < 400e3);
        Ok((fast && run.signalling_doubt().is_none() && in_time(&run, 4.0), run))
    })
}

fn most_calls(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    highest(100, 2.0, Duration::from_secs(60), |rate| {
        let target = product.start(bench, Traffic::Signalling, bench.options.users)?;
        bench.signalling(
            &target,
            &format!("call --users 200 --rate {} --seconds 1 --hold-ms 200", rate.min(20)),
        )?;
        let run = bench.signalling(&target, &format!("call --users 200 --rate {rate} --seconds 4"))?;
        let fast = run.p99(Latency::Setup).is_some_and(|p99| p99 < 400e3);
        Ok((fast && run.signalling_doubt().is_none() && in_time(&run, 4.5), run))
    })
}

fn most_media(bench: &Bench, product: Product) -> anyhow::Result<Measured> {
    highest(400, 1.6, Duration::from_secs(90), |calls| {
        let target = product.start(bench, Traffic::Sound, bench.options.users.max(2 * calls))?;
        let run = bench.signalling(&target, &format!("media --calls {calls} --seconds 5"))?;
        Ok((run.media_doubt().is_none(), run))
    })
}

/// The generator could start everything when it was due.
fn in_time(run: &Run, seconds: f64) -> bool {
    run.report.wall_s < seconds * 1.03 + 0.05
}

impl Bench {
    /// Loads a target; the arguments are those of `kiestoon-bench load`.
    pub(super) fn signalling(&self, target: &Target, arguments: &str) -> anyhow::Result<Run> {
        let mut arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        let (host, port) = (target.address.ip(), target.address.port());
        arguments.extend([
            format!("--host={host}"),
            format!("--port={port}"),
            format!("--base={}", self.options.base),
        ]);
        if !arguments.iter().any(|argument| argument == "--users") {
            arguments.push(format!("--users={}", self.options.users));
        }
        self.load(&target.roots(), &arguments)
    }
}

impl Measured {
    /// What a relay is judged by.
    pub(crate) fn relay_figures(&mut self) {
        self.set("cpu_us_per_packet", |run| run.cpu_us_per_packet());
        self.set("loss_pct", |run| run.report.media.map(|media| media.loss_pct));
        self.latency("latency", Latency::Rtp);
        self.set("jitter_p50_us", |run| run.p50(Latency::Jitter));
        let doubts: Vec<_> = self.runs.iter().filter_map(|run| run.media_doubt()).collect();
        doubts.into_iter().for_each(|doubt| self.doubt(doubt));
    }

    fn latency(&mut self, name: &str, which: Latency) {
        self.set(&format!("{name}_p50_us"), |run| run.p50(which));
        self.set(&format!("{name}_p99_us"), |run| run.p99(which));
    }

    pub(super) fn judge_signalling(&mut self) {
        let doubts: Vec<_> = self.runs.iter().filter_map(|run| run.signalling_doubt()).collect();
        doubts.into_iter().for_each(|doubt| self.doubt(doubt));
    }
}
