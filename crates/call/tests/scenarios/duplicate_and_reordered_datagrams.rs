//! A network that duplicates and reorders: every request is dealt with once.

use kiestoon_sip::Method;
use kiestoon_testkit::{Link, Story, millis, phone, secs};

#[test]
fn every_message_twice() {
    let (mut t, [a, b]) = Story::office(1)
        .link(Link { duplicate: 1000, ..Link::default() })
        .talking([phone("201"), phone("202")]);
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.expect(b).was_asked(&Method::Invite, 1).was_asked(&Method::Ack, 1);
    t.close(a);
    t.expect(b).was_asked(&Method::Bye, 1);
    t.expect_cdr().answered();
}

#[test]
fn any_order() {
    for seed in 0..20 {
        let jitter = Link { jitter: millis(60), duplicate: 300, ..Link::default() };
        let (mut t, [a, b]) =
            Story::office(seed).link(jitter).talking([phone("201"), phone("202").answers_after(millis(20))]);
        t.expect(a).talking_with("202").talks_both_ways_with(b);
        t.hold(a);
        t.run(secs(1));
        t.resume(a);
        t.run(secs(1));
        t.close(b);
        t.expect_cdr().answered().reason("hangup_callee");
    }
}
