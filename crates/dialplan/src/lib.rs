//! One question: what to do with this call? Parses, checks and decides dialplan files. No I/O, no clock.
//!
//! [`Plan::load`] takes the texts of a dialplan folder and reports every fault at once; [`Plan::decide`] finds the
//! rule of a call; the [`Run`] of that rule says, action by action, what to do next. What a caller dialled or is
//! called is only ever data: it is put into texts once and never read as language.

mod alike;
mod calendar;
mod check;
mod condition;
mod country;
mod destination;
mod explain;
mod fault;
mod graph;
mod hours;
mod index;
mod live;
mod mask;
mod matcher;
mod moment;
mod organisations;
mod overrides;
mod parsed;
mod pattern;
mod permission;
mod plan;
mod problem;
mod read;
mod reader;
mod run;
mod say;
mod schema;
mod source;
mod step;
mod template;
mod tools;
mod tree;
mod words;

pub use country::Country;
pub use explain::{Elsewhere, Explained, ExplainedStep, Explanation, NotThen, Passed, Reason};
pub use fault::{Definition, Fault, Found, Wanted};
pub use graph::{Graph, GraphBox, GraphOptions};
pub use hours::{HoursReason, HoursState};
pub use jiff::Timestamp;
pub use live::{ENTERED, INBOUND, NotLive};
pub use moment::MomentError;
pub use organisations::{Plans, UnknownOrganisation};
pub use overrides::{Forced, OverrideTo, Overrides, UnknownOverride};
pub use parsed::MOST_TEXT;
pub use permission::PERMISSIONS;
pub use plan::{CallFacts, Decision, Known, Loaded, Plan, ReferenceKind, RuleRef, Why};
pub use problem::{Excerpt, Problem, Severity};
pub use run::{
    Action, Circumstances, Collect, Dial, NamedValue, Run, StepResult, Target, Trail, TrailStep, Unanswered,
    WebhookAnswer, WebhookCall,
};
pub use say::{Language, SayError, SayKind, Saying};
pub use schema::{SCHEMA, TEST_SCHEMA};
pub use source::SourceFile;
pub use step::{DialOrder, Failover, Rotation, StepPlace};
pub use tools::{
    CaseReport, Change, ChangedCall, Coverage, DiffLine, End, Given, GivenError, GivenValue, MissedStep,
    NotLiveStep, Reached, Recorded, RecordedStep, Replay, Reply, Report, Simulated, Suite, WebhookReply,
};
pub use words::nearest;
