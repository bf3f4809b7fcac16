//! The dialogs that one INVITE of ours makes: a proxy behind the peer may fork it, and each branch answers
//! with a To tag of its own (RFC 3261 sections 12.1.2 and 13.2.2.4).

use crate::flow::Flow;
use crate::message::{Request, Response};

use super::{Dialog, DialogError, DialogId};

/// All dialogs of one INVITE, early and confirmed, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Forks {
    dialogs: Vec<Dialog>,
}

impl Forks {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The dialog of a response to `invite`, made or brought up to date by it. A failure ends all early dialogs and makes
    /// none.
    ///
    /// # Errors
    /// Where the response makes no dialog (a 100, one without a To tag, a failure), or too many
    /// dialogs exist. A 2xx of a new fork beyond the first one has to be acknowledged and ended with BYE by the caller.
    pub fn receive(
        &mut self,
        invite: &Request,
        response: &Response,
        flow: Flow,
    ) -> Result<&mut Dialog, DialogError> {
        if response.status.code() >= 300 {
            self.dialogs.retain(|dialog| dialog.phase() == super::DialogPhase::Confirmed);
            return Err(DialogError::Status(response.status.code()));
        }
        let id = DialogId::of_response(response).ok_or(DialogError::NoTag)?;
        let place = match self.dialogs.iter_mut().position(|dialog| *dialog.id() == id) {
            Some(place) => {
                if let Some(dialog) = self.dialogs.get_mut(place) {
                    dialog.update(response)?;
                    dialog.set_flow(flow);
                }
                place
            }
            None => {
                if self.dialogs.len() >= MAX_FORKS {
                    return Err(DialogError::TooManyForks(MAX_FORKS));
                }
                self.dialogs.push(Dialog::uac(invite, response, flow)?);
                self.dialogs.len() - 1
            }
        };
        self.dialogs.get_mut(place).ok_or(DialogError::NoTag)
    }

    /// The dialogs in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Dialog> {
        self.dialogs.iter()
    }

    /// Takes one out, to be kept as the dialog of the call.
    pub fn take(&mut self, id: &DialogId) -> Option<Dialog> {
        let place = self.dialogs.iter().position(|dialog| dialog.id() == id)?;
        Some(self.dialogs.remove(place))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dialogs.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dialogs.is_empty()
    }
}

/// More branches than any sane forking proxy makes.
const MAX_FORKS: usize = 16;
