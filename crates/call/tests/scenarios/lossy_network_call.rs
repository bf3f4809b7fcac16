//! One datagram in ten is lost, both ways: retransmission carries the call.

use kiestoon_testkit::{Link, Story, millis, phone, secs};

#[test]
fn the_call_is_made_and_ended_all_the_same() {
    for seed in 0..30 {
        let link = Link { loss: 100, jitter: millis(20), duplicate: 20, ..Link::default() };
        let mut t = Story::office(seed).link(link);
        let a = t.add(phone("201"));
        let b = t.add(phone("202"));
        t.register_all();
        t.call(a, "202");
        t.run(secs(40));
        t.expect(a).talking_with("202").talks_both_ways_with(b);
        t.hold(a);
        t.run(secs(20));
        t.resume(a);
        t.run(secs(20));
        t.expect(a).talks_both_ways_with(b);
        t.hang_up(if seed % 2 == 0 { a } else { b });
        t.settle();
        let reason = if seed % 2 == 0 { "hangup_caller" } else { "hangup_callee" };
        t.expect_cdr().answered().reason(reason);
        t.expect_nothing_left();
    }
}
