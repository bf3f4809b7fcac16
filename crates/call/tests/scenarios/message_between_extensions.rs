//! Texts between extensions (RFC 3428).

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn a_text_arrives_unchanged() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").over_tcp());
    t.register_all();
    t.send_text(a, "202", "Koffie om elf uur?");
    t.run(secs(2));
    t.expect(b).was_asked(&Method::Message, 1).read(&Method::Message, "Koffie om elf uur?");
    t.expect(a).got(200, &Method::Message);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_text_to_nobody_is_refused() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.register_all();
    t.send_text(a, "202", "Is daar iemand?");
    t.send_text(a, "299", "Is daar iemand?");
    t.run(secs(2));
    t.expect(a).got(480, &Method::Message).got(404, &Method::Message).never_got(200, &Method::Message);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_does_not_answer_does_not_hold_the_sender_for_ever() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").hears_nothing());
    t.register_all();
    t.send_text(a, "202", "Hoor je mij?");
    t.run(secs(40));
    t.expect(a).never_got(200, &Method::Message);
    t.expect(b).was_asked(&Method::Message, 0);
    t.settle();
    t.expect_nothing_left();
}
