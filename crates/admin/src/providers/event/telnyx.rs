//! Telnyx: the events of a call (API v2), with its recordings and its cost.

use serde_json::Value;

use super::{Event, Facts, Recording, WORD, amount, currency, plain, seconds, sip_code, text, time, url};

pub(super) fn event(body: &Value) -> Option<Event> {
    let data = body.get("data").unwrap_or(body);
    let word = data["event_type"].as_str()?;
    let payload = &data["payload"];
    let mut event = Event {
        id: data["id"].as_str().and_then(|id| text(id, WORD)),
        occurred_at: data["occurred_at"].as_str().and_then(time),
        ..Event::default()
    };
    for name in ["call_leg_id", "call_session_id", "call_control_id", "sip_call_id"] {
        event.name(payload[name].as_str());
    }
    let cause = payload["hangup_cause"].as_str().filter(|_| word == "call.hangup");
    let said = cause.map_or_else(|| word.to_owned(), |cause| format!("{word} {cause}"));
    event.facts = Facts {
        status: status(word, cause),
        said: text(&said, WORD),
        duration_secs: plain(&payload["billed_duration_secs"]).as_deref().and_then(seconds),
        price: plain(&payload["total_cost"]).as_deref().and_then(amount),
        currency: payload["cost_parts"][0]["currency"].as_str().and_then(currency),
        sip_code: plain(&payload["sip_hangup_cause"]).as_deref().and_then(sip_code),
        recording: word.starts_with("call.recording.").then(|| recording(word, payload)),
        ..Facts::default()
    };
    Some(event.settled())
}

fn status(word: &str, cause: Option<&str>) -> Option<&'static str> {
    Some(match (word, cause) {
        ("call.initiated", _) => "initiated",
        ("call.ringing", _) => "ringing",
        ("call.answered" | "call.bridged", _) => "in-progress",
        ("call.hangup", Some("normal_clearing" | "time_limit")) => "completed",
        ("call.hangup", Some("user_busy")) => "busy",
        ("call.hangup", Some("timeout" | "no_answer")) => "no-answer",
        ("call.hangup", Some("originator_cancel")) => "canceled",
        ("call.hangup", _) => "failed",
        _ => return None,
    })
}

fn recording(word: &str, payload: &Value) -> Recording {
    let links = ["public_recording_urls", "recording_urls"].into_iter().map(|key| &payload[key]);
    let link = links.flat_map(|of| [&of["mp3"], &of["wav"]]).find_map(Value::as_str);
    let at = |key: &str| payload[key].as_str().and_then(time);
    let micros = at("recording_ended_at")
        .zip(at("recording_started_at"))
        .map(|(end, start)| end.saturating_sub(start));
    let status = match word.strip_prefix("call.recording.") {
        Some("saved") => Some("completed"),
        Some("error") => Some("failed"),
        other => other,
    };
    Recording {
        id: payload["recording_id"].as_str().and_then(|id| text(id, WORD)),
        url: link.and_then(url),
        duration_secs: micros.and_then(|micros| u32::try_from(micros / 1_000_000).ok()),
        status: status.and_then(|word| text(word, WORD)),
    }
}
