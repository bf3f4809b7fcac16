//! A reload in mid-call: the call goes on, the next one follows the new dialplan.

use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_live_call_is_not_touched() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    t.reload("[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ reject = \"busy\" }]\n");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.hold(a);
    t.run(secs(1));
    t.resume(a);
    t.run(secs(1));
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered().talked_for(secs(7));
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(486));
    t.expect_nothing_left();
}

#[test]
fn an_extension_that_is_removed_may_finish_and_not_begin() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201"), phone("202")]);
    t.remove_extension("201");
    t.run(secs(3));
    t.expect(b).talking_with("201");
    t.hang_up(b);
    t.settle();
    t.expect_cdr().answered();
    t.call(a, "202");
    t.settle();
    t.expect(b).had_calls(1);
    t.expect(a).ended(Ended::Refused(407));
    t.expect_nothing_left();
}
