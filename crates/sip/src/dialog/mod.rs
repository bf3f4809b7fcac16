//! Dialogs (RFC 3261 section 12): the state that two user agents share, as plain data, with the
//! wait for the ACK of a 2xx, and the waits after an INVITE glare.

mod ack_wait;
mod glare;
mod hop;
mod state;
#[cfg(test)]
mod tests;

pub use ack_wait::{AckStep, AckWait};
pub use glare::glare_wait;
pub use state::{Dialog, DialogPhase, DialogRole};

use serde::{Deserialize, Serialize};

use crate::message::{ParseError, Request, Response};

/// What identifies a dialog at one of its ends (RFC 3261 section 12).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DialogId {
    /// The Call-ID.
    pub call_id: Box<str>,
    /// Our tag.
    pub local_tag: Box<str>,
    /// The peer's tag; empty for a peer of RFC 2543 that sends none.
    pub remote_tag: Box<str>,
}

impl DialogId {
    /// The dialog that a received request is in; `None` where its To has no tag, so that it is in none.
    #[must_use]
    pub fn of_request(request: &Request) -> Option<Self> {
        Some(Self {
            call_id: request.call_id.clone(),
            local_tag: request.to.tag()?.into(),
            remote_tag: request.from.tag().unwrap_or_default().into(),
        })
    }

    /// The dialog that a received response makes or is in; `None` for a response without a To tag to
    /// a request outside a dialog, which makes none.
    #[must_use]
    pub fn of_response(response: &Response) -> Option<Self> {
        Some(Self {
            call_id: response.call_id.clone(),
            local_tag: response.from.tag()?.into(),
            remote_tag: response.to.tag()?.into(),
        })
    }
}

/// Why a message makes no dialog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialogError {
    /// There is no usable Contact: the peer could not be reached. Answer a request with 400.
    #[error("no Contact address")]
    NoContact,
    /// The response has no To tag.
    #[error("no To tag")]
    NoTag,
    /// The status makes no dialog: 100, or a failure.
    #[error("a {0} response makes no dialog")]
    Status(u16),
    /// A Contact or Record-Route that cannot be read. Answer a request with 400.
    #[error("{0}")]
    Unreadable(#[from] ParseError),
}

/// A request came with a lower CSeq than one before it. Answer 500 (RFC 3261 section 12.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("CSeq {received} after {highest}")]
pub struct OutOfOrder {
    /// The highest number so far.
    pub highest: u32,
    /// The number of this request.
    pub received: u32,
}
