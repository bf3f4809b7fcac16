//! The media doctor: why a phone that should be heard is not. It looks at each leg once a second, at plain counts, and
//! names a cause after two seconds of silence.

mod cause;

use std::net::IpAddr;
use std::time::{Duration, Instant};

pub use cause::Cause;

/// What a look at a leg sees: counts since the leg was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The phone should be sending: it said so, and the leg is connected to something.
    pub expected: bool,
    /// The phone has put the other side on hold, or is held itself: silence is agreed.
    pub held: bool,
    /// RTP packets of the phone in a negotiated format.
    pub heard: u64,
    /// RTP packets of the phone in another format.
    pub unknown_format: u64,
    /// Packets that are not protected with the phone's key.
    pub forged: u64,
    /// Packets from addresses that are not the phone's.
    pub strangers: u64,
    /// The last packet announced a pause (comfort noise, or the like of a codec): silence is what was announced.
    pub paused: bool,
    /// The address in the phone's session description.
    pub signalled: Option<IpAddr>,
    /// Where the phone's signalling comes from.
    pub peer: IpAddr,
    /// The session description names the public address while the phone's own headers name a private one: a router on
    /// the way has rewritten the body.
    pub rewritten: bool,
    /// By its own reports nothing of what is sent to the phone arrives.
    pub deaf: bool,
    /// ICMP errors that came back for packets to the phone.
    pub refused: u64,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The phone is not heard, or does not hear, for this cause.
    Ill(Cause),
    /// It is heard again, and hears.
    Well,
}

/// The doctor of one leg.
#[derive(Debug, Clone, Default)]
pub struct Doctor {
    /// What was seen when the phone was heard last, or when it was first expected.
    last: Option<Last>,
    said: Option<Cause>,
    refusals: Refusals,
}

/// Whether what is sent to the phone comes back as ICMP errors, and goes on doing so: a phone may open its port a moment
/// after its answer, and a single error is easily forged.
#[derive(Debug, Clone, Copy, Default)]
struct Refusals {
    /// Errors until the last look.
    seen: u64,
    /// Looks that found new ones, and looks since.
    with: u8,
    without: u8,
}

impl Refusals {
    fn look(&mut self, refused: u64) -> bool {
        if refused > self.seen {
            (self.seen, self.with, self.without) = (refused, self.with.saturating_add(1), 0);
        } else {
            self.without = self.without.saturating_add(1);
            // Machines send such errors about once a second (RFC 1812 section 4.3.2.8): a look may miss one.
            if self.without > 2 {
                self.with = 0;
            }
        }
        self.with > 1
    }
}

#[derive(Debug, Clone, Copy)]
struct Last {
    at: Instant,
    facts: Facts,
}

/// Silence that has a cause: longer than any gap of a working network, shorter than a caller's patience.
const SILENCE: Duration = Duration::from_secs(2);

impl Doctor {
    /// Looks at the leg. Some when what is said of it changes.
    pub fn look(&mut self, now: Instant, facts: Facts) -> Option<Finding> {
        let deaf = self.refusals.look(facts.refused) || facts.deaf;
        let Some(last) = self.last.filter(|_| facts.expected) else {
            self.last = facts.expected.then_some(Last { at: now, facts });
            return self.said.take().map(|_| Finding::Well);
        };
        if facts.heard > last.facts.heard || facts.paused {
            self.last = Some(Last { at: now, facts });
            if deaf {
                return self.say(Cause::HearsNothing);
            }
            return self.said.take().map(|_| Finding::Well);
        }
        if now.saturating_duration_since(last.at) < SILENCE {
            return None;
        }
        self.say(cause_of(&last.facts, &facts))
    }

    fn say(&mut self, cause: Cause) -> Option<Finding> {
        (self.said != Some(cause)).then(|| {
            self.said = Some(cause);
            Finding::Ill(cause)
        })
    }

    /// What ails the leg now.
    pub fn said(&self) -> Option<Cause> {
        self.said
    }
}

/// The cause, from what came since the phone was heard last. What did arrive says more than what did not.
fn cause_of(before: &Facts, now: &Facts) -> Cause {
    let came = |count: fn(&Facts) -> u64| count(now) > count(before);
    if now.held {
        return Cause::OnHold;
    }
    if came(|facts| facts.forged) {
        return Cause::WrongKey;
    }
    if came(|facts| facts.unknown_format) {
        return Cause::CodecMismatch;
    }
    if came(|facts| facts.strangers) {
        return Cause::StrangersOnly;
    }
    if now.heard > 0 {
        return Cause::StoppedSending;
    }
    if now.rewritten {
        return Cause::Alg;
    }
    if now.signalled.is_some_and(is_private) && !is_private(now.peer) {
        return Cause::PrivateAddress;
    }
    Cause::PortBlocked
}

/// An address that cannot be reached from elsewhere: RFC 1918, RFC 6598, link-local, loopback, RFC 4193.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests;
