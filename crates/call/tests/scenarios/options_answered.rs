//! OPTIONS to the PBX is answered without a password: phones and monitors ask so whether it lives.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn from_a_stranger() {
    let mut t = Story::office(1);
    let a = t.add(phone("299"));
    t.send(a, Method::Options, "", |_| {});
    t.run(secs(1));
    t.expect(a).got_exactly(&[200], &Method::Options).got_header(200, &HeaderName::Allow, "INVITE");
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn with_its_last_hop() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.send(a, Method::Options, "", |options| options.max_forwards = Some(0));
    t.run(secs(1));
    t.expect(a).got(200, &Method::Options);
    t.settle();
    t.expect_nothing_left();
}
