//! What an operator has said of calls over a trunk, beyond where it stands and who we are there.

use std::sync::Arc;

use kiestoon_media::{LegId, Selection, SrtpPolicy};
use serde::{Deserialize, Serialize};

use super::Trunk;
use crate::call::Call;
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::settings::Settings;
use crate::wire::Terms;

/// What becomes of a call for a number that no trunk at its address has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownNumbers {
    /// It is refused with 404.
    #[default]
    Reject,
    /// It enters the dialplan like any other.
    Context,
}

/// What becomes of a call whose caller withholds their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnonymousCallers {
    /// It is taken.
    #[default]
    Accept,
    /// It is refused with 433 (RFC 5079).
    Reject,
}

/// How keys that are pressed go over a trunk, both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DtmfMode {
    /// As the two sides agree: as telephone events, else in INFO where it sends INFO itself, else as tones.
    #[default]
    Auto,
    /// As telephone events (RFC 4733), else as tones; never in INFO.
    Rfc4733,
    /// In INFO (`application/dtmf-relay`): telephone events are neither offered nor taken.
    Info,
    /// As tones in the sound: telephone events are neither offered nor taken.
    Inband,
}

/// What a leg over a trunk keeps to, whatever becomes of the trunk meanwhile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MediaTerms {
    pub(crate) srtp: SrtpPolicy,
    pub(crate) dtmf: DtmfMode,
    /// Whether its sessions are refreshed (RFC 4028).
    #[serde(default = "yes")]
    pub(crate) has_timer: bool,
    selection: Option<Arc<Selection>>,
}

/// As it was before it could be said.
const fn yes() -> bool {
    true
}

impl MediaTerms {
    pub(super) fn of(trunk: &Trunk) -> Self {
        let events = matches!(trunk.dtmf, DtmfMode::Auto | DtmfMode::Rfc4733);
        let selection = Selection { codecs: trunk.codecs.clone(), events };
        let selection = (selection != Selection::default()).then(|| Arc::new(selection));
        Self { srtp: trunk.srtp, dtmf: trunk.dtmf, has_timer: trunk.session_timer.is_some(), selection }
    }

    /// Whether a status says that no session could be agreed on where another trunk may want less.
    pub(crate) fn are_refused_by(&self, status: u16) -> bool {
        let wants = self.srtp == SrtpPolicy::Required || self.selection.is_some();
        wants && matches!(status, 415 | 488 | 606)
    }

    pub(crate) fn terms(&self, settings: &Settings) -> Terms {
        let srtp = match (self.srtp, settings.srtp) {
            // Who protects all speech does so here, unless the trunk cannot.
            (SrtpPolicy::Optional, SrtpPolicy::Required) => SrtpPolicy::Required,
            (own, _) => own,
        };
        Terms { srtp, t38: settings.t38, selection: self.selection.clone() }
    }
}

impl Call {
    /// What of the descriptions of a side we see.
    pub(crate) fn terms(&self, x: &Exchange, side: Side) -> Terms {
        match self.leg(side) {
            Some(leg) => leg.terms(&x.settings),
            None => Terms::of_phones(&x.settings),
        }
    }

    /// The same of one that rings.
    pub(crate) fn terms_of_branch(&self, x: &Exchange, leg: LegId) -> Terms {
        match self.branch(leg) {
            Some(branch) => branch.leg.terms(&x.settings),
            None => Terms::of_phones(&x.settings),
        }
    }
}
