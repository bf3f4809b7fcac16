//! Bounds of the switch: how many calls, how long they ring, how long they last.

use kiestoon_sip::HeaderName;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn one_call_too_many_is_refused() {
    let (mut t, [a, b, c]) = Story::office(1).settings(|settings| settings.limits.calls = 1).talking([
        phone("201"),
        phone("202"),
        phone("203"),
    ]);
    t.call(c, "201");
    t.run(secs(1));
    t.expect(c).ended(Ended::Refused(503)).got_header(503, &HeaderName::RetryAfter, "");
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.hang_up(a);
    t.settle();
    t.call(c, "201");
    t.run(secs(3));
    t.expect(c).talking_with("201");
    t.close(c);
}

#[test]
fn no_call_lasts_for_ever() {
    let mut t = Story::office(2).settings(|settings| settings.call_limit = secs(600));
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_at_once());
    t.register_all();
    t.call(a, "202");
    t.run(secs(599));
    t.expect(a).talking_with("202");
    t.run(secs(5));
    t.expect(a).ended(Ended::ByThem);
    t.expect(b).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("max_duration").talked_for(secs(600));
    t.expect_nothing_left();
}

#[test]
fn no_call_rings_for_ever() {
    let rules = r#"
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "60s" }, { dial = "ext:${number}", timeout = "60s" }]
"#;
    let mut t = Story::office(3).rules(rules).settings(|settings| settings.unanswered_limit = secs(80));
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(79));
    t.expect(a).ringing_with("202");
    t.run(secs(3));
    t.expect(a).ended(Ended::Refused(480));
    t.expect(b).had_calls(2).ended(Ended::Cancelled);
    t.settle();
    t.expect_cdr().reason("ring_timeout").disposition("no_answer");
    t.expect_nothing_left();
}

#[test]
fn a_step_that_has_rung_for_its_time_is_followed_by_the_next() {
    let rules = r#"
[[context.intern]]
match = "100"
do = [{ dial = ["ext:202", "ext:203", "ext:204"], order = "sequence", timeout = "60s" }, { dial = "ext:205" }]
"#;
    let mut t = Story::office(4).rules(rules).settings(|settings| settings.ring_limit = secs(80));
    let a = t.add(phone("201"));
    let [_, c, d] = ["202", "203", "204"].map(|number| t.add(phone(number).never_answers()));
    let e = t.add(phone("205"));
    t.register_all();
    t.call(a, "100");
    t.run(secs(79));
    t.expect(c).ringing_with("201");
    t.run(secs(4));
    t.expect(d).never_called();
    t.expect(a).talks_both_ways_with(e);
    t.close(a);
    t.expect_cdr().answered().reached("205");
}

#[test]
fn who_has_as_many_calls_as_they_may_is_busy_beside_one_that_is_not_there() {
    let rules = r#"
[[context.intern]]
match = "100"
do = [{ dial = ["ext:202", "ext:203"], on_busy = [{ reject = 486 }], on_unavailable = [{ reject = 404 }] }]
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}" }]
"#;
    let mut t = Story::office(5).rules(rules).settings(|settings| settings.limits.calls_per_extension = 1);
    let [a, b, _, d] =
        [phone("201"), phone("202"), phone("203").refuses(480), phone("204")].map(|p| t.add(p));
    t.register_all();
    t.call(d, "202");
    t.run(secs(3));
    t.expect(b).talking_with("204");
    t.call(a, "100");
    t.run(secs(3));
    t.expect(a).ended(Ended::Refused(486));
    t.hang_up(d);
    t.settle();
    t.expect_nothing_left();
}
