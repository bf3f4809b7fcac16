//! What who transferred is told: NOTIFY with a status line in it (RFC 3515 section 2.4.5), unless it wanted none (RFC 4488).

use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{HeaderName, Method, Request, StatusCode};
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::exchange::Exchange;
use crate::leg::Leg;
use crate::wire;

/// The subscription that a REFER makes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Subscription {
    /// The CSeq of the REFER, which names the subscription in the dialog.
    id: u32,
    told: u16,
}

impl Subscription {
    /// Accepts a REFER. None where its sender wants no subscription.
    pub(crate) fn accept(x: &mut Exchange, server: ServerId, request: &Request) -> Option<Self> {
        let wanted = request.headers.wants_refer_subscription();
        let mut response = x.response(request, 202, None);
        response.headers.set(HeaderName::Allow, wire::ALLOW);
        if request.headers.contains(&HeaderName::ReferSub) {
            response.headers.set(HeaderName::ReferSub, if wanted { "true" } else { "false" });
        }
        x.respond(server, response);
        wanted.then_some(Self { id: request.cseq.number, told: 0 })
    }

    /// Tells how the transfer stands; the same twice is left out, and a final status ends the subscription.
    pub(crate) fn tell(&mut self, x: &mut Exchange, leg: &mut Leg, status: u16) {
        if status <= self.told {
            return;
        }
        self.told = status;
        let Some(established) = leg.established_mut() else { return };
        let (mut notify, flow) = (established.dialog.request(Method::Notify), established.dialog.flow());
        let state = match status {
            ..200 => format!("active;expires={}", x.settings.ring_limit.as_secs()),
            _ => "terminated;reason=noresource".to_owned(),
        };
        notify.headers.set(HeaderName::Event, format!("refer;id={}", self.id));
        notify.headers.set(HeaderName::SubscriptionState, state);
        notify.set_body(SIPFRAG, fragment(status));
        x.request(notify, flow, None);
    }
}

impl Call {
    /// Tells who transferred how it stands, if it is still there and wants to know.
    pub(crate) fn tell_transferor(&mut self, x: &mut Exchange, status: u16) {
        let Some(search) = &mut self.walk.transfers.search else { return };
        let Some(parked) = &mut search.parked else { return };
        if let Some(subscription) = &mut parked.subscription {
            subscription.tell(x, &mut parked.leg, status);
        }
    }
}

/// The status line of a response, as RFC 3420 has it.
fn fragment(status: u16) -> String {
    let status = StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
    format!("SIP/2.0 {} {}\r\n", status.code(), status.reason())
}

const SIPFRAG: &str = "message/sipfrag;version=2.0";
