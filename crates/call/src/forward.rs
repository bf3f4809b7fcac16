//! Forwarding: a phone that answers an INVITE with 3xx names where its calls go, and the dialplan decides what becomes of that,
//! as if its extension had dialled it. Whoever is rung next learns of it by Diversion (RFC 5806) and History-Info (RFC 7044).

use kiestoon_dialplan::{StepResult, Unanswered};
use kiestoon_media::LegId;
use kiestoon_sip::{Diversion, HeaderName, Headers, HistoryEntry, NameAddr, Response, Uri};
use serde::{Deserialize, Deserializer, Serialize};

use crate::call::{Call, Stage};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::outcome::Outcome;
use crate::reason::EndReason;
use crate::rights::Charged;
use crate::way::AskedFor;
use crate::wire;

/// A word of the Diversion header.
type Reason = &'static str;

fn thawed_reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reason, D::Error> {
    Box::<str>::deserialize(deserializer).map(|word| known_reason(&word))
}

/// How the call came to where it rings.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct History {
    /// The forwardings of this call, the first one first.
    forwards: Vec<Forward>,
    /// What a trusted network has told of those before: Diversion, and History-Info.
    before: (Vec<Diversion>, Vec<HistoryEntry>),
}

/// One forwarding.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Forward {
    /// The number that was called.
    pub(crate) by: Box<str>,
    /// The number that it went on to.
    pub(crate) to: Box<str>,
    /// The word of Diversion.
    #[serde(deserialize_with = "thawed_reason")]
    reason: Reason,
    /// The status that it went on after.
    cause: u16,
    /// Whether a phone wanted it, so that its extension is charged with what follows; else the dialplan did.
    by_phone: bool,
}

impl Forward {
    /// What a 302 of a phone makes of a call to it.
    pub(crate) fn by_phone(by: &str, to: &str) -> Self {
        Self { by: by.into(), to: to.into(), reason: "deflection", cause: 302, by_phone: true }
    }
}

impl History {
    /// The history of a call that a trusted network has told us of.
    pub(crate) fn told(headers: &Headers) -> Self {
        let (mut diversions, mut entries) = (headers.diversions(), headers.history());
        diversions.truncate(MOST_TOLD);
        entries.truncate(MOST_TOLD);
        Self { forwards: Vec::new(), before: (diversions, entries) }
    }

    /// The number that is charged with what is rung now; None where it is the caller.
    pub(crate) fn charged_to(&self) -> Option<&str> {
        self.forwards.iter().rfind(|forward| forward.by_phone).map(|forward| &*forward.by)
    }

    /// A dial step of one extension has failed, and another one is rung.
    pub(crate) fn went_on(&mut self, by: &str, to: &str, after: StepResult) {
        let (reason, cause) = match after {
            StepResult::Busy => ("user-busy", 486),
            StepResult::NoAnswer => ("no-answer", 408),
            StepResult::Unavailable => ("unavailable", 480),
            StepResult::Rejected { status } => ("deflection", Unanswered::told(status)),
            _ => return,
        };
        if by != to && self.forwards.len() < MOST_TOLD {
            let (by, to) = (by.into(), to.into());
            self.forwards.push(Forward { by, to, reason, cause, by_phone: false });
        }
    }

    /// A phone has sent the call on.
    pub(crate) fn redirected(&mut self, forward: Forward) {
        self.forwards.push(forward);
    }

    fn has_seen(&self, number: &str) -> bool {
        self.forwards.iter().any(|forward| *forward.by == *number)
    }

    fn hops(&self) -> usize {
        self.forwards.iter().filter(|forward| forward.by_phone).count()
    }

    /// Writes it into the INVITE of a phone. `address` makes an address of a number.
    pub(crate) fn write(&self, headers: &mut Headers, address: impl Fn(&str) -> NameAddr) {
        for forward in self.forwards.iter().rev() {
            let uri = address(&forward.by).uri;
            let diversion = Diversion { uri, reason: forward.reason.into(), counter: 1 };
            headers.push(HeaderName::Diversion, diversion.to_string());
        }
        for diversion in &self.before.0 {
            headers.push(HeaderName::Diversion, diversion.to_string());
        }
        for entry in &self.before.1 {
            headers.push(HeaderName::HistoryInfo, entry.to_string());
        }
        let Some(last) = self.forwards.last() else { return };
        let mut index: String = match self.before.1.last() {
            Some(entry) => format!("{}.1", entry.index),
            None => "1".to_owned(),
        };
        for forward in &self.forwards {
            let (uri, cause) = (address(&forward.by).uri, Some(forward.cause));
            let entry = HistoryEntry { uri, index: index.as_str().into(), cause };
            headers.push(HeaderName::HistoryInfo, entry.to_string());
            index.push_str(".1");
        }
        let entry = HistoryEntry { uri: address(&last.to).uri, index: index.into(), cause: None };
        headers.push(HeaderName::HistoryInfo, entry.to_string());
    }
}

impl Call {
    /// A phone redirects its calls: it and the other phones of its extension ring no more, and once nobody else does, the call
    /// follows.
    pub(crate) fn redirected(&mut self, x: &mut Exchange, leg: LegId, response: &Response) {
        let status = response.status.code();
        let refused = match self.forward_of(x, leg, response) {
            Ok(forward) => {
                if let Stage::Ringing(ring) = &mut self.stage {
                    ring.forward.get_or_insert_with(|| Box::new(forward));
                }
                return self.branch_failed(x, leg, status);
            }
            Err(refused) => refused,
        };
        self.branch_failed(x, leg, refused);
    }

    /// Where a 3xx leads to; an error is the status that it counts as where it leads nowhere.
    fn forward_of(&self, x: &Exchange, leg: LegId, response: &Response) -> Result<Forward, u16> {
        let branch = self.branch(leg).ok_or(480u16)?;
        let by = branch.leg.number.clone();
        let local = branch.leg.flow.local.ip();
        let contacts = response.headers.addresses(&HeaderName::Contact).map_err(|_| 480u16)?;
        let by_trunk = self.redirected_by_trunk(leg, &contacts);
        let by_phone = by_trunk.is_err();
        let to = by_trunk.unwrap_or_else(|()| {
            let to = contacts.iter().find_map(|contact| match &contact.uri {
                Uri::Sip(uri) if x.snapshot.organisation_of(&uri.host, local) == Some(self.organisation) => {
                    uri.user.as_deref()
                }
                Uri::Tel(uri) => Some(&*uri.number),
                Uri::Sip(_) | Uri::Other { .. } => None,
            });
            wire::number(to)
        });
        // What a trunk may not do counts as what it has said.
        let nowhere = if by_phone { 480u16 } else { response.status.code() };
        let to = to.filter(|number| !number.is_empty()).ok_or(nowhere)?;
        let history = &self.walk.history;
        let hops = if by_phone { history.hops() } else { history.forwards.len() };
        let too_far = hops >= x.settings.limits.forwards && !self.is_emergency();
        if to == by || history.has_seen(&to) || too_far {
            return Err(482);
        }
        let told = response.headers.diversions();
        let word = told.first().map_or("deflection", |diversion| known_reason(&diversion.reason));
        let cause = response.status.code();
        Ok(Forward { by, to, reason: word, cause, by_phone })
    }

    /// Nobody rings any more, and a phone has said where the call is to go.
    pub(crate) fn follow(&mut self, x: &mut Exchange, forward: Forward) {
        // Whom a trunk has sent on, dials on: the caller, or who has forwarded the call before.
        let caller = self.walk.history.charged_to().unwrap_or(&self.caller.number);
        let asker = if forward.by_phone { &*forward.by } else { caller };
        let decision = self.decide_for(x, asker, &forward.to);
        let (by, to) = (forward.by.clone(), forward.to.clone());
        let charged = Charged::Extension(forward.by.clone());
        x.event(Event::CallForwarded { call: self.id(), by: by.clone(), to: to.clone() });
        self.walk.history.redirected(forward);
        let (at, context) = (x.clock.micros(x.now), &*self.cdr.record.context);
        let asked = AskedFor { number: &to, by: &by, at, context };
        match decision {
            None => self.walk_on_unanswered(x, Outcome::new(StepResult::Unavailable, EndReason::NotFound)),
            Some(decision) if !self.is_permitted(x, &charged, &to, Some(&decision)) => {
                self.walk_on_unanswered(x, Outcome::forbidden());
            }
            Some(decision) => {
                self.walk.enter(asked, decision);
                self.walk_on(x, None);
            }
        }
    }
}

/// The word of a phone's own Diversion, if it is one that means something.
fn known_reason(word: &str) -> &'static str {
    const KNOWN: [&str; 8] = [
        "unconditional",
        "user-busy",
        "no-answer",
        "unavailable",
        "time-of-day",
        "do-not-disturb",
        "follow-me",
        "away",
    ];
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(word)).unwrap_or("deflection")
}

/// Forwardings that are told of.
const MOST_TOLD: usize = 8;
