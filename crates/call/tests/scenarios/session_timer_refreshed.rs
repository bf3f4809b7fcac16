//! Session timers (RFC 4028), each leg on its own: who agreed to refresh does, by UPDATE where the other takes it, and a leg that is
//! refreshed is not asked by OPTIONS besides.

use kiestoon_call::{Event, Side};
use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Profile, SessionTimer, Story, What, phone, secs};

/// Leaves refreshing to the PBX.
fn refreshed(number: &str) -> Profile {
    let uas = SessionTimer { secs: 120, min: 90, refresher: Some("uas"), refreshes: true };
    phone(number).with_timer(uas)
}

#[test]
fn by_the_caller() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").session_timer(120).takes_update());
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(400));
    t.expect(a).talking_with("202").talks_both_ways_with(b).was_asked(&Method::Options, 0);
    t.expect(a).got_header(200, &HeaderName::SessionExpires, "120;refresher=uac");
    assert!(t.phone(a).responses().filter(|r| r.cseq.method == Method::Update).count() >= 5);
    t.expect(b).was_asked(&Method::Update, 0);
    assert!(t.phone(b).requests().any(|request| request.method == Method::Options));
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}

#[test]
fn by_the_caller_who_knows_no_update() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").session_timer(120));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(400));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().reason("hangup_caller");
}

#[test]
fn by_us_with_update() {
    let mut t = Story::office(3);
    let a = t.add(refreshed("201").takes_update());
    let b = t.add(phone("202").session_timer(100).takes_update());
    t.register_all();
    t.call(a, "202");
    t.run(secs(400));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    for id in [a, b] {
        assert!(t.phone(id).requests().filter(|r| r.method == Method::Update).count() >= 5);
        t.expect(id).was_asked(&Method::Options, 0);
    }
    t.close(b);
    t.expect_cdr().reason("hangup_callee");
}

#[test]
fn by_us_with_reinvite() {
    let mut t = Story::office(4);
    let a = t.add(refreshed("201"));
    let b = t.add(phone("202").session_timer(100));
    t.register_all();
    t.call(a, "202");
    t.run(secs(400));
    t.expect(a).talking_with("202").talks_both_ways_with(b).was_asked(&Method::Update, 0);
    assert!(t.phone(a).requests().filter(|r| r.method == Method::Invite).count() >= 5);
    assert!(t.phone(b).requests().filter(|r| r.method == Method::Invite).count() >= 6);
    t.close(a);
    t.expect_cdr().reason("hangup_caller");
}

#[test]
fn of_a_caller_who_talks_to_the_pbx() {
    let rules = "[[context.intern]]\nmatch = \"600\"\ndo = [{ echo = true }]\n";
    let mut t = Story::office(5).rules(rules);
    let a = t.add(refreshed("201"));
    t.register_all();
    t.call(a, "600");
    t.run(secs(400));
    t.expect(a).talking_with("600").hears_itself();
    t.close(a);
}

#[test]
fn a_phone_that_holds_in_its_answer_is_said_to_hold() {
    let ours = SessionTimer { secs: 120, min: 90, refresher: Some("uac"), refreshes: true };
    let (mut t, [a, b]) = Story::office(20).talking([phone("201"), phone("202").with_timer(ours)]);
    t.drop_for_good(1, What::response(200, "INVITE").from(t.address(b)));
    t.run(secs(60));
    t.answer_otherwise(b, |session| session.replace("a=sendrecv", "a=sendonly"));
    t.run(secs(1));
    let is_held = |event: &Event| matches!(event, Event::CallHeld { by: Side::Callee, held: true, .. });
    assert!(t.the_pbx().events.iter().any(is_held), "{:?}", t.the_pbx().events);
    t.run(secs(3));
    t.close(a);
}
