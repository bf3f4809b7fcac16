//! Why a call ended: one word, the same in the log, the CDR, the metrics and the CLI, and what it means on the wire.

use std::fmt;

use kiestoon_dialplan::NotLive;
use serde::{Deserialize, Serialize};

/// The one reason that a call ended for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EndReason {
    /// The caller hung up an answered call.
    HangupCaller,
    /// The callee hung up an answered call.
    HangupCallee,
    /// The caller gave up before an answer (CANCEL).
    Cancelled,
    /// Everyone who was rung is busy.
    Busy,
    /// The callee refused the call (603).
    Declined,
    /// It rang for the whole ring time of the dialplan.
    NoAnswer,
    /// Nobody is registered, or no phone could be reached.
    Unavailable,
    /// The number that the dialplan chose does not exist.
    NotFound,
    /// No dialplan rule of the caller's context matches what was dialled.
    NoRoute,
    /// The dialplan rule asks for a permission that the caller does not have.
    Forbidden,
    /// As many calls are out, or have begun, as whoever is charged may make, or their budget is spent.
    LimitReached,
    /// Whoever is charged is on hold: their calls looked like theft.
    Held,
    /// The budget that paid for the call was spent while it was going on.
    BudgetSpent,
    /// Whoever was charged with the call was removed while it was going on.
    Removed,
    /// The caller's number is not validated, and the trunk's policy asks for that (RFC 8224).
    NotVerified,
    /// A rule of the organisation keeps the caller out.
    Blocked,
    /// A phone refused the call with another status than busy or decline.
    Rejected,
    /// The dialplan ended the call: `reject`, `hangup`, or its last step is done.
    Dialplan,
    /// The dialplan came to a step that this version cannot do.
    StepNotBuilt,
    /// The call stayed unanswered for longer than any call may.
    RingTimeout,
    /// The call lasted for longer than any call may.
    MaxDuration,
    /// The 200 was never acknowledged (RFC 3261 section 13.3.1.4).
    AckTimeout,
    /// Who had to refresh the session did not (RFC 4028).
    SessionExpired,
    /// The caller's phone does not answer any more.
    CallerGone,
    /// The callee's phone does not answer any more.
    CalleeGone,
    /// No port, no usable session description, or the media of the call failed.
    MediaFailed,
    /// A phone sent no RTP for the time that the operator allows.
    MediaLost,
    /// The call came back to this PBX.
    Loop,
    /// It was transferred: this part of it is over, and went on in another call, or without this leg.
    Transferred,
    /// It was transferred, but the target did not take it, nor did who transferred it.
    TransferFailed,
    /// The trunk that it was to go over has as many calls as it may have.
    TrunkFull,
    /// More calls than may begin within a second were to go over that trunk.
    TrunkRate,
    /// An operator ended it.
    Operator,
    /// The PBX is stopping.
    Shutdown,
    /// We were in error.
    Internal,
}

/// How a call is counted (FEATURES.md section 4). `interrupted` is written by the store, for calls that a crash cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Disposition {
    /// A phone, or the PBX itself, answered.
    Answered,
    /// Nobody answered.
    NoAnswer,
    /// Busy.
    Busy,
    /// The call could not be made.
    Failed,
    /// The caller gave up.
    Cancelled,
}

/// Who ended the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HangupBy {
    /// The caller.
    Caller,
    /// The callee.
    Callee,
    /// The PBX: dialplan, time limit, or a fault.
    Pbx,
    /// An operator.
    Operator,
}

impl EndReason {
    /// Every reason, for tests and for the metric's label.
    pub const ALL: [Self; 35] = [
        Self::HangupCaller,
        Self::HangupCallee,
        Self::Cancelled,
        Self::Busy,
        Self::Declined,
        Self::NoAnswer,
        Self::Unavailable,
        Self::NotFound,
        Self::NoRoute,
        Self::Forbidden,
        Self::LimitReached,
        Self::Held,
        Self::BudgetSpent,
        Self::Removed,
        Self::NotVerified,
        Self::Blocked,
        Self::Rejected,
        Self::Dialplan,
        Self::StepNotBuilt,
        Self::RingTimeout,
        Self::MaxDuration,
        Self::AckTimeout,
        Self::SessionExpired,
        Self::CallerGone,
        Self::CalleeGone,
        Self::MediaFailed,
        Self::MediaLost,
        Self::Loop,
        Self::Transferred,
        Self::TransferFailed,
        Self::TrunkFull,
        Self::TrunkRate,
        Self::Operator,
        Self::Shutdown,
        Self::Internal,
    ];

    /// How a call ends that comes to something that calls cannot do yet.
    pub(crate) fn of_not_live(what: NotLive) -> Self {
        match what {
            NotLive::CallerId | NotLive::Step(_) => Self::StepNotBuilt,
        }
    }

    /// The word of the log, the CDR and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HangupCaller => "hangup_caller",
            Self::HangupCallee => "hangup_callee",
            Self::Cancelled => "cancelled",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::NoAnswer => "no_answer",
            Self::Unavailable => "unavailable",
            Self::NotFound => "not_found",
            Self::NoRoute => "no_route",
            Self::Forbidden => "forbidden",
            Self::LimitReached => "limit_reached",
            Self::Held => "held",
            Self::BudgetSpent => "budget_spent",
            Self::Removed => "removed",
            Self::NotVerified => "not_verified",
            Self::Blocked => "blocked",
            Self::Rejected => "rejected",
            Self::Dialplan => "dialplan",
            Self::StepNotBuilt => "step_not_built",
            Self::RingTimeout => "ring_timeout",
            Self::MaxDuration => "max_duration",
            Self::AckTimeout => "ack_timeout",
            Self::SessionExpired => "session_expired",
            Self::CallerGone => "caller_gone",
            Self::CalleeGone => "callee_gone",
            Self::MediaFailed => "media_failed",
            Self::MediaLost => "media_lost",
            Self::Loop => "loop",
            Self::Transferred => "transferred",
            Self::TransferFailed => "transfer_failed",
            Self::TrunkFull => "trunk_full",
            Self::TrunkRate => "trunk_rate",
            Self::Operator => "operator",
            Self::Shutdown => "shutdown",
            Self::Internal => "internal",
        }
    }

    /// The status that tells an unanswered caller so, unless a phone or the dialplan said which.
    pub fn status(self) -> u16 {
        match self {
            Self::Cancelled => 487,
            Self::Busy => 486,
            Self::Declined | Self::Blocked => 603,
            Self::NotFound | Self::NoRoute => 404,
            Self::Forbidden | Self::LimitReached | Self::Held | Self::Removed => 403,
            Self::NotVerified => 438,
            Self::StepNotBuilt => 501,
            Self::Loop => 482,
            Self::MediaFailed | Self::Shutdown => 503,
            // 503 would keep the phone from calling us at all (RFC 3261 section 21.5.4).
            Self::Internal | Self::TrunkFull | Self::TrunkRate => 500,
            Self::HangupCaller
            | Self::HangupCallee
            | Self::NoAnswer
            | Self::Unavailable
            | Self::Rejected
            | Self::Dialplan
            | Self::RingTimeout
            | Self::MaxDuration
            | Self::AckTimeout
            | Self::SessionExpired
            | Self::CallerGone
            | Self::CalleeGone
            | Self::Transferred
            | Self::TransferFailed
            | Self::MediaLost
            | Self::BudgetSpent
            | Self::Operator => 480,
        }
    }

    /// The Q.850 cause, for the Reason header (RFC 3326) and the CDR.
    pub fn q850(self) -> u16 {
        match self {
            Self::HangupCaller
            | Self::HangupCallee
            | Self::Dialplan
            | Self::Operator
            | Self::Cancelled
            | Self::Transferred => 16,
            Self::Busy => 17,
            Self::Declined
            | Self::Rejected
            | Self::Forbidden
            | Self::NotVerified
            | Self::Blocked
            | Self::LimitReached
            | Self::Held
            | Self::Removed => 21,
            // "Quality of service unavailable" is the nearest that there is to an empty purse.
            Self::BudgetSpent => 49,
            Self::NoAnswer | Self::RingTimeout | Self::TransferFailed => 19,
            Self::Unavailable => 20,
            Self::NotFound | Self::NoRoute => 1,
            Self::StepNotBuilt => 79,
            Self::Loop => 25,
            Self::MaxDuration | Self::AckTimeout | Self::SessionExpired => 102,
            Self::CallerGone | Self::CalleeGone | Self::MediaLost => 27,
            Self::MediaFailed => 47,
            Self::Shutdown | Self::Internal => 41,
            Self::TrunkFull => 34,
            Self::TrunkRate => 42,
        }
    }

    /// Who ended the call.
    pub fn hangup_by(self) -> HangupBy {
        match self {
            Self::HangupCaller | Self::Cancelled | Self::CallerGone => HangupBy::Caller,
            Self::HangupCallee
            | Self::Busy
            | Self::Declined
            | Self::Rejected
            | Self::Unavailable
            | Self::CalleeGone => HangupBy::Callee,
            Self::Operator => HangupBy::Operator,
            _ => HangupBy::Pbx,
        }
    }

    /// Whether a final status says the same as this reason does.
    pub(crate) fn says(self, status: u16) -> bool {
        match self {
            Self::Busy => matches!(status, 486 | 600),
            Self::Declined => status == 603,
            Self::NoAnswer | Self::Unavailable => matches!(status, 408 | 410 | 480),
            Self::NotFound => matches!(status, 404 | 604),
            _ => false,
        }
    }

    /// How a call that ended so is counted.
    pub fn disposition(self, answered: bool) -> Disposition {
        match self {
            _ if answered => Disposition::Answered,
            Self::Busy => Disposition::Busy,
            Self::Cancelled => Disposition::Cancelled,
            Self::NoAnswer | Self::RingTimeout | Self::Unavailable | Self::Declined => Disposition::NoAnswer,
            _ => Disposition::Failed,
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Disposition {
    /// The word of the CDR.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl HangupBy {
    /// The word of the CDR.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
            Self::Pbx => "pbx",
            Self::Operator => "operator",
        }
    }
}

/// The Q.850 cause of a final status (RFC 3398, from SIP to ISUP), where it has one of its own.
pub(crate) fn cause_of_status(status: u16) -> Option<u16> {
    Some(match status {
        404 | 604 => 1,
        486 | 600 => 17,
        408 => 102,
        480 => 18,
        403 | 603 => 21,
        410 => 22,
        482 | 483 => 25,
        484 => 28,
        488 | 606 => 65,
        405 | 501 => 79,
        502 => 38,
        503 => 41,
        504 => 102,
        _ => return None,
    })
}

/// The final status of a Q.850 cause (RFC 3398, from ISUP to SIP).
pub(crate) fn status_of_cause(cause: u16) -> u16 {
    match cause {
        1..=3 | 26 => 404,
        17 => 486,
        18 => 408,
        21 | 55 | 57 | 87 => 403,
        22 | 23 => 410,
        27 => 502,
        28 => 484,
        29 | 79 => 501,
        34 | 38 | 41 | 42 | 47 | 58 | 88 => 503,
        65 | 70 => 488,
        102 => 504,
        111 | 127 => 500,
        _ => 480,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_a_word_of_its_own_and_a_final_status() {
        let words: HashSet<&str> = EndReason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(words.len(), EndReason::ALL.len());
        for reason in EndReason::ALL {
            assert!((400..700).contains(&reason.status()), "{reason}");
            assert!((1..=127).contains(&reason.q850()), "{reason}");
        }
    }

    #[test]
    fn statuses_and_causes_say_the_same() {
        for (status, cause) in
            [(404, 1), (486, 17), (410, 22), (484, 28), (501, 79), (503, 41), (488, 65), (502, 38)]
        {
            assert_eq!(cause_of_status(status), Some(cause));
            let back = status_of_cause(cause);
            assert!(back == status || (status, back) == (502, 503), "{cause}: {back}");
        }
        assert!((1..=127).all(|cause| (400..700).contains(&status_of_cause(cause))));
    }

    #[test]
    fn an_answered_call_counts_as_answered_however_it_ended() {
        for reason in EndReason::ALL {
            assert_eq!(reason.disposition(true), Disposition::Answered);
            assert_ne!(reason.disposition(false), Disposition::Answered);
        }
    }
}
