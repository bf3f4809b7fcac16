//! Browsers whose connection is gone: before a call, while it rings, and for good.

use kiestoon_testkit::{Ended, Story, browser, phone, secs};

#[test]
fn whose_connection_is_gone_is_not_registered() {
    for crashes in [true, false] {
        let mut t = Story::office(1);
        let a = t.add(phone("201"));
        let b = t.add(browser("202"));
        t.register_all();
        match crashes {
            true => t.crash(b),
            false => t.reconnect(b),
        }
        t.run(secs(1));
        t.call(a, "202");
        t.run(secs(2));
        t.expect(a).ended(Ended::Refused(480));
        t.expect(b).never_called();
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn who_is_silent_is_given_up() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(browser("202"));
    t.register_all();
    t.kill(b);
    t.call(a, "202");
    t.run(secs(40));
    t.expect(a).is_free();
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_leaves_while_it_rings_is_given_up_at_once() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(browser("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    t.expect(a).ringing_with("202");
    t.crash(b);
    t.run(secs(40));
    t.expect(a).is_free();
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_registration_is_not_taken_over_a_restart_of_the_pbx() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let b = t.add(browser("202"));
    t.register_all();
    t.restart_pbx();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).ended(Ended::Refused(480));
    t.reconnect(b);
    t.register(b);
    t.run(secs(1));
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}
