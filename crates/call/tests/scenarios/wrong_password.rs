//! A wrong password registers nothing, calls nobody and costs no port.

use kiestoon_call::Event;
use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn of_a_register() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").with_password("welkom01"));
    t.register(a);
    t.run(secs(1));
    t.expect(a).got_exactly(&[401, 401], &Method::Register).register_refused(401).registered(0);
    assert!(t.the_pbx().bindings.is_empty());
    let failed =
        |event: &Event| matches!(event, Event::AuthenticationFailed { user, .. } if &**user == "201");
    assert!(t.the_pbx().events.iter().any(failed), "{:?}", t.the_pbx().events);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn of_a_call() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").with_password("welkom01"));
    let b = t.add(phone("202"));
    t.register(b);
    t.run(secs(1));
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(407)).got_exactly(&[407, 407], &Method::Invite);
    t.expect(b).never_called();
    assert!(t.the_pbx().engine.commands.is_empty(), "a port was opened for a stranger");
    assert!(t.the_pbx().cdrs.is_empty(), "a stranger's call is no call");
    t.expect_nothing_left();
}

#[test]
fn an_extension_that_does_not_exist_is_told_the_same() {
    let mut t = Story::office(3);
    let a = t.add(phone("299"));
    t.register(a);
    t.run(secs(1));
    t.expect(a).got_exactly(&[401, 401], &Method::Register).register_refused(401);
    t.settle();
    t.expect_nothing_left();
}
