//! A phone that writes a private address is reached where its packets come from (RFC 3581, RFC 5626 in spirit).

use kiestoon_testkit::{Story, phone};

#[test]
fn it_can_be_called_and_hung_up_on() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202").behind_nat()]);
    t.expect(a).talking_with("202");
    t.expect(b).talking_with("201");
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn it_can_call() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201").behind_nat(), phone("202")]);
    t.expect(a).talking_with("202");
    t.close(b);
    t.expect_cdr().answered().reason("hangup_callee");
}
