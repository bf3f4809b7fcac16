//! What happens, as it happens: the events of the control API.

use serde::{Deserialize, Serialize};

use crate::reply::{Call, Registration};

/// Something that happened in the PBX.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A call changed.
    Call {
        /// When.
        at: String,
        /// How.
        change: CallChange,
        /// The call as it is now.
        call: Box<Call>,
        /// Why it ended, for [`CallChange::Ended`]: the word of the call record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_reason: Option<String>,
    },
    /// A contact changed.
    Registration {
        /// When.
        at: String,
        /// How.
        change: RegistrationChange,
        /// The contact.
        registration: Registration,
    },
    /// A new state of database and dialplan is in force.
    Reloaded {
        /// When.
        at: String,
        /// The revision of the database.
        revision: i64,
    },
    /// New calls are refused from now on.
    Draining {
        /// When.
        at: String,
    },
    /// An event of a later version.
    #[serde(other)]
    Unknown,
}

/// How a call changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallChange {
    /// It began.
    Started,
    /// A phone rings.
    Ringing,
    /// It was answered.
    Answered,
    /// One side put the other on hold.
    Held,
    /// It was taken back from hold.
    Resumed,
    /// It ended.
    Ended,
}

/// How a contact changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationChange {
    /// It is new.
    Added,
    /// It was refreshed.
    Refreshed,
    /// The phone, or the end of its connection, took it away.
    Removed,
    /// Its time ran out.
    Expired,
}

impl Event {
    /// The name of the server-sent event, such as `call.answered`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Call { change, .. } => match change {
                CallChange::Started => "call.started",
                CallChange::Ringing => "call.ringing",
                CallChange::Answered => "call.answered",
                CallChange::Held => "call.held",
                CallChange::Resumed => "call.resumed",
                CallChange::Ended => "call.ended",
            },
            Self::Registration { .. } => "registration.changed",
            Self::Reloaded { .. } => "reloaded",
            Self::Draining { .. } => "draining",
            Self::Unknown => "unknown",
        }
    }
}
