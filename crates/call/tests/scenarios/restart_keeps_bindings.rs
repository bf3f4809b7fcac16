//! A PBX that is killed and started again: phones over UDP are reached as before, without registering again.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn a_udp_phone_is_rung_as_before() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.run(secs(100));
    t.restart_pbx();
    assert_eq!(t.the_pbx().switch.status().registrations, 2);
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn a_nonce_from_before_is_stale_and_not_wrong() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.register_all();
    t.restart_pbx();
    t.register(a);
    t.run(secs(1));
    t.expect(a).got_exactly(&[401, 200, 401, 200], &Method::Register);
    t.expect(a).got_header(401, &HeaderName::WwwAuthenticate, "stale=true");
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_binding_that_has_expired_meanwhile_is_not_taken_up() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").registers_for(60));
    t.register_all();
    t.run(secs(70));
    t.restart_pbx();
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(480));
    t.expect(b).never_called();
    t.expect_nothing_left();
}
