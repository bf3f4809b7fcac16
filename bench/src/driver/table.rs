//! The table of what was measured, with ratios and aims.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::figure::{Figure, Measured};
use super::target::Product;

/// The stored measures of all targets, by target and measure.
pub(crate) type Results = BTreeMap<String, BTreeMap<String, Measured>>;

struct Row {
    label: &'static str,
    measure: &'static str,
    figure: &'static str,
    decimals: usize,
    aim: Aim,
}

#[derive(Clone, Copy)]
enum Aim {
    None,
    /// Ours divided by the peer's is to be at most this.
    Ratio(f64),
    /// Ours is to be at most this.
    Value(f64),
}

/// Reads every `NAME.json` of a folder; an empty or missing folder holds nothing.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Results> {
    let mut results = Results::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        if path.extension().is_some_and(|extension| extension == "json") {
            results.insert(name.to_owned(), serde_json::from_slice(&fs::read(&path)?)?);
        }
    }
    Ok(results)
}

/// Adds one measure to a target's file.
pub(crate) fn store(folder: &Path, target: &str, measure: &str, measured: Measured) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let mut all = read(folder)?.remove(target).unwrap_or_default();
    all.insert(measure.to_owned(), measured);
    fs::write(folder.join(format!("{target}.json")), serde_json::to_vec_pretty(&all)?)?;
    Ok(())
}

/// The table as text. The last line says how many of the aims that could be judged are met.
pub(crate) fn render(results: &Results) -> String {
    let ours = Product::Kiestoon.name();
    let peers: Vec<&String> = results.keys().filter(|name| *name != ours).collect();
    let names: Vec<&str> = results
        .contains_key(ours)
        .then_some(ours)
        .into_iter()
        .chain(peers.iter().map(|name| name.as_str()))
        .collect();
    let mut lines = vec![heading(&names)];
    let (mut met, mut judged) = (0, 0);
    for row in ROWS {
        let figure = |name: &str| results.get(name)?.get(row.measure)?.figures.get(row.figure);
        if names.iter().all(|name| figure(name).is_none()) {
            continue;
        }
        let mut line = format!("{:44}", row.label);
        for name in &names {
            line.push_str(&format!(
                " {:>26}",
                figure(name).map(|f| spread(f, row.decimals)).unwrap_or_else(|| "-".to_owned())
            ));
        }
        let (our, peer) = (figure(ours), figure(Product::Kamailio.name()));
        let ratio =
            our.zip(peer).filter(|(_, peer)| peer.median > 0.0).map(|(our, peer)| our.median / peer.median);
        line.push_str(&format!(" {:>7}", ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default()));
        let verdict = match row.aim {
            Aim::None => None,
            Aim::Ratio(limit) => ratio.map(|ratio| (ratio <= limit, format!("{limit:.2} of the peer's"))),
            Aim::Value(limit) => our.map(|our| (our.median <= limit, format!("{limit}"))),
        };
        if let Some((good, limit)) = verdict {
            judged += 1;
            met += u32::from(good);
            line.push_str(&format!("  {} (aim: at most {limit})", if good { "met" } else { "MISSED" }));
        }
        lines.push(line.trim_end().to_owned());
    }
    for (name, measures) in results {
        for (measure, measured) in measures {
            lines.extend(measured.doubts.iter().map(|doubt| format!("doubt: {name} {measure}: {doubt}")));
        }
    }
    lines.push(NOTE.to_owned());
    lines.push(format!("aims met: {met} of {judged}"));
    lines.join("\n")
}

fn heading(names: &[&str]) -> String {
    let columns: Vec<String> = names.iter().map(|name| format!(" {name:>26}")).collect();
    format!("{:44}{} {:>7}", "median [lowest..highest]", columns.concat(), "ratio")
}

fn spread(figure: &Figure, decimals: usize) -> String {
    let Figure { median, min, max, n } = figure;
    if *n == 1 {
        format!("{median:.decimals$}")
    } else {
        format!("{median:.decimals$} [{min:.decimals$}..{max:.decimals$}]")
    }
}

const NOTE: &str = "ratio: kiestoon's divided by kamailio's (with rtpengine in user space where RTP flows). Below 20 % difference \
is noise.\nKamailio is a proxy: it keeps no call. The aim for a call is 0.3 of Asterisk's cost, which is 1.5 of Kamailio's \
(3.10 and 0.61 ms on the reference machine).";

const fn row(
    label: &'static str,
    measure: &'static str,
    figure: &'static str,
    decimals: usize,
    aim: Aim,
) -> Row {
    Row { label, measure, figure, decimals, aim }
}

const ROWS: &[Row] = &[
    row("REGISTER, CPU s per 1,000", "reg", "cpu_s_per_1000", 3, Aim::Ratio(1.0)),
    row("REGISTER with challenge p50, us", "reg", "register_p50_us", 0, Aim::None),
    row("REGISTER with challenge p99, us", "reg", "register_p99_us", 0, Aim::None),
    row("REGISTER, most a second", "regmax", "max", 0, Aim::None),
    row("REGISTER at most, CPU s per 1,000", "regmax", "cpu_ms_at_max", 3, Aim::None),
    row("call, CPU ms", "call", "cpu_ms_per_call", 3, Aim::Ratio(1.5)),
    row("deciding a call in 1,000 rules, CPU us", "decide", "cpu_us_per_decision", 2, Aim::None),
    row("  its share of the call's CPU, %", "decide", "share_pct", 2, Aim::Value(3.0)),
    row("call, most a second", "callmax", "max", 0, Aim::None),
    row("call at most, CPU ms", "callmax", "cpu_ms_at_max", 3, Aim::None),
    row("INVITE to 200 at 50/s p50, us", "call", "setup_p50_us", 0, Aim::None),
    row("INVITE to 200 at 50/s p99, us", "call", "setup_p99_us", 0, Aim::None),
    row("RTP packet, CPU us, 400 calls", "media400", "cpu_us_per_packet", 2, Aim::Ratio(0.8)),
    row("RTP added latency p50, us, 400 calls", "media400", "latency_p50_us", 0, Aim::None),
    row("RTP added latency p99, us, 400 calls", "media400", "latency_p99_us", 0, Aim::None),
    row("RTP loss %, 400 calls", "media400", "loss_pct", 4, Aim::None),
    row("RTP packet, CPU us, 100 calls", "media", "cpu_us_per_packet", 2, Aim::None),
    row("RTP added latency p50, us, 100 calls", "media", "latency_p50_us", 0, Aim::None),
    row("RTP added latency p99, us, 100 calls", "media", "latency_p99_us", 0, Aim::None),
    row("RTP, most calls", "mediamax", "max", 0, Aim::None),
    row("transcoded packet Opus-PCMA, CPU us", "transcode", "opus_cpu_us_per_packet", 2, Aim::None),
    row("  decoding and encoding alone, CPU us", "transcode", "opus_codec_us_per_packet", 2, Aim::None),
    row("  the one divided by the other", "transcode", "opus_ratio", 2, Aim::Value(1.15)),
    row("  calls per core", "transcode", "opus_calls_per_core", 0, Aim::None),
    row("transcoded packet browser's Opus-PCMA, CPU us", "transcode", "page_cpu_us_per_packet", 2, Aim::None),
    row("  decoding and encoding alone, CPU us", "transcode", "page_codec_us_per_packet", 2, Aim::None),
    row("  the one divided by the other", "transcode", "page_ratio", 2, Aim::Value(1.15)),
    row("  calls per core", "transcode", "page_calls_per_core", 0, Aim::None),
    row("transcoded packet G.722-PCMA, CPU us", "transcode", "g722_cpu_us_per_packet", 2, Aim::None),
    row("  decoding and encoding alone, CPU us", "transcode", "g722_codec_us_per_packet", 2, Aim::None),
    row("  the one divided by the other", "transcode", "g722_ratio", 2, Aim::Value(1.15)),
    row("  calls per core", "transcode", "g722_calls_per_core", 0, Aim::None),
    row("browser's packet relayed, CPU us, 200 calls", "webrtc200", "cpu_us_per_packet", 2, Aim::None),
    row("  CPU ms for a second of a call", "webrtc200", "cpu_ms_per_call_second", 3, Aim::None),
    row("  added latency p50, us", "webrtc200", "latency_p50_us", 0, Aim::None),
    row("  added latency p99, us", "webrtc200", "latency_p99_us", 0, Aim::None),
    row("  loss %", "webrtc200", "loss_pct", 4, Aim::None),
    row(
        "  memory per browser's leg, with its phone's, kB",
        "webrtc200",
        "pss_kb_per_leg",
        1,
        Aim::Value(80.0),
    ),
    row("calls that stand and are paid, CPU ms a second", "held", "cpu_ms_per_s", 1, Aim::None),
    row("  the same without budgets", "held", "plain_cpu_ms_per_s", 1, Aim::None),
    row("  the one divided by the other", "held", "ratio", 2, Aim::None),
    row("  the last ones set up, CPU ms each", "held", "setup_cpu_ms_per_call", 3, Aim::None),
    row("  the same without budgets", "held", "plain_setup_cpu_ms_per_call", 3, Aim::None),
    row("memory per active call, kB", "media400", "pss_kb_per_call", 1, Aim::Value(24.0)),
    row("memory per registered extension, kB", "mem", "pss_kb_per_extension", 2, Aim::Value(1.2)),
    row("memory idle, MB", "mem", "idle_pss_mb", 1, Aim::None),
    row("memory gained by three refreshes, kB", "refresh", "pss_kb_gained", 0, Aim::None),
    row("OPTIONS p50, us", "lat", "options_p50_us", 0, Aim::None),
    row("OPTIONS p99, us", "lat", "options_p99_us", 0, Aim::None),
    row("INVITE to challenge p50, us", "lat", "invite_challenge_p50_us", 0, Aim::None),
    row("INVITE to 100 p50, us", "lat", "invite_100_p50_us", 0, Aim::None),
    row("INVITE to 100 p99, us", "lat", "invite_100_p99_us", 0, Aim::None),
    row("INVITE to 200 at 10/s p50, us", "lat", "setup_p50_us", 0, Aim::None),
    row("INVITE to 200 at 10/s p99, us", "lat", "setup_p99_us", 0, Aim::None),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(figure: &str, value: f64) -> BTreeMap<String, Measured> {
        let mut measured = Measured::default();
        measured.set_one(figure, value);
        BTreeMap::from([("reg".to_owned(), measured)])
    }

    #[test]
    fn ratios_and_aims() {
        let ours = ("kiestoon".to_owned(), measured("cpu_s_per_1000", 0.06));
        let mut results = Results::from([ours, ("kamailio".to_owned(), measured("cpu_s_per_1000", 0.12))]);
        let text = render(&results);
        assert!(text.contains("0.50  met"), "{text}");
        assert!(text.ends_with("aims met: 1 of 1"), "{text}");
        results.insert("kamailio".to_owned(), measured("cpu_s_per_1000", 0.04));
        assert!(render(&results).contains("1.50  MISSED"));
        results.remove("kamailio");
        assert!(render(&results).ends_with("aims met: 0 of 0"));
    }

    #[test]
    fn what_is_stored_is_read_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        for (measure, value) in [("reg", 1.0), ("call", 2.0), ("reg", 3.0)] {
            let mut measured = Measured::default();
            measured.set_one("x", value);
            store(folder.path(), "kiestoon", measure, measured).unwrap();
        }
        let results = read(folder.path()).unwrap();
        assert_eq!(results["kiestoon"]["reg"].figures["x"].median, 3.0);
        assert_eq!(results["kiestoon"]["call"].figures["x"].median, 2.0);
    }
}
