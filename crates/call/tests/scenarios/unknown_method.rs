//! Methods that nobody knows are 501, known ones that mean nothing here 405 with what is allowed.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn one_that_nobody_knows() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    t.send(a, Method::Other("DANCE".into()), "", |_| {});
    t.run(secs(1));
    t.expect(a).got(501, &Method::Other("DANCE".into()));
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn one_that_is_not_for_this_pbx() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.register_all();
    t.send(a, Method::Publish, "202", |_| {});
    t.run(secs(1));
    t.expect(a).got(405, &Method::Publish).got_header(405, &HeaderName::Allow, "INVITE");
    t.settle();
    t.expect_nothing_left();
}
