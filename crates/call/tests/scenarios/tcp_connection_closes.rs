//! A TCP phone loses its connection: its bindings go with it, a new connection brings it back.

use kiestoon_testkit::{Ended, Story, phone, secs};

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
    t.hold(b);
    t.run(secs(1));
    t.resume(b);
    t.run(secs(1));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.hang_up(a);
    t.run(secs(1));
    t.expect(b).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("hangup_caller");
    t.expect_nothing_left();
}
