//! A nonce that has grown old is refused as stale, so that the phone tries again without asking its user.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn the_phone_recovers_by_itself() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    t.run(secs(3000));
    t.register(a);
    t.run(secs(1));
    t.expect(a).got_exactly(&[401, 200, 401, 200], &Method::Register).registered(1);
    t.expect(a).got_header(401, &HeaderName::WwwAuthenticate, "stale=true");
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_fresh_nonce_serves_many_requests() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.register_all();
    for _ in 0..3 {
        t.run(secs(2));
        t.register(a);
    }
    t.run(secs(1));
    t.expect(a).got_exactly(&[401, 200, 200, 200, 200], &Method::Register);
    t.settle();
    t.expect_nothing_left();
}
