//! Calls that nobody planned: random phones, behaviours, links and deeds from a seed. Whatever happens, every call
//! ends, writes one record, and leaves nothing behind.

use std::time::Duration;

use kiestoon_call::Input;
use kiestoon_sip::Method;
use kiestoon_testkit::{
    Chance, Flowing, LineState, Link, PhoneId, Profile, Reply, Story, What, millis, phone, secs,
};

const NUMBERS: [&str; 5] = ["201", "202", "203", "204", "205"];

const RULES: &str = r#"
[group.balie]
members = ["202", "203", "204"]

[[context.intern]]
match = "100"
do = [{ dial = "group:balie", timeout = "8s" }, { dial = "ext:205" }]

[[context.intern]]
match = "101"
do = [{ dial = ["ext:203", "ext:204", "ext:205"], order = "sequence", timeout = "4s" }]

[[context.intern]]
match = "600"
do = [{ echo = true }]

[[context.intern]]
match = "601"
do = [{ play = "welkom" }, { dial = "ext:202", timeout = "6s" }, { play = "welkom" }]

[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "10s", on_busy = [{ dial = "ext:204", timeout = "5s" }] }]
"#;

const DIALLED: [&str; 9] = ["100", "101", "600", "601", "201", "202", "203", "204", "299"];

/// So many stories of some four calls each. `KIESTOON_WALKS` asks for more, `KIESTOON_WALK` is the first seed.
const STORIES: u64 = 80;

#[test]
fn two_hundred_calls_end_and_leave_nothing() {
    let asked = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, count) = (asked("KIESTOON_WALK"), asked("KIESTOON_WALKS"));
    let count = count.unwrap_or_else(|| if first.is_some() { 1 } else { STORIES });
    let first = first.unwrap_or(0);
    let calls: usize = (first..first + count).map(story).sum();
    assert!(calls >= 200 || count < STORIES, "only {calls} calls were made");
}

fn story(seed: u64) -> usize {
    let mut dice = Chance::new(seed ^ 0x5eed);
    let mut t = Story::office(seed).rules(RULES).link(link(&mut dice));
    let phones: Vec<PhoneId> = NUMBERS.iter().map(|number| t.add(behaviour(number, &mut dice))).collect();
    for id in &phones {
        t.register(*id);
    }
    t.run(secs(20));
    for _ in 0..dice.below(4) {
        t.drop_next(1, fault(&mut dice));
    }
    for _ in 0..20 {
        let id = *dice.pick(&phones).expect("five phones");
        deed(&mut t, id, &mut dice);
        let pause = pause(&mut dice);
        t.run(pause);
    }
    t.run(secs(150));
    t.expect_agreement();
    for id in &phones {
        t.hang_up_all(*id);
        t.run(dice.duration(millis(20)));
    }
    t.run(secs(150));
    t.settle();
    t.expect_nothing_left();
    t.the_pbx().ended().count()
}

/// Often as long as a message is under way, so that things cross.
fn pause(dice: &mut Chance) -> Duration {
    match dice.below(4) {
        0 => millis(dice.below(8) * 5),
        1 => dice.duration(millis(40)),
        _ => dice.duration(secs(4)),
    }
}

fn link(dice: &mut Chance) -> Link {
    match dice.below(4) {
        0 => Link::default(),
        3 => Link { jitter: millis(100), duplicate: 50, loss: 150, ..Link::default() },
        1 => Link { jitter: millis(40), duplicate: 100, ..Link::default() },
        _ => Link { jitter: millis(20), duplicate: 20, loss: 50, ..Link::default() },
    }
}

fn behaviour(number: &str, dice: &mut Chance) -> Profile {
    let base = phone(number);
    let base = if dice.happens(300) { base.over_tcp() } else { base };
    let base = if dice.happens(200) { base.hangs_up_after(dice.duration(secs(5))) } else { base };
    let base = if dice.happens(100) { base.answers_when_cancelled() } else { base };
    let base = if dice.happens(100) { base.does_not_wait_for_ack() } else { base };
    let base = if dice.happens(300) { base.takes_update() } else { base };
    let base = if dice.happens(200) {
        base.session_timer(90 + u32::try_from(dice.below(60)).expect("a small number"))
    } else {
        base
    };
    let base = match dice.below(6) {
        0 => base.knows_100rel(),
        1 => base.requires_100rel(),
        2 => base.knows_100rel().holds_in_prack(),
        _ => base,
    };
    let base = if dice.happens(100) { base.forks_to(early(dice)) } else { base };
    let base = match dice.below(10) {
        0 => base.behind_nat(),
        1 => base.over_ipv6(),
        _ => base,
    };
    match dice.below(13) {
        12 => base.follows(early(dice)),
        0 => base.is_busy(),
        1 => base.declines_after(dice.duration(secs(3))),
        2 => base.never_answers(),
        3 => base.early_media_then_answers(dice.duration(secs(3))),
        4 => base.answers_at_once(),
        5 => base.refuses(500),
        6 => base.refuses_reinvites(488),
        7 => base.follows(vec![
            (secs(0), Reply::Trying),
            (secs(1), Reply::Ringing),
            (secs(2), Reply::Refuse(480)),
        ]),
        8 => base.hears_nothing(),
        _ => base.answers_after(dice.duration(secs(4))),
    }
}

/// Reliable provisional responses, perhaps an offer before the answer, and an answer.
fn early(dice: &mut Chance) -> Vec<(Duration, Reply)> {
    let first = dice.happens(500);
    let mut script = vec![(dice.duration(millis(300)), Reply::Reliable { status: 180, described: first })];
    script.push((dice.duration(secs(1)), Reply::Reliable { status: 183, described: true }));
    if dice.happens(300) {
        script.push((secs(1), Reply::Update));
    }
    script.push((secs(1) + dice.duration(secs(3)), Reply::Answer));
    script
}

fn fault(dice: &mut Chance) -> What {
    let methods = ["ACK", "BYE", "CANCEL", "INVITE", "PRACK", "UPDATE"];
    match dice.below(2) {
        0 => What::request(dice.pick(&methods).expect("six methods")),
        _ => What::response(200, dice.pick(&methods[1..]).expect("five methods")),
    }
}

fn open(t: &Story, id: PhoneId) -> bool {
    t.phone(id)
        .last_call()
        .is_some_and(|(_, state)| !matches!(state, LineState::Ended(_) | LineState::Leaving))
}

fn deed(t: &mut Story, id: PhoneId, dice: &mut Chance) {
    let talking = t.phone(id).last_call().is_some_and(|(_, state)| state == LineState::Talking);
    let idle = t.phone(id).calls().all(|(_, state)| matches!(state, LineState::Ended(_)));
    let alive = !t.phone(id).is_dead() && !t.phone(id).is_deaf();
    match dice.below(19) {
        0..=4 if alive && !open(t, id) => {
            let number = dice.pick(&DIALLED).expect("numbers");
            match dice.happens(200) {
                true => t.call_with_late_offer(id, number),
                false => t.call(id, number),
            }
        }
        5 if open(t, id) => t.hang_up(id),
        6 if talking => t.hold(id),
        7 if talking => t.resume(id),
        8 if talking => t.reinvite_without_offer(id),
        17 if open(t, id) && t.phone(id).takes_update() && t.phone(id).may_offer() => {
            t.update_to(id, *dice.pick(&[Flowing::SendRecv, Flowing::SendOnly]).expect("two"));
        }
        18 if talking && t.phone(id).takes_update() && t.phone(id).may_offer() => t.update(id),
        9 if talking => t.send_in_call(id, Method::Info, "application/dtmf-relay", "Signal=1\r\n"),
        10 if alive => t.register(id),
        11 if alive => t.send_text(id, "202", "Hallo"),
        12 if dice.happens(300) => match dice.below(4) {
            0 if alive => t.kill(id),
            1 if alive => t.crash(id),
            2 => t.engine().refuse_next(1),
            _ => t.reload(RULES),
        },
        13 if dice.happens(300) => operator(t, dice),
        14 if alive && dice.happens(300) => t.unregister(id),
        15 if alive && idle && dice.happens(300) => {
            t.reconnect(id);
            t.register(id);
        }
        _ => {}
    }
}

/// An operator ends a call, or a leg's media breaks.
fn operator(t: &mut Story, dice: &mut Chance) {
    let calls = t.the_pbx().switch.calls(t.now());
    let Some(call) = dice.pick(&calls) else { return };
    match call.legs.first().filter(|_| dice.happens(500)) {
        Some(leg) => {
            t.engine().fail_leg(leg.leg);
            t.tell_pbx(Input::Tick);
        }
        None => t.tell_pbx(Input::Hangup { call: call.id }),
    }
}
