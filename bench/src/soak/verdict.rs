//! The verdict on a soak, from its samples alone.

use super::loads::Outcome;
use super::sample::Sample;

/// All that a verdict is made of.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// Before the load.
    pub(crate) before: Sample,
    /// During it, one a second.
    pub(crate) samples: Vec<Sample>,
    /// The first of those by which memory is judged: all that comes and goes is there by then.
    pub(crate) settled: usize,
    /// When all has had its time to end.
    pub(crate) after: Sample,
    pub(crate) outcomes: Vec<Outcome>,
    /// Call records in the database.
    pub(crate) records: u64,
}

/// One question, and its answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) good: bool,
    what: String,
    detail: String,
}

impl Finding {
    pub(crate) fn new(good: bool, what: &str, detail: String) -> Self {
        Self { good, what: what.to_owned(), detail }
    }

    pub(crate) fn line(&self) -> String {
        format!("{:4} {:17} {}", if self.good { "good" } else { "BAD" }, self.what, self.detail)
    }
}

/// Memory is flat where the line through the samples rises by at most this share of their mean from its one end to the other...
const GROWTH: f64 = 0.03;
/// ...or by at most this many kB, which an allocator and a database's cache may take at any time.
const SETTLING_KB: f64 = 1024.0;
/// Files that a database and a watcher may have opened since the start.
const FILES: u64 = 6;
/// What a relayed packet may be late at most, but for one in a hundred: the next is due then.
const PACKET_LATE_US: f64 = 20_000.0;

/// Every finding, the bad ones too.
pub(crate) fn judge(account: &Account) -> Vec<Finding> {
    let Account { before, samples, settled, after, outcomes, records } = account;
    let held = after.status.held;
    let mut findings = vec![memory(samples.get(*settled..).unwrap_or_default())];
    let mut find = |good, what: &str, detail| findings.push(Finding::new(good, what, detail));
    find(held.port_pairs == 0, "ports", format!("{} pairs are left", held.port_pairs));
    find(held.browsers == 0, "browsers", format!("{} are left", held.browsers));
    find(held.transactions == 0, "transactions", format!("{} are left", held.transactions));
    find(
        held.dialogs + held.routes + after.status.calls == 0,
        "dialogs",
        format!("{} dialogs, {} routes, {} calls are left", held.dialogs, held.routes, after.status.calls),
    );
    find(
        after.files <= before.files + FILES,
        "files",
        format!("{} before, {} after", before.files, after.files),
    );
    let (ticks, late) = (after.status.totals.media_ticks, after.status.totals.media_ticks_late);
    let (ours, stalls) = (late_by_us(account), after.stalls);
    find(
        ours == 0,
        "deadlines",
        format!(
            "{late} of {ticks} frames late, {} of them where the machine itself stood still ({} times, at most {:.0} ms)",
            late - ours,
            stalls.count,
            stalls.longest_us as f64 / 1000.0
        ),
    );
    let begun = after.status.totals.calls - before.status.totals.calls;
    find(
        *records == begun && after.status.cdrs_waiting == 0,
        "call records",
        format!("{records} for {begun} calls, {} wait", after.status.cdrs_waiting),
    );
    for outcome in outcomes {
        let late = outcome.worst_p99_us > PACKET_LATE_US;
        find(outcome.faults.is_empty() && outcome.ok > 0 && !late, &outcome.name, outcome.words());
    }
    findings
}

fn memory(used: &[Sample]) -> Finding {
    let points: Vec<(f64, f64)> = used.iter().map(|sample| (sample.at, sample.rss_kb as f64)).collect();
    let mean = points.iter().map(|point| point.1).sum::<f64>() / points.len().max(1) as f64;
    let length = points.last().map_or(0.0, |last| last.0) - points.first().map_or(0.0, |first| first.0);
    let risen = slope(&points) * length;
    let bound = (GROWTH * mean).max(SETTLING_KB);
    Finding {
        good: risen <= bound && points.len() >= 10,
        what: "memory".to_owned(),
        detail: format!(
            "{risen:+.0} kB over the last {length:.0} s ({:+.1} kB a minute), mean {:.1} MB; at most {bound:.0} kB",
            slope(&points) * 60.0,
            mean / 1024.0
        ),
    }
}

/// Late frames that no stall of the machine in the same second or the one before explains.
fn late_by_us(account: &Account) -> u64 {
    let Account { before, samples, after, .. } = account;
    let all: Vec<&Sample> = [before, before].into_iter().chain(samples).chain([after]).collect();
    let late = |sample: &Sample| sample.status.totals.media_ticks_late;
    let unexplained = all.windows(3).map(|seen| {
        let stalled = seen[2].stalls.frames - seen[0].stalls.frames;
        (late(seen[2]) - late(seen[1])).saturating_sub(stalled)
    });
    unexplained.sum()
}

/// The slope of the line that fits best; 0 where there is none.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let (mut across, mut along) = (0.0, 0.0);
    for point in points {
        across += (point.0 - x) * (point.1 - y);
        along += (point.0 - x).powi(2);
    }
    if along > 0.0 { across / along } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(rss_kb: impl Fn(u32) -> u64) -> Vec<Sample> {
        (0..300).map(|at| Sample { at: at.into(), rss_kb: rss_kb(at), ..Sample::default() }).collect()
    }

    fn good() -> Account {
        let mut after = Sample { files: 22, ..Sample::default() };
        after.status.totals.calls = 7;
        after.status.totals.media_ticks = 900;
        let outcome = Outcome { name: "relayed".to_owned(), ok: 5, ..Outcome::default() };
        Account {
            before: Sample { files: 20, ..Sample::default() },
            samples: samples(|at| 20_000 + u64::from(at % 7) * 50),
            settled: 100,
            after,
            outcomes: vec![outcome],
            records: 7,
        }
    }

    fn bad(account: &Account) -> Vec<String> {
        judge(account).into_iter().filter(|finding| !finding.good).map(|finding| finding.what).collect()
    }

    #[test]
    fn a_quiet_account_is_good() {
        assert_eq!(bad(&good()), [""; 0]);
    }

    #[test]
    fn memory_may_settle_but_not_rise() {
        let mut account = good();
        account.samples = samples(|at| if at < 90 { 10_000 + u64::from(at) * 100 } else { 19_000 });
        assert_eq!(bad(&account), [""; 0]);
        let rising = samples(|at| 20_000 + u64::from(at) * 8);
        assert!(!memory(&rising).good, "{}", memory(&rising).detail);
        assert!(!memory(&[]).good, "nothing seen is nothing shown");
    }

    #[test]
    fn each_leak_is_named() {
        let mut account = good();
        account.after.status.held.port_pairs = 1;
        account.after.status.held.browsers = 1;
        account.after.status.held.transactions = 1;
        account.after.status.held.dialogs = 1;
        account.after.files = 27;
        assert_eq!(bad(&account), ["ports", "browsers", "transactions", "dialogs", "files"]);
    }

    #[test]
    fn a_late_frame_a_missing_record_and_a_failed_load_are_bad() {
        let mut account = good();
        account.after.status.totals.media_ticks_late = 1;
        account.records = 6;
        account.outcomes[0].faults.push("1 of 5 failed".into());
        assert_eq!(bad(&account), ["deadlines", "call records", "relayed"]);
        account.outcomes[0] =
            Outcome { name: "relayed".to_owned(), ok: 5, worst_p99_us: 21_000.0, ..Outcome::default() };
        assert_eq!(bad(&account), ["deadlines", "call records", "relayed"]);
    }

    #[test]
    fn a_frame_is_not_late_where_the_machine_stood_still() {
        let mut account = good();
        let mut at = |second: usize, late: u64, frames: u64| {
            for sample in &mut account.samples[second..] {
                sample.status.totals.media_ticks_late += late;
                sample.stalls.frames += frames;
            }
            account.after.status.totals.media_ticks_late += late;
            account.after.stalls.frames += frames;
            late_by_us(&account)
        };
        assert_eq!(at(20, 4, 5), 0, "seen in the same second");
        assert_eq!((at(30, 0, 3), at(31, 3, 0)), (0, 0), "seen a second later");
        assert_eq!(at(40, 3, 2), 1, "more than the stall explains");
        assert_eq!(at(60, 2, 0), 3, "with no stall near");
        assert_eq!(bad(&account), ["deadlines"]);
    }

    #[test]
    fn slopes() {
        assert_eq!(slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]), 2.0);
        assert_eq!(slope(&[(1.0, 4.0)]), 0.0);
        assert_eq!(slope(&[]), 0.0);
    }
}
