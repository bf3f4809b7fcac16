//! Who may call out, by the class of the number, the hour, the list of numbers, and the `require` of a rule.

use kiestoon_call::{Class, Rights};
use kiestoon_testkit::{Ended, PhoneId, Story, carrier, phone, secs};

const OUT: &str = r#"
    [hours.kantoor]
    open = ["ma-vr 09:00-17:00"]
    [[context.intern]]
    name = "nood"
    match = "112"
    emergency = true
    do = [{ dial = "trunk:voys" }]
    [[context.intern]]
    match = ["_0.", "_+.", "113"]
    do = [{ dial = "trunk:voys", timeout = "20s" }]
    [[context.intern]]
    match = "_2XX"
    do = [{ dial = "ext:${number}" }]
    [[context.intern]]
    match = "_8."
    do = [{ goto = "rule:ver" }]
    [[context.intern]]
    name = "ver"
    match = "_9."
    require = "call.international"
    do = [{ dial = "ext:202" }]
"#;

fn office(story: Story) -> (Story, [PhoneId; 3]) {
    let mut t = story.rules(OUT).trunk("voys", |_| {});
    let phones = [t.add(phone("201")), t.add(phone("202"))];
    let far = t.add_carrier(carrier("voys"));
    t.register_all();
    let [a, b] = phones;
    (t, [a, b, far])
}

/// Calls a number and says whether it reached the trunk.
fn gets_out(t: &mut Story, from: PhoneId, far: PhoneId, number: &str) -> bool {
    let before = t.phone(far).calls().count();
    t.call(from, number);
    t.run(secs(3));
    let is_out = t.phone(far).calls().count() > before;
    t.hang_up_all(from);
    t.settle();
    is_out
}

#[test]
fn by_default_only_what_is_dear_has_to_be_granted() {
    let (mut t, [a, _, far]) = office(Story::office(1));
    for (number, is_out) in [
        ("0201112222", true),
        ("0612345678", true),
        ("08001234", true),
        ("113", true),
        ("+3221234567", false),
        ("0032470123456", false),
        ("09001234", false),
        ("0123", false),
    ] {
        assert_eq!(gets_out(&mut t, a, far, number), is_out, "{number}");
    }
    t.expect(a).ended(Ended::Refused(403));
    let last = t.the_pbx().ended().last().and_then(|record| record.end).expect("a record");
    assert_eq!((last.reason.as_str(), last.sip_code), ("forbidden", 403));
    t.expect_nothing_left();
}

#[test]
fn emergency_calls_need_no_right_at_all() {
    let (mut t, [a, _, far]) = office(Story::office(2).profile("201", |profile| {
        profile.rights = Rights::NONE;
        profile.limits.calls = Some(0);
        profile.limits.calls_per_minute = Some(0);
        profile.limits.spend_per_day = Some(0);
        profile.destinations.blocked = vec!["1".into()];
    }));
    assert!(!gets_out(&mut t, a, far, "0201112222"));
    t.set_hold(Some("201"), true);
    assert!(gets_out(&mut t, a, far, "112"));
    t.expect_nothing_left();
}

#[test]
fn outside_the_hours_other_rights_hold() {
    // The story begins on a Friday at 10:00.
    let (mut t, [a, _, far]) = office(Story::office(3).profile("201", |profile| {
        profile.rights = Rights::of([Class::National, Class::International]);
        profile.hours = Some("kantoor".into());
        profile.rights_closed = Some(Rights::of([Class::National]));
    }));
    assert!(gets_out(&mut t, a, far, "+3221234567"));
    t.run(secs(8 * 3600));
    assert!(!gets_out(&mut t, a, far, "+3221234567"));
    assert_eq!(t.refused_out(), [["201", "+3221234567", "international", "closed"]]);
    assert!(gets_out(&mut t, a, far, "0201112222"));
    t.expect_nothing_left();
}

#[test]
fn hours_that_the_dialplan_does_not_have_are_closed() {
    let (mut t, [a, _, far]) = office(Story::office(4).profile("201", |profile| {
        profile.hours = Some("weg".into());
        profile.rights_closed = Some(Rights::NONE);
    }));
    assert!(!gets_out(&mut t, a, far, "0201112222"));
}

#[test]
fn a_list_of_numbers_is_stronger_than_a_class() {
    let story =
        Story::office(5).office_profile(|profile| profile.destinations.blocked = vec!["+31201".into()]);
    let (mut t, [a, _, far]) = office(story.profile("201", |profile| {
        profile.destinations.allowed = vec!["09008844".into(), "+32".into()];
        profile.destinations.blocked = vec!["+3290".into()];
    }));
    for (number, is_out) in [
        ("09008844", true),
        ("09008845", false),
        ("+3221234567", true),
        ("+3290012345", false),
        ("0201112222", false),
        ("0301112222", true),
    ] {
        assert_eq!(gets_out(&mut t, a, far, number), is_out, "{number}");
    }
    let why: Vec<&str> = t.refused_out().iter().map(|refused| refused[3]).collect();
    assert_eq!(why, ["no_right", "blocked", "blocked"]);
}

#[test]
fn require_asks_whoever_is_charged_also_after_goto() {
    for (number, granted) in [("91", false), ("81", false), ("91", true), ("81", true)] {
        let (mut t, [a, b, _]) = office(Story::office(6).profile("201", |profile| {
            if granted {
                profile.rights = Rights::of(Class::ALL);
            }
        }));
        t.call(a, number);
        t.run(secs(3));
        match granted {
            true => drop(t.expect(a).talks_both_ways_with(b)),
            false => drop(t.expect(a).ended(Ended::Refused(403))),
        }
        t.hang_up_all(a);
        t.settle();
        if !granted {
            t.expect_cdr().reason("forbidden").status(403);
            assert_eq!(t.refused_out(), [["201", number, "international", "no_right"]]);
        }
        t.expect_nothing_left();
    }
}

#[test]
fn who_may_not_call_hears_so_where_there_is_a_prompt() {
    let (mut t, [a, ..]) = office(Story::office(7).prompt("geen-recht"));
    for number in ["09001234", "91"] {
        t.call(a, number);
        t.run(secs(1));
        t.expect(a).hears_prompt("geen-recht");
        t.settle();
        t.expect(a).ended(Ended::ByThem);
        let last = t.the_pbx().ended().last().and_then(|record| record.end).expect("a record");
        assert_eq!(last.reason.as_str(), "forbidden");
    }
    t.expect_nothing_left();
}

#[test]
fn rights_that_are_taken_away_count_at_once() {
    let (mut t, [a, _, far]) =
        office(Story::office(8).profile("201", |profile| profile.rights = Rights::of(Class::ALL)));
    assert!(gets_out(&mut t, a, far, "09001234"));
    t.change_profile("201", |profile| profile.rights = Rights::default());
    assert!(!gets_out(&mut t, a, far, "09001234"));
}

#[test]
fn the_dialplan_goes_on_where_a_trunk_may_not_be_called() {
    let rules = r#"
        [[context.intern]]
        match = "_0."
        do = [{ dial = "trunk:voys", on_rejected = [{ dial = "ext:202" }] }]
    "#;
    let mut t = Story::office(9).rules(rules).trunk("voys", |_| {});
    let (a, b) = (t.add(phone("201")), t.add(phone("202")));
    t.register_all();
    t.call(a, "09001234");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_number_is_blocked_in_every_form_that_it_has() {
    for blocked in ["0900", "+31900"] {
        let story = Story::office(10).profile("201", |profile| {
            profile.rights = Rights::of(Class::ALL);
            profile.destinations.blocked = vec![blocked.into(), "+3120".into()];
            profile.destinations.allowed = vec!["+319008844".into(), "020112".into()];
        });
        let (mut t, [a, _, far]) = office(story);
        for (number, is_out) in [
            ("09001234", false),
            ("+319001234", false),
            ("00319001234", false),
            ("+3109001234", false),
            ("09008844", true),
            ("+319008844", true),
            ("0201112222", false),
            ("0201122222", true),
            ("+31201122222", true),
            ("0301112222", true),
        ] {
            assert_eq!(gets_out(&mut t, a, far, number), is_out, "{number} where {blocked} is blocked");
        }
        t.expect_nothing_left();
    }
}
