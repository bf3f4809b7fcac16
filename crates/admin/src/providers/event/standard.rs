//! Any provider or program: our own form of events, in the envelope of Standard Webhooks (`type`, `timestamp`, `data`). See
//! docs/webhooks.md.

use serde_json::Value;

use super::{
    Event, Facts, Recording, SENTENCE, WORD, amount, currency, plain, seconds, sip_code, status, text, time,
    url,
};

pub(super) fn event(body: &Value) -> Option<Event> {
    let word = body["type"].as_str()?;
    let data = body["data"].as_object().map(|_| &body["data"])?;
    let mut event = Event { occurred_at: body["timestamp"].as_str().and_then(time), ..Event::default() };
    for name in ["call_id", "sip_call_id"] {
        event.name(data[name].as_str());
    }
    let of = |key: &str| plain(&data[key]);
    let recording = &data["recording"];
    let of_recording = |key: &str| plain(&recording[key]);
    event.facts = Facts {
        status: of("status").as_deref().and_then(status),
        said: text(word, WORD),
        duration_secs: of("duration_secs").as_deref().and_then(seconds),
        price: of("price").as_deref().and_then(amount),
        currency: of("currency").as_deref().and_then(currency),
        sip_code: of("sip_code").as_deref().and_then(sip_code),
        error_code: of("error_code").and_then(|code| text(&code, WORD)),
        error: of("error").and_then(|said| text(&said, SENTENCE)),
        recording: recording.is_object().then(|| Recording {
            id: of_recording("id").and_then(|id| text(&id, WORD)),
            url: of_recording("url").as_deref().and_then(url),
            duration_secs: of_recording("duration_secs").as_deref().and_then(seconds),
            status: of_recording("status").and_then(|word| text(&word, WORD)),
        }),
    };
    Some(event.settled())
}
