//! What the provider of a trunk has told of a call, a line for each event.

use jiff::Timestamp;
use serde_json::Value;

use super::language::{Language, say};
use super::table::printable;
use super::when;

/// The lines of a call's events, in the order in which they came.
pub(super) fn lines(events: &[Value], language: Language) -> impl Iterator<Item = String> {
    events.iter().map(move |event| line(event, language))
}

fn line(event: &Value, language: Language) -> String {
    let at = ["occurred_at", "received_at"].iter().find_map(|key| event[*key].as_str()?.parse().ok());
    let at = at.map_or_else(|| "-".into(), |at: Timestamp| when::local(at.as_microsecond()));
    let text = |value: &Value| value.as_str().map(printable);
    let trunk = text(&event["trunk"]).unwrap_or_default();
    let mut parts: Vec<String> = Vec::new();
    // The state of a recording says more than that of its call.
    let recording = &event["recording"];
    match (recording.is_object(), text(&event["status"]).or_else(|| text(&event["said"]))) {
        (true, _) => parts.push(of_recording(recording, language)),
        (false, Some(status)) => parts.push(status),
        (false, None) => {}
    }
    if let Some(secs) = event["duration_secs"].as_u64() {
        parts.push(when::duration(secs));
    }
    if let Some(price) = text(&event["price"]) {
        let currency = text(&event["currency"]).map(|code| format!(" {code}")).unwrap_or_default();
        parts.push(say!(language, "price {price}{currency}", "prijs {price}{currency}"));
    }
    if let Some(code) = event["sip_code"].as_u64() {
        parts.push(format!("sip {code}"));
    }
    let fault = [text(&event["error_code"]), text(&event["error"])].into_iter().flatten().collect::<Vec<_>>();
    if !fault.is_empty() {
        let fault = fault.join(" ");
        parts.push(say!(language, "error {fault}", "fout {fault}"));
    }
    format!("{trunk} {at} {}", parts.join(", "))
}

fn of_recording(recording: &Value, language: Language) -> String {
    let text = |key: &str| recording[key].as_str().map(printable);
    let word = language.pick("recording", "opname").to_owned();
    let length = recording["duration_secs"].as_u64().map(when::duration);
    [Some(word), text("id"), text("status"), length, text("url")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_event_is_one_line_that_says_what_was_told() {
        let of = |event: Value, language| {
            let line = line(&event, language);
            line.split_once(' ')
                .map(|(trunk, rest)| format!("{trunk} {}", &rest[rest.find(':').unwrap()..]))
                .unwrap()
        };
        let status = json!({ "trunk": "voys", "received_at": "2026-11-20T10:00:00Z", "status": "busy", "said": "busy",
            "duration_secs": 62, "price": "-0.0085", "currency": "USD", "sip_code": 486, "error_code": "13224", "error": "x\u{1b}" });
        let line = of(status.clone(), Language::English);
        assert!(
            line.contains("busy, ") && line.contains("price -0.0085 USD, sip 486, error 13224 x"),
            "{line}"
        );
        assert!(!line.contains('\u{1b}'), "{line}");
        assert!(of(status, Language::Dutch).contains("prijs -0.0085 USD, sip 486, fout 13224 x"));
        let recording = json!({ "trunk": "voys", "received_at": "2026-11-20T10:00:00Z", "status": "completed",
            "recording": { "id": "RE1", "status": "absent", "url": "https://x.example/RE1" } });
        let line = of(recording, Language::Dutch);
        assert!(line.ends_with("opname RE1 absent https://x.example/RE1"), "{line}");
    }
}
