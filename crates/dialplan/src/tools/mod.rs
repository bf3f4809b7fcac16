//! What operators do with a plan besides running it: simulate a call with given results, test it, measure what the tests
//! reach. Everything here drives the same decision and the same walk as a live call.

mod cases;
mod coverage;
mod expect;
mod given;
mod known;
mod replay;
mod simulate;
mod suite;

pub use coverage::{Coverage, MissedStep, Reached};
pub use expect::DiffLine;
pub use given::{Given, GivenError, GivenValue, Reply, WebhookReply};
pub use replay::{Change, ChangedCall, Recorded, RecordedStep, Replay};
pub use simulate::{End, NotLiveStep, Simulated};
pub use suite::{CaseReport, Report, Suite};
