//! A trunk asks who we are (RFC 3261 section 22.2): the INVITE goes out once more, with the answer of its account.

use kiestoon_media::LegId;
use kiestoon_sip::digest::{Challenge, Secret, answer};
use kiestoon_sip::{HeaderName, Headers, Request, Response};

use crate::call::Call;
use crate::exchange::Exchange;
use crate::leg::Signal;
use crate::routes::ClientOwner;
use crate::trunk::Account;

impl Call {
    /// Invites the other side of a trunk again, with credentials. False where this is no challenge, where nothing is known
    /// that would answer it, or where it has been answered often enough: the trunk does not take us.
    pub(crate) fn answers_challenge(&mut self, x: &mut Exchange, leg: LegId, response: &Response) -> bool {
        let owner = ClientOwner::Call(self.key);
        let over = self.branch(leg).and_then(|branch| branch.leg.trunk.as_deref());
        let Some(trunk) = self.trunk(over) else { return false };
        let Some(account) = &trunk.account else { return false };
        let cnonce = x.token();
        let Some(branch) = self.branch_mut(leg) else { return false };
        let said = branch.leg.media_mut().map(|media| media.said.clone()).unwrap_or_default();
        let flow = branch.leg.flow;
        let Some(over) = branch.leg.trunk.as_deref_mut().filter(|over| over.challenges < MOST_CHALLENGES)
        else {
            return false;
        };
        over.challenges += 1;
        let Signal::Invited { client, invite } = &mut branch.leg.signal else { return false };
        let Some((name, credentials)) = credentials(account, invite, &response.headers, &cnonce) else {
            return false;
        };
        invite.cseq.number = invite.cseq.number.saturating_add(1);
        invite.headers.set(name, credentials);
        let mut again = invite.as_ref().clone();
        if again.headers.contains(&HeaderName::ContentType) {
            again.body = said;
        }
        *client = x.request(again, flow, Some(owner));
        branch.forks.clear();
        true
    }
}

/// The credentials that answer the first challenge of a response that we can answer (RFC 8760 section 2.3), and their header.
pub(crate) fn credentials(
    account: &Account,
    request: &Request,
    headers: &Headers,
    cnonce: &str,
) -> Option<(HeaderName, String)> {
    if account.password.is_empty() {
        return None;
    }
    let pairs = [
        (HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization),
        (HeaderName::WwwAuthenticate, HeaderName::Authorization),
    ];
    pairs.into_iter().find_map(|(asks, answers)| {
        let mut challenges = headers.get_all(&asks).filter_map(|value| Challenge::parse(value).ok());
        let uri = request.uri.to_string();
        let credentials = challenges.find_map(|challenge| {
            let secret = Secret::Password(&account.password);
            answer(&challenge, &account.login, secret, &request.method, &uri, 1, cnonce).ok()
        })?;
        Some((answers, credentials))
    })
}

/// Of one INVITE. A proxy and the server behind it may ask one after the other, and a nonce may be stale.
const MOST_CHALLENGES: u8 = 2;
