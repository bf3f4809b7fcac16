//! What Prometheus is told after a call: the names, the values, and the grammar of every line.
use std::collections::BTreeMap;
use std::time::Duration;

use kiestoon_control::Client;

use crate::baresip::{Baresip, Phone};
use crate::pbx::{PHONES_CALL, Pbx, text, wait_for};
use crate::user_agent::UserAgent;

/// The samples of an exposition by their name and labels; panics at the first line that breaks the grammar of format 0.0.4.
fn parsed(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n'), "the last line is not closed");
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, about) = help.split_once(' ').unwrap();
            assert!(is_name(name) && about.ends_with('.'), "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(matches!(kind, "counter" | "gauge" | "histogram"), "{line}");
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            assert!(kinds.insert(name, kind).is_none(), "twice: {line}");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let family = family.filter(|family| kinds.get(family) == Some(&"histogram")).unwrap_or(name);
            assert!(is_name(name) && kinds.contains_key(family), "{line}");
            if let Some(labels) = series.strip_prefix(name).filter(|labels| !labels.is_empty()) {
                check_labels(labels.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap());
            }
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(samples.insert(series.to_owned(), value).is_none(), "twice: {line}");
        }
    }
    samples
}

fn is_name(name: &str) -> bool {
    name.starts_with("kiestoon_") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// No value of ours holds a quote or a comma.
fn check_labels(labels: &str) {
    for label in labels.split(',') {
        let (name, value) = label.split_once('=').unwrap();
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()), "{labels}");
        let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
        assert!(!value.contains(['"', '\\']), "{labels}");
        let is_known = name == "le" || name == "code" || name == "version" || value.parse::<f64>().is_err();
        assert!(is_known, "a number as a label: {labels}");
    }
}

pub(crate) fn scraped(pbx: &Pbx) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Client::new(pbx.path("kiestoon.sock")).metrics()).unwrap()
}

#[test]
fn a_call_and_a_wrong_password_are_counted() {
    let pbx = Pbx::start(&["201", "202"], PHONES_CALL);
    let before = parsed(&scraped(&pbx));
    assert_eq!(before["kiestoon_calls_total{direction=\"internal\",result=\"answered\"}"], 0.0);
    assert_eq!(before["kiestoon_config_last_reload_success"], 1.0);

    let phone = |number, transport, answers| Phone { number, transport, tone: 440, answers, parameters: "" };
    let mut caller = Baresip::start(&pbx, &phone("201", "udp", false));
    let mut callee = Baresip::start(&pbx, &phone("202", "tcp", true));
    let mut stranger = UserAgent::new(&pbx, "201", ([127, 0, 0, 1], 0).into());
    stranger.password = "welkom01".to_owned();
    assert_eq!(stranger.register(), Err(401));
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    let during = |name: &str| parsed(&scraped(&pbx))[name];
    wait_for("packets", Duration::from_secs(10), || {
        during("kiestoon_rtp_packets_total{direction=\"outbound\"}") > 200.0
    });
    assert_eq!(during("kiestoon_calls_active{direction=\"internal\"}"), 1.0);
    caller.command("hangup", "");
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");
    pbx.history(1);
    std::fs::write(pbx.path("dialplans/broken.toml"), "version = ").unwrap();
    assert!(!pbx.kiestoon(&["ctl", "reload"]).status.success());

    let output = pbx.kiestoon(&["ctl", "metrics"]);
    assert!(output.status.success(), "{}", text(&output));
    let after = String::from_utf8(output.stdout).unwrap();
    let metrics = parsed(&after);
    for (series, value) in [
        (concat!("kiestoon_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
        ("kiestoon_calls_active{direction=\"internal\"}", 0.0),
        ("kiestoon_calls_total{direction=\"internal\",result=\"answered\"}", 1.0),
        ("kiestoon_calls_total{direction=\"internal\",result=\"busy\"}", 0.0),
        ("kiestoon_call_setup_seconds_count", 1.0),
        ("kiestoon_call_talk_seconds_count", 1.0),
        ("kiestoon_call_talk_seconds_bucket{le=\"+Inf\"}", 1.0),
        ("kiestoon_call_talk_seconds_bucket{le=\"1\"}", 0.0),
        ("kiestoon_registrations_active{transport=\"udp\"}", 1.0),
        ("kiestoon_registrations_active{transport=\"tcp\"}", 1.0),
        ("kiestoon_registrations_active{transport=\"wss\"}", 0.0),
        ("kiestoon_sip_responses_total{method=\"INVITE\",code=\"407\"}", 1.0),
        ("kiestoon_sip_responses_total{method=\"INVITE\",code=\"200\"}", 1.0),
        ("kiestoon_rtp_jitter_seconds_count{direction=\"inbound\"}", 2.0),
        ("kiestoon_call_mos_count{direction=\"inbound\"}", 2.0),
        ("kiestoon_call_mos_bucket{direction=\"inbound\",le=\"4\"}", 0.0),
        ("kiestoon_rtp_packets_lost_total{direction=\"inbound\"}", 0.0),
        ("kiestoon_one_way_audio_total{cause=\"port_blocked\"}", 0.0),
        ("kiestoon_auth_failures_total", 1.0),
        ("kiestoon_bans_active", 0.0),
        ("kiestoon_config_last_reload_success", 0.0),
    ] {
        assert_eq!(metrics.get(series), Some(&value), "{series}\n{after}");
    }
    assert!(metrics["kiestoon_sip_requests_total{method=\"INVITE\"}"] >= 2.0, "{after}");
    assert!(metrics["kiestoon_sip_requests_total{method=\"REGISTER\"}"] >= 6.0, "{after}");
    assert!(metrics["kiestoon_rtp_packets_total{direction=\"inbound\"}"] > 200.0, "{after}");
    let talked = metrics["kiestoon_call_talk_seconds_sum"];
    assert!(talked > 1.0 && talked < 60.0, "{talked}");
    assert!(!metrics.keys().any(|series| series.contains("cert_expiry")), "no certificate, no figure");
}
