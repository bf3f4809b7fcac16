//! What became of the search for a transfer's target: somebody rings, somebody answers, or nobody does, and the call goes back
//! to who transferred it.

use kiestoon_dialplan::{Dial, Target};
use kiestoon_media::{MediaCommand, Sdp};

use super::{Phase, Search};
use crate::call::{Call, Stage};
use crate::cdr::{End, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::reason::EndReason;

impl Call {
    /// A phone rings: who transferred is told, and a caller who is answered already hears it, unless the phone sends sound of
    /// its own.
    pub(crate) fn target_rings(&mut self, x: &mut Exchange) {
        if self.walk.transfers.search.is_some() {
            self.tell_transferor(x, 180);
        }
        if self.caller.established().is_some() {
            self.play_ringback(x);
        }
    }

    /// The one who waits hears that it rings.
    pub(crate) fn play_ringback(&mut self, x: &mut Exchange) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        if ring.early.is_some() || std::mem::replace(&mut ring.ringback, true) {
            return;
        }
        if self.snapshot.has_prompt(RINGBACK) {
            let play = x.random();
            x.media(MediaCommand::Play {
                leg: self.caller.id,
                play,
                prompts: vec![RINGBACK.to_owned()],
                repeat: true,
            });
        }
    }

    /// The target, or who was rung back, has answered with this session: the search is over.
    pub(crate) fn search_succeeded(&mut self, x: &mut Exchange, callee: Option<Sdp>) {
        let Some(search) = self.walk.transfers.search.take() else { return };
        let Search { by, target, parked, phase, .. } = *search;
        if phase == Phase::Seeking {
            x.event(Event::CallTransfer { call: self.id(), by, target, status: 200 });
        }
        if let Some(mut parked) = parked {
            self.note_leg_end(parked.leg.id, EndReason::Transferred);
            parked.leg.close(x);
            self.release_parked(x, *parked, 200, &EndReason::Transferred.into());
        }
        if let Some(callee) = callee {
            self.tell_of_other(Side::Caller, callee);
        }
    }

    /// Ends a walk through the dialplan: the call with it, unless it was the search of a transfer.
    pub(crate) fn walk_ends(&mut self, x: &mut Exchange, why: End) {
        if self.walk.transfers.search.is_some() { self.search_failed(x, why) } else { self.end(x, why) }
    }

    /// Nobody took the call: it goes back to who transferred it, or that one is rung.
    pub(crate) fn search_failed(&mut self, x: &mut Exchange, why: End) {
        let Some(search) = &mut self.walk.transfers.search else { return };
        if search.phase == Phase::Recalling {
            return self.end(x, EndReason::TransferFailed.into());
        }
        let event = Event::CallTransfer {
            call: self.cdr.record.id,
            by: search.by.clone(),
            target: search.target.clone(),
            status: why.status(),
        };
        x.event(event);
        if search.parked.is_none() {
            return self.recall(x);
        }
        self.tell_transferor(x, why.status());
        self.give_back(x);
    }

    /// The two of before talk again.
    fn give_back(&mut self, x: &mut Exchange) {
        let Some(search) = self.walk.transfers.search.take() else { return };
        let Some(parked) = search.parked else { return };
        let mut other = parked.leg;
        if search.was_caller {
            std::mem::swap(&mut self.caller, &mut other);
            self.caller.side = Side::Caller;
            other.side = Side::Callee;
        }
        self.cdr.record.to_number = Some(other.number.clone());
        self.talk_again(x, other);
        self.tell_if_unheard(Side::Caller);
        self.tell_if_unheard(Side::Callee);
    }

    /// Who transferred has hung up: it is rung, for a while.
    fn recall(&mut self, x: &mut Exchange) {
        let timeout = x.settings.recall_time;
        let Some(search) = &mut self.walk.transfers.search else { return };
        search.phase = Phase::Recalling;
        search.until = x.now + timeout + x.settings.ring_limit;
        let targets = vec![Target::Extension(search.by.to_string())];
        let dial = Dial::of(targets, timeout);
        let transfers = std::mem::take(&mut self.walk.transfers);
        self.walk.begin_anew(None);
        self.walk.transfers = transfers;
        self.carried.one_phone = None;
        self.stage = Stage::Between;
        if self.dial(x, &dial).is_some() {
            self.end(x, EndReason::TransferFailed.into());
        }
    }
}

/// The sound of a phone that rings, as the one hears it who waits; the PBX makes it itself.
const RINGBACK: &str = "tone:ringback";
