//! The language between the PBX and its operators: commands, replies, events, and the client.
//!
//! HTTP/1.1 and JSON over a Unix socket, everything under `/v1`. The types are plain data and know nothing of the PBX's
//! inside. Times are RFC 3339 in UTC.

mod answer_stream;
mod client;
mod error;
mod event;
mod event_stream;
mod fraud;
mod hours;
mod ladder;
mod path;
mod problem;
mod reply;
mod rights;
mod rung_stream;
mod trunk;
mod way;

pub use client::Client;
pub use error::ClientError;
pub use event::{Event, Happening, RefusedCall, RefusedIn, RefusedOut};
pub use event_stream::Events;
pub use fraud::{OnHold, SetHold};
pub use hours::{Hours, HoursState, SetHours};
pub use ladder::{Rung, RungName, RungResult, Sentence, SipText, TestTrunk};
pub use path::{
    BANS, CALLS, DRAIN, DRILL, EVENTS, HOURS, LIFT_BANS, METRICS, METRICS_TEXT, ON_HOLD, REGISTRATIONS,
    RELOAD, RUNGS, STATUS, TRUNKS, TRY_CALL_OUT, hangup, test_trunk,
};
pub use problem::{PROBLEM_JSON, Problem};
pub use reply::{
    Ban, Call, DrainRequest, Draining, Held, Leg, LiftRequest, Lifted, Listener, Registration, Reloaded,
    RunState, RunningCall, Status, Stream, Totals,
};
pub use rights::{CallOutVerdict, DrillAttempt, DrillRequest, TryCallOut};
pub use rung_stream::Rungs;
pub use trunk::{Trunk, TrunkHost};
pub use way::{Way, WayStep};
