//! A phone that sends reliable provisional responses is acknowledged, whatever the caller knows (RFC 3262 section 4).

use kiestoon_sip::Method;
use kiestoon_testkit::{Reply, Story, What, millis, phone, secs};

fn reliable_phone() -> kiestoon_testkit::Profile {
    phone("202").follows(vec![
        (secs(0), Reply::Reliable { status: 180, described: false }),
        (millis(500), Reply::Reliable { status: 183, described: true }),
        (secs(2), Reply::Answer),
    ])
}

#[test]
fn in_order_and_only_towards_the_phone_that_asks() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(reliable_phone());
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
        < 180 INVITE
        < 183 INVITE +sdp
        < 200 INVITE +sdp
        > ACK
        > BYE
        < 200 BYE",
    );
    t.expect_flow(
        b,
        "< INVITE +sdp
        > 180 INVITE
        < PRACK
        > 200 PRACK
        > 183 INVITE +sdp
        < PRACK
        > 200 PRACK
        > 200 INVITE
        < ACK
        < BYE
        > 200 BYE",
    );
    t.expect_nothing_left();
}

#[test]
fn one_that_comes_again_is_not_acknowledged_again() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(reliable_phone());
    t.register_all();
    // The first PRACK is lost: the phone repeats its 180, and the PRACK is repeated by its own transaction.
    t.drop_next(2, What::request("PRACK"));
    t.call(a, "202");
    t.run(secs(10));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.expect(b).was_asked(&Method::Prack, 2);
    t.close(b);
}

#[test]
fn both_sides_each_on_its_own() {
    let mut t = Story::office(3);
    let a = t.add(phone("201").requires_100rel());
    let b = t.add(reliable_phone());
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.expect(a).talking_with("202").talks_both_ways_with(b).got_exactly(&[200, 200], &Method::Prack);
    t.expect(b).was_asked(&Method::Prack, 2);
    t.close(a);
}
