//! A browser that has lost its way, its connection or its media: a page that reloads, a laptop that changes networks. The call waits for it:
//! it comes back with a request in its dialog (a re-INVITE that begins ICE anew) or with an INVITE that replaces the dialog (RFC 3891).

use std::time::Instant;

use kiestoon_media::LegId;
use kiestoon_media::webrtc::Ended;
use kiestoon_sip::ConnectionId;

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::Leg;
use crate::reason::EndReason;
use crate::reinvite::gone_end;

impl Call {
    /// A connection is lost: who talked over it and is a browser is waited for.
    pub(crate) fn await_browsers_of(&mut self, x: &Exchange, lost: ConnectionId) {
        let until = x.now + x.settings.absence;
        for side in [Side::Caller, Side::Callee] {
            if let Some(leg) = self.leg_mut(side).filter(|leg| leg.is_browser_on(lost)) {
                leg.awaited = Some(leg.awaited.map_or(until, |before| before.min(until)));
                tracing::info!(leg = leg.id.0, "the connection of a browser is lost; the call waits for it");
            }
        }
    }

    /// Whether anybody talks over that connection.
    pub(crate) fn has_browser_on(&self, lost: ConnectionId) -> bool {
        [Side::Caller, Side::Callee]
            .into_iter()
            .filter_map(|side| self.leg(side))
            .any(|leg| leg.is_browser_on(lost))
    }

    /// There is no way for the media of a browser any more, or never was.
    pub(crate) fn transport_ended(&mut self, x: &mut Exchange, leg: LegId, reason: &Ended) {
        tracing::info!(call = %self.id(), leg = leg.0, %reason, "the media transport of a browser has ended");
        let Some(side) = self.side_of(leg).filter(|_| !matches!(self.stage, Stage::Ending(_))) else {
            return;
        };
        let until = x.now + x.settings.absence;
        let comes_back = matches!(reason, Ended::Unreachable | Ended::Closed);
        match self.leg_mut(side).filter(|leg| comes_back && leg.established().is_some()) {
            Some(leg) => leg.awaited = Some(leg.awaited.map_or(until, |before| before.min(until))),
            None => self.end(x, EndReason::MediaFailed.into()),
        }
    }

    /// Ends the call of a browser that has not come back.
    pub(crate) fn tick_absence(&mut self, x: &mut Exchange) {
        let is_over = |leg: &Leg| leg.awaited.is_some_and(|until| until <= x.now);
        let gone = [Side::Caller, Side::Callee].into_iter().find(|side| self.leg(*side).is_some_and(is_over));
        if let Some(side) = gone {
            self.end(x, gone_end(side));
        }
    }

    /// When [`Self::tick_absence`] is wanted.
    pub(crate) fn absence_deadline(&self) -> Option<Instant> {
        let is_live = !matches!(self.stage, Stage::Ending(_));
        let sides = [Side::Caller, Side::Callee].into_iter().filter(|_| is_live);
        sides.filter_map(|side| self.leg(side)?.awaited).min()
    }

    /// Whether that leg is a browser which is waited for: that it does not answer says nothing.
    pub(crate) fn is_awaited(&self, leg: LegId) -> bool {
        self.side_of(leg).and_then(|side| self.leg(side)).is_some_and(|leg| leg.awaited.is_some())
    }
}

impl Leg {
    fn is_browser_on(&self, connection: ConnectionId) -> bool {
        self.established().is_some_and(|established| {
            let flow = established.dialog.flow();
            flow.transport.is_websocket() && flow.connection == Some(connection)
        })
    }
}
