//! After a quiet while, everybody believes the same: which calls are answered, and who hears whom.

use std::net::SocketAddr;

use kiestoon_call::{CallState, LegView, Side};

use crate::engine::Engine;
use crate::phone::{LineState, Phone, Session};
use crate::story::Story;

/// Where the switch and the phones differ, in words.
pub(crate) fn faults(story: &Story) -> Vec<String> {
    let pbx = story.the_pbx();
    let mut faults = Vec::new();
    let mut known: Vec<SocketAddr> = Vec::new();
    for call in pbx.switch.calls(story.now()) {
        let believed = |leg: &&LegView| match call.state {
            CallState::Talking | CallState::Echo | CallState::Playing => true,
            // Who was answered by a prompt stays so while phones ring after it.
            CallState::Starting | CallState::Asking | CallState::Dialling | CallState::Ringing => {
                call.answered_at.is_some() && leg.side == Side::Caller
            }
            CallState::Transferring | CallState::Ending => false,
        };
        let sides: Vec<_> = call.legs.iter().filter(believed).map(|leg| Seen::of(story, leg)).collect();
        for side in &sides {
            known.extend(side.local);
            if side.session.is_none() && side.phone.is_some_and(|phone| !phone.is_dead()) {
                faults.push(format!(
                    "call {}: {} does not know of its leg at {:?}",
                    call.id, side.name, side.local
                ));
            }
        }
        if let [a, b] = sides.as_slice()
            && call.state == CallState::Talking
        {
            faults.extend([one_way(&pbx.engine, a, b), one_way(&pbx.engine, b, a)].into_iter().flatten());
        }
    }
    let owned: Vec<_> = pbx.switch.calls(story.now()).into_iter().flat_map(|call| call.legs).collect();
    for (id, leg) in pbx.engine.legs() {
        if !owned.iter().any(|view| view.leg == id) {
            faults.push(format!("{id:?} of {:?} belongs to no call", leg.call));
        }
    }
    for phone in story.phones().iter().filter(|phone| !phone.is_dead()) {
        for (_, state, theirs) in phone.all_sessions() {
            let open = theirs.is_some_and(|theirs| known.contains(&theirs.rtp));
            if state == LineState::Talking && !open {
                let with = theirs.map(|theirs| theirs.rtp);
                faults
                    .push(format!("{} talks with {with:?}, a leg that the switch does not know", phone.name));
            }
        }
    }
    faults
}

/// A leg, and the call as its phone sees it: our description of ourselves, and the PBX's.
struct Seen<'a> {
    name: String,
    phone: Option<&'a Phone>,
    local: Option<SocketAddr>,
    session: Option<(&'a Session, &'a Session)>,
}

impl<'a> Seen<'a> {
    fn of(story: &'a Story, leg: &LegView) -> Self {
        let local = story.the_pbx().engine.legs().find(|(id, _)| *id == leg.leg).map(|(_, leg)| leg.local);
        let phone = story.phones().iter().find(|phone| phone.flow.local.ip() == leg.remote.ip());
        let session = phone.and_then(|phone| {
            phone.all_sessions().find_map(|(ours, state, theirs)| {
                let theirs = theirs.filter(|theirs| Some(theirs.rtp) == local)?;
                (state == LineState::Talking).then_some((ours, theirs))
            })
        });
        Self {
            name: phone.map_or_else(|| leg.number.to_string(), |phone| phone.name.clone()),
            phone,
            local,
            session,
        }
    }
}

/// What one side says reaches the other if and only if both descriptions of the other say so.
fn one_way(engine: &Engine, from: &Seen<'_>, to: &Seen<'_>) -> Option<String> {
    let (Some((ours, theirs)), Some((others, of_pbx))) = (from.session, to.session) else { return None };
    let sends = ours.flowing.sends() && theirs.flowing.receives();
    let listens = others.flowing.receives() && of_pbx.flowing.sends();
    let (name, other) = (&from.name, &to.name);
    // A phone that refuses every re-INVITE cannot be told of a change.
    let told = [from, to].iter().all(|side| side.phone.is_some_and(Phone::takes_reinvites));
    if sends != listens && told {
        return Some(format!("{name} sends: {sends}, but {other} listens: {listens}"));
    }
    let route = engine.route(theirs.rtp);
    (sends && listens && route != Some(others.rtp))
        .then(|| format!("{name} sends to {}, which goes to {route:?}, not to {other}", theirs.rtp))
}
