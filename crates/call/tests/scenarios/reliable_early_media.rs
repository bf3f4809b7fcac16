//! To a caller who knows reliable provisional responses, one with a session description is reliable: that is the answer then,
//! and the 200 holds none (RFC 3261 section 13.2.1, RFC 6337 section 3.1.1).

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn the_183_holds_the_answer_and_the_200_does_not() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").knows_100rel());
    let b = t.add(phone("202").early_media_then_answers(secs(2)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.expect(b).is_heard_by(a);
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.hang_up(a);
    t.settle();
    t.expect_flow(
        a,
        "> INVITE +sdp
        < 407 INVITE
        > ACK
        > INVITE +sdp
        < 100 INVITE
        < 183 INVITE +sdp
        > PRACK
        < 200 PRACK
        < 200 INVITE
        > ACK
        > BYE
        < 200 BYE",
    );
    t.expect_nothing_left();
}

#[test]
fn a_180_without_one_is_not() {
    let (mut t, [a, _]) = Story::office(2).talking([phone("201").knows_100rel(), phone("202")]);
    t.expect(a).talking_with("202").never_got(200, &kiestoon_sip::Method::Prack);
    t.close(a);
}
