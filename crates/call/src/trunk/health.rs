//! How a host of a trunk stands, by what was last heard of it. It counts as down after several failures in a row and as up again
//! after several answers in a row, so that one lost datagram does not turn every call away from it.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// How a host of a trunk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostState {
    /// Nothing was heard of it yet, neither good nor bad enough.
    Unknown,
    /// It answers.
    Up,
    /// It does not, or says that it cannot serve us: calls go to others.
    Down,
}

/// Why a host is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostFault {
    /// It has said nothing.
    Silent,
    /// Its name leads nowhere.
    NoAddress,
    /// It has answered with this status.
    Status(u16),
}

/// What is known of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Health {
    pub(crate) state: HostState,
    /// Of that state.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) since: Instant,
    /// In a row.
    pub(crate) failures: u32,
    /// In a row, since it went down.
    answers: u32,
    /// What was heard last.
    pub(crate) last: Option<Sign>,
    /// When it last failed.
    #[serde(with = "kiestoon_sip::plain")]
    failed_at: Option<Instant>,
    /// Until when it wants to be left alone.
    #[serde(with = "kiestoon_sip::plain")]
    rests_until: Option<Instant>,
    /// How often it has wanted that in a row, each time when it was called again.
    rests: u32,
}

/// One thing that was heard of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sign {
    /// It is alive: the status of its answer.
    Answer(u16),
    Failure(HostFault),
}

impl Sign {
    /// Of a final response to OPTIONS or REGISTER. Whatever it says, who answers is there: some hosts want credentials for OPTIONS
    /// (401), some do not take it from us or for their own address (403, 404), some not at all (405, 501), and some count its
    /// hops (483). But 408 is what a proxy says of a host behind it that is silent, and with 5xx the host itself says that it fails.
    pub(crate) fn of_response(status: u16) -> Self {
        match status {
            501 => Self::Answer(status),
            408 | 500..600 => Self::Failure(HostFault::Status(status)),
            _ => Self::Answer(status),
        }
    }

    /// Of a final response to an INVITE. Nearly all of them speak of the number that was called; 503 alone speaks of the host.
    pub(crate) fn of_call(status: u16) -> Self {
        match status {
            503 => Self::Failure(HostFault::Status(status)),
            _ => Self::Answer(status),
        }
    }
}

impl Health {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            state: HostState::Unknown,
            since: now,
            failures: 0,
            answers: 0,
            last: None,
            failed_at: None,
            rests_until: None,
            rests: 0,
        }
    }

    /// Takes in what was heard. True if the host is up or down from now on and was not.
    pub(crate) fn note(&mut self, now: Instant, sign: Sign) -> bool {
        self.last = Some(sign);
        let state = match sign {
            Sign::Answer(_) => {
                self.failures = 0;
                self.rests = 0;
                self.answers = self.answers.saturating_add(1);
                let is_up = self.state != HostState::Down || self.answers >= ANSWERS_UP;
                if is_up { HostState::Up } else { self.state }
            }
            Sign::Failure(fault) => {
                self.answers = 0;
                self.failures = self.failures.saturating_add(1);
                self.failed_at = Some(now);
                // A name without an address is no accident of one datagram.
                let is_down = self.failures >= FAILURES_DOWN || fault == HostFault::NoAddress;
                if is_down { HostState::Down } else { self.state }
            }
        };
        if state == self.state {
            return false;
        }
        (self.state, self.since) = (state, now);
        true
    }

    /// It has refused a call with 503 and said when the next one may come (RFC 3261 section 21.5.4). A provider passes on such an answer
    /// from whoever was called, far beyond it, and nothing tells the one from the other: one call must not take a trunk away for long.
    /// So it is believed for half a minute, and for twice as long each time that it says so again before it answers anything else.
    pub(crate) fn wants_rest(&mut self, now: Instant, wait: Duration) {
        if self.rests(now) {
            // Of calls that were out at the same time, the first one counts.
            return;
        }
        let most = FIRST_REST.saturating_mul(1_u32.checked_shl(self.rests).unwrap_or(u32::MAX));
        self.rests = self.rests.saturating_add(1);
        self.rests_until = Some(now + wait.min(most).min(LONGEST_REST));
    }

    /// Whether it is to be left alone.
    pub(crate) fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    pub(crate) fn is_down(&self) -> bool {
        self.state == HostState::Down
    }

    /// Whether the next answer or failure may change how it stands, so that it is worth asking soon.
    pub(crate) fn is_doubtful(&self) -> bool {
        match self.state {
            HostState::Down => self.answers > 0 || self.last == Some(Sign::Failure(HostFault::NoAddress)),
            HostState::Up | HostState::Unknown => self.failures > 0,
        }
    }

    /// Whether a call may find out how a host stands that is down and that nobody asks: some time after the last failure, or at once
    /// where it has answered since.
    pub(crate) fn may_be_tried(&self, now: Instant) -> bool {
        let waited = self.failed_at.is_none_or(|at| now.saturating_duration_since(at) >= TRIED_AFTER);
        self.answers > 0 || waited
    }

    /// Why it is down.
    pub(crate) fn fault(&self) -> HostFault {
        match self.last {
            Some(Sign::Failure(fault)) => fault,
            _ => HostFault::Silent,
        }
    }
}

impl HostState {
    /// The word of the control API and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

impl HostFault {
    /// The word of the control API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::NoAddress => "no_address",
            Self::Status(_) => "status",
        }
    }

    /// The status that it has answered with.
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status),
            Self::Silent | Self::NoAddress => None,
        }
    }
}

impl fmt::Display for HostFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent => f.write_str("it says nothing"),
            Self::NoAddress => f.write_str("its name has no address"),
            Self::Status(status) => write!(f, "it answers {status}"),
        }
    }
}

/// In a row.
const FAILURES_DOWN: u32 = 3;
/// In a row.
const ANSWERS_UP: u32 = 2;
const TRIED_AFTER: Duration = Duration::from_secs(30);
/// Nobody is kept from a trunk for longer by one answer of it.
const FIRST_REST: Duration = Duration::from_secs(30);
/// Nor for longer by as many as it gives.
const LONGEST_REST: Duration = Duration::from_secs(300);

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any instant serves")]
mod tests {
    use super::*;

    fn after(signs: &[Sign]) -> (Health, Vec<HostState>) {
        let now = Instant::now();
        let mut health = Health::new(now);
        let states = signs.iter().map(|sign| {
            health.note(now, *sign);
            health.state
        });
        let states = states.collect();
        (health, states)
    }

    const SILENT: Sign = Sign::Failure(HostFault::Silent);
    const OK: Sign = Sign::Answer(200);

    #[test]
    fn three_failures_in_a_row_are_down_and_two_answers_in_a_row_are_up() {
        use HostState::{Down, Unknown, Up};
        let (_, states) = after(&[SILENT, SILENT, OK, SILENT, SILENT, SILENT, OK, SILENT, OK, OK]);
        assert_eq!(states, [Unknown, Unknown, Up, Up, Up, Down, Down, Down, Down, Up]);
    }

    #[test]
    fn a_name_without_an_address_is_down_at_once() {
        let (health, states) = after(&[OK, Sign::Failure(HostFault::NoAddress)]);
        assert_eq!(states, [HostState::Up, HostState::Down]);
        assert!(health.is_doubtful(), "and asked for again soon");
    }

    #[test]
    fn whoever_answers_is_there_whatever_they_say_but_that_they_fail() {
        for status in [200, 302, 401, 403, 404, 405, 407, 483, 486, 501, 603] {
            assert_eq!(Sign::of_response(status), Sign::Answer(status));
        }
        for status in [408, 500, 503, 504, 513] {
            assert_eq!(Sign::of_response(status), Sign::Failure(HostFault::Status(status)));
        }
        assert_eq!(Sign::of_call(500), Sign::Answer(500));
        assert_eq!(Sign::of_call(503), Sign::Failure(HostFault::Status(503)));
    }

    #[test]
    fn what_is_down_may_be_tried_after_a_while_and_at_once_where_it_has_answered() {
        let now = Instant::now();
        let (mut health, _) = after(&[SILENT; 3]);
        health.failed_at = Some(now);
        assert!(!health.may_be_tried(now + TRIED_AFTER / 2));
        assert!(health.may_be_tried(now + TRIED_AFTER));
        health.note(now, OK);
        assert!(health.is_down() && health.may_be_tried(now));
    }
}
