//! A phone that writes a private address is reached where its packets come from (RFC 3581, RFC 5626 in spirit).

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn it_can_be_called_and_hung_up_on() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").behind_nat());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.expect(b).talking_with("201");
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}

#[test]
fn it_can_call() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").behind_nat());
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.hang_up(b);
    t.settle();
    t.expect_cdr().answered().reason("hangup_callee");
    t.expect_nothing_left();
}
