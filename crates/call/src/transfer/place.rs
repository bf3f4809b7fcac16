//! Whose place in a call a dialog names, and whether that may be taken (RFC 3891 section 3).

use kiestoon_media::{LegId, Sdp};
use kiestoon_sip::Replaces;
use serde::{Deserialize, Serialize};

use super::Source;
use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::{Leg, Signal};

/// Whose place a phone takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// That of a side.
    Side(Side),
    /// That of a phone that rings.
    Branch(LegId),
}

impl Call {
    /// Whether the phone of that number may have this dialog replaced, and whose place that is; an error is the status that
    /// says why not (RFC 3891 section 3). `invited` is where the new phone sends an INVITE itself.
    pub(crate) fn place_of(
        &self,
        leg: LegId,
        replaces: &Replaces,
        by: (usize, &str),
        invited: bool,
    ) -> Result<Place, u16> {
        if let Some(branch) = self.branch(leg) {
            let Signal::Invited { invite, .. } = &branch.leg.signal else { return Err(481) };
            if invite.call_id != replaces.call_id || !invited {
                return Err(481);
            }
            let is_own = (self.organisation, &*branch.leg.number) == by;
            let is_offered = self.offer.is_some();
            return match (is_own, is_offered) {
                (false, _) => Err(403),
                (true, false) => Err(488),
                (true, true) => Ok(Place::Branch(leg)),
            };
        }
        let side = self.side_of(leg).ok_or(481u16)?;
        let found = self.leg(side).ok_or(481u16)?;
        if !found.is_in_dialog(replaces) {
            return Err(481);
        }
        if (self.organisation, &*found.number) != by {
            return Err(403);
        }
        let is_early = found.established().is_none();
        match &self.stage {
            Stage::Ending(_) => Err(603),
            // A dialog that the phone began itself can only be replaced once it is answered.
            _ if is_early && invited => Err(481),
            _ if !is_early && replaces.early_only => Err(486),
            _ if !self.transfers_are_idle() => Err(491),
            Stage::Talking(_) if self.is_settled() => Ok(Place::Side(side)),
            Stage::Talking(_) => Err(491),
            Stage::Ringing(_) if self.offer.is_some() => Ok(Place::Side(side)),
            Stage::Between
            | Stage::Verifying(_)
            | Stage::Silenced
            | Stage::Asking(_)
            | Stage::Ringing(_)
            | Stage::Sounding(_) => Err(603),
        }
    }

    /// Who a phone that takes this place will talk to, and whether that one wants to be unknown.
    pub(crate) fn meets(&self, place: Place) -> (Box<str>, bool) {
        let other = match place {
            Place::Side(side) => self.leg(side.other()),
            Place::Branch(_) => Some(&self.caller),
        };
        match other {
            Some(leg) => {
                let number = leg.alias.as_ref().map_or(&leg.number, |alias| &alias.0);
                (number.clone(), self.withholds(leg))
            }
            None => (self.cdr.record.dialled.clone(), false),
        }
    }

    /// A phone that waits for its place takes it, once nothing is being negotiated with who is in it.
    pub(crate) fn seat_arrival(&mut self, x: &mut Exchange) {
        let Some(arrival) = &self.walk.transfers.arrival else { return };
        if !matches!(arrival.source, Source::Waits { .. }) || !self.is_free(arrival.place) {
            return;
        }
        let Some(arrival) = self.walk.transfers.arrival.take() else { return };
        let Source::Waits { leg, answer } = arrival.source else { return };
        match self.has_place(arrival.place) {
            true => self.take_place(x, arrival.place, *leg, &answer),
            false => self.turn_out(x, leg),
        }
    }

    fn is_free(&self, place: Place) -> bool {
        let Place::Side(side) = place else { return true };
        match &self.stage {
            Stage::Talking(_) => self.is_settled(),
            _ => !self.leg(side).is_some_and(Leg::is_unacked),
        }
    }

    /// Whether somebody is still in that place.
    pub(super) fn has_place(&self, place: Place) -> bool {
        match place {
            Place::Branch(leg) => self.branch(leg).is_some(),
            Place::Side(_) => matches!(self.stage, Stage::Talking(_) | Stage::Ringing(_)),
        }
    }

    /// A phone that has a session with us, `answer`, takes its place.
    fn take_place(&mut self, x: &mut Exchange, place: Place, mut leg: Leg, answer: &Sdp) {
        leg.agreed(answer);
        self.note_arrival(&leg, place);
        x.parties.join(&self.cdr.record.organisation, &leg.number, self.key);
        match (place, &self.stage) {
            (Place::Branch(_), _) => self.picked_up(x, leg, answer),
            (Place::Side(side), Stage::Talking(_)) => self.join(x, side, leg, answer),
            (Place::Side(_), _) => self.waits_instead(x, leg, answer),
        }
    }
}

impl Leg {
    /// Whether Replaces names the dialog of this leg.
    fn is_in_dialog(&self, replaces: &Replaces) -> bool {
        let id = match &self.signal {
            Signal::Inviting { dialog, .. } => dialog.id(),
            Signal::Established(established) => established.dialog.id(),
            Signal::Chosen { .. } | Signal::Invited { .. } | Signal::Over => return false,
        };
        id.call_id == replaces.call_id
            && id.local_tag == replaces.to_tag
            && id.remote_tag == replaces.from_tag
    }
}
