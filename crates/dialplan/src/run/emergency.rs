//! An emergency call: from when on it is one, and whom it has told.

use serde::{Deserialize, Serialize};

use super::{Action, Run};

/// What an emergency call remembers. Once it is one it stays one, whatever rules it comes to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Emergency {
    /// Nobody is told twice.
    told: Vec<Box<str>>,
}

impl Run {
    /// Whether the call is an emergency call: its rule is one of emergency numbers, or it has come to such a rule. No limit
    /// counts for it from then on.
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        self.emergency.is_some()
    }

    pub(crate) fn begin_emergency(&mut self) {
        self.emergency.get_or_insert_default();
    }

    /// Tells somebody, unless this emergency call has told them already.
    pub(super) fn notify(&mut self, whom: String) -> Option<Action> {
        if let Some(emergency) = &mut self.emergency {
            if emergency.told.iter().any(|told| **told == *whom) {
                return None;
            }
            emergency.told.push(whom.as_str().into());
        }
        Some(Action::Notify { whom })
    }
}
