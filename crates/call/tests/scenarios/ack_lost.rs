//! Lost ACKs: the 200 is sent again until its ACK comes (RFC 3261 section 13.3.1.4).

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, What, phone, secs};

#[test]
fn of_the_caller() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    let ack = What::matching("ACK of a 2xx", is_ack).from(t.address(a)).to(t.pbx_address());
    t.call(a, "202");
    t.run(kiestoon_testkit::millis(500));
    t.drop_next(2, ack);
    t.run(secs(10));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    let sent = t.net.ladder.rungs().filter(|rung| rung.to == t.address(a) && is_200_of_invite(rung));
    assert_eq!(sent.count(), 3, "the first 200 and two retransmissions");
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}

#[test]
fn of_the_pbx() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    let ack = What::request("ACK").from(t.pbx_address()).to(t.address(b));
    t.drop_next(2, ack);
    t.call(a, "202");
    t.run(secs(10));
    t.expect(b).talking_with("201").was_asked(&Method::Ack, 1).was_asked(&Method::Bye, 0);
    t.close(b);
    t.expect_cdr().answered().reason("hangup_callee");
}

#[test]
fn of_a_refusal() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    t.add(phone("202").is_busy());
    t.register_all();
    let ack = What::request("ACK").from(t.address(a));
    t.call(a, "202");
    t.drop_next(3, ack);
    t.settle();
    t.expect(a).got(486, &Method::Invite);
    t.expect_cdr().disposition("busy");
    t.expect_nothing_left();
}

fn is_ack(message: &kiestoon_sip::Message) -> bool {
    matches!(message, kiestoon_sip::Message::Request(request) if request.method == Method::Ack)
}

fn is_200_of_invite(rung: &kiestoon_testkit::ladder::Rung) -> bool {
    matches!(&rung.message, Some(kiestoon_sip::Message::Response(response))
        if response.status.code() == 200 && response.cseq.method == Method::Invite)
}
