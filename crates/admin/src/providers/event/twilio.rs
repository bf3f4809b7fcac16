//! Twilio: the status callback of a call, and the recording status callback. One that comes as JSON has the same names.

use serde_json::Value;

use super::{
    Event, Recording, SENTENCE, WORD, amount, currency, plain, seconds, sip_code, status, text, url,
};

/// Of parameters; one that stands twice counts the first time.
pub(super) fn event(form: &[(String, String)]) -> Event {
    let of = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut event = Event { occurred_at: of("Timestamp").and_then(time), ..Event::default() };
    for name in ["CallSid", "SipCallId", "DialCallSid", "DialSipCallId", "ParentCallSid"] {
        event.name(of(name));
    }
    let facts = &mut event.facts;
    facts.status = of("CallStatus").and_then(status);
    facts.said = of("CallStatus").and_then(|word| text(word, WORD));
    facts.duration_secs = of("CallDuration").and_then(seconds);
    facts.price = of("Price").or_else(|| of("CallPrice")).and_then(amount);
    facts.currency = of("PriceUnit").and_then(currency);
    facts.sip_code = of("SipResponseCode").and_then(sip_code);
    // Twilio says 0 where there is none.
    facts.error_code = of("ErrorCode").filter(|code| *code != "0").and_then(|code| text(code, WORD));
    facts.error = of("ErrorMessage").and_then(|said| text(said, SENTENCE));
    facts.recording = Some(Recording {
        id: of("RecordingSid").and_then(|id| text(id, WORD)),
        url: of("RecordingUrl").and_then(url),
        duration_secs: of("RecordingDuration").and_then(seconds),
        status: of("RecordingStatus").and_then(|word| text(word, WORD)),
    });
    event.settled()
}

/// The parameters of a body of JSON; None where it is no object of texts and numbers.
pub(crate) fn parameters_of(body: &Value) -> Option<Vec<(String, String)>> {
    let pairs = body.as_object()?.iter();
    Some(pairs.filter_map(|(key, value)| Some((key.clone(), plain(value)?))).collect())
}

/// Twilio writes times as mail does (RFC 2822).
fn time(said: &str) -> Option<i64> {
    let zoned = jiff::fmt::rfc2822::parse(said).ok()?;
    Some(zoned.timestamp().as_microsecond())
}

/// Twilio signs no time. Where it tells one among the parameters, an event of more than a day ago is not taken, in microseconds: it
/// tries again for minutes only.
pub(crate) const TWILIO_DAY: u64 = 86_400 * 1_000_000;
