//! Who has proved to be 201 may not speak as 202.

use kiestoon_sip::{Method, NameAddr, Uri};
use kiestoon_testkit::{Ended, Story, phone, secs};

fn as_202(address: &NameAddr) -> NameAddr {
    let uri = Uri::parse("sip:202@kantoor.example").expect("a URI");
    NameAddr { uri, ..address.clone() }
}

#[test]
fn in_the_from_of_a_call() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call_with(a, "203", |invite| invite.from = as_202(&invite.from));
    t.settle();
    t.expect(a).ended(Ended::Refused(403));
    t.expect(c).never_called();
    assert!(t.the_pbx().engine.commands.is_empty());
    t.expect_nothing_left();
}

#[test]
fn in_the_to_of_a_register() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    let bindings = t.the_pbx().bindings.len();
    t.send(a, Method::Register, "", |register| {
        register.to = as_202(&register.to);
        register.headers.push(kiestoon_sip::HeaderName::Contact, "<sip:thief@10.0.0.66>");
    });
    t.run(secs(1));
    t.expect(a).got(403, &Method::Register);
    assert_eq!(t.the_pbx().bindings.len(), bindings);
    t.query_registrations(b);
    t.run(secs(1));
    t.expect(b).registered(1);
    t.settle();
    t.expect_nothing_left();
}
