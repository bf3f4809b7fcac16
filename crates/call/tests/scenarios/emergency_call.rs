//! An emergency call: it tells when it begins, and nothing that limits others refuses it, cuts it short or counts it.

use kiestoon_call::{Event, Input};
use kiestoon_testkit::{Ended, PhoneId, Reply, Story, phone, secs};

const RULES: &str = r#"
[[context.intern]]
name = "nood"
match = "112"
emergency = true
do = [{ dial = "ext:202", timeout = "20s" }, { notify = "bhv" }]

[[context.intern]]
name = "allen"
match = "113"
emergency = true
do = [{ dial = ["ext:202", "ext:203"] }]

[[context.intern]]
name = "knop"
match = "9"
do = [{ goto = "rule:nood" }]

[[context.intern]]
name = "eerst"
match = "8"
do = [{ dial = "ext:204", timeout = "3s" }, { goto = "rule:nood" }]

[[context.intern]]
name = "toestellen"
match = "_20X"
do = [{ dial = "ext:${number}" }]
"#;

/// Who was told, and whether of an emergency.
fn told(t: &Story) -> Vec<(String, bool)> {
    let events = t.the_pbx().events.iter();
    let told = events.filter_map(|event| match event {
        Event::Notified { whom, emergency, .. } => Some((whom.to_string(), *emergency)),
        _ => None,
    });
    told.collect()
}

fn bhv() -> [(String, bool); 1] {
    [("bhv".to_string(), true)]
}

/// 203 and 204 talk, and no further call may begin.
fn full_house(seed: u64) -> (Story, [PhoneId; 4]) {
    let story = Story::office(seed).rules(RULES).settings(|settings| {
        settings.limits.calls = 1;
        settings.limits.calls_per_extension = 1;
    });
    let (mut t, [c, d, a, b]) = story.talking([phone("203"), phone("204"), phone("201"), phone("202")]);
    t.call(a, "202");
    t.run(secs(1));
    t.expect(a).ended(Ended::Refused(503));
    (t, [a, b, c, d])
}

#[test]
fn one_that_is_answered_has_told_as_it_began() {
    let mut t = Story::office(1).rules(RULES);
    let [a, b] = ["201", "202"].map(|number| t.add(phone(number).answers_after(secs(4))));
    t.register_all();
    t.call(a, "112");
    t.run(secs(2));
    assert_eq!(told(&t), bhv(), "while it rings");
    t.run(secs(4));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
    assert_eq!(told(&t), bhv(), "once");
    let record = t.expect_cdr().record();
    let steps: Vec<String> = record.way[0].trail.steps().iter().map(|step| step.text.to_string()).collect();
    assert_eq!(steps, ["notify:bhv", "dial:ext:202"]);
    assert!(record.emergency && record.way[0].emergency);
}

#[test]
fn a_full_house_takes_it_however_it_is_dialled() {
    for (seed, number) in [(2, "112"), (3, "9")] {
        let (mut t, [a, b, c, _]) = full_house(seed);
        t.tell_pbx(Input::Drain);
        t.call(a, number);
        t.run(secs(3));
        t.expect(a).talks_both_ways_with(b);
        assert_eq!(told(&t), bhv());
        t.hang_up(a);
        t.settle();
        let record = t.expect_nth_cdr(0).record();
        assert!(record.emergency && record.way[0].emergency, "{number}");
        t.close(c);
        t.expect_nothing_left();
    }
}

#[test]
fn who_has_as_many_calls_as_they_may_have_is_rung_and_counts_none() {
    let story = Story::office(4).rules(RULES).settings(|settings| settings.limits.calls_per_extension = 1);
    let phones = [phone("202"), phone("203"), phone("201"), phone("204"), phone("205")];
    let (mut t, [b, c, a, d, e]) = story.talking(phones);
    t.call(a, "112");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(b);
    t.expect(b).had_calls(2);
    t.call(d, "201");
    t.run(secs(3));
    t.expect(d).talking_with("201");
    t.hang_up(c);
    t.run(secs(1));
    t.call(e, "202");
    t.run(secs(3));
    t.expect(e).talking_with("202");
    [a, b, d, e].into_iter().for_each(|phone| t.hang_up_all(phone));
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn it_may_ring_and_last_for_as_long_as_it_takes() {
    let mut t = Story::office(5).rules(RULES).settings(|settings| {
        settings.ring_limit = secs(5);
        settings.call_limit = secs(60);
    });
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(12)));
    t.register_all();
    t.call(a, "112");
    t.run(secs(11));
    t.expect(a).ringing_with("112");
    t.run(secs(100));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
    t.expect_nothing_left();
}

#[test]
fn every_phone_is_rung() {
    let mut t = Story::office(6).rules(RULES).settings(|settings| settings.limits.branches = 1);
    let a = t.add(phone("201"));
    let [b, c] = ["202", "203"].map(|number| t.add(phone(number).never_answers()));
    t.register_all();
    t.call(a, "113");
    t.run(secs(3));
    t.expect(b).had_calls(1);
    t.expect(c).had_calls(1);
    t.cancel(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn it_is_forwarded_as_far_as_it_takes() {
    let mut t = Story::office(7).rules(RULES).settings(|settings| settings.limits.forwards = 0);
    let a = t.add(phone("201"));
    t.add(phone("202").follows(vec![(secs(0), Reply::Redirect("203".to_owned()))]));
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "112");
    t.run(secs(4));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
    assert_eq!(told(&t), bhv());
}

#[test]
fn one_that_becomes_an_emergency_on_its_way_tells_then() {
    let mut t = Story::office(8).rules(RULES).settings(|settings| settings.ring_limit = secs(5));
    let a = t.add(phone("201"));
    t.add(phone("204").never_answers());
    let b = t.add(phone("202").answers_after(secs(10)));
    t.register_all();
    t.call(a, "8");
    t.run(secs(2));
    assert_eq!(told(&t), []);
    t.run(secs(3));
    assert_eq!(told(&t), bhv());
    t.run(secs(15));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
    let record = t.expect_cdr().record();
    assert!(record.emergency && record.way[0].emergency);
    t.expect_nothing_left();
}

#[test]
fn one_whose_offer_is_useless_tells_too() {
    let mut t = Story::office(9).rules(RULES);
    let [a, b] = ["201", "202"].map(|number| t.add(phone(number)));
    t.register_all();
    t.call_with(a, "112", |invite| invite.set_body("application/sdp", "dit is geen sdp"));
    t.settle();
    t.expect(b).never_called();
    assert_eq!(told(&t), bhv());
    t.expect_nothing_left();
}
