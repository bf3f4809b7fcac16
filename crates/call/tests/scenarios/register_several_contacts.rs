//! Several phones of one extension: all ring, one answers.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn both_phones_of_an_extension_ring() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let desk = t.add(phone("202").never_answers());
    let cordless = t.add(phone("202").over_tcp().answers_after(secs(2)));
    t.register_all();
    t.query_registrations(desk);
    t.run(secs(1));
    t.expect(desk).registered(2);
    t.call(a, "202");
    t.run(secs(4));
    t.expect(a).talking_with("202").talks_both_ways_with(cordless);
    t.expect(desk).ended(Ended::Cancelled);
    t.close(a);
    t.expect_cdr().answered().reached("202");
}

#[test]
fn three_contacts_of_one_phone_are_listed() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").prefers("0.5"));
    t.register_contacts(a, 3, 600);
    t.run(secs(1));
    t.expect(a).registered(3);
    let q: Vec<_> = t.phone(a).registered().iter().map(|contact| contact.q()).collect();
    assert_eq!(q, [Some(500); 3]);
    for contact in t.phone(a).registered() {
        assert!(contact.expires().is_some_and(|seconds| (598..=600).contains(&seconds)), "{contact}");
    }
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn more_contacts_than_allowed_are_refused_whole() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    t.register_contacts(a, 11, 600);
    t.run(secs(1));
    let refused = t.phone(a).register_refused();
    assert!(refused.is_some_and(|status| status >= 400), "{refused:?}");
    t.query_registrations(a);
    t.run(secs(1));
    t.expect(a).registered(0).got(200, &Method::Register);
    t.settle();
    t.expect_nothing_left();
}
