//! The control server: HTTP over a Unix socket for `kiestoon ctl` and the sidecar. It knows no call; it hands each
//! command to the signalling task and passes its answer on.

mod routes;
mod socket;
mod stream;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use kiestoon_control::{
    Ban, Call, CallOutVerdict, Draining, DrillAttempt, DrillRequest, Event, Hours, OnHold, Registration,
    Rung, SetHold, SetHours, Status, TestTrunk, Trunk, TryCallOut,
};
use kiestoon_store::TrunkDoubt;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

pub(crate) use self::socket::SocketError;
use self::socket::SocketFile;
use crate::{
    reload,
    task::{self, Task},
};

/// What the control server reaches of the PBX.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    /// To the signalling task. When it is full, a command is answered 503.
    pub(crate) commands: mpsc::Sender<Command>,
    /// From the signalling task. A reader that falls behind its capacity is cut off.
    pub(crate) events: broadcast::Sender<Event>,
}

/// A command with the place for its answer. A dropped place is answered 503.
#[derive(Debug)]
pub(crate) enum Command {
    /// The PBX as a whole.
    Status(oneshot::Sender<Status>),
    /// Everything that is measured, as Prometheus reads it.
    Metrics(oneshot::Sender<String>),
    /// Live calls, the oldest first.
    Calls(oneshot::Sender<Vec<Call>>),
    /// Registered contacts, by number.
    Registrations(oneshot::Sender<Vec<Registration>>),
    /// The trunks, by organisation and name.
    Trunks(oneshot::Sender<Vec<Trunk>>),
    /// Tests a trunk.
    TestTrunk {
        /// Its name.
        name: String,
        /// Of which organisation, and how far.
        request: TestTrunk,
        /// Where the rungs are told as they are climbed.
        rungs: mpsc::Sender<Rung>,
        /// Whether it has begun.
        reply: oneshot::Sender<Result<(), NoLadder>>,
    },
    /// Bans in force, the latest first.
    Bans(oneshot::Sender<Vec<Ban>>),
    /// Lifts bans.
    LiftBans {
        /// The source; None for all.
        source: Option<IpAddr>,
        /// How many were lifted.
        reply: oneshot::Sender<u64>,
    },
    /// Ends a call.
    Hangup {
        /// The call's id, as the operator wrote it.
        call_id: String,
        /// Whether there was such a call.
        reply: oneshot::Sender<bool>,
    },
    /// The hours of the dialplan, by organisation and name.
    Hours(oneshot::Sender<Vec<Hours>>),
    /// Sets hours by hand.
    SetHours {
        /// Which, and to what.
        request: SetHours,
        /// As they are then.
        reply: oneshot::Sender<Result<Hours, NoHours>>,
    },
    /// Everybody on hold.
    OnHold(oneshot::Sender<Vec<OnHold>>),
    /// Puts somebody on hold, or takes them off it.
    SetHold {
        /// Whom.
        request: SetHold,
        /// Everybody on hold then.
        reply: oneshot::Sender<Result<Vec<OnHold>, NoHold>>,
    },
    /// What would become of a call out; nothing is counted.
    TryCallOut {
        /// Whose, and where.
        request: TryCallOut,
        /// Over each trunk.
        reply: oneshot::Sender<Result<Vec<CallOutVerdict>, NoHold>>,
    },
    /// Tries what a thief would; nothing is counted.
    Drill {
        /// At whose cost.
        request: DrillRequest,
        /// Each attempt.
        reply: oneshot::Sender<Result<Vec<DrillAttempt>, NoHold>>,
    },
    /// Takes the state of database and dialplan folder, or says every reason why not.
    Reload(reload::Request),
    /// Refuses new calls and ends the process when the last call has ended, or at the limit.
    Drain {
        /// How long to wait; the configured limit where none is given.
        limit: Option<Duration>,
        /// What is waited for.
        reply: oneshot::Sender<Draining>,
    },
}

/// Why hours were not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoHours {
    /// There are several organisations, and none was named.
    WhichOrganisation,
    /// There is no such organisation.
    NoOrganisation(String),
    /// Its dialplan has no hours of that name; those that it has.
    NoName { name: String, known: Vec<String> },
}

/// Why a trunk is not tested.
#[derive(Debug)]
pub(crate) enum NoLadder {
    /// There are several organisations and none was named.
    WhichOrganisation,
    /// There is no such organisation.
    Organisation(String),
    /// It has no such trunk.
    Trunk(String),
    /// The trunk lacks what is said here.
    NotWhole(Vec<TrunkDoubt>),
    /// It is being tested.
    Running,
    /// As many others of its organisation are as may be.
    OwnTooMany,
    /// Too many others are.
    TooMany,
}

/// Why nobody was put on hold, taken off it, or asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoHold {
    /// There are several organisations, and none was named.
    WhichOrganisation,
    /// There is no such organisation.
    Organisation(String),
    /// It has no such extension.
    Extension(String),
}

/// The running server. Dropping it closes the socket, ends the event streams and removes the socket's file.
#[derive(Debug)]
#[must_use = "the server ends when it is dropped"]
pub(crate) struct Server {
    _task: Task<()>,
    _file: SocketFile,
    /// Its end is what the event streams wait for beside their events.
    _open: watch::Sender<()>,
}

/// Opens the socket and serves it until the [`Server`] is dropped. A socket that an earlier run left is replaced; one that
/// somebody listens on is refused.
pub(crate) async fn start(path: PathBuf, doors: Doors) -> Result<Server, SocketError> {
    let (listener, file) = socket::open(&path).await?;
    let (open, closed) = watch::channel(());
    let router = routes::router(Hall { doors, closed });
    let serving = async move {
        // Accepting fails only for want of resources, which axum waits out: this does not return.
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "control server stopped");
        }
    };
    Ok(Server { _task: task::spawn("control", serving), _file: file, _open: open })
}

/// What the routes reach.
#[derive(Debug, Clone)]
struct Hall {
    doors: Doors,
    closed: watch::Receiver<()>,
}

#[cfg(test)]
mod tests;
