//! Whether calls of the trunk come in: the operator rings one of its numbers, and what arrives meanwhile is looked at. A call from an
//! address that no trunk has shows which address is missing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use kiestoon_call::{ArrivalView, Trunk};
use kiestoon_control::{Rung, RungName, Sentence};
use kiestoon_sip::{Message, Request};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::rung::{Draft, both};

/// An INVITE that has arrived, while somebody waits for one.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) request: Request,
    pub(crate) remote: SocketAddr,
    pub(crate) local: SocketAddr,
    /// The call that it makes; None where no trunk is at its address.
    pub(crate) call: Option<ArrivalView>,
}

/// A call that is to be waited for.
pub(crate) struct Wait {
    /// The slug of the trunk's organisation.
    pub(crate) organisation: String,
    pub(crate) limit: Duration,
    pub(crate) arrivals: mpsc::Receiver<Arrived>,
}

impl Wait {
    /// It counts from now: the rungs below pass meanwhile.
    pub(super) fn listen(self, trunk: &Trunk) -> Listening {
        let draft = Draft::new(RungName::Inbound, "", trunk);
        Listening { until: Instant::now() + self.limit, wait: self, draft }
    }
}

/// The rung where no PBX runs.
pub(crate) fn without_pbx() -> Rung {
    Draft::without_messages(RungName::Inbound, "").skipped(both!(
        "calls come in to a PBX that runs: start it with `kiestoon serve`",
        "gesprekken komen binnen bij een centrale die draait: start haar met `kiestoon serve`"
    ))
}

pub(super) struct Listening {
    wait: Wait,
    until: Instant,
    draft: Draft,
}

impl Listening {
    /// Waits for a call of the trunk. `known` are the addresses of its hosts.
    pub(super) async fn rung(self, trunk: &Trunk, known: &[IpAddr]) -> Rung {
        let Self { mut wait, until, mut draft } = self;
        let mut stranger = None;
        while let Ok(Some(arrived)) = timeout_at(until, wait.arrivals.recv()).await {
            match &arrived.call {
                Some(call) if *call.organisation == *wait.organisation && *call.trunk == *trunk.name => {
                    let call = call.clone();
                    return came(draft, &arrived, &call);
                }
                // What comes in for another organisation is nobody's business here.
                Some(call) if *call.organisation == *wait.organisation => {
                    draft.detail("another_trunk", format!("{} {}", call.trunk, arrived.remote));
                }
                Some(_) => {}
                None if stranger.is_none() && looks_like_it(trunk, known, &arrived) => {
                    draft.message(false, &Message::from(arrived.request.clone()).to_bytes());
                    stranger = Some(arrived);
                }
                None => {}
            }
        }
        match stranger {
            Some(arrived) => from_elsewhere(draft, &arrived),
            None => nothing_came(draft, trunk, wait.limit),
        }
    }
}

/// Whether a call that no trunk has may be one of this trunk.
fn looks_like_it(trunk: &Trunk, known: &[IpAddr], arrived: &Arrived) -> bool {
    let source = arrived.remote.ip().to_canonical();
    known.iter().any(|address| address.to_canonical() == source)
        || (!trunk.numbers.is_empty() && trunk.called_by(&arrived.request).is_some())
}

fn came(mut draft: Draft, arrived: &Arrived, call: &ArrivalView) -> Rung {
    draft.message(false, &Message::from(arrived.request.clone()).to_bytes());
    let (from, written) = (arrived.remote, arrived.request.uri.to_string());
    draft.detail("from", from);
    draft.detail("at", arrived.local);
    draft.detail("request_uri", &written);
    draft.detail("to", &arrived.request.to.uri);
    draft.detail("number", &call.dialled);
    draft.detail("caller", &call.caller);
    draft.detail("context", &call.context);
    let (number, context) = (&call.dialled, &call.context);
    match call.refused {
        None => draft.ok(both!(
            "a call came in from {from} for {number} (written {written}), into context {context}",
            "er kwam een gesprek binnen van {from} voor {number} (geschreven {written}), in context {context}"
        )),
        Some(reason) => {
            let reason = reason.as_str();
            draft.failed(
                both!(
                    "a call came in from {from} for {number} (written {written}), and the trunk does not take it: {reason}",
                    "er kwam een gesprek binnen van {from} voor {number} (geschreven {written}), en de trunk neemt het niet: {reason}"
                ),
                both!(
                    "give the trunk that number with `kiestoon trunk numbers --add`, or look at how it writes numbers (`incoming_format`)",
                    "geef de trunk dat nummer met `kiestoon trunk numbers --add`, of kijk hoe de aanbieder nummers schrijft (`incoming_format`)"
                ),
            )
        }
    }
}

fn from_elsewhere(mut draft: Draft, arrived: &Arrived) -> Rung {
    let (from, written) = (arrived.remote.ip().to_canonical(), arrived.request.uri.to_string());
    draft.detail("from", arrived.remote);
    draft.detail("request_uri", &written);
    draft.failed(
        both!(
            "a call for {written} came from {from}, which is no address of the trunk: it was refused",
            "een gesprek voor {written} kwam van {from}, wat geen adres van de trunk is: het is geweigerd"
        ),
        both!(
            "if the provider says that {from} is his, add it to `addresses` of the trunk",
            "als de aanbieder zegt dat {from} van hem is, voeg het dan toe aan `addresses` van de trunk"
        ),
    )
}

fn nothing_came(draft: Draft, trunk: &Trunk, limit: Duration) -> Rung {
    let secs = limit.as_secs();
    draft.failed(
        both!("no call came in within {secs} s", "er kwam binnen {secs} s geen gesprek binnen"),
        missing(trunk),
    )
}

fn missing(trunk: &Trunk) -> Sentence {
    match trunk.registers {
        Some(_) => both!(
            "see that the rung REGISTER is good and the PBX is registered (`kiestoon ctl trunks`), and that the provider leads the number to this account",
            "kijk of de stap REGISTER goed is en de centrale aangemeld is (`kiestoon ctl trunks`), en of de aanbieder het nummer naar dit account leidt"
        ),
        None => both!(
            "see that the provider leads the number to your public address and SIP port, and that the firewall lets it in from the provider's addresses",
            "kijk of de aanbieder het nummer naar uw openbare adres en SIP-poort leidt, en of de firewall het vanaf de adressen van de aanbieder doorlaat"
        ),
    }
}
