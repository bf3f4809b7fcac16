//! A TCP phone loses its connection: its bindings go with it, a new connection brings it back. A call that it is in goes on over a
//! connection of ours to where it, or its proxy, listens.

use kiestoon_sip::HeaderName;
use kiestoon_testkit::{Ended, PhoneId, Story, phone, secs};

#[test]
fn a_binding_without_its_connection_is_not_rung() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").over_tcp());
    t.register_all();
    t.reconnect(b);
    t.run(secs(1));
    t.call(a, "202");
    t.run(secs(1));
    t.expect(a).ended(Ended::Refused(480));
    t.register(b);
    t.run(secs(1));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_call_whose_phone_has_gone_with_its_connection_ends() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201"), phone("202").over_tcp()]);
    t.crash(b);
    t.run(secs(120));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("callee_gone");
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_comes_back_in_mid_call_is_hung_up_on_over_its_new_connection() {
    let (mut t, [a, b]) = Story::office(3).talking([phone("201"), phone("202").over_tcp()]);
    t.reconnect(b);
    t.register(b);
    t.run(secs(1));
    goes_on(t, [a, b], b);
}

#[test]
fn a_phone_that_listens_is_hung_up_on_over_a_connection_of_ours() {
    let (mut t, [a, b]) = Story::office(4).talking([phone("201"), phone("202").over_tcp()]);
    t.reconnect(b);
    t.run(secs(1));
    goes_on(t, [a, b], a);
}

/// One of the two holds and resumes, and the first hangs up.
fn goes_on(mut t: Story, [a, b]: [PhoneId; 2], holder: PhoneId) {
    t.hold(holder);
    t.run(secs(1));
    t.resume(holder);
    t.run(secs(1));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.hang_up(a);
    t.run(secs(1));
    t.expect(b).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("hangup_caller");
    t.expect_nothing_left();
}

#[test]
fn a_proxy_that_closes_its_connection_is_reached_where_its_route_says() {
    let mut t = Story::office(5);
    let a = t.add(phone("201").over_tcp());
    let b = t.add(phone("202"));
    t.register_all();
    let proxy = format!("<sip:{}:5070;lr>", t.address(a));
    t.call_with(a, "202", |invite| invite.headers.set(HeaderName::RecordRoute, proxy.as_str()));
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.reconnect(a);
    t.run(secs(1));
    t.hang_up(b);
    t.run(secs(1));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("hangup_callee");
    t.expect_nothing_left();
}

#[test]
fn a_phone_behind_nat_is_waited_for() {
    let mut t = Story::office(6);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").over_tcp().behind_nat());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.reconnect(b);
    t.run(secs(1));
    t.hang_up(a);
    t.run(secs(1));
    t.expect(b).talking_with("201");
    t.hang_up(b);
    t.settle();
    t.expect_nothing_left();
}
