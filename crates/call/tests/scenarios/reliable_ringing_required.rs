//! A caller who requires reliable provisional responses gets no other (RFC 3262 section 3).

use kiestoon_testkit::{Story, phone};

#[test]
fn even_a_180_without_a_session_is_acknowledged() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201").requires_100rel(), phone("202")]);
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
        > PRACK
        < 200 PRACK
        < 200 INVITE +sdp
        > ACK
        > BYE
        < 200 BYE",
    );
    t.expect_cdr().answered();
    t.expect_nothing_left();
}
