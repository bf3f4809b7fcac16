//! A second call to somebody who talks: the phone decides, up to the calls that an extension may have.

use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn a_second_call_rings_and_may_be_answered() {
    let (mut t, [a, b, c]) = Story::office(1).talking([phone("201"), phone("202"), phone("203")]);
    t.call(c, "202");
    t.run(secs(3));
    t.expect(b).had_calls(2).talking_with("203").talks_both_ways_with(c);
    t.expect(a).talking_with("202");
    t.hang_up_all(b);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_has_as_many_as_they_may_have_is_busy() {
    let (mut t, [a, b, c]) = Story::office(2)
        .settings(|settings| settings.limits.calls_per_extension = 1)
        .talking([phone("201"), phone("202"), phone("203")]);
    t.call(c, "202");
    t.run(secs(2));
    t.expect(c).ended(Ended::Refused(486));
    t.expect(b).had_calls(1);
    t.hang_up(a);
    t.run(secs(2));
    t.call(c, "202");
    t.run(secs(3));
    t.expect(c).talks_both_ways_with(b);
    t.close(c);
    t.expect_nth_cdr(0).disposition("busy");
}
