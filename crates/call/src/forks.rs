//! The early dialogs of one rung contact: a proxy behind it may fork our INVITE, and every phone it reaches answers with a tag
//! and a session description of its own (RFC 3261 section 13.2.2.4), reliably or not (RFC 3262 section 4).

use bytes::Bytes;
use kiestoon_media::{LegId, Sdp, refuse_offer, relay_answer, relay_offer};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::{Flow, HeaderName, Method, RAck, Request, Response};
use serde::{Deserialize, Serialize};

use crate::abilities::{Abilities, RELIABLE, requires, supports};
use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::leg::{LegMedia, OpenMedia};
use crate::open_offer::OpenOffer;
use crate::ring::Branch;
use crate::wire;

/// One early dialog of a branch.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fork {
    /// The phone's tag; empty for one that sends none.
    pub(crate) tag: Box<str>,
    /// None where the response that would make it lacks what a dialog needs.
    pub(crate) dialog: Option<Dialog>,
    /// The number of its last reliable response.
    rseq: Option<u32>,
    /// What it said of its session: the answer to our offer, or its own offer.
    pub(crate) sdp: Option<Box<Sdp>>,
    pub(crate) open: OpenOffer,
    pub(crate) can: Abilities,
    /// Whether it was told of the last change of the caller's session, unlike the rest of its branch.
    knows: bool,
    /// What we last said of our session in this dialog alone; None where only the INVITE said it.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) said: Option<Bytes>,
    /// Whether it has changed its session without the caller being told.
    pub(crate) is_ahead: bool,
    /// The acknowledgement that waits for an answer to the offer of this phone.
    owed: Option<RAck>,
}

/// How a provisional response came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Not to be acknowledged.
    Unreliable,
    /// The next of its dialog, to be acknowledged.
    Reliable(RAck),
    /// Again, or before its time: as if it had not come.
    Ignored,
}

impl Fork {
    fn new(tag: &str, invite: &Request, dialog: Option<Dialog>) -> Self {
        let offered = invite.headers.contains(&HeaderName::ContentType);
        Self {
            tag: tag.into(),
            dialog,
            rseq: None,
            sdp: None,
            open: if offered { OpenOffer::Ours } else { OpenOffer::TheirsDue },
            can: Abilities::default(),
            knows: false,
            said: None,
            is_ahead: false,
            owed: None,
        }
    }

    /// What a provisional response of this dialog is (RFC 3262 section 4). One that may not be reliable, since we did not say
    /// that we know them, counts as one that is not.
    fn arrival(&mut self, invite: &Request, response: &Response) -> Arrival {
        let knows = requires(&response.headers, RELIABLE) && supports(&invite.headers, RELIABLE);
        let (Some(rseq), true) = (response.headers.rseq(), knows && self.dialog.is_some()) else {
            return Arrival::Unreliable;
        };
        if self.rseq.is_some_and(|last| last.checked_add(1) != Some(rseq)) {
            return Arrival::Ignored;
        }
        self.rseq = Some(rseq);
        Arrival::Reliable(RAck { rseq, cseq: response.cseq.clone() })
    }

    /// Acknowledges a reliable response.
    fn prack(&mut self, x: &mut Exchange, rack: &RAck, answer: Option<&Sdp>) {
        let Some(dialog) = &mut self.dialog else { return };
        let (mut prack, flow) = (dialog.request(Method::Prack), dialog.flow());
        prack.headers.push(HeaderName::RAck, rack.to_string());
        if let Some(answer) = answer {
            let said = answer.to_bytes();
            prack.set_body(wire::SDP, said.clone());
            self.said = Some(said);
        }
        // Nobody waits for its outcome: a phone that does not get it repeats its response, and refuses the INVITE in the end.
        x.request(prack, flow, None);
    }

    /// Whether what it said of its session stands, because it came reliably.
    pub(crate) fn is_settled(&self) -> bool {
        self.open == OpenOffer::None
    }

    /// Answers the offer of this phone in the PRACK that it waits for, if it does; `session` is what the caller said. Where
    /// that has nothing in common with the offer, the phone is told so and has no session.
    fn answer(&mut self, x: &mut Exchange, media: &mut OpenMedia, session: &Sdp) {
        let (Some(rack), Some(offer)) = (self.owed.take(), self.sdp.as_deref()) else { return };
        let body = relay_answer(offer, session, &media.local, &mut media.origin);
        let is_usable = body.is_ok();
        let body = body.unwrap_or_else(|_| refuse_offer(offer, media.local.rtp.ip(), &mut media.origin));
        self.open = OpenOffer::None;
        self.prack(x, &rack, Some(&body));
        if !is_usable {
            self.sdp = None;
        }
    }
}

impl Branch {
    pub(crate) fn fork(&self, tag: &str) -> Option<&Fork> {
        self.forks.iter().find(|fork| *fork.tag == *tag)
    }

    pub(crate) fn fork_mut(&mut self, tag: &str) -> Option<&mut Fork> {
        self.forks.iter_mut().find(|fork| *fork.tag == *tag)
    }

    /// The caller has changed its session: what these phones were offered is not true any more.
    pub(crate) fn fall_behind(&mut self) {
        self.is_behind = true;
        self.forks.iter_mut().for_each(|fork| fork.knows = false);
    }

    /// One of them was told of the change.
    pub(crate) fn catch_up(&mut self, tag: &str) {
        if let Some(fork) = self.fork_mut(tag) {
            fork.knows = true;
        }
    }

    /// Takes the early dialog of a tag out, to be that of the branch; None where there was none.
    pub(crate) fn take_fork(&mut self, tag: &str) -> Option<Fork> {
        let index = self.forks.iter().position(|fork| *fork.tag == *tag)?;
        let fork = self.forks.swap_remove(index);
        self.is_behind &= !fork.knows;
        Some(fork)
    }

    /// The early dialog that a provisional response is in, made or brought up to date by it, and how it came. None where
    /// there are more than are kept.
    pub(crate) fn heard_from(
        &mut self,
        invite: &Request,
        response: &Response,
        flow: Flow,
    ) -> Option<(&mut Fork, Arrival)> {
        let tag = response.to.tag().unwrap_or_default();
        let index = match self.forks.iter().position(|fork| *fork.tag == *tag) {
            Some(index) => index,
            None if self.forks.len() >= MOST_FORKS => return None,
            None => {
                let dialog = Dialog::uac(invite, response, flow).ok();
                let dialog = dialog.map(|dialog| dialog.following(self.leg.is_host()));
                self.forks.push(Fork::new(tag, invite, dialog));
                self.forks.len().saturating_sub(1)
            }
        };
        let fork = self.forks.get_mut(index)?;
        let arrival = fork.arrival(invite, response);
        if arrival != Arrival::Ignored {
            fork.can.learn(&response.headers);
            if let Some(dialog) = &mut fork.dialog {
                // A Contact that cannot be read leaves the target as it was.
                let _ = dialog.update(response);
                dialog.set_flow(flow);
            }
        }
        Some((fork, arrival))
    }
}

impl Call {
    /// Does what a reliable provisional response asks for: acknowledges it, at once or, where it holds an offer, as soon as the
    /// caller has answered that.
    pub(crate) fn acknowledge_fork(
        &mut self,
        x: &mut Exchange,
        (leg, tag): (LegId, &str),
        rack: RAck,
        sdp: Option<&Sdp>,
        status: u16,
    ) {
        let Some(fork) = self.branch_mut(leg).and_then(|branch| branch.fork_mut(tag)) else { return };
        match (fork.open, sdp) {
            (OpenOffer::Ours, Some(_)) => fork.open = OpenOffer::None,
            (OpenOffer::TheirsDue, Some(offer)) => {
                fork.open = OpenOffer::Theirs;
                fork.sdp = Some(Box::new(offer.clone()));
                fork.owed = Some(rack);
                return self.offered_by_fork(x, offer, status);
            }
            _ => {}
        }
        fork.prack(x, &rack, None);
    }

    /// A phone made the offer that the caller had left to it. The first one goes to the caller, whose answer serves for all.
    fn offered_by_fork(&mut self, x: &mut Exchange, offer: &Sdp, status: u16) {
        if self.offer.is_some() {
            return self.answer_forks(x);
        }
        let LegMedia::Open(media) = &mut self.caller.media else { return };
        if self.caller.open == OpenOffer::OursDue
            && let Ok(body) = relay_offer(offer, &media.local, &mut media.origin)
        {
            self.tell_caller(x, status, Some(body));
        }
    }

    /// Answers every phone whose offer waits, with what the caller said of its session.
    pub(crate) fn answer_forks(&mut self, x: &mut Exchange) {
        let (Some(session), Stage::Ringing(ring)) = (self.offer.as_deref(), &mut self.stage) else { return };
        for Branch { leg, forks, .. } in &mut ring.branches {
            let Some(media) = leg.media_mut() else { continue };
            for fork in forks {
                fork.answer(x, media, session);
            }
        }
        self.hear_next(x);
    }
}

/// Forks of one INVITE whose sound may be heard.
const MOST_FORKS: usize = 8;
