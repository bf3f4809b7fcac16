//! What the documentation of each provider shows, and what else may come.

use serde_json::json;

use super::*;

fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_status_callback_of_twilio() {
    let event = Event::of_twilio(&form(&[
        ("CallSid", "CA1234567890ABCDE"),
        ("AccountSid", "AC1"),
        ("From", "+31201234567"),
        ("CallStatus", "no-answer"),
        ("CallDuration", "0"),
        ("SipResponseCode", "480"),
        ("SipCallId", "abc@192.0.2.1"),
        ("ErrorCode", "0"),
        ("Timestamp", "Fri, 20 Nov 2026 10:00:00 +0000"),
        ("SequenceNumber", "3"),
    ]));
    assert_eq!(event.kind, Kind::Status);
    assert_eq!(event.names, ["CA1234567890ABCDE", "abc@192.0.2.1"]);
    assert_eq!(event.occurred_at, Some(1_795_168_800_000_000));
    let facts = serde_json::to_value(&event.facts).unwrap();
    let due = json!({ "status": "no-answer", "said": "no-answer", "duration_secs": 0, "sip_code": 480 });
    assert_eq!(facts, due);
}

#[test]
fn a_recording_callback_of_twilio() {
    let event = Event::of_twilio(&form(&[
        ("CallSid", "CA1"),
        ("RecordingSid", "RE1"),
        ("RecordingUrl", "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1"),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "17"),
    ]));
    assert_eq!(event.kind, Kind::Recording);
    let recording = event.facts.recording.unwrap();
    assert_eq!((recording.id.as_deref(), recording.duration_secs), (Some("RE1"), Some(17)));
    assert_eq!(recording.status.as_deref(), Some("completed"));
    assert!(recording.url.unwrap().ends_with("/RE1"));
    let bad =
        Event::of_twilio(&form(&[("RecordingUrl", "javascript:alert(1)"), ("RecordingDuration", "-1")]));
    assert_eq!((bad.kind, bad.facts.recording), (Kind::Other, None));
}

#[test]
fn events_of_telnyx() {
    let of = |word: &str, payload: Value| {
        let body = json!({ "data": { "event_type": word, "id": "0ccc7b54", "occurred_at": "2026-11-20T10:00:00.5Z",
            "payload": payload, "record_type": "event" }, "meta": { "attempt": 1 } });
        Event::of_telnyx(&body).unwrap()
    };
    let ids = json!({ "call_control_id": "v3:abc", "call_leg_id": "leg", "call_session_id": "session",
        "hangup_cause": "user_busy", "sip_hangup_cause": "486" });
    let hangup = of("call.hangup", ids.clone());
    assert_eq!((hangup.facts.status, hangup.facts.sip_code), (Some("busy"), Some(486)));
    assert_eq!(hangup.names, ["leg", "session", "v3:abc"]);
    assert_eq!((hangup.id.as_deref(), hangup.occurred_at), (Some("0ccc7b54"), Some(1_795_168_800_500_000)));
    assert_eq!(hangup.facts.said.as_deref(), Some("call.hangup user_busy"));
    for (word, status) in
        [("call.initiated", "initiated"), ("call.ringing", "ringing"), ("call.answered", "in-progress")]
    {
        assert_eq!(of(word, ids.clone()).facts.status, Some(status), "{word}");
    }
    let saved = of(
        "call.recording.saved",
        json!({ "recording_id": "r", "recording_urls": { "mp3": "https://s3.example/r.mp3?X-Amz-Signature=1" },
            "recording_started_at": "2026-11-20T10:00:00Z", "recording_ended_at": "2026-11-20T10:00:42Z" }),
    );
    let due = json!({ "id": "r", "url": "https://s3.example/r.mp3?X-Amz-Signature=1", "duration_secs": 42,
        "status": "completed" });
    assert_eq!(serde_json::to_value(saved.facts.recording).unwrap(), due);
    let cost = of(
        "call.cost",
        json!({ "total_cost": "0.0050", "billed_duration_secs": 60, "cost_parts": [{ "currency": "USD" }] }),
    );
    assert_eq!(cost.kind, Kind::Cost);
    assert_eq!((cost.facts.price.as_deref(), cost.facts.currency.as_deref()), (Some("0.0050"), Some("USD")));
    assert_eq!(cost.facts.duration_secs, Some(60));
    assert_eq!(Event::of_telnyx(&json!([])), None);
}

#[test]
fn events_of_anybody() {
    let body = json!({ "type": "call.ended", "timestamp": "2026-11-20T10:00:00Z", "data": {
        "call_id": "theirs", "sip_call_id": "abc@192.0.2.1", "status": "cancelled", "duration_secs": "42", "price": 0.0123,
        "currency": "eur", "sip_code": 487, "error_code": "E\u{1b}7", "error": "gave up",
        "recording": { "id": 7, "url": "https://x.example/7", "duration_secs": 40.9, "status": "completed" } } });
    let event = Event::of_standard(&body).unwrap();
    assert_eq!(
        (event.kind, event.names.as_slice()),
        (Kind::Recording, &["theirs".into(), "abc@192.0.2.1".into()][..])
    );
    let due = json!({ "status": "canceled", "said": "call.ended", "duration_secs": 42, "price": "0.0123", "currency": "EUR",
        "sip_code": 487, "error_code": "E?7", "error": "gave up",
        "recording": { "id": "7", "url": "https://x.example/7", "duration_secs": 40, "status": "completed" } });
    assert_eq!(serde_json::to_value(&event.facts).unwrap(), due);
    for body in [json!({}), json!({ "type": "x" }), json!({ "type": 1, "data": {} }), json!(null)] {
        assert_eq!(Event::of_standard(&body), None, "{body}");
    }
}

#[test]
fn whatever_comes_is_cut_to_what_a_record_holds() {
    let long = "é".repeat(5_000);
    let event = Event::of_twilio(&form(&[
        ("CallSid", "a b"),
        ("SipCallId", &"x".repeat(NAME + 1)),
        ("DialCallSid", &"x".repeat(NAME)),
        ("CallStatus", &long),
        ("ErrorMessage", &long),
        ("ErrorCode", "\u{1b}[2J"),
        ("Price", "1e9"),
        ("RecordingUrl", &format!("https://{}", "x".repeat(URL))),
    ]));
    assert_eq!(event.names, ["x".repeat(NAME)]);
    assert_eq!(event.facts.status, None);
    assert_eq!(event.facts.said.map(|said| said.chars().count()), Some(WORD));
    assert_eq!(event.facts.error.map(|said| said.chars().count()), Some(SENTENCE));
    assert_eq!(event.facts.error_code.as_deref(), Some("?[2J"));
    assert_eq!((event.facts.price, event.facts.recording), (None, None));
    let mut many = Event::default();
    (0..20).for_each(|number| many.name(Some(&number.to_string())));
    assert_eq!(many.names.len(), NAMES);
}
