//! An emergency call: from when on it is one, and whom it has told.

use serde::{Deserialize, Serialize};

use super::{Action, Run};

/// What an emergency call remembers. Once it is one it stays one, whatever rules it comes to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Emergency {
    /// Nobody is told twice.
    told: Vec<Box<str>>,
    /// Whether the caller has chosen another number since, whose rule is not one of emergency numbers.
    is_left: bool,
}

impl Run {
    /// Whether the call is an emergency call: its rule is one of emergency numbers, or it has come to such a rule. No limit
    /// counts for it from then on.
    #[must_use]
    pub fn is_emergency(&self) -> bool {
        self.emergency.is_some()
    }

    /// Whether what it does now is done for an emergency: by such a rule, or by one that such a rule has gone on to. What the caller
    /// of an emergency call dials after that is a call like any other.
    #[must_use]
    pub fn is_for_help(&self) -> bool {
        self.emergency.as_ref().is_some_and(|emergency| !emergency.is_left)
    }

    pub(crate) fn begin_emergency(&mut self) {
        self.emergency.get_or_insert_default().is_left = false;
    }

    /// It goes on with the rule of a number that nobody has written down for emergencies.
    pub(super) fn leave_emergency(&mut self) {
        if let Some(emergency) = &mut self.emergency {
            emergency.is_left = true;
        }
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
