//! The paths of the control API, for client and server alike.

/// `GET`: [`Status`](crate::Status).
pub const STATUS: &str = "/v1/status";
/// `GET`: everything that is measured, in Prometheus text exposition ([`METRICS_TEXT`]).
pub const METRICS: &str = "/v1/metrics";
/// The media type of [`METRICS`].
pub const METRICS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// `GET`: a list of [`Call`](crate::Call).
pub const CALLS: &str = "/v1/calls";
/// `GET`: a list of [`Registration`](crate::Registration).
pub const REGISTRATIONS: &str = "/v1/registrations";
/// `GET`: a list of [`Trunk`](crate::Trunk).
pub const TRUNKS: &str = "/v1/trunks";
/// `GET`: a list of [`Ban`](crate::Ban).
pub const BANS: &str = "/v1/bans";
/// `POST` of a [`LiftRequest`](crate::LiftRequest): [`Lifted`](crate::Lifted).
pub const LIFT_BANS: &str = "/v1/bans/lift";
/// `GET`: a list of [`Hours`](crate::Hours). `POST` of a [`SetHours`](crate::SetHours): [`Hours`](crate::Hours), as they are then;
/// 404 where there are none of that name.
pub const HOURS: &str = "/v1/hours";
/// `GET`: a list of [`OnHold`](crate::OnHold). `POST` of a [`SetHold`](crate::SetHold): the same list, as it is then; 404 where there is
/// nobody of that number.
pub const ON_HOLD: &str = "/v1/rights/held";
/// `POST` of a [`TryCallOut`](crate::TryCallOut): a list of [`CallOutVerdict`](crate::CallOutVerdict), one a trunk; 404 where there is
/// nobody of that number. Nothing is counted.
pub const TRY_CALL_OUT: &str = "/v1/rights/test";
/// `POST` of a [`DrillRequest`](crate::DrillRequest): a list of [`DrillAttempt`](crate::DrillAttempt); 404 where there is nobody of that
/// number. Nothing is counted.
pub const DRILL: &str = "/v1/rights/drill";
/// `POST`: [`Reloaded`](crate::Reloaded); 422 with every problem where the new state is refused, 503 where
/// it cannot be read now.
pub const RELOAD: &str = "/v1/reload";
/// `POST` of a [`DrainRequest`](crate::DrainRequest): [`Draining`](crate::Draining).
pub const DRAIN: &str = "/v1/drain";
/// `GET`: server-sent events, each the JSON of an [`Event`](crate::Event).
pub const EVENTS: &str = "/v1/events";

/// `POST`: 204, or 404 where there is no such call.
pub fn hangup(call_id: &str) -> String {
    format!("{CALLS}/{}/hangup", escape(call_id))
}

/// `POST` of a [`TestTrunk`](crate::TestTrunk): a line of JSON ([`RUNGS`]) for each [`Rung`](crate::Rung) as it is climbed; 404 where
/// there is no such trunk, 409 where it is being tested.
pub fn test_trunk(name: &str) -> String {
    format!("{TRUNKS}/{}/test", escape(name))
}

/// The media type of the rungs of a test.
pub const RUNGS: &str = "application/x-ndjson";

/// Percent-encodes everything but what a path segment may hold unescaped (RFC 3986 section 2.3).
fn escape(segment: &str) -> String {
    segment
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_id_stays_one_segment() {
        assert_eq!(hangup("0199-ab"), "/v1/calls/0199-ab/hangup");
        assert_eq!(hangup("a/b?c d"), "/v1/calls/a%2Fb%3Fc%20d/hangup");
    }
}
