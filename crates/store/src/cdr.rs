//! The call detail record: one business call with its legs below. Its JSON has exactly these names, in the
//! history, in exports and in the PBX's spool.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One call. A record is written when the call starts (no `ended_at`) and again when it has ended. What this
/// release cannot know yet stays `None` and is shown as null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cdr {
    /// UUIDv7 of the call.
    pub id: String,
    /// The id shared by calls that belong together, such as both halves of a transfer.
    pub linked_id: Option<String>,
    /// The organisation's id.
    pub tenant_id: Option<String>,
    /// Seen from the PBX.
    pub direction: Option<Direction>,
    /// The caller's number.
    pub from_number: Option<String>,
    /// The caller's display name.
    pub from_name: Option<String>,
    /// What the caller dialled.
    pub dialed: Option<String>,
    /// The number that was reached, or tried last.
    pub to_number: Option<String>,
    /// The public number by which the call came in.
    pub did: Option<String>,
    /// The user behind the extension.
    pub user_id: Option<String>,
    /// The extension that answered, or was tried last.
    pub extension: Option<String>,
    /// The trunk by which the call came in.
    pub trunk_in: Option<String>,
    /// The trunk by which it went out.
    pub trunk_out: Option<String>,
    /// The dialplan context it entered.
    pub context: Option<String>,
    /// The dialplan rule that decided.
    pub route: Option<String>,
    /// The hash of the dialplan that decided.
    pub dialplan_hash: Option<String>,
    /// The INVITE's arrival. Times are microseconds UTC inside and RFC 3339 in JSON.
    #[serde(with = "time")]
    pub started_at: i64,
    /// The first 180 or 183 of any callee.
    #[serde(with = "optional_time")]
    pub ringing_at: Option<i64>,
    /// The 200 to the INVITE.
    #[serde(with = "optional_time")]
    pub answered_at: Option<i64>,
    /// The end; `None` while the call lives.
    #[serde(with = "optional_time")]
    pub ended_at: Option<i64>,
    /// From the INVITE to the first ringing or, without ringing, the answer, in milliseconds.
    pub setup_ms: Option<i64>,
    /// From ringing to the answer or the end, in milliseconds.
    pub ring_ms: Option<i64>,
    /// From the answer to the end, in milliseconds.
    pub talk_ms: Option<i64>,
    /// How the call ended, in one of six words; `None` while it lives.
    pub disposition: Option<Disposition>,
    /// Why the call ended: the call's `EndReason`.
    pub end_reason: Option<String>,
    /// The last SIP status sent to the caller.
    pub sip_code: Option<u16>,
    /// The Q.850 cause, from a Reason header or mapped from the status.
    pub q850: Option<u16>,
    /// Which side ended the call.
    pub hangup_by: Option<HangupBy>,
    /// A stable code for a failure, explained in the documentation.
    pub error_code: Option<String>,
    /// The codec of the caller's leg.
    pub codec_a: Option<String>,
    /// The codec of the callee's leg.
    pub codec_b: Option<String>,
    /// The SIP transport of the caller's leg.
    pub transport_a: Option<String>,
    /// The SIP transport of the callee's leg.
    pub transport_b: Option<String>,
    /// Whether the media of both legs was encrypted.
    pub srtp: Option<bool>,
    /// Lowest estimated mean opinion score of the caller's leg, 1 to 5.
    pub mos_min_a: Option<f64>,
    /// Average of the same.
    pub mos_avg_a: Option<f64>,
    /// Lowest estimated mean opinion score of the callee's leg, 1 to 5.
    pub mos_min_b: Option<f64>,
    /// Average of the same.
    pub mos_avg_b: Option<f64>,
    /// Lost RTP packets of the worst direction, in percent.
    pub loss: Option<f64>,
    /// Interarrival jitter of the worst direction, RFC 3550 section 6.4.1, in milliseconds.
    pub jitter: Option<f64>,
    /// Round trip of the worst leg, in milliseconds.
    pub rtt: Option<f64>,
    /// The recording's id.
    pub recording_id: Option<String>,
    /// How the parties agreed to being recorded.
    pub consent: Option<String>,
    /// The kind of thing in another system that this call is about.
    pub entity_type: Option<String>,
    /// That thing's id.
    pub entity_id: Option<String>,
    /// Remarks made by people.
    pub notes: Option<String>,
    /// What the call is charged to.
    pub account_code: Option<String>,
    /// Whether it was an emergency call.
    pub emergency: Option<bool>,
    /// The STIR attestation of the caller's number: A, B or C.
    pub attestation: Option<String>,
    /// One object per leg: parties, codec, packets, loss and jitter each way.
    pub legs: Vec<Value>,
    /// One object per dialplan rule that the call got, its own first: which one, why, and what each step came to.
    pub way: Vec<Value>,
    /// What the provider of a trunk has told of the call by its webhooks, in the order in which it came: one object per event.
    /// Never written with the record: it is put in where history is read.
    pub provider_events: Vec<Value>,
}

/// Makes an enum that is stored, and written in JSON, as one lower-case word.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// The word that stands in the database, in JSON and on the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value that `word` stands for.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// How a call ended.
    Disposition {
        /// It was answered.
        Answered = "answered",
        /// It rang until the time was up.
        NoAnswer = "no_answer",
        /// The callee was busy or declined.
        Busy = "busy",
        /// It could not be delivered.
        Failed = "failed",
        /// The caller gave up first.
        Cancelled = "cancelled",
        /// The PBX stopped in the middle of it.
        Interrupted = "interrupted",
    }
}

words! {
    /// The way of a call, seen from the PBX.
    Direction {
        /// Between two extensions.
        Internal = "internal",
        /// From a trunk.
        Inbound = "inbound",
        /// To a trunk.
        Outbound = "outbound",
    }
}

words! {
    /// The side that ended a call.
    HangupBy {
        /// The caller.
        Caller = "caller",
        /// The callee.
        Callee = "callee",
        /// The PBX itself: a dialplan step, a timer, an operator, a restart.
        System = "system",
    }
}

/// Microseconds inside, RFC 3339 in JSON.
pub(crate) mod time {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    pub(crate) fn serialize<S: Serializer>(micros: &i64, to: S) -> Result<S::Ok, S::Error> {
        let time = Timestamp::from_microsecond(*micros).map_err(ser::Error::custom)?;
        to.collect_str(&time)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        let text = String::deserialize(from)?;
        let time: Timestamp = text.parse().map_err(de::Error::custom)?;
        Ok(time.as_microsecond())
    }
}

/// The same for a time that may be absent.
mod optional_time {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Time(#[serde(with = "super::time")] i64);

    pub(super) fn serialize<S: Serializer>(micros: &Option<i64>, to: S) -> Result<S::Ok, S::Error> {
        micros.map(Time).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
        Ok(Option::<Time>::deserialize(from)?.map(|Time(micros)| micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_every_agreed_name_and_null_for_the_unknown() {
        let json = serde_json::to_value(Cdr { started_at: 1_795_168_800_000_001, ..Cdr::default() }).unwrap();
        let names = "id linked_id tenant_id direction from_number from_name dialed to_number did user_id \
            extension trunk_in trunk_out context route dialplan_hash started_at ringing_at answered_at ended_at \
            setup_ms ring_ms talk_ms disposition sip_code q850 hangup_by error_code codec_a codec_b transport_a \
            transport_b srtp mos_min_a mos_avg_a mos_min_b mos_avg_b loss jitter rtt recording_id consent \
            entity_type entity_id notes account_code emergency attestation legs way end_reason provider_events";
        let names: std::collections::BTreeSet<_> = names.split_whitespace().collect();
        let found = json.as_object().unwrap();
        assert_eq!(found.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), names);
        assert_eq!(json["started_at"], "2026-11-20T10:00:00.000001Z");
        assert_eq!(json["did"], Value::Null);
    }

    #[test]
    fn json_read_back_is_the_same_record() {
        let cdr = Cdr {
            id: "1".into(),
            started_at: 1_795_168_800_000_001,
            answered_at: Some(1_795_168_800_000_002),
            disposition: Some(Disposition::NoAnswer),
            hangup_by: Some(HangupBy::System),
            direction: Some(Direction::Internal),
            loss: Some(0.1),
            legs: vec![serde_json::json!({"leg": "a"})],
            ..Cdr::default()
        };
        let json = serde_json::to_string(&cdr).unwrap();
        assert_eq!(serde_json::from_str::<Cdr>(&json).unwrap(), cdr);
    }

    #[test]
    fn words_lead_back_to_their_values() {
        for word in ["answered", "no_answer", "busy", "failed", "cancelled", "interrupted"] {
            assert_eq!(Disposition::from_word(word).unwrap().as_str(), word);
        }
        assert_eq!(Disposition::from_word("ANSWERED"), None);
    }
}
