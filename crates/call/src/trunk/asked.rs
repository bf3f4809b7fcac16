//! What a trunk asks for besides calls. A carrier does not make our PBX call where it likes: a transfer (REFER) is refused, and told
//! of, unless the operator allows it; a redirection (3xx) is followed only where the operator wants that, by the rules for who calls.

use kiestoon_media::LegId;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{NameAddr, Request, Uri};

use super::Trunk;
use crate::call::Call;
use crate::cdr::Side;
use crate::event::Event;
use crate::exchange::Exchange;

impl Call {
    /// Refuses the REFER of a trunk that may not transfer. False where nothing is to be refused.
    pub(crate) fn refuses_transfer(
        &self,
        x: &mut Exchange,
        from: Side,
        server: ServerId,
        request: &Request,
    ) -> bool {
        let Some(over) = self.leg(from).and_then(|leg| leg.trunk.as_deref()) else { return false };
        if self.trunk(Some(over)).is_some_and(|trunk| trunk.transfers) {
            return false;
        }
        let target = request.headers.refer_to().ok().and_then(|refer_to| Some(refer_to.uri.user()?.into()));
        x.event(Event::CallTransfer {
            call: self.id(),
            by: format!("trunk:{}", over.name).into(),
            target: target.unwrap_or_default(),
            status: 403,
        });
        x.answer(server, request, 403);
        true
    }

    /// The number that a trunk redirects a call to; None where it may not, or where that is none of its own. An error says that
    /// this is no trunk.
    pub(crate) fn redirected_by_trunk(
        &self,
        leg: LegId,
        contacts: &[NameAddr],
    ) -> Result<Option<Box<str>>, ()> {
        let over = self.branch(leg).and_then(|branch| branch.leg.trunk.as_deref()).ok_or(())?;
        let trunk = self.trunk(Some(over)).filter(|trunk| trunk.redirects);
        Ok(trunk.and_then(|trunk| contacts.iter().find_map(|contact| trunk.own_number(&contact.uri))))
    }
}

impl Trunk {
    /// The number that an address of this trunk names, or that names nothing else.
    fn own_number(&self, uri: &Uri) -> Option<Box<str>> {
        let number = match uri {
            Uri::Sip(uri) => {
                let hosts = self.hosts.iter().map(|host| &host.host).chain(&self.domain);
                hosts.into_iter().any(|host| *host == uri.host).then_some(uri.user.as_deref()?)?
            }
            Uri::Tel(uri) => &*uri.number,
            Uri::Other { .. } => return None,
        };
        Some(self.country.e164(number).into())
    }
}
