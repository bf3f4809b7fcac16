//! A group rings: the first who answers has the call, the others are cancelled.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

const GROUP: &str = r#"
[[context.intern]]
match = "100"
do = [{ dial = ["ext:202", "ext:203", "ext:204"], timeout = "20s" }]
"#;

#[test]
fn the_others_are_cancelled() {
    let mut t = Story::office(1).rules(GROUP);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    let c = t.add(phone("203").answers_after(secs(3)));
    let d = t.add(phone("204").never_answers());
    t.register_all();
    t.call(a, "100");
    t.run(secs(6));
    t.expect(a).talking_with("100").talks_both_ways_with(c);
    for other in [b, d] {
        t.expect(other).ended(Ended::Cancelled).was_asked(&Method::Cancel, 1).answered_invite_with(487);
    }
    t.close(a);
    t.expect_cdr().from_to("201", "100").reached("203").answered();
}

#[test]
fn two_who_answer_at_once_do_not_both_have_the_call() {
    let mut t = Story::office(2).rules(GROUP);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(2)));
    let c = t.add(phone("203").answers_after(secs(2)));
    t.register_all();
    t.call(a, "100");
    t.run(secs(5));
    t.expect(a).talking_with("100");
    let talking = [b, c].into_iter().filter(|id| {
        t.phone(*id).last_call().is_some_and(|(_, state)| state == kiestoon_testkit::LineState::Talking)
    });
    assert_eq!(talking.count(), 1);
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn a_busy_phone_does_not_stop_the_others() {
    let mut t = Story::office(3).rules(GROUP);
    let a = t.add(phone("201"));
    t.add(phone("202").is_busy());
    let c = t.add(phone("203").answers_after(secs(3)));
    t.register_all();
    t.call(a, "100");
    t.run(secs(6));
    t.expect(a).talking_with("100").talks_both_ways_with(c).never_got(486, &Method::Invite);
    t.close(c);
    t.expect_cdr().reached("203").reason("hangup_callee");
}
