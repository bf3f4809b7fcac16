//! Phones over TCP: the PBX answers and calls on the connection that the phone opened.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn both_over_tcp() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201").over_tcp(), phone("202").over_tcp()]);
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(b);
    t.expect_cdr().answered().reason("hangup_callee");
}

#[test]
fn nothing_is_retransmitted_over_tcp() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").over_tcp());
    let b = t.add(phone("202").over_tcp().answers_after(secs(15)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(20));
    t.hang_up(a);
    t.settle();
    let invites = t.net.ladder.rungs().filter(|rung| rung.to == t.address(b)).filter(|rung| {
        matches!(&rung.message, Some(kiestoon_sip::Message::Request(request)) if request.method == Method::Invite)
    });
    assert_eq!(invites.count(), 1);
    t.expect_nothing_left();
}

#[test]
fn a_tcp_phone_calls_a_udp_phone() {
    let (mut t, [a, b]) = Story::office(3).talking([phone("201").over_tcp(), phone("202")]);
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}
