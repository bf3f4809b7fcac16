//! Two people talk: the callee's leg, what is being negotiated between the two, and requests on their way across.

use kiestoon_sip::Request;
use kiestoon_sip::transaction::{ClientId, ServerId};
use serde::{Deserialize, Serialize};

use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::Leg;
use crate::reinvite::Negotiation;
use crate::tell::Untold;

/// A call that was answered by a phone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Talk {
    pub(crate) callee: Leg,
    pub(crate) negotiation: Negotiation,
    /// Requests that were passed on and not answered yet; few, and bounded.
    pub(crate) passing: Vec<Passing>,
    /// What they have yet to be told of each other's session.
    pub(crate) untold: Untold,
}

/// A request of one side that was passed on to the other.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Passing {
    pub(crate) from: Side,
    pub(crate) server: ServerId,
    pub(crate) request: Box<Request>,
    pub(crate) client: ClientId,
}

impl Talk {
    pub(crate) fn new(callee: Leg, negotiation: Negotiation) -> Self {
        Self { callee, negotiation, passing: Vec::new(), untold: Untold::default() }
    }

    /// The talk is over, but not the callee's part in the call: what was on its way across is answered.
    pub(crate) fn abandon(self, x: &mut Exchange) -> Leg {
        for passing in self.passing {
            x.routes.remove_client(passing.client);
            x.answer(passing.server, &passing.request, 487);
        }
        self.callee
    }
}
