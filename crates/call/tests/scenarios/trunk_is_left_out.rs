//! A trunk that is down is left out of calls, which go on to the next one at once; where all are down they are tried all the same.

use kiestoon_call::{Event, Trunk};
use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, PhoneId, Profile, Reply, Story, carrier, millis, phone, secs};

const OUT: &str = r#"
    [[context.intern]]
    match = "112"
    emergency = true
    do = [{ dial = ["trunk:voys", "trunk:backup"] }]
    [[context.intern]]
    match = "_0."
    do = [{ dial = ["trunk:voys", "trunk:backup"], timeout = "20s" }]
"#;

fn two_trunks(seed: u64, change: impl Fn(&mut Trunk)) -> (Story, PhoneId) {
    let mut t = Story::office(seed).rules(OUT).trunk("voys", &change).trunk("backup", &change);
    let a = t.add(phone("201"));
    t.register_all();
    (t, a)
}

fn asked(trunk: &mut Trunk) {
    trunk.options = Some(secs(30));
}

fn quick(name: &str) -> Profile {
    carrier(name).answers_at_once()
}

fn invites(t: &Story, far: PhoneId) -> usize {
    t.phone(far).requests().filter(|request| request.method == Method::Invite).count()
}

fn downs(t: &Story) -> usize {
    t.the_pbx().events.iter().filter(|event| matches!(event, Event::TrunkDown { .. })).count()
}

/// One call, hung up soon. Whether it was answered within a quarter of a second.
fn is_quick(t: &mut Story, a: PhoneId, number: &str) -> bool {
    let before = t.the_pbx().ended().count();
    t.call(a, number);
    t.run(millis(250));
    let quick = matches!(t.the_pbx().switch.status().talking, 1);
    t.run(secs(4));
    t.hang_up(a);
    t.run(secs(2));
    assert_eq!(t.the_pbx().ended().count(), before + 1);
    quick
}

#[test]
fn nobody_waits_for_what_is_down() {
    let (mut t, a) = two_trunks(1, asked);
    let voys = t.add_carrier(quick("voys"));
    let backup = t.add_carrier(quick("backup"));
    t.run(secs(6));
    t.kill(voys);
    t.run(secs(60));
    assert_eq!(downs(&t), 1);
    assert!(is_quick(&mut t, a, "0201112222"));
    assert_eq!(invites(&t, backup), 1);
    let legs = &t.the_pbx().ended().last().expect("a record").legs;
    assert_eq!(legs.len(), 2, "the silent one was not tried");
}

#[test]
fn calls_find_out_by_themselves_and_one_at_a_time_sees_whether_it_is_over() {
    let (mut t, a) = two_trunks(2, |_| {});
    let b = t.add(phone("202"));
    t.register_all();
    let voys = t.add_carrier(quick("voys"));
    let backup = t.add_carrier(quick("backup"));
    t.kill(voys);
    for _ in 0..3 {
        assert!(!is_quick(&mut t, a, "0201112222"), "it waits for the silence of the first");
    }
    assert_eq!(downs(&t), 1);
    assert!(is_quick(&mut t, a, "0201112222"), "and then no more");
    assert_eq!(invites(&t, backup), 4);
    t.run(secs(25));
    // One call sees whether it is still down, and others need not wait for that.
    t.call(a, "0201112222");
    t.call(b, "0203334444");
    t.run(millis(300));
    assert_eq!((invites(&t, backup), t.the_pbx().switch.status().talking), (5, 1));
    t.run(secs(3));
    assert_eq!(invites(&t, backup), 6);
    t.hang_up(a);
    t.hang_up(b);
    t.run(secs(30));
    // Back again: two answers make it up.
    t.reboot(voys, false);
    t.run(secs(2));
    for calls in 1..=3 {
        assert!(is_quick(&mut t, a, "0201112222"));
        assert_eq!(invites(&t, voys), calls);
    }
    assert!(
        t.the_pbx()
            .events
            .iter()
            .any(|event| matches!(event, Event::TrunkUp { trunk, .. } if &**trunk == "voys"))
    );
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn an_answer_that_it_cannot_serve_us_counts_but_one_of_the_number_does_not() {
    for (status, is_down) in [(503, true), (486, false), (404, false), (500, false)] {
        let (mut t, a) = two_trunks(3, |_| {});
        t.add_carrier(carrier("voys").follows(vec![(millis(20), Reply::Refuse(status))]));
        t.add_carrier(quick("backup"));
        for _ in 0..4 {
            t.call(a, "0201112222");
            t.run(secs(4));
            t.hang_up_all(a);
            t.run(secs(2));
        }
        assert_eq!(downs(&t) == 1, is_down, "{status}");
    }
}

#[test]
fn where_all_are_down_they_are_tried_all_the_same() {
    let (mut t, a) = two_trunks(4, asked);
    t.run(secs(6));
    assert_eq!(downs(&t), 2, "their names lead nowhere");
    let backup = t.add_carrier(quick("backup"));
    assert!(is_quick(&mut t, a, "0201112222"));
    assert_eq!(invites(&t, backup), 1);
}

#[test]
fn an_emergency_call_tries_what_is_up_first_and_what_is_down_too() {
    let (mut t, a) = two_trunks(5, asked);
    let voys = t.add_carrier(quick("voys"));
    let backup = t.add_carrier(carrier("backup").follows(vec![(millis(20), Reply::Refuse(503))]));
    t.kill(voys);
    t.run(secs(60));
    assert_eq!(downs(&t), 1);
    t.reboot(voys, false);
    t.call(a, "112");
    t.run(secs(1));
    assert_eq!((invites(&t, backup), invites(&t, voys)), (1, 1));
    t.expect(a).talks_both_ways_with(voys);
    t.hang_up(a);
    t.run(secs(2));
    t.call(a, "0201112222");
    t.run(secs(1));
    t.expect(a).ended(Ended::Refused(500));
    assert_eq!((invites(&t, backup), invites(&t, voys)), (2, 1));
}

#[test]
fn a_busy_second_loses_no_call_when_a_trunk_dies() {
    let (mut t, _) = two_trunks(6, |_| {});
    let callers: Vec<PhoneId> = ["202", "203", "204", "205"].map(|number| t.add(phone(number))).into();
    t.register_all();
    let voys = t.add_carrier(quick("voys"));
    let backup = t.add_carrier(quick("backup"));
    for round in 0..6 {
        if round == 2 {
            t.kill(voys);
        }
        for caller in &callers {
            t.call(*caller, "0201112222");
            t.run(millis(40));
        }
        t.run(millis(2_300));
        assert_eq!(t.the_pbx().switch.status().talking, callers.len(), "round {round}");
        callers.iter().for_each(|caller| t.hang_up(*caller));
        t.run(secs(1));
    }
    assert_eq!(invites(&t, backup), 4 * 4);
    assert_eq!(downs(&t), 1);
}

/// RFC 3261 section 21.5.4: who says 503 with Retry-After gets no other request before that time, where somebody else can take it.
#[test]
fn who_wants_to_be_left_alone_is() {
    let (mut t, a) = two_trunks(20, |_| {});
    let voys = t.add_carrier(carrier("voys").follows(vec![(millis(10), Reply::WantsRest(30))]));
    let backup = t.add_carrier(quick("backup"));
    assert!(is_quick(&mut t, a, "0201112222"));
    assert!(is_quick(&mut t, a, "0201112222"));
    assert_eq!((invites(&t, voys), invites(&t, backup)), (1, 2), "the second call goes by it");
    assert!(is_quick(&mut t, a, "112"));
    t.run(secs(31));
    assert!(is_quick(&mut t, a, "0201112222"));
    assert_eq!((invites(&t, voys), invites(&t, backup)), (2, 4), "the time is over");
    t.settle();
    t.expect_nothing_left();
}

/// Such a 503 may come from far beyond the provider, for the number that somebody has called: only who says so again and again is left
/// alone for longer.
#[test]
fn one_that_wants_to_be_left_alone_for_long_is_asked_again_soon() {
    let (mut t, a) = two_trunks(22, |_| {});
    let voys = t.add_carrier(carrier("voys").follows(vec![(millis(10), Reply::WantsRest(3_600))]));
    t.add_carrier(quick("backup"));
    for (rest, calls) in [(30, 1), (60, 2), (120, 3), (240, 4), (300, 5), (300, 6)] {
        assert!(is_quick(&mut t, a, "0201112222"));
        assert_eq!(invites(&t, voys), calls, "it is asked again");
        t.run(secs(rest - 10));
        assert!(is_quick(&mut t, a, "0201112222"));
        assert_eq!(invites(&t, voys), calls, "within {rest} s");
        t.run(secs(11));
    }
}

#[test]
fn who_wants_to_be_left_alone_is_asked_where_there_is_nobody_else() {
    let mut t = Story::office(21).rules(OUT).trunk("voys", |_| {});
    let a = t.add(phone("201"));
    t.register_all();
    let voys = t.add_carrier(carrier("voys").follows(vec![(millis(10), Reply::WantsRest(3_600))]));
    for _ in 0..2 {
        t.call(a, "0201112222");
        t.run(secs(3));
    }
    assert_eq!(invites(&t, voys), 2);
    t.settle();
    t.expect_nothing_left();
}
