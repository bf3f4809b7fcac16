//! Why a command got no answer: one sentence each, with what to do.

use std::path::PathBuf;

use crate::problem::Problem;

/// Why the control API could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no socket.
    #[error("the PBX does not run: no socket at {}; start it with `kiestoon serve`", path.display())]
    NoSocket {
        /// Where the socket should be.
        path: PathBuf,
    },
    /// There is a socket that nobody listens on.
    #[error(
        "the PBX does not run: nothing answers at the socket {}; start it with `kiestoon serve`", path.display()
    )]
    NotListening {
        /// The socket.
        path: PathBuf,
    },
    /// The socket may not be opened by this user.
    #[error("you may not use the socket {}; run this as the user of the PBX or join its group", path.display())]
    Forbidden {
        /// The socket.
        path: PathBuf,
    },
    /// The PBX took too long.
    #[error("the PBX at {} did not answer within {secs} s; it may be overloaded, see its log", path.display())]
    Timeout {
        /// The socket.
        path: PathBuf,
        /// How long was waited.
        secs: u64,
    },
    /// The connection broke.
    #[error("the connection to the PBX at {} broke ({reason}); try again", path.display())]
    Broken {
        /// The socket.
        path: PathBuf,
        /// What the connection said.
        reason: String,
    },
    /// What came is not what this version understands.
    #[error(
        "the PBX at {} answered something else than expected ({reason}); use the `kiestoon` of the same version",
        path.display()
    )]
    Unexpected {
        /// The socket.
        path: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// The PBX refused the command.
    #[error("{}", sentence(.0))]
    Refused(Problem),
}

fn sentence(problem: &Problem) -> String {
    let mut text = if problem.detail.is_empty() { problem.title.clone() } else { problem.detail.clone() };
    for error in &problem.errors {
        text.push_str("\n  ");
        text.push_str(error);
    }
    text
}
