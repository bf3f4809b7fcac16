//! Both sides hang up at the same moment.

use kiestoon_sip::Method;
use kiestoon_testkit::{LineState, Story, millis, phone};

#[test]
fn both_byes_are_answered_and_one_record_is_written() {
    for gap in [0, 3, 5, 8, 10, 12, 20] {
        let (mut t, [a, b]) = Story::office(gap).talking([phone("201"), phone("202")]);
        t.hang_up(a);
        t.run(millis(gap));
        if t.phone(b).last_call().is_some_and(|(_, state)| state == LineState::Talking) {
            t.hang_up(b);
        }
        t.settle();
        t.expect(a).got(200, &Method::Bye);
        t.expect_cdr().answered().reason("hangup_caller");
        t.expect_nothing_left();
    }
}
