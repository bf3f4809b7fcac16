//! What happens in a walk: what people do with their phones, what happens to the phones, and what the operator does.

use std::time::Duration;

use kiestoon_call::Input;
use kiestoon_media::engine::{DigitSource, MediaEvent};
use kiestoon_sip::{HeaderName, Method, Uri};
use kiestoon_testkit::{Chance, Fax, Flowing, LineState, PhoneId, Story, millis, secs};

use super::phones::{DIALLED, OTHER_RULES, OURS, RULES, is_beyond};

/// Often as long as a message is under way, so that things cross.
pub(super) fn pause(dice: &mut Chance) -> Duration {
    match dice.below(4) {
        0 => millis(dice.below(8) * 5),
        1 => dice.duration(millis(40)),
        _ => dice.duration(secs(4)),
    }
}

/// One deed of, or to, a phone. Nothing where the dice want what it cannot do now.
pub(super) fn deed(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    match dice.below(24) {
        0..=5 if is_beyond(t, id) => dial_in(t, id, dice),
        6..=11 if is_beyond(t, id) => in_call(t, id, dice),
        12..=19 if is_beyond(t, id) => {}
        0..=5 => dial(t, id, dice),
        6..=11 => in_call(t, id, dice),
        12..=14 => transfer(t, id, dice),
        15 => take_over(t, id, dice),
        16..=17 => elsewhere(t, id, dice),
        18..=19 if dice.happens(400) => misfortune(t, id, dice),
        20..=21 if dice.happens(400) => operate(t, dice),
        22 if dice.happens(400) => media(t, dice),
        _ => {}
    }
}

fn alive(t: &Story, id: PhoneId) -> bool {
    !t.phone(id).is_dead() && !t.phone(id).is_deaf()
}

fn talking(t: &Story, id: PhoneId) -> bool {
    t.phone(id).last_call().is_some_and(|(_, state)| state == LineState::Talking)
}

fn open(t: &Story, id: PhoneId) -> usize {
    let over = |state| matches!(state, LineState::Ended(_) | LineState::Leaving);
    t.phone(id).calls().filter(|(_, state)| !over(*state)).count()
}

/// The other side of one of its calls in a state that pleases.
fn peer(t: &Story, id: PhoneId, dice: &mut Chance, pleases: impl Fn(LineState) -> bool) -> Option<String> {
    let calls = t.phone(id).calls().filter(|(_, state)| pleases(*state));
    let peers: Vec<String> = calls.map(|(peer, _)| peer.to_owned()).collect();
    dice.pick(&peers).cloned()
}

fn number(dice: &mut Chance) -> &'static str {
    dice.pick(&DIALLED).expect("numbers")
}

/// A call; seldom a second or third beside those that it has.
fn dial(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    let room = match open(t, id) {
        0 => true,
        1 | 2 => dice.happens(350),
        _ => false,
    };
    if !alive(t, id) || !room {
        return;
    }
    let to = number(dice);
    match dice.below(10) {
        0 | 1 => t.call_with_late_offer(id, to),
        2 => {
            let (name, value) = dice.pick(&ODDITIES).expect("headers").clone();
            t.call_with(id, to, |invite| invite.headers.set(name.clone(), value));
        }
        3 => t.call_with(id, to, |invite| invite.max_forwards = Some(2)),
        4 => match gruu(t, dice) {
            Some((to, gruu)) => t.call_with(id, &to, |invite| invite.uri = gruu.clone()),
            None => t.call(id, to),
        },
        _ => t.call(id, to),
    }
}

/// A call from beyond a trunk, mostly for a number that it has.
fn dial_in(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    if alive(t, id) && open(t, id) < 3 {
        t.call(id, if dice.happens(800) { OURS } else { number(dice) });
    }
}

/// What reaches one phone alone, and its number.
fn gruu(t: &Story, dice: &mut Chance) -> Option<(String, Uri)> {
    let phones = t.phone_ids().map(|id| t.phone(id));
    let known: Vec<_> = phones
        .flat_map(|phone| phone.gruus().into_iter().map(|gruu| (phone.number().to_owned(), gruu)))
        .collect();
    dice.pick(&known).cloned()
}

fn in_call(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    match dice.below(10) {
        0 if open(t, id) > 0 => t.hang_up(id),
        1 => {
            let over = |state| matches!(state, LineState::Ended(_) | LineState::Leaving);
            if let Some(peer) = peer(t, id, dice, |state| !over(state)) {
                t.hang_up_with(id, &peer);
            }
        }
        2 if talking(t, id) => t.hold(id),
        3 if talking(t, id) => t.resume(id),
        4 if talking(t, id) => t.reinvite_without_offer(id),
        5 if open(t, id) > 0 && t.phone(id).takes_update() && t.phone(id).may_offer() => {
            t.update_to(id, *dice.pick(&[Flowing::SendRecv, Flowing::SendOnly]).expect("two"));
        }
        6 if talking(t, id) && t.phone(id).takes_update() && t.phone(id).may_offer() => t.update(id),
        7 if talking(t, id) => match dice.below(4) {
            0 => t.send_in_call(id, Method::Info, "application/dtmf", "5"),
            1 => t.send_in_call(id, Method::Info, "application/x-unknown", "?"),
            2 => t.send_in_call(id, Method::Message, "text/plain", "Hallo"),
            _ => {
                t.send_in_call(id, Method::Info, "application/dtmf-relay", "Signal=1\r\nDuration=160\r\n");
            }
        },
        8 if talking(t, id) && dice.happens(500) => t.restart_ice(id),
        8 if talking(t, id) => t.reinvite(id),
        9 if talking(t, id) && t.phone(id).takes_faxes() => t.fax(id, *dice.pick(&SHAPES).expect("shapes")),
        _ => {}
    }
}

/// Blind, or by joining two calls, the second of which may still ring.
fn transfer(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    let Some(first) = peer(t, id, dice, |state| state == LineState::Talking) else { return };
    let other = peer(t, id, dice, |state| matches!(state, LineState::Talking | LineState::Ringing));
    match other.filter(|other| *other != first && t.phone(id).dialog_with(other).is_some()) {
        Some(other) if dice.happens(800) => t.join(id, &first, &other),
        _ => match gruu(t, dice).filter(|_| dice.happens(300)) {
            Some((to, gruu)) => t.transfer_with(id, &first, &to, |refer| {
                refer.headers.set(HeaderName::ReferTo, format!("<{gruu}>"));
            }),
            None => t.transfer(id, &first, number(dice)),
        },
    }
}

/// A phone takes over what another one has, whether it may or not.
fn take_over(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    let others: Vec<PhoneId> = t.phone_ids().filter(|other| *other != id && alive(t, *other)).collect();
    let Some(from) = dice.pick(&others).copied() else { return };
    let over = |state| matches!(state, LineState::Ended(_));
    let Some(peer) = peer(t, from, dice, |state| !over(state)) else { return };
    if alive(t, id) && open(t, id) < 3 && t.phone(from).dialog_with(&peer).is_some() {
        t.take_over(id, from, &peer, if dice.happens(300) { ";early-only" } else { "" });
    }
}

/// What phones do outside calls.
fn elsewhere(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    if !alive(t, id) {
        return;
    }
    match dice.below(9) {
        8 => t.keep_alive(id),
        0 | 1 => t.register(id),
        2 => t.register_contacts(id, 2, 90),
        3 => t.query_registrations(id),
        4 => t.send_text(id, number(dice), "Hallo"),
        5 => t.send(id, Method::Options, "", |_| {}),
        6 => t.send(id, Method::Info, "203", |_| {}),
        _ if dice.happens(500) => t.unregister(id),
        _ => t.unregister_all(id),
    }
}

/// Batteries, programs, cables, passwords.
fn misfortune(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    match dice.below(6) {
        0 if !t.phone(id).is_dead() => t.kill(id),
        1 if !t.phone(id).is_dead() => t.crash(id),
        2 | 3 => {
            t.reboot(id, dice.happens(500));
            if alive(t, id) && dice.happens(700) {
                t.register(id);
            }
        }
        4 if alive(t, id) && open(t, id) == 0 => {
            t.reconnect(id);
            t.register(id);
        }
        5 if alive(t, id) => {
            for _ in 0..dice.below(6) {
                t.forget_challenges(id);
                t.register(id);
                t.run(millis(100));
            }
        }
        _ => {}
    }
}

fn operate(t: &mut Story, dice: &mut Chance) {
    match dice.below(10) {
        0 | 1 => t.reload(dice.pick(&[RULES, OTHER_RULES]).expect("two")),
        2 if dice.happens(300) => t.remove_extension(number(dice)),
        3 | 4 => {
            t.set_full(true);
            t.run(dice.duration(secs(2)));
            t.set_full(false);
        }
        5 => t.tell_pbx(Input::LiftBans { source: None }),
        6 if dice.happens(200) => t.tell_pbx(Input::Drain),
        7 if dice.happens(200) => t.tell_pbx(Input::HangupAll),
        _ => {
            let calls = t.the_pbx().switch.calls(t.now());
            if let Some(call) = dice.pick(&calls) {
                t.tell_pbx(Input::Hangup { call: call.id });
            }
        }
    }
}

/// What the media engine reports of a leg.
fn media(t: &mut Story, dice: &mut Chance) {
    let legs: Vec<_> = t.engine().legs().map(|(id, _)| id).collect();
    let Some(leg) = dice.pick(&legs).copied() else { return };
    match dice.below(7) {
        0 => t.engine().fail_leg(leg),
        1 => t.engine().refuse_next(1),
        2 => t.engine().report(MediaEvent::Lost { leg, after: secs(30) }),
        3 => t.engine().report(MediaEvent::Digit {
            leg,
            digit: '7',
            duration_ms: 100,
            passed: dice.happens(500),
            source: DigitSource::Event4733,
        }),
        4 => t.engine().report(MediaEvent::Diagnosis {
            leg,
            cause: dice.happens(500).then_some(kiestoon_media::Cause::PortBlocked),
        }),
        _ => t.engine().report_silence(leg, secs(10)),
    }
    t.tell_pbx(Input::Tick);
}

/// Sound, or a fax in every shape.
const SHAPES: [Option<Fax>; 5] =
    [None, None, Some(Fax::Alone), Some(Fax::AfterAudio), Some(Fax::BeforeAudio)];

/// Headers that make an INVITE unusual.
const ODDITIES: [(HeaderName, &str); 8] = [
    (HeaderName::SessionExpires, "60"),
    (HeaderName::SessionExpires, "90;refresher=uac"),
    (HeaderName::Privacy, "id"),
    (HeaderName::PAssertedIdentity, "<sip:999@kantoor.example>"),
    (HeaderName::Diversion, "<sip:204@kantoor.example>;reason=no-answer"),
    (HeaderName::MaxBreadth, "1"),
    (HeaderName::Require, "path"),
    (HeaderName::Replaces, "a@b;to-tag=1;from-tag=2"),
];
