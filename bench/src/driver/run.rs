//! One run of the generator against a target, with what the target used meanwhile.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::Bench;
use super::place::Role;
use super::process::{Cost, CpuReading, Memory, load_average};
use crate::report::{Latency, Report};

/// What a run gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) load: Vec<String>,
    pub(crate) report: Report,
    /// Between the generator's marks `start` and `end`.
    pub(crate) cost: Cost,
    /// The same between its marks `last_calls` and `calls_up`, where it sets these.
    #[serde(default)]
    pub(crate) setup: Option<Cost>,
    /// At each mark.
    pub(crate) memory: BTreeMap<String, Memory>,
    pub(crate) load_average: f64,
}

impl Bench {
    /// Runs the generator with these arguments and watches the processes `roots` meanwhile.
    pub(crate) fn load(&self, roots: &[u32], arguments: &[String]) -> anyhow::Result<Run> {
        let load_average = load_average();
        let mut command = self.place.command(&self.own_binary);
        command.arg("load").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = self.place.spawn(Role::Load, &mut command)?;
        let output = child.stdout.take().context("no output of the generator")?;
        let (mut readings, mut report) = (BTreeMap::new(), None);
        let mut memory = BTreeMap::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some(mark) = line.strip_prefix("mark ") {
                readings.insert(mark.to_owned(), CpuReading::of(roots));
                memory.insert(mark.to_owned(), Memory::of(roots));
            } else if let Some(json) = line.strip_prefix("result ") {
                report = Some(serde_json::from_str(json)?);
            }
        }
        let status = child.wait()?;
        let between = |from, to| Some(readings.get(to)?.since(readings.get(from)?));
        let (Some(report), Some(cost)) = (report, between("start", "end")) else {
            bail!("the generator failed ({status}): load {}", arguments.join(" "));
        };
        let setup = between("last_calls", "calls_up");
        Ok(Run { load: arguments.to_vec(), report, cost, setup, memory, load_average })
    }
}

impl Bench {
    /// Microseconds of CPU for a frame decoded and one encoded, without anything around it.
    pub(crate) fn codec_alone(&self, from: &str, to: &str, calls: u32) -> anyhow::Result<f64> {
        self.alone(&["codec", from, to, "--calls", &calls.to_string()])
    }

    /// Microseconds of CPU for deciding one call in a plan of so many rules.
    pub(crate) fn decision_alone(&self, rules: u32) -> anyhow::Result<f64> {
        self.alone(&["decide", "--rules", &rules.to_string()])
    }

    /// Runs a measure of our own in the server's place: the number that it prints.
    fn alone(&self, arguments: &[&str]) -> anyhow::Result<f64> {
        let mut command = self.place.command(&self.own_binary);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let output = self.place.spawn(Role::Server, &mut command)?.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().with_context(|| format!("{} said {text:?}", arguments.join(" ")))
    }
}

impl Run {
    /// Milliseconds of the target's CPU for each success; None without one.
    pub(crate) fn cpu_ms_each(&self) -> Option<f64> {
        let ok = self.report.counts.ok;
        (ok > 0).then(|| 1000.0 * self.cost.cpu_s / ok as f64)
    }

    /// Microseconds of the target's CPU for each RTP packet that came through.
    pub(crate) fn cpu_us_per_packet(&self) -> Option<f64> {
        let received = self.report.media?.received;
        (received > 0).then(|| 1e6 * self.cost.cpu_s / received as f64)
    }

    /// Milliseconds of the target's CPU for each second of each call.
    pub(crate) fn cpu_ms_per_call_second(&self) -> Option<f64> {
        let calls = self.report.media.map(|media| media.legs_ready / 2).filter(|calls| *calls > 0)?;
        Some(1000.0 * self.cost.cpu_s / self.cost.wall_s / calls as f64)
    }

    /// Memory gained per call between the registrations and the measured part.
    pub(crate) fn pss_kb_per_call(&self) -> Option<f64> {
        let at = |mark: &str| self.memory.get(mark).map(|memory| memory.pss_kb as f64);
        let calls = self.report.media.map(|media| media.legs_ready / 2).filter(|calls| *calls > 0)?;
        Some((at("start")? - at("registered")?) / calls as f64)
    }

    pub(crate) fn p50(&self, which: Latency) -> Option<f64> {
        self.report.latency(which).map(|percentiles| percentiles.p50_us)
    }

    pub(crate) fn p99(&self, which: Latency) -> Option<f64> {
        self.report.latency(which).map(|percentiles| percentiles.p99_us)
    }

    /// What went wrong in a signalling run, if anything: a failure, more than one retransmission in a thousand, or a
    /// generator that could not keep up.
    pub(crate) fn signalling_doubt(&self) -> Option<String> {
        let Report { counts, offered, gen_cpu, codes, .. } = &self.report;
        let again = counts.retransmissions + counts.answer_retransmissions;
        if counts.failed + counts.timeouts + counts.not_started > 0 {
            Some(format!("{} of {offered} failed, responses {codes:?}", counts.failed + counts.not_started))
        } else if again * 1000 > *offered {
            Some(format!("{again} retransmissions for {offered} requests"))
        } else if *gen_cpu > 0.9 {
            Some("the generator was not in time: a busy machine, or its own limit".to_owned())
        } else {
            None
        }
    }

    /// The same for a run with RTP: every leg ready, heard by its own other end only, loss below 0.1 %, p99 below the
    /// 40 ms that a receiver's jitter buffer can still use, and a generator that was in time.
    pub(crate) fn media_doubt(&self) -> Option<String> {
        let Some(media) = self.report.media else { return Some("no RTP report".to_owned()) };
        let late = self.p99(Latency::GeneratorLate).unwrap_or_default();
        if media.setup_failed > 0 || media.legs_ready != u64::from(media.calls) * 2 {
            Some(format!(
                "{} of {} legs ready, responses {:?}",
                media.legs_ready,
                media.calls * 2,
                self.report.codes
            ))
        } else if media.unshaken > 0 {
            Some(format!("{} handshakes did not end", media.unshaken))
        } else if media.silent_legs + media.crossed > 0 {
            Some(format!("{} silent legs, {} packets on a wrong leg", media.silent_legs, media.crossed))
        } else if media.loss_pct >= 0.1 {
            Some(format!("{:.2} % loss", media.loss_pct))
        } else if self.p99(Latency::Rtp).is_none_or(|p99| p99 > 40e3) {
            Some("latency p99 above 40 ms".to_owned())
        } else if late > 15e3 || self.report.gen_cpu > 0.9 {
            Some("the generator was not in time: a busy machine, or its own limit".to_owned())
        } else {
            None
        }
    }
}

impl Run {
    /// The same for a run whose packets are made anew: as many must come as were sent, but for those of the jitter buffer's
    /// first and last moments, and all in the codec that was agreed.
    pub(crate) fn speech_doubt(&self) -> Option<String> {
        let Some(media) = self.report.media else { return Some("no RTP report".to_owned()) };
        let late = self.p99(Latency::GeneratorLate).unwrap_or_default();
        if media.setup_failed > 0 || media.legs_ready != u64::from(media.calls) * 2 {
            Some(format!("{} of {} legs ready", media.legs_ready, media.calls * 2))
        } else if media.unshaken > 0 {
            Some(format!("{} handshakes did not end", media.unshaken))
        } else if media.silent_legs + media.crossed > 0 {
            Some(format!("{} silent legs, {} packets in a wrong codec", media.silent_legs, media.crossed))
        } else if media.loss_pct.abs() >= 1.0 {
            Some(format!("{} packets sent, {} came", media.sent, media.received))
        } else if late > 15e3 || self.report.gen_cpu > 0.9 {
            Some("the generator was not in time: a busy machine, or its own limit".to_owned())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Counts, MediaReport};

    fn run(counts: Counts, media: Option<MediaReport>) -> Run {
        let report = Report { offered: 1000, counts, media, ..Report::default() };
        let cost = Cost { cpu_s: 0.5, ..Cost::default() };
        Run { load: Vec::new(), report, cost, setup: None, memory: BTreeMap::new(), load_average: 0.0 }
    }

    #[test]
    fn cost_of_each() {
        let quiet = run(Counts { ok: 1000, ..Counts::default() }, None);
        assert_eq!(quiet.cpu_ms_each(), Some(0.5));
        assert_eq!(quiet.signalling_doubt(), None);
        assert_eq!(run(Counts::default(), None).cpu_ms_each(), None);
    }

    #[test]
    fn failures_and_retransmissions_raise_doubt() {
        assert!(run(Counts { failed: 1, ..Counts::default() }, None).signalling_doubt().is_some());
        let one = Counts { ok: 1000, retransmissions: 1, ..Counts::default() };
        assert_eq!(run(one, None).signalling_doubt(), None);
        assert!(run(Counts { retransmissions: 2, ..one }, None).signalling_doubt().is_some());
    }

    #[test]
    fn silent_and_crossed_legs_raise_doubt() {
        let media = MediaReport { calls: 2, legs_ready: 4, sent: 10, received: 10, ..MediaReport::default() };
        assert_eq!(run(Counts::default(), Some(media)).cpu_us_per_packet(), Some(50_000.0));
        let silent = run(Counts::default(), Some(MediaReport { silent_legs: 1, ..media }));
        assert!(silent.media_doubt().is_some_and(|doubt| doubt.contains("silent")));
        let missing = run(Counts::default(), Some(MediaReport { legs_ready: 3, ..media }));
        assert!(missing.media_doubt().is_some_and(|doubt| doubt.contains("3 of 4")));
    }
}
