//! INVITEs whose outcome no call waits for any more. A branch that lost was cancelled, but a 200 may cross the CANCEL: it is
//! acknowledged and hung up at once, whatever has become of the call (RFC 3261 section 13.2.2.4). A re-INVITE may be
//! answered while a BYE is on its way: that is acknowledged.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use kiestoon_media::{Origin, Sdp, refuse_offer};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, HeaderName, Method, Request, Response};
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::routes::ClientOwner;
use crate::wire::{self, Terms};

/// The INVITEs of all branches that lost.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Losers {
    waiting: HashMap<ClientId, Loser>,
    /// Those that answered, in the order that they may be forgotten.
    #[serde(with = "kiestoon_sip::plain")]
    answered: VecDeque<(Instant, ClientId)>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Loser {
    /// A branch that was cancelled.
    Branch {
        invite: Box<Request>,
        /// Whether it went over a trunk.
        is_host: bool,
        /// The tags that were hung up; a 200 of one of them that comes again is only acknowledged again.
        hung_up: Vec<Box<str>>,
    },
    /// A re-INVITE in a dialog that was hung up.
    Reinvite { dialog: Box<Dialog>, has_offer: bool },
}

impl Losers {
    /// When the next one may be forgotten.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.answered.front().map(|(at, _)| *at)
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

impl Exchange {
    /// Cancels the INVITE of a branch. `why` is the status for the Reason header (RFC 3326): 200 says that the call was
    /// answered elsewhere, so that the phone does not show a missed call.
    pub(crate) fn cancel_loser(
        &mut self,
        client: ClientId,
        invite: Box<Request>,
        is_host: bool,
        why: Option<u16>,
    ) {
        self.routes.add_client(client, ClientOwner::Loser);
        self.losers.waiting.insert(client, Loser::Branch { invite, is_host, hung_up: Vec::new() });
        match why {
            None => self.transactions.cancel(self.now, client),
            Some(200) => self.transactions.cancel_with_reason(self.now, client, COMPLETED_ELSEWHERE),
            Some(status) => {
                self.transactions.cancel_with_reason(self.now, client, &format!("SIP;cause={status}"));
            }
        }
    }

    /// Leaves a re-INVITE behind whose dialog is hung up.
    pub(crate) fn leave_reinvite(&mut self, client: ClientId, dialog: Dialog, has_offer: bool) {
        self.routes.add_client(client, ClientOwner::Loser);
        self.losers.waiting.insert(client, Loser::Reinvite { dialog: Box::new(dialog), has_offer });
    }

    /// A response to an INVITE that was left behind.
    pub(crate) fn loser_responded(&mut self, client: ClientId, response: &Response, flow: Flow) {
        if response.status.is_provisional() {
            return;
        }
        if !response.status.is_success() {
            return self.forget_loser(client);
        }
        let Some(loser) = self.losers.waiting.get_mut(&client) else { return };
        let tag = response.to.tag().unwrap_or_default();
        let (dialog, has_offer, hang_up) = match loser {
            Loser::Reinvite { dialog, has_offer } => (dialog.as_ref().clone(), *has_offer, false),
            Loser::Branch { invite, is_host, hung_up } => {
                let Ok(dialog) = Dialog::uac(invite, response, flow) else { return };
                let dialog = dialog.following(*is_host);
                let again = hung_up.iter().any(|before| **before == *tag);
                if !again && hung_up.len() < MOST_FORKS {
                    hung_up.push(tag.into());
                }
                (dialog, invite.headers.contains(&HeaderName::ContentType), !again)
            }
        };
        let until = self.now + self.settings.timers.transaction();
        self.losers.answered.push_back((until, client));
        // Without an offer of ours the 200 holds one, and its ACK must hold an answer.
        let terms = Terms::of_phones(&self.settings);
        let offer = if has_offer { None } else { wire::sdp_of(&terms, &response.headers, &response.body) };
        self.refuse_answer(dialog, response.cseq.number, offer.as_ref(), hang_up);
    }

    /// Acknowledges an answer that comes too late or cannot be used, and hangs up. `offer` is what it offers, where we made
    /// no offer.
    pub(crate) fn refuse_answer(
        &mut self,
        mut dialog: Dialog,
        cseq: u32,
        offer: Option<&Sdp>,
        hang_up: bool,
    ) {
        let flow = dialog.flow();
        let mut ack = dialog.ack(cseq);
        if let Some(offer) = offer {
            ack.set_body(wire::SDP, self.refusal(offer, flow.local.ip()));
        }
        self.ack(ack, flow);
        if hang_up {
            dialog.skip(MOST_PRACKS);
            let mut bye = dialog.request(Method::Bye);
            bye.headers.push(HeaderName::Reason, "SIP;cause=487;text=\"Request Terminated\"");
            self.request(bye, flow, None);
        }
    }

    /// The answer that refuses all that is offered.
    pub(crate) fn refusal(&mut self, offer: &Sdp, us: IpAddr) -> Bytes {
        let mut origin = Origin::new(self.random());
        refuse_offer(offer, us, &mut origin).to_bytes()
    }

    /// No response will come any more.
    pub(crate) fn forget_loser(&mut self, client: ClientId) {
        self.losers.waiting.remove(&client);
        self.routes.remove_client(client);
    }

    /// Forgets those whose 200 cannot come again.
    pub(crate) fn forget_old_losers(&mut self) {
        while let Some((at, client)) = self.losers.answered.front().copied() {
            if at > self.now {
                return;
            }
            self.losers.answered.pop_front();
            self.forget_loser(client);
        }
    }
}

/// Forks of one INVITE that are remembered; one more is acknowledged and hung up each time that it answers.
const MOST_FORKS: usize = 8;
/// Provisional responses that a phone may have had acknowledged in an early dialog that is forgotten.
const MOST_PRACKS: u32 = 100;
const COMPLETED_ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";
