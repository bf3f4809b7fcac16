//! Bindings last neither too short nor too long (RFC 3261 section 10.3).

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn too_short_is_refused_with_the_minimum() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").registers_for(10));
    t.register(a);
    t.run(secs(1));
    t.expect(a).register_refused(423).got_header(423, &HeaderName::MinExpires, "60");
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn too_long_is_cut_to_the_maximum() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").registers_for(999_999));
    t.register(a);
    t.run(secs(1));
    t.expect(a).got(200, &Method::Register).registered(1);
    let expires = t.phone(a).registered().first().and_then(|contact| contact.expires());
    assert_eq!(expires, Some(3600));
    t.settle();
    t.expect_nothing_left();
}
