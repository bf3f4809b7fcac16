//! The identity of a call, as the outside knows it.

use std::fmt;
use std::str::FromStr;

use kiestoon_media::{CallKey, LegId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A call: a UUIDv7, so that ids sort by the time that calls began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId(Uuid);

impl CallId {
    /// An id from the wall clock and ten random bytes.
    pub(crate) fn new(unix_micros: i64, random: [u8; 10]) -> Self {
        let millis = u64::try_from(unix_micros / 1_000).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CallId {
    type Err = NotACallId;

    fn from_str(text: &str) -> Result<Self, NotACallId> {
        Uuid::parse_str(text).map(Self).map_err(|_| NotACallId)
    }
}

/// A text that is no call id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a call id (a UUID is expected)")]
pub struct NotACallId;

/// The leg of a call by its number. The leg's name holds the call's, so that no table is needed to find it.
pub(crate) fn leg(call: CallKey, index: u16) -> LegId {
    LegId((call.0 << INDEX_BITS) | u64::from(index))
}

/// The call of a leg.
pub(crate) fn call_of(leg: LegId) -> CallKey {
    CallKey(leg.0 >> INDEX_BITS)
}

const INDEX_BITS: u32 = 16;
