//! Whom a dial step rings: the phones of its targets, in the waves in which they are rung.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use kiestoon_dialplan::{Dial, DialOrder, StepResult, Target};
use kiestoon_sip::locate::Query;
use kiestoon_sip::{Flow, NameAddr, Uri};
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::exchange::Exchange;
use crate::locate;
use crate::outcome::Outcome;
use crate::reason::EndReason;

/// Phones that are rung at one time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wave {
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) ring_time: Duration,
    pub(crate) phones: Vec<Phone>,
}

/// A phone to ring.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Phone {
    pub(crate) target: usize,
    pub(crate) number: Box<str>,
    pub(crate) way: Way,
    /// The device, where it has registered flows (RFC 5626): of those only one is tried at a time.
    device: Option<Arc<str>>,
    /// The name of the trunk, where it is a host of one.
    pub(crate) trunk: Option<Arc<str>>,
    pub(crate) spare: Vec<Way>,
}

/// One way to a phone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Way {
    pub(crate) contact: Uri,
    pub(crate) flow: Flow,
    pub(crate) query: Option<Query>,
    pub(crate) route: Vec<NameAddr>,
    /// What the phone called itself when it registered.
    pub(crate) agent: Option<Arc<str>>,
}

impl Phone {
    /// A host of a trunk.
    pub(crate) fn of_trunk(target: usize, number: Box<str>, way: Way, trunk: Arc<str>) -> Self {
        Self { target, number, way, device: None, trunk: Some(trunk), spare: Vec::new() }
    }
}

impl Call {
    /// The phones of a dial step, in the order that they are rung, and whether somebody was left out as busy. An error is the
    /// outcome of having nobody to ring.
    pub(crate) fn waves(&self, x: &Exchange, dial: &Dial) -> Result<(VecDeque<Wave>, bool), Outcome> {
        let legs_left = usize::from(MOST_LEGS.saturating_sub(self.legs_made));
        let is_emergency = self.is_emergency();
        let mut left = if is_emergency { legs_left } else { x.settings.limits.branches.min(legs_left) };
        let mut targets = Vec::new();
        let (mut known, mut unknown_trunk, mut busy) = (false, false, false);
        for (index, target) in dial.targets.iter().enumerate() {
            let number = match target {
                Target::Extension(number) => number,
                Target::Trunk(name) => {
                    match self.snapshot.trunk(self.organisation, name) {
                        Some(trunk) => targets.push(self.hosts(trunk, index, dial)),
                        None => unknown_trunk = true,
                    }
                    continue;
                }
            };
            known |= self.snapshot.extension(self.organisation, number).is_some();
            let most = x.settings.limits.calls_per_extension;
            if !is_emergency && x.parties.counted(&self.cdr.record.organisation, number) >= most {
                busy = true;
                continue;
            }
            let groups = self.phones(x, index, number, &mut left);
            if !groups.is_empty() {
                targets.push(groups);
            }
        }
        if targets.is_empty() && busy {
            return Err(Outcome::of_status(486));
        }
        if targets.is_empty() {
            // A trunk that is not there is one that cannot be reached: the number may well exist.
            let reason = if known || unknown_trunk { EndReason::Unavailable } else { EndReason::NotFound };
            return Err(Outcome::new(StepResult::Unavailable, reason));
        }
        let targets = self.without_down(x, targets);
        let waves = match dial.order {
            DialOrder::Parallel => together(targets, dial.timeout),
            DialOrder::Sequence | DialOrder::Rotate(_) => in_turn(targets, dial.timeout),
        };
        Ok((waves, busy))
    }

    /// The phones of an extension, best q first; those of equal q together.
    fn phones(&self, x: &Exchange, target: usize, number: &str, left: &mut usize) -> Vec<Vec<Phone>> {
        let mut groups: Vec<(u16, Vec<Phone>)> = Vec::new();
        if self.snapshot.extension(self.organisation, number).is_none() {
            return Vec::new();
        }
        for binding in x.bindings(self.organisation, &self.snapshot, number) {
            let Some(contact) = binding.uri() else { continue };
            if self.carried.secure && !binding.flow.transport.is_secure() {
                continue;
            }
            if self.carried.one_phone.as_ref().is_some_and(|one| !one.allows(number, binding)) {
                continue;
            }
            let (flow, route) = (binding.target(), binding.route());
            let device = binding.device().cloned();
            // Behind a proxy of its Path, or over a flow of its own, a phone is not reached by what its contact is called.
            let query = match route.first() {
                Some(proxy) => locate::query_of_proxy(&proxy.uri, &flow),
                None if device.is_some() => None,
                None => locate::query(&contact, &flow),
            };
            let query = query.map(|query| Query { secure: query.secure || self.carried.secure, ..query });
            let way = Way { contact, flow, query, route, agent: binding.user_agent.clone() };
            let mut phones = groups.iter_mut().flat_map(|(_, phones)| phones);
            if let Some(known) = phones.find(|phone| device.is_some() && phone.device == device) {
                known.spare.push(way);
                continue;
            }
            let Some(fewer) = left.checked_sub(1) else { continue };
            *left = fewer;
            let phone = Phone { target, number: number.into(), way, device, trunk: None, spare: Vec::new() };
            match groups.last_mut() {
                Some((q, group)) if *q == binding.q => group.push(phone),
                _ => groups.push((binding.q, vec![phone])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }
}

/// All targets at once; of each the phones of best q first. The ring time is shared by the waves.
fn together(targets: Vec<Vec<Vec<Phone>>>, ring_time: Duration) -> VecDeque<Wave> {
    let count = targets.iter().map(Vec::len).max().unwrap_or(1);
    let share = share(ring_time, count);
    let mut waves: VecDeque<Wave> =
        (0..count).map(|_| Wave { ring_time: share, phones: Vec::new() }).collect();
    for groups in targets {
        for (wave, mut group) in waves.iter_mut().zip(groups) {
            wave.phones.append(&mut group);
        }
    }
    waves
}

/// One target after the other, each for the whole ring time.
fn in_turn(targets: Vec<Vec<Vec<Phone>>>, ring_time: Duration) -> VecDeque<Wave> {
    let waves = targets.into_iter().flat_map(|groups| {
        // Of a trunk the next host is tried when one is at fault, not when it has rung for long enough.
        let is_trunk = groups.iter().flatten().all(|phone| phone.trunk.is_some());
        let ring_time = share(ring_time, if is_trunk { 1 } else { groups.len() });
        groups.into_iter().map(move |phones| Wave { ring_time, phones })
    });
    waves.collect()
}

fn share(ring_time: Duration, waves: usize) -> Duration {
    ring_time / u32::try_from(waves).unwrap_or(u32::MAX).max(1)
}

/// Legs that one call may have had, all dial steps together.
const MOST_LEGS: u16 = 256;
