//! `Contact: *` with `Expires: 0` removes every binding of the extension (RFC 3261 section 10.2.2).

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn all_phones_of_the_extension_are_removed() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let desk = t.add(phone("202"));
    let cordless = t.add(phone("202"));
    t.register_all();
    t.unregister_all(desk);
    t.run(secs(1));
    t.expect(desk).registered(0);
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(480));
    t.expect(cordless).never_called();
    t.expect_nothing_left();
}

#[test]
fn a_star_without_zero_is_refused() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.register_all();
    t.send(a, Method::Register, "", |register| {
        register.headers.set(HeaderName::Contact, "*");
        register.headers.set(HeaderName::Expires, "600");
    });
    t.run(secs(1));
    t.expect(a).got(400, &Method::Register);
    t.query_registrations(a);
    t.run(secs(1));
    t.expect(a).registered(1);
    t.settle();
    t.expect_nothing_left();
}
