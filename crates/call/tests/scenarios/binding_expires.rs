//! A phone that does not refresh its binding is not rung any more.

use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn after_its_time_it_is_gone() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").registers_for(60));
    t.register_all();
    t.run(secs(50));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.hang_up(a);
    t.run(secs(20));
    assert_eq!(t.the_pbx().switch.registrations(t.now()).len(), 1);
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(480));
    t.expect(b).had_calls(1);
    t.expect_nothing_left();
}

#[test]
fn a_refresh_keeps_it() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").registers_for(60));
    t.register_all();
    for _ in 0..3 {
        t.run(secs(40));
        t.register(b);
    }
    t.run(secs(1));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.close(a);
}
