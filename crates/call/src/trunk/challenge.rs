//! A trunk asks who we are (RFC 3261 section 22.2): the INVITE that begins a call goes out once more, with the answer of its account.
//! What is asked later, in the dialog, is in `logins`.

use kiestoon_media::LegId;
use kiestoon_sip::{HeaderName, Response};

use super::logins::MOST_CHALLENGES;
use crate::call::Call;
use crate::exchange::Exchange;
use crate::leg::Signal;
use crate::routes::ClientOwner;

impl Call {
    /// Invites the other side of a trunk again, with credentials. False where this is no challenge, where nothing is known
    /// that would answer it, or where it has been answered often enough: the trunk does not take us.
    pub(crate) fn answers_challenge(&mut self, x: &mut Exchange, leg: LegId, response: &Response) -> bool {
        let owner = ClientOwner::Call(self.key);
        let Some(branch) = self.branch_mut(leg) else { return false };
        let said = branch.leg.media_mut().map(|media| media.said.clone()).unwrap_or_default();
        let flow = branch.leg.flow;
        let Some(over) = branch.leg.trunk.as_deref_mut().filter(|over| over.challenges < MOST_CHALLENGES)
        else {
            return false;
        };
        let Signal::Invited { client, invite } = &mut branch.leg.signal else { return false };
        if !invite.from.tag().is_some_and(|tag| x.is_answerable(tag, response)) {
            return false;
        }
        over.challenges += 1;
        invite.cseq.number = invite.cseq.number.saturating_add(1);
        let mut again = invite.as_ref().clone();
        if again.headers.contains(&HeaderName::ContentType) {
            again.body = said;
        }
        *client = x.request(again, flow, Some(owner));
        branch.forks.clear();
        true
    }
}
