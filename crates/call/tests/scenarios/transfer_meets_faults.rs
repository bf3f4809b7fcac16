//! Transfers in which a phone, or the media of a leg, is gone: the call ends and nothing is left.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn who_is_transferred_has_crashed() {
    let (mut t, [a, b, _]) =
        Story::office(1).talking([phone("201"), phone("202"), phone("203").never_answers()]);
    t.crash(a);
    t.transfer(b, "201", "203");
    t.settle();
    t.expect(b).is_free().got(202, &Method::Refer);
    t.expect_nothing_left();
}

#[test]
fn who_is_to_be_joined_has_died_silently() {
    let (mut t, [a, b, c]) = Story::office(2).talking([phone("201"), phone("202"), phone("203")]);
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
    let (mut t, [a, b, c]) =
        Story::office(3).talking([phone("201"), phone("202"), phone("203").never_answers()]);
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
