//! How many calls a trunk takes, at one time and in one second. One more goes to the next trunk, and one that comes in is turned
//! away; an emergency call is bound by neither. Whatever a call comes to, its place is free again.

use kiestoon_call::{EndReason, Input, Trunk, TrunkResult};
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Method, NameAddr, Request, Uri};
use kiestoon_testkit::{Ended, PhoneId, Reply, Story, carrier, millis, phone, secs};

const RULES: &str = r#"
    [[context.intern]]
    match = "112"
    emergency = true
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = "_05."
    do = [{ dial = "trunk:voys", timeout = "5s" }, { echo = true }]
    [[context.intern]]
    match = "_07."
    do = [{ dial = "trunk:voys", timeout = "20s" }]
    [[context.intern]]
    match = "_0."
    do = [{ dial = ["trunk:voys", "trunk:backup"], timeout = "20s" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
    [[context.inkomend]]
    match = "+31201234112"
    emergency = true
    do = [{ dial = "ext:203" }]
    [[context.inkomend]]
    match = "_+."
    do = [{ dial = "ext:203" }]
"#;

/// The callers 201 and 202, the callee 203, and the trunks voys and backup, of which the first is limited.
struct Office {
    t: Story,
    a: PhoneId,
    b: PhoneId,
    voys: PhoneId,
    backup: PhoneId,
}

fn office(seed: u64, limit: impl Fn(&mut Trunk)) -> Office {
    let mut t = Story::office(seed).rules(RULES).trunk("voys", limit).trunk("backup", |_| {});
    let [a, b] = ["201", "202"].map(|number| t.add(phone(number)));
    t.add(phone("203").answers_at_once());
    let [voys, backup] = ["voys", "backup"].map(|name| t.add_carrier(carrier(name).answers_at_once()));
    t.register_all();
    Office { t, a, b, voys, backup }
}

/// So many calls at one time. The carrier is the fourth phone of the story.
fn channels(most: u32) -> impl Fn(&mut Trunk) {
    move |trunk| {
        trunk.channels = Some(most);
        trunk.addresses = vec![Network { address: [10, 0, 0, 23].into(), prefix: 32 }];
    }
}

/// So many calls in one second.
fn rate(most: u32) -> impl Fn(&mut Trunk) {
    move |trunk| {
        trunk.calls_per_second = Some(most);
        trunk.addresses = vec![Network { address: [10, 0, 0, 23].into(), prefix: 32 }];
    }
}

fn invites(t: &Story, far: PhoneId) -> usize {
    t.phone(far).requests().filter(|request| request.method == Method::Invite).count()
}

fn in_use(t: &Story) -> (u32, u32) {
    let trunks = t.the_pbx().switch.trunks(t.now());
    trunks
        .iter()
        .find(|trunk| &*trunk.name == "voys")
        .map(|trunk| (trunk.calls_in, trunk.calls_out))
        .expect("voys")
}

fn counted(t: &Story, result: TrunkResult) -> u64 {
    let trunks = t.the_pbx().switch.trunks(t.now());
    let voys = trunks.iter().find(|trunk| &*trunk.name == "voys").expect("voys");
    voys.results.iter().find(|(of, _)| *of == result).map_or(0, |(_, count)| *count)
}

fn comes_in(t: &mut Story, far: PhoneId, number: &str) {
    t.call_with(far, number, |invite: &mut Request| {
        let tag = invite.from.tag().unwrap_or_default().to_owned();
        let uri = Uri::parse("sip:+31612345678@voys.example").expect("a URI");
        invite.from = NameAddr::new(uri).with_tag(&tag);
    });
}

#[test]
fn a_full_trunk_is_followed_by_the_next() {
    let Office { mut t, a, b, voys, backup } = office(1, channels(1));
    t.call(a, "0201112222");
    t.run(secs(1));
    t.expect(a).talks_both_ways_with(voys);
    assert_eq!(in_use(&t), (0, 1));
    t.call(b, "0203334444");
    t.run(millis(300));
    t.expect(b).talks_both_ways_with(backup);
    assert_eq!(invites(&t, voys), 1, "nothing was sent there");
    t.hang_up(b);
    t.run(secs(1));
    let record = t.expect_nth_cdr(0).answered().record();
    assert_eq!((record.legs[1].status, record.legs[1].reason), (Some(503), Some(EndReason::TrunkFull)));
    t.hang_up(a);
    t.run(secs(1));
    assert_eq!(
        (in_use(&t), counted(&t, TrunkResult::Limited), counted(&t, TrunkResult::Answered)),
        ((0, 0), 1, 1)
    );
    t.call(b, "0203334444");
    t.run(secs(1));
    t.expect(b).talks_both_ways_with(voys);
    t.hang_up(b);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn where_there_is_no_other_the_call_ends_for_that_reason() {
    let Office { mut t, a, b, .. } = office(2, channels(1));
    t.call(a, "0701112222");
    t.run(secs(1));
    t.call(b, "0701112222");
    t.run(secs(1));
    t.expect(b).ended(Ended::Refused(500));
    t.expect_cdr().reason("trunk_full");
    // What follows in the dialplan is done at once.
    t.call(b, "0501112222");
    t.run(millis(300));
    t.expect(b).talking_with("0501112222");
    t.hang_up(a);
    t.hang_up(b);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn calls_in_and_out_share_the_channels() {
    let Office { mut t, a, voys, backup, .. } = office(3, channels(1));
    t.call(a, "0201112222");
    t.run(secs(1));
    comes_in(&mut t, voys, "+31201234567");
    t.run(secs(1));
    t.expect(voys).got(486, &Method::Invite);
    t.hang_up(a);
    t.run(secs(1));
    comes_in(&mut t, voys, "+31201234567");
    t.run(secs(2));
    assert_eq!(in_use(&t), (1, 0));
    t.call(a, "0201112222");
    t.run(secs(1));
    t.expect(a).talks_both_ways_with(backup);
    assert_eq!(counted(&t, TrunkResult::Limited), 2);
    t.hang_up(a);
    t.hang_up_all(voys);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn an_emergency_call_is_bound_by_nothing() {
    let Office { mut t, a, b, voys, .. } = office(4, |trunk| {
        channels(1)(trunk);
        rate(1)(trunk);
    });
    t.call(a, "0701112222");
    t.run(millis(100));
    t.call(b, "112");
    t.run(millis(300));
    t.expect(b).talks_both_ways_with(voys);
    comes_in(&mut t, voys, "+31201234112");
    t.run(secs(1));
    assert_eq!(in_use(&t), (1, 2));
    t.hang_up(a);
    t.hang_up(b);
    t.hang_up_all(voys);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_call_waits_for_its_turn_but_no_longer_than_a_second() {
    let Office { mut t, a, b, voys, backup } = office(5, rate(1));
    let c = t.add(phone("204"));
    t.register(c);
    t.run(secs(1));
    t.call(a, "0201112222");
    t.run(millis(50));
    t.call(b, "0201112222");
    t.run(millis(50));
    t.call(c, "0201112222");
    t.run(millis(500));
    assert_eq!((invites(&t, voys), invites(&t, backup)), (1, 1), "the second waits, the third went on");
    t.run(millis(600));
    assert_eq!((invites(&t, voys), invites(&t, backup)), (2, 1));
    t.expect(b).talks_both_ways_with(voys);
    t.expect(c).talks_both_ways_with(backup);
    [a, b, c].into_iter().for_each(|phone| t.hang_up(phone));
    t.settle();
    let reasons: Vec<_> = t.the_pbx().ended().map(|record| record.legs[1].reason).collect();
    assert!(reasons.contains(&Some(EndReason::TrunkRate)), "{reasons:?}");
    t.expect_nothing_left();
}

#[test]
fn who_hangs_up_while_it_waits_leaves_nothing() {
    let Office { mut t, a, b, voys, .. } = office(6, rate(1));
    t.call(a, "0201112222");
    t.run(millis(50));
    t.call(b, "0201112222");
    t.run(millis(300));
    t.cancel(b);
    t.run(secs(3));
    assert_eq!(invites(&t, voys), 1);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn the_hosts_of_one_trunk_are_one_call() {
    let mut t = Story::office(7).rules(RULES).trunk("voys", |trunk| {
        rate(1)(trunk);
        channels(1)(trunk);
        let second = kiestoon_sip::Host::parse("b.example").expect("a host");
        trunk.hosts.push(kiestoon_sip::SipUri::new(second));
    });
    let a = t.add(phone("201"));
    t.add_carrier(carrier("voys").follows(vec![(millis(20), Reply::Refuse(503))]));
    let second = t.add_carrier(carrier("b").answers_at_once());
    t.register_all();
    t.call(a, "0701112222");
    t.run(millis(300));
    t.expect(a).talks_both_ways_with(second);
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn what_comes_in_too_fast_is_told_when_to_try_again() {
    let Office { mut t, voys, .. } = office(8, rate(2));
    for _ in 0..3 {
        comes_in(&mut t, voys, "+31201234567");
        t.run(millis(20));
    }
    t.run(secs(1));
    t.expect(voys).got(503, &Method::Invite);
    let refusals = t.phone(voys).responses().filter(|response| response.status.code() == 503);
    let refusals = refusals.filter_map(|response| response.headers.get(&HeaderName::RetryAfter));
    assert_eq!(refusals.collect::<Vec<_>>(), ["1"]);
    t.hang_up_all(voys);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn however_a_call_ends_its_place_is_free() {
    let far = [
        ("answered", carrier("voys").answers_at_once()),
        ("hung up by it", carrier("voys").answers_at_once().hangs_up_after(secs(1))),
        ("busy", carrier("voys").is_busy()),
        ("refused", carrier("voys").refuses(503)),
        ("redirected", carrier("voys").refuses(302)),
        ("declined", carrier("voys").refuses(603)),
        ("rings", carrier("voys").never_answers()),
        ("silent", carrier("voys").hears_nothing()),
        ("answers when cancelled", carrier("voys").never_answers().answers_when_cancelled()),
    ];
    for (seed, (how, far)) in (20..).zip(far) {
        for deed in 0..4 {
            let mut t = Story::office(seed).rules(RULES).trunk("voys", channels(1));
            let a = t.add(phone("201"));
            t.add_carrier(far.clone());
            t.register_all();
            t.call(a, "0701112222");
            t.run(millis(500));
            let calls = t.the_pbx().switch.calls(t.now());
            match (deed, calls.first()) {
                (0, Some(_)) => t.hang_up(a),
                (1, Some(call)) => t.tell_pbx(Input::Hangup { call: call.id }),
                (2, Some(_)) => t.kill(a),
                _ => {}
            }
            t.run(secs(300));
            t.hang_up_all(a);
            t.settle();
            assert_eq!(in_use(&t), (0, 0), "{how}, {deed}");
            t.expect_nothing_left();
        }
    }
}

#[test]
fn a_leg_that_goes_into_another_call_keeps_its_place_and_counts_once() {
    let Office { mut t, a, b, voys, .. } = office(9, channels(3));
    t.call(a, "0701112222");
    t.run(secs(2));
    t.transfer(a, "0701112222", "202");
    t.run(secs(3));
    assert_eq!(in_use(&t), (0, 1));
    t.expect(b).talks_both_ways_with(voys);
    t.hang_up(b);
    t.settle();
    assert_eq!((in_use(&t), counted(&t, TrunkResult::Answered)), ((0, 0), 1));
    t.expect_nothing_left();
}
