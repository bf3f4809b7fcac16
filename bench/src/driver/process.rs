//! What a process tree costs, read from /proc.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// CPU time of a process tree at one moment.
pub(crate) struct CpuReading {
    at: Instant,
    /// User and system time with that of ended threads and reaped children, in ticks.
    ticks: u64,
    /// Nanoseconds of each live thread.
    threads: BTreeMap<u32, u64>,
    processes: usize,
    machine: MachineTicks,
}

/// CPU used between two readings.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) cpu_s: f64,
    pub(crate) wall_s: f64,
    /// True when `cpu_s` is the sum of the threads' nanoseconds, false when it is of 10 ms grain.
    pub(crate) exact: bool,
    pub(crate) threads: usize,
    /// Share of the machine's time that its host gave to others.
    pub(crate) steal_pct: f64,
}

/// Memory of a process tree in kB. Shared pages count once in `pss`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) rss_kb: u64,
    pub(crate) pss_kb: u64,
}

#[derive(Clone, Copy, Default)]
struct MachineTicks {
    steal: u64,
    total: u64,
}

/// USER_HZ, the unit of /proc/PID/stat, is 100 on every architecture that Linux runs a PBX on.
const TICKS_PER_SECOND: f64 = 100.0;

impl CpuReading {
    pub(crate) fn of(roots: &[u32]) -> Self {
        let at = Instant::now();
        let (mut ticks, mut threads) = (0, BTreeMap::new());
        let tree = tree(roots);
        for pid in &tree {
            // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), 12 to 15 after the command.
            ticks += stat_fields(*pid)
                .iter()
                .skip(11)
                .take(4)
                .filter_map(|field| field.parse::<u64>().ok())
                .sum::<u64>();
            for thread in numbered(&format!("/proc/{pid}/task")) {
                let schedule = fs::read_to_string(format!("/proc/{pid}/task/{thread}/schedstat"));
                let on_cpu = schedule.ok().and_then(|text| text.split(' ').next()?.parse().ok());
                threads.insert(thread, on_cpu.unwrap_or_default());
            }
        }
        Self { at, ticks, threads, processes: tree.len(), machine: machine_ticks() }
    }

    /// The cost since an earlier reading of the same tree. The threads' nanoseconds hold only when no thread came or
    /// went, and when the coarse ticks agree with them.
    pub(crate) fn since(&self, earlier: &Self) -> Cost {
        let coarse = self.ticks.saturating_sub(earlier.ticks) as f64 / TICKS_PER_SECOND;
        let sum = |reading: &Self| reading.threads.values().sum::<u64>();
        let fine = sum(self).saturating_sub(sum(earlier)) as f64 / 1e9;
        let same = self.threads.keys().eq(earlier.threads.keys());
        let exact = same && (fine - coarse).abs() < 0.015 * self.processes as f64 + 0.005 * coarse;
        let machine = self.machine.total.saturating_sub(earlier.machine.total).max(1);
        Cost {
            cpu_s: if exact { fine } else { coarse },
            wall_s: self.at.duration_since(earlier.at).as_secs_f64(),
            exact,
            threads: self.threads.len(),
            steal_pct: 100.0 * self.machine.steal.saturating_sub(earlier.machine.steal) as f64
                / machine as f64,
        }
    }
}

impl Memory {
    pub(crate) fn of(roots: &[u32]) -> Self {
        let mut memory = Self::default();
        for pid in tree(roots) {
            let Ok(text) = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else { continue };
            memory.rss_kb += kilobytes(&text, "Rss:");
            memory.pss_kb += kilobytes(&text, "Pss:");
        }
        memory
    }
}

/// CPU seconds of one process so far.
pub(crate) fn ticks(pid: u32) -> f64 {
    let used = stat_fields(pid);
    let used = used.iter().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    used.sum::<u64>() as f64 / TICKS_PER_SECOND
}

/// The processes and all their descendants that are alive.
pub(crate) fn tree(roots: &[u32]) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut alive = Vec::new();
    for pid in numbered("/proc") {
        let Some(parent) = stat_fields(pid).get(1).and_then(|field| field.parse().ok()) else { continue };
        children.entry(parent).or_default().push(pid);
        alive.push(pid);
    }
    let mut found = Vec::new();
    let mut todo: Vec<u32> = roots.iter().copied().filter(|root| alive.contains(root)).collect();
    while let Some(pid) = todo.pop() {
        found.push(pid);
        todo.extend(children.get(&pid).into_iter().flatten());
    }
    found
}

/// The machine's load average of the last minute.
pub(crate) fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or_default()
}

fn machine_ticks() -> MachineTicks {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let fields: Vec<u64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    MachineTicks { steal: fields.get(7).copied().unwrap_or_default(), total: fields.iter().take(8).sum() }
}

/// The fields of /proc/PID/stat after the command, which may hold spaces and parentheses itself.
fn stat_fields(pid: u32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = text.rsplit_once(") ").map(|parts| parts.1).unwrap_or_default();
    after.split_whitespace().map(str::to_owned).collect()
}

fn numbered(folder: &str) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_work_is_counted() {
        let roots = [std::process::id()];
        let before = CpuReading::of(&roots);
        let begun = Instant::now();
        let mut sum = 0u64;
        while begun.elapsed().as_millis() < 60 {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let cost = CpuReading::of(&roots).since(&before);
        assert!(cost.cpu_s > 0.01, "{cost:?}");
        assert!(cost.wall_s >= 0.06 && cost.threads > 0, "{cost:?}");
        assert!(Memory::of(&roots).pss_kb > 100);
    }

    #[test]
    fn memory_lines() {
        assert_eq!(kilobytes("Rss:      120 kB\nPss:     77 kB\n", "Pss:"), 77);
        assert_eq!(kilobytes("Rss: 1 kB\n", "Pss:"), 0);
    }

    #[test]
    fn a_tree_holds_its_root_and_not_the_dead() {
        assert!(tree(&[u32::MAX]).is_empty());
        assert!(tree(&[std::process::id()]).contains(&std::process::id()));
    }
}
