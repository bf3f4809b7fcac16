//! Transfers in which a phone, or the media of a leg, is gone: the call ends and nothing is left.

use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Story, phone, secs};

fn talking(seed: u64) -> (Story, PhoneId, PhoneId, PhoneId) {
    let mut t = Story::office(seed);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    (t, a, b, c)
}

#[test]
fn who_is_transferred_has_crashed() {
    let (mut t, a, b, _) = talking(1);
    t.crash(a);
    t.transfer(b, "201", "203");
    t.settle();
    t.expect(b).is_free().got(202, &Method::Refer);
    t.expect_nothing_left();
}

#[test]
fn who_is_to_be_joined_has_died_silently() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.call(b, "203");
    t.run(secs(3));
    t.kill(a);
    t.join(b, "201", "203");
    t.run(secs(60));
    t.expect(b).was_told(&[100, 504]);
    t.hang_up_all(b);
    t.hang_up_all(c);
    t.run(secs(60));
    t.expect_nothing_left();
}

#[test]
fn the_media_of_who_transferred_breaks() {
    let (mut t, a, b, c) = talking(3);
    t.transfer(b, "201", "203");
    t.run(secs(2));
    let calls = t.the_pbx().switch.calls(t.now());
    let leg = calls[0].legs.iter().find(|leg| &*leg.number == "202").expect("who transferred").leg;
    t.engine().fail_leg(leg);
    t.tell_pbx(kiestoon_call::Input::Tick);
    t.settle();
    for id in [a, b, c] {
        t.expect(id).is_free();
    }
    t.expect_cdr().reason("media_failed");
    t.expect_nothing_left();
}
