//! A transfer whose target does not take the call: who transferred is told, and has its call back, or is rung back.

use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Profile, Story, phone, secs};

fn transfer_to(seed: u64, third: Profile) -> (Story, PhoneId, PhoneId) {
    let (mut t, [a, b, _]) = Story::office(seed).talking([phone("201"), phone("202"), third]);
    t.transfer(b, "201", "203");
    (t, a, b)
}

#[test]
fn a_busy_target_gives_the_call_back() {
    let (mut t, a, b) = transfer_to(1, phone("203").is_busy());
    t.run(secs(3));
    t.expect(b).was_told(&[100, 486]).talking_with("201").talks_both_ways_with(a);
    t.expect_agreement();
    t.close(b);
    t.expect_cdr().answered().reached("202").reason("hangup_callee");
}

#[test]
fn a_target_that_does_not_answer_gives_the_call_back() {
    let (mut t, a, b) = transfer_to(2, phone("203").never_answers());
    t.run(secs(23));
    t.expect(b).was_told(&[100, 180, 480]).talks_both_ways_with(a);
    t.close(a);
    t.expect_cdr().reason("hangup_caller");
}

#[test]
fn an_unknown_target_gives_the_call_back() {
    let (mut t, [a, b]) = Story::office(3).talking([phone("201"), phone("202")]);
    t.transfer(a, "202", "999");
    t.run(secs(2));
    t.expect(a).was_told(&[100, 404]).talks_both_ways_with(b);
    t.transfer(a, "202", "204");
    t.run(secs(2));
    t.expect(a).was_told(&[100, 404, 100, 480]).talks_both_ways_with(b);
    t.close(b);
    t.expect_cdr().from_to("201", "202").reason("hangup_callee");
}

#[test]
fn who_held_the_call_still_holds_it() {
    let (mut t, [a, b, _]) = Story::office(4).talking([phone("201"), phone("202"), phone("203").is_busy()]);
    t.hold(b);
    t.run(secs(1));
    t.transfer(b, "201", "203");
    t.run(secs(3));
    t.expect(a).is_not_heard_by(b);
    t.expect_agreement();
    t.resume(b);
    t.run(secs(2));
    t.expect(a).talks_both_ways_with(b);
    t.expect_agreement();
    t.close(b);
}

#[test]
fn who_has_hung_up_is_rung_back() {
    let (mut t, a, b) = transfer_to(5, phone("203").never_answers());
    t.run(secs(1));
    t.hang_up(b);
    t.run(secs(20));
    t.expect(b).ringing_with("201");
    t.run(secs(4));
    t.expect(b).talking_with("201").talks_both_ways_with(a);
    t.expect(a).is_shown("202");
    t.close(a);
    t.expect_cdr().answered().reached("202").reason("hangup_caller");
}

#[test]
fn nobody_takes_it_and_the_call_ends_with_that_reason() {
    let mut t = Story::office(6).settings(|settings| settings.recall_time = secs(10));
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(1)).hangs_up_after(secs(5)));
    t.add(phone("203").is_busy());
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    t.unregister(b);
    t.run(secs(1));
    t.transfer(b, "201", "204");
    t.hang_up(b);
    t.run(secs(3));
    t.expect(a).is_free();
    t.settle();
    t.expect_cdr().answered().reason("transfer_failed");
    t.expect_nothing_left();
}

#[test]
fn the_one_who_waits_hangs_up() {
    let (mut t, a, b) = transfer_to(7, phone("203").never_answers());
    t.run(secs(2));
    t.close(a);
    t.expect(b).was_told(&[100, 180, 487]).is_free();
    t.expect_cdr().reason("hangup_caller");
}

#[test]
fn a_target_that_declines_is_told_as_such() {
    let (mut t, a, b) = transfer_to(8, phone("203").declines_after(secs(2)));
    t.run(secs(5));
    t.expect(b).was_told(&[100, 180, 603]).talks_both_ways_with(a).never_got(481, &Method::Refer);
    t.close(a);
}
